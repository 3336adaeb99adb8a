"""Cut a font to the signs that the site shows, once: cutting all of them takes two seconds.

Of the same font, signs and options the cut is the same, to the byte: it holds no date. It is kept
in a folder beside `app.doctreedir`, so that a build of all pages anew does not cut it again.
"""

import hashlib
import logging
import shutil
from pathlib import Path

import fontTools

FOLDER = "cut-fonts"
logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of each glyph


def cut_font(app, source, target, code_points, **options):
    """Write the font at ``source``, cut to the ``code_points``, to ``target``, as WOFF."""
    wanted = f"{fontTools.version} {sorted(code_points)} {sorted(options.items())}".encode()
    made_from = wanted + Path(__file__).read_bytes() + source.read_bytes()
    name = hashlib.sha256(made_from).hexdigest()
    kept = Path(app.doctreedir).with_name(FOLDER) / f"{name}.woff"
    if not kept.is_file():
        from fontTools.subset import Options, Subsetter  # here, as it takes a while
        from fontTools.ttLib import TTFont

        font = TTFont(source, recalcTimestamp=False)
        cutter = Subsetter(Options(hinting=False, **options))
        cutter.populate(unicodes=code_points)
        cutter.subset(font)
        font.flavor = "woff"
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(".part")  # a build that is stopped leaves no half a font
        font.save(part)
        part.replace(kept)
    shutil.copyfile(kept, target)
