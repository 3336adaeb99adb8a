"""The slides of the lecture: made from the chapters, shown by keys alone, with notes to speak."""

import re

import pytest
import yaml
from bs4 import BeautifulSoup
from pypdf import PdfReader
from serving import served

from tools.editions import lecture, pdf, slides
from tools.paths import HTML

WIDTH, HEIGHT = 1280, 720


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A site that has nothing but what slides take from it, and the slides."""
    root = tmp_path_factory.mktemp("site")
    (root / "_static").symlink_to(HTML / "_static")
    slides.make(root / "slides")
    return root


@pytest.fixture(scope="module")
def sections(site):
    soup = BeautifulSoup((site / "slides/index.html").read_text("utf8"), "html.parser")
    return soup.select(".slides > section")


@pytest.fixture
def shown(site, page):
    """The slides, opened; each request is to be answered, and by the site itself."""
    with served(site) as address:
        said = []
        page.on("response", lambda r: said.append((r.status, r.url.startswith(address))))
        page.on("requestfailed", lambda r: said.append((r.failure, r.url)))
        page.on("console", lambda m: said.append(m.text))
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        page.goto(f"{address}/slides/index.html", wait_until="networkidle")
        page.wait_for_function("Reveal.isReady()")
        yield page
        assert set(said) == {(200, True)}


def test_the_minutes_are_those_of_the_lecture(sections):
    notes = [section.aside.get_text() for section in sections[1:]]
    found = [re.match(r"(\d+) minutes, from minute (\d+)\.", note) for note in notes]
    start = 0
    for minutes, begins in (map(int, one.groups()) for one in found):
        assert begins == start
        start += minutes
    assert start == 90


def test_each_chapter_of_the_table_asks_its_question_once(sections):
    rows, _ = lecture.table()
    asked = {}
    for section in sections[1:]:
        if "Ask:" in section.aside.get_text():
            assert "Right:" in section.aside.get_text()
            assert section["data-chapter"] not in asked
            asked[section["data-chapter"]] = section.aside.get_text()
    assert list(asked) == list(rows)
    for name, (_, question) in rows.items():
        assert question.get_text() in asked[name]


def test_each_slide_has_something_to_say(sections):
    for section in sections:
        assert len(section.aside.get_text()) > 30, section


def test_keys_go_through_all_slides_and_the_right_choice_comes_after_the_question(shown):
    shown.keyboard.press("ArrowRight")
    shown.keyboard.press("ArrowRight")
    tick = shown.locator("section.present .tick")
    answer = shown.locator("section.present .cell_output")
    states = []
    for _ in range(3):
        states.append((visible(tick), visible(answer)))
        shown.keyboard.press("ArrowRight")
    assert states == [(False, False), (True, False), (True, True)]
    n = shown.evaluate("Reveal.getTotalSlides()")
    for _ in range(3 * n):
        shown.keyboard.press("ArrowRight")
    assert shown.evaluate("Reveal.getState().indexh") == n - 1
    shown.keyboard.press("Home")
    assert shown.evaluate("Reveal.getState().indexh") == 0


def visible(locator):
    return locator.evaluate("e => getComputedStyle(e.closest('.fragment')).visibility") == "visible"


def test_a_key_opens_the_notes(shown):
    shown.keyboard.press("ArrowRight")
    with shown.expect_popup() as opened:
        shown.keyboard.press("s")
    notes = opened.value.locator(".speaker-controls-notes .value")
    notes.get_by_text("Count with the class").wait_for()


def test_nothing_is_larger_than_its_slide(shown):
    over = shown.evaluate(
        """() => [...document.querySelectorAll(".slides > section")].map((section, n) => {
          Reveal.slide(n, 0, 99);
          const slide = document.querySelector(".slides").getBoundingClientRect();
          const all = [...section.querySelectorAll(":scope > :not(aside), .shown *")];
          return all.filter((e) => !e.closest("svg *, mjx-container, .tex")).filter((e) => {
            const { bottom, right } = e.getBoundingClientRect();
            return bottom > slide.bottom + 1 || right > slide.right + 1;
          }).length;
        })"""
    )
    assert over == [0] * len(over)


def test_formulas_and_text_are_in_the_letters_of_the_site(shown):
    all_slides = "[...document.querySelectorAll('.slides > section')]"
    shown.evaluate(f"Reveal.slide({all_slides}.findIndex(s => s.querySelector('.math')))")
    for name in ("MJXTEX", "MJXTEX-I", "Book Sans"):
        shown.wait_for_function(
            """name => [...document.fonts].some(
              f => f.family.replaceAll('"', "") == name && f.status == "loaded")""",
            arg=name,
        )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("Two rows of discs", "Three rows of discs", "figure: Three rows"),
        ("At p = 0.5, scaled once", "Which is best here", "ask: Which is best"),
        ("\\frac{m\\,x}{q}", "\\frac{m\\,x}{p}", "formula: "),
        ("minutes: 2", "minutes: 3", "must take 5 minutes"),
        ("- answer", "- picture: x", "no such kind"),
        ("- ask: ", "- text: ", "must ask|has 0 of"),
    ],
)
def test_what_is_no_longer_in_its_chapter_stops_the_build(old, new, said, monkeypatch, tmp_path):
    plan = lecture.PLAN.read_text("utf8").replace("[answer]", "\n      - answer")
    assert yaml.safe_load(plan) == yaml.safe_load(lecture.PLAN.read_text("utf8"))
    assert old in plan
    changed = tmp_path / "lecture.yml"
    changed.write_text(plan.replace(old, new, 1), "utf8")
    monkeypatch.setattr(lecture, "PLAN", changed)
    with pytest.raises(lecture.Stale, match=said):
        lecture.slides()


def test_the_pdf_has_a_page_for_each_step(site, sections, browser_type, tmp_path, monkeypatch):
    monkeypatch.setattr(slides, "SLIDES", site / "slides" / "index.html")
    browser = browser_type.launch(**pdf.options())
    slides.print_slides(browser, tmp_path / "slides.pdf")
    browser.close()
    steps = len(sections) + sum(len(section.select(".fragment")) for section in sections)
    pages = PdfReader(tmp_path / "slides.pdf").pages
    assert len(pages) == steps
    assert "Who scales at test time?" in pages[0].extract_text()
