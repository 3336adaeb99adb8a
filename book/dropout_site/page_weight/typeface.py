"""Set the book in one typeface, so that a page looks the same on every machine.

It is Source Sans, cut to what sentences use: three styles of some 15 KB. Another letter comes from
the reader's own fonts. The styles stand in the stylesheet itself, so that none comes later than
another and no line jumps. "Source" is a reserved name, so what is cut keeps its licence alone.
"""

import string
from base64 import b64encode
from pathlib import Path

import font_source_sans_pro as source

from dropout_site.cut_font import cut_font

STYLES = {
    "font-weight: 400": source.SourceSansPro,
    "font-weight: 600 700": source.SourceSansProSemibold,
    "font-style: italic": source.SourceSansProIt,
}
NAME = "Book Sans"  # in book.css
SIGNS = "\xa0§©­±·½¼×÷–—‘’“”…′″→←↑↓−√∞≤≥≈≠²³¹⁰⁴⁵⁶⁷⁸⁹⁻ⁿ₀₁₂αβγδεηθλμπρστφχωΔΣΩäöüßéèêçñøåæÄÖÜÉ"
COPYRIGHT, LICENCE, ITS_ADDRESS = 0, 13, 14  # places in a font's table of names
FILE = "typeface.css"


def rule(app, style, font):
    target = Path(app.doctreedir, "face.woff")
    cut_font(
        app,
        Path(font),
        target,
        [ord(sign) for sign in string.printable.strip() + " " + SIGNS],
        layout_features=["kern"],
        name_IDs=[COPYRIGHT, LICENCE, ITS_ADDRESS],
    )
    data = b64encode(target.read_bytes()).decode()
    return f'@font-face {{font-family: "{NAME}"; {style}; src: url(data:font/woff;base64,{data})}}'


def write_stylesheet(app):
    folder = Path(app.doctreedir, "typeface")
    folder.mkdir(parents=True, exist_ok=True)
    rules = [rule(app, style, font) for style, font in STYLES.items()]
    (folder / FILE).write_text("\n".join(rules))
    app.config.html_static_path.append(str(folder))


def setup(app):
    app.connect("builder-inited", write_stylesheet, priority=100)
    app.add_css_file(FILE)
