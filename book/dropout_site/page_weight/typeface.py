"""Set the book in one typeface, so that a page looks the same on every machine.

It is Source Sans, cut to what sentences use: three styles of some 25 KB. A letter beyond that comes
from the reader's own fonts. The styles stand in the stylesheet itself, so that none comes later
than another and no line jumps. Source is a reserved name, so what is cut has a name of its own.
"""

from base64 import b64encode
from io import BytesIO
from pathlib import Path

import font_source_sans_pro as source
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

STYLES = (
    (source.SourceSansPro, "font-weight: 400"),
    (source.SourceSansProSemibold, "font-weight: 600 700"),
    (source.SourceSansProIt, "font-style: italic"),
)
NAME = "Book Sans"  # in book.css
# Latin, Greek, punctuation, superscripts, arrows, and the signs of a formula in a sentence.
BLOCKS = ((0x20, 0x17F), (0x370, 0x3FF), (0x2000, 0x209F), (0x2190, 0x2193), (0x2200, 0x22FF))
FAMILY, FULL, POSTSCRIPT, TYPOGRAPHIC = 1, 4, 6, 16  # places in a font's table of names
FILE = "typeface.css"


def cut(file):
    """Return a font's bytes, cut to the blocks."""
    font, cut = TTFont(file, recalcTimestamp=False), BytesIO()
    cutter = Subsetter(Options(hinting=False, layout_features=["kern", "mark"], name_IDs=["*"]))
    cutter.populate(unicodes=[c for first, last in BLOCKS for c in range(first, last + 1)])
    cutter.subset(font)
    for place in (FAMILY, FULL, POSTSCRIPT, TYPOGRAPHIC):
        for record in [r for r in font["name"].names if r.nameID == place]:
            record.string = NAME.replace(" ", "") if place == POSTSCRIPT else NAME
    font.flavor = "woff"
    font.save(cut)
    return cut.getvalue()


def rule(file, style):
    data = b64encode(cut(file)).decode()
    return f'@font-face {{font-family: "{NAME}"; {style}; src: url(data:font/woff;base64,{data})}}'


def write_stylesheet(app):
    folder = Path(app.doctreedir).parent / "typeface"
    folder.mkdir(parents=True, exist_ok=True)
    if not (file := folder / FILE).exists():
        file.write_text("\n".join(rule(*style) for style in STYLES))
    app.config.html_static_path.append(str(folder))


def setup(app):
    app.connect("builder-inited", write_stylesheet, priority=100)
    app.add_css_file(FILE)
