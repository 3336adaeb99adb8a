"""Cut a font to the signs that the site shows."""

from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont


def cut_font(source, target, signs, **options):
    """Write a font with these signs alone, as WOFF. ``options`` are those of fontTools."""
    font = TTFont(source)
    cutter = Subsetter(Options(hinting=False, **options))
    cutter.populate(text=signs)
    cutter.subset(font)
    font.flavor = "woff"
    font.save(target)
