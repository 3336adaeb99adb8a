"""Set the book in one typeface, so that a page looks the same on every machine.

It is Source Sans, cut to what sentences use: three styles of some 15 KB. Another letter comes from
the reader's own fonts. A page asks for the styles in its head. It draws itself without those that
come late, so that no line jumps. "Source" is a reserved name: what is cut keeps its licence alone.
"""

import json
import string
from pathlib import Path

import font_source_sans_pro as source

from dropout_site.cut_font import cut_font

STYLES = {
    "regular": (source.SourceSansPro, "font-weight: 400"),
    "semibold": (source.SourceSansProSemibold, "font-weight: 600 700"),
    "italic": (source.SourceSansProIt, "font-style: italic"),
}
NAME = "Book Sans"  # in book.css
SIGNS = "\xa0§©­±·½¼×÷–—‘’“”…′″→←↑↓−√∞≤≥≈≠²³¹⁰⁴⁵⁶⁷⁸⁹ⁿ₀₁₂αβγδεηθλμπρστφχωΔΣΩäöüßéèêçñøåæÄÖÜÉ"
COPYRIGHT, LICENCE, ITS_ADDRESS = 0, 13, 14  # places in a font's table of names
FILE, FONTS = "typeface.css", "fonts"


def write_files(app):
    """Write the fonts and their stylesheet into a folder, for Sphinx to take from there."""
    folder = Path(app.doctreedir, "typeface")
    (folder / FONTS).mkdir(parents=True, exist_ok=True)
    rules = []
    for name, (font, style) in STYLES.items():
        cut_font(
            app,
            Path(font),
            folder / FONTS / f"{name}.woff",
            [ord(sign) for sign in string.printable.strip() + " " + SIGNS],
            layout_features=["kern"],
            name_IDs=[COPYRIGHT, LICENCE, ITS_ADDRESS],
        )
        rules.append(
            f'@font-face {{font-family: "{NAME}"; font-display: optional; {style}; '
            f'src: url({FONTS}/{name}.woff) format("woff")}}'
        )
    (folder / FILE).write_text("\n".join(rules))
    app.config.html_static_path.append(str(folder))


# Opened from a folder a page may not ask so; its stylesheet still may.
ASK = """<script>
if (location.protocol !== "file:")
  for (const href of {addresses}) {{
    const link = document.createElement("link");
    document.head.append(
      Object.assign(link, {{ rel: "preload", as: "font", crossOrigin: "", href }}));
  }}
</script>
"""


def ask_early(app, page, template, context, doctree):
    if page == "404":  # it is shown at any depth
        return
    addresses = [
        context["pathto"](f"_static/{FONTS}/{name}.woff", resource=True) for name in STYLES
    ]
    asked = ASK.format(addresses=json.dumps(addresses))
    context["metatags"] = context.get("metatags", "") + asked


def setup(app):
    app.connect("builder-inited", write_files, priority=100)
    app.connect("html-page-context", ask_early)
    app.add_css_file(FILE)
