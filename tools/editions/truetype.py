"""A font with TrueType's outlines: those of MathJax reach a PDF as drawings, not as text."""

from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

NEAR = 1  # of 1000 units of the letter: how far a quadratic curve may be from the cubic one
FIRST_VERSION = {"tableVersion": 0x00010000, "maxZones": 1} | dict.fromkeys(
    [
        "maxTwilightPoints",
        "maxStorage",
        "maxFunctionDefs",
        "maxInstructionDefs",
        "maxStackElements",
        "maxSizeOfInstructions",
        "maxComponentElements",
    ],
    0,
)


def in_truetype(source, folder):
    """Write the font into the folder, its cubic outlines made quadratic; return the new file."""
    font = TTFont(source)
    shapes, order = font.getGlyphSet(), font.getGlyphOrder()
    outlines = newTable("glyf")
    outlines.glyphs, outlines.glyphOrder = {}, order
    for name in order:
        pen = TTGlyphPen(None)
        shapes[name].draw(Cu2QuPen(pen, NEAR, reverse_direction=True))
        outlines.glyphs[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), outlines
    del font["CFF "]
    for name, value in FIRST_VERSION.items():
        setattr(font["maxp"], name, value)
    font["post"].formatType = 3  # without the letters' names
    font.sfntVersion, font.flavor = "\0\1\0\0", None
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{source.stem}.ttf"
    font.save(target)
    return target
