"""The editions on the site: where they lie, and the links of the pages to those that are there.

A page has a place for them, a comment that shows nowhere. A site that is built anew has neither
files nor links, so an edition never says other than the pages beside it.
"""

import os
import re
from functools import partial

from tools.paths import HTML

NOT_FOUND = "404.html"  # it is shown at any address, so a relative one leads nowhere
FOLDER = HTML / "editions"
PDF = FOLDER / "dropout-to-scale.pdf"
EPUB = FOLDER / "dropout-to-scale.epub"
SLIDES = HTML / "slides" / "index.html"
SLIDES_PDF = FOLDER / "slides.pdf"

# In book/_templates/editions.html, and in book/instructors/index.md.
PLACE = re.compile(r"<!-- (book|slides) -->(?:.*?<!-- end -->)?", re.DOTALL)
OFFERS = {
    "book": ('<span class="d-print-none">The book as ', {PDF: "PDF", EPUB: "EPUB"}, "</span>"),
    "slides": (
        "<p>The lecture as ",
        {SLIDES: "slides", SLIDES_PDF: "PDF"},
        ". In the slides, S opens the notes: what to ask, and the minutes.</p>",
    ),
}


def offer():
    """Write the links into the pages; again, after another edition was made."""
    for page in HTML.rglob("*.html"):
        if page.name == NOT_FOUND:
            continue
        old = page.read_text("utf8")
        new = PLACE.sub(partial(filled, page), old)
        if new != old:
            page.write_text(new, "utf8")


def filled(page, place):
    kind = place[1]
    before, files, after = OFFERS[kind]
    there = [link(file, name, page) for file, name in files.items() if file.is_file()]
    words = f"{before}{' and '.join(there)}{after}" if there else ""
    return f"<!-- {kind} -->{words}<!-- end -->"


def link(file, name, page):
    address = os.path.relpath(file, page.parent).replace(os.sep, "/")
    size = "" if file.suffix == ".html" else f" ({file.stat().st_size / 1e6:.1f} MB)"
    return f'<a href="{address}">{name}</a>{size}'
