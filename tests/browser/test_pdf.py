"""The PDF of three chapters, read back: its links, its outline, its formulas and its pages."""

import re

import pytest
from pypdf import PdfReader

from tools.editions import paper, pdf
from tools.editions.chapters import chapters
from tools.paths import CACHE

THREE = ["index", "paper/weight-scaling", "reference/notation"]
TITLES = ["Why does dropout turn my ones into twos?", "Who scales at test time?", "Notation"]
A4 = (595, 842)  # points
BETWEEN_MARGINS = 567  # pixels: 150 mm


@pytest.fixture(scope="module")
def book(tmp_path_factory, browser_type):
    target = tmp_path_factory.mktemp("pdf") / "three.pdf"
    browser = browser_type.launch(**pdf.options())
    pdf.make(target, browser, THREE)
    browser.close()
    return PdfReader(target)


@pytest.fixture(scope="module")
def texts(book):
    return [page.extract_text() for page in book.pages]


def links(book):
    for number, page in enumerate(book.pages):
        for note in page.get("/Annots", []):
            yield number, note.get_object()


def test_every_link_leads_to_a_page_of_the_book_or_out_of_it(book):
    targets = book.named_destinations
    inside = [str(note["/Dest"]) for _, note in links(book) if "/Dest" in note]
    outside = [note["/A"]["/URI"] for _, note in links(book) if "/A" in note]
    written = re.findall("""<a [^>]*href=["'](#[^"']+)""", paper.document(chapters(THREE)))
    assert {target.replace("#", "/") for target in written} == set(inside) == set(targets)
    assert [address for address in outside if not address.startswith("https://")] == []


def test_the_contents_name_the_page_of_each_chapter(book, texts):
    for title in TITLES:
        (line,) = [line for line in texts[1].splitlines() if line.startswith(title)]
        number = int(line.removeprefix(title))
        assert title in texts[number - 1]
        assert book.get_page_number(place_of(book, title)) == number - 1


def place_of(book, title):
    return next(item.page.get_object() for item in outline(book.outline) if item.title == title)


def outline(items):
    for item in items:
        if isinstance(item, list):
            yield from outline(item)
        else:
            yield item


def test_the_outline_has_each_heading_once_and_in_its_order(book):
    first, _, second, *_ = book.outline
    found = [item.title for item in outline(book.outline)]
    assert (first.title, second.title) == (TITLES[0], "The walk")
    assert found.index("Why scale at all?") < found.index(TITLES[1])
    places = [book.get_page_number(item.page.get_object()) for item in outline(book.outline)]
    assert places == sorted(places)


def test_a_page_has_its_number_and_its_chapters_title(book, texts):
    for number, text in enumerate(texts[1:], 2):
        assert str(number) in text.splitlines()
    start = book.get_page_number(place_of(book, TITLES[1]))
    assert texts[start].startswith(TITLES[1])
    assert texts[-1].startswith("Answers")


def test_a_formula_is_text_in_its_sentence(texts):
    sentence = next(text for text in texts if "A unit of the next layer adds up" in text)
    assert "its mean E[mi] is q, and" in " ".join(sentence.split())


def test_a_figure_is_drawn_in_lines_and_not_in_dots(book):
    assert [image.name for page in book.pages for image in page.images] == []


def test_the_pages_are_a4(book):
    assert {(round(p.mediabox.width), round(p.mediabox.height)) for p in book.pages} == {A4}


def test_nothing_is_wider_than_the_text_of_a_page(book, page):
    page.emulate_media(media="print")
    page.set_viewport_size({"width": BETWEEN_MARGINS, "height": 900})
    page.goto((CACHE / "book.html").as_uri())  # what was printed
    wide = page.evaluate(
        """width => [...document.querySelectorAll("body *:not(svg *)")]
          .filter(e => e.getBoundingClientRect().right > width + 1 || e.scrollWidth > width + 1)
          .map(e => e.outerHTML)""",
        BETWEEN_MARGINS,
    )
    assert wide == []


def test_a_table_begins_where_its_sentence_ends_and_breaks_between_rows(book, page):
    page.emulate_media(media="print")
    page.goto((CACHE / "book.html").as_uri())
    kept_whole = page.evaluate(
        """() => [...document.querySelectorAll("table, div:has(> table)")]
          .map(e => [e.outerHTML.slice(0, 80), getComputedStyle(e)])
          .filter(([, style]) => style.breakInside !== "auto" || style.overflowX !== "visible")
          .map(([html]) => html)"""
    )
    assert kept_whole == []


def test_code_breaks_where_a_page_ends_and_what_names_a_list_does_not(book, page):
    page.emulate_media(media="print")
    page.goto((CACHE / "book.html").as_uri())
    kept_whole = page.evaluate(
        """() => [...document.querySelectorAll(".cell pre")].flatMap((pre) => {
          const around = [];
          for (let e = pre; !e.matches(".cell"); e = e.parentElement) around.push(e);
          return around.filter((e) => getComputedStyle(e).breakInside !== "auto"
            || getComputedStyle(e).overflowX !== "visible"
            || getComputedStyle(e).display === "flex").map((e) => e.className);
        })"""
    )
    assert kept_whole == []
    after = page.locator("p:has(+ ul)").evaluate_all(
        "all => all.map(e => getComputedStyle(e).breakAfter)"
    )
    assert set(after) == {"avoid"}


def test_an_answer_stands_at_the_end_and_nowhere_else(texts):
    assert "C. below 0" in texts[-1]
    words = "Each of the three layers passes its factor on"
    assert [words in text for text in texts[-2:]].count(True) == 1
    assert not any(words in text for text in texts[:-2])
