"""Print the whole book as one PDF, _build/html/editions/dropout-to-scale.pdf: `make pdf`.

Chromium prints one page made of all chapters, so that figures stay vectors, and formulas and code
text. It does so twice: the contents get their numbers from the first PDF.
"""

import re
import time

from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject, TextStringObject

from tools.editions.chapters import chapters
from tools.editions.facts import facts
from tools.editions.offered import FOLDER, PDF, offer
from tools.editions.paper import document
from tools.environment.browser import launched
from tools.paths import CACHE

# Else letters stand where a screen has room for them, and a word is copied in pieces.
AS_DRAWN = "--font-render-hinting=none"


def filled(html, numbers):
    return re.sub(r"(<b data-page='(.*?)'>)", lambda b: f"{b[1]}{numbers[b[2]]}", html)


def numbers(file):
    """The number of the page that each target of a link is on."""
    reader = PdfReader(file)
    of_page = {page.indirect_reference: n for n, page in enumerate(reader.pages, 1)}
    targets = reader.named_destinations
    return {name.removeprefix("/"): of_page[at.page] for name, at in targets.items()}


def finish(file, html):
    """Name the authors, and each line of the outline, as Chromium writes some of them twice."""
    writer = PdfWriter(file, incremental=True)  # without writing all the rest anew
    writer.add_metadata({"/Author": facts()["authors"]})
    headings = re.findall(r"<h[1-6][^>]*>.*?</h[1-6]>", html, re.DOTALL)
    for entry, heading in zip(in_order(writer.root_object["/Outlines"]), headings, strict=True):
        words = " ".join(BeautifulSoup(heading, "html.parser").get_text().split())
        entry[NameObject("/Title")] = TextStringObject(words)
    writer.write(file)


def in_order(entry):
    """The lines of the outline below this one, as they follow each other in the book."""
    below = entry.get("/First")
    while below is not None:
        below = below.get_object()
        yield below
        yield from in_order(below)
        below = below.get("/Next")


def printed(page, html, target):
    source = CACHE / "book.html"  # a file, so that it may load the site's fonts
    source.write_text(html, "utf8")
    page.goto(source.as_uri())
    page.evaluate("document.fonts.ready")
    page.pdf(
        path=target, prefer_css_page_size=True, outline=True, tagged=True, print_background=True
    )


def options():
    """How to start Chromium, so that it prints letters where the font has them."""
    launch = launched()
    return launch | {"args": [*launch["args"], AS_DRAWN]}


def make(target, browser, names=None):
    """Print the chapters of these pages, or of all, into a file."""
    start = time.monotonic()

    def say(words):
        print(f"pdf: {words}, after {time.monotonic() - start:.0f} s", flush=True)

    book = chapters(names)
    html = document(book)
    say(f"{len(book)} chapters put together")
    page = browser.new_page()
    page.set_default_timeout(0)  # a slow machine may take minutes
    printed(page, html, target)
    say("printed once, for the numbers in the contents")
    printed(page, filled(html, numbers(target)), target)
    page.close()
    finish(target, html)
    say(f"{target} has {len(PdfReader(target).pages)} pages, {target.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        make(PDF, playwright.chromium.launch(**options()))
    offer()
