"""Make a drawn figure part of a page, so that it follows the page's theme and its font.

Each of a figure's three colours becomes a CSS variable in the page (VARIABLES), which book.css sets
for the light theme and the dark one. The site's figures come through here, and those that a reader
draws in the browser: so this needs the standard library and the package, and no more.
"""

import re
import xml.etree.ElementTree as ET

from dropout_scaling import _colours

VARIABLES = {
    _colours.INK: "var(--ink)",
    _colours.STANDARD: "var(--standard)",
    _colours.INVERTED: "var(--inverted)",
}

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
PIXELS = {  # in each unit of length
    "": 1,
    "px": 1,
    "pt": 4 / 3,
    "in": 96,
    "cm": 96 / 2.54,
    "mm": 96 / 25.4,
}
MOVED = r"translate\(([-\d.]+) ([-\d.]+)\)"
LARGEST = 1.25  # of its natural width: wide enough for the text column, never a poster

ET.register_namespace("", SVG)
ET.register_namespace("xlink", XLINK)


def inline(svg, alt, prefix, text_width=None):
    """The SVG document as an element of a page; `prefix` keeps its ids apart from others'.

    `text_width`: `plots.text_width`, which needs Matplotlib; without it a label's lines stay as
    Matplotlib placed them.
    """
    root = ET.fromstring(svg)
    lift_styles(root)
    for group in root.iter(f"{{{SVG}}}g") if text_width else ():
        align_lines([text for text in group if text.tag == f"{{{SVG}}}text"], text_width)
    for element in root.iter():
        rename_ids(element, prefix)
        follow_theme(element)
        inherit_font(element)
    width = re.fullmatch(r"([\d.]+)([a-z]*)", root.attrib.pop("width", ""))
    root.attrib.pop("height", None)
    style = f"width:100%;{root.get('style', '')}"
    if width:
        pixels = float(width[1]) * PIXELS[width[2]]
        style = f"max-width:{pixels * LARGEST:.0f}px;{style}"
    root.set("style", style)
    root.set("class", "inline-svg")
    root.set("role", "img")
    root.set("aria-label", alt)
    return ET.tostring(root, encoding="unicode")


def lift_styles(root):
    """Drop the metadata; move Matplotlib's rule for `*` to the root, as here it would be global."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag == f"{{{SVG}}}metadata":
                parent.remove(child)
            elif child.tag == f"{{{SVG}}}style":
                rule = re.fullmatch(r"\s*\*\s*\{([^}]*)\}\s*", child.text or "")
                if rule is None:
                    raise ValueError(f"a style that would reach the whole page: {child.text}")
                root.set("style", rule[1].strip())
                parent.remove(child)


def align_lines(lines, text_width):
    """Anchor the lines of a label on the left, in the middle or on the right, as they were drawn.

    Matplotlib gives each line the left end that it has in Matplotlib's own font.
    """
    placed = [re.fullmatch(MOVED, line.get("transform", "")) for line in lines]
    if len(lines) < 2 or not all(placed):
        return
    left = [float(place[1]) for place in placed]
    width = [drawn_width(line, text_width) for line in lines]
    ends = {
        anchor: [x + share * w for x, w in zip(left, width, strict=True)]
        for anchor, share in (("start", 0), ("middle", 0.5), ("end", 1))
    }
    anchor, ends = min(ends.items(), key=lambda item: max(item[1]) - min(item[1]))
    for line, place, x in zip(lines, placed, ends, strict=True):
        line.set("transform", f"translate({x:.6f} {place[2]})")
        line.set("style", f"{line.get('style', '')}; text-anchor: {anchor}")


def drawn_width(line, text_width):
    style = line.get("style", "")
    (size,) = re.findall(r"([\d.]+)px", style)
    return text_width(line.text, float(size), bold="bold" in style or "700" in style)


def rename_ids(element, prefix):
    for name, value in element.attrib.items():
        if name == "id":
            value = prefix + value
        elif name in ("href", f"{{{XLINK}}}href") and value.startswith("#"):
            value = f"#{prefix}{value[1:]}"
        element.set(name, re.sub(r"url\(#", f"url(#{prefix}", value))


def follow_theme(element):
    # A CSS variable is sure to work in a style only, so attributes move there.
    for name in ("fill", "stroke", "stop-color"):
        if element.get(name, "").lower() in VARIABLES:
            rest = element.get("style", "")
            element.set("style", f"{name}:{element.attrib.pop(name)};{rest}")
    if "style" in element.attrib:
        style = element.get("style")
        for colour, variable in VARIABLES.items():
            style = re.sub(colour, variable, style, flags=re.IGNORECASE)
        element.set("style", style)


def inherit_font(element):
    """Keep a text's size, weight and slant, and leave its family to the page."""
    style = element.get("style", "")
    if "DejaVu Sans" not in style:
        return
    # `font: italic 700 10px 'DejaVu Sans', ...`
    style = re.sub(
        r"font: *((?:[a-z]+ |\d+ )*)([\d.]+px) [^;]*",
        lambda font: f"{slant_and_weight(font[1])}font-size:{font[2]}",
        style,
    )
    style = re.sub(r"font-family:[^;]*;?", "", style)
    element.set("style", style)


def slant_and_weight(words):
    names = {
        w: "font-style" if w in ("italic", "oblique") else "font-weight" for w in words.split()
    }
    return "".join(f"{name}:{word};" for word, name in names.items())
