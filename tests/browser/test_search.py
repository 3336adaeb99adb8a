"""The search finds each question of the questions page, by its words and by its main ones."""

import re
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup

from tools.paths import HTML

QUESTIONS = "reference/questions"
HITS = 3
# Words that a person in a hurry leaves out of a question.
SMALL = """
a again an and are as at be by can do does for from get have how i in is it its me my of on or that
the then this to what when where which why will with without not only you your there if after much
than
"""


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """Without the service worker, which fetches all files again: test_offline.py is its test."""
    return browser_context_args | {"service_workers": "block"}


def questions():
    """The text of each question, its anchor, and the pages and places that its answer links to."""
    page = BeautifulSoup((HTML / f"{QUESTIONS}.html").read_text("utf8"), "html.parser")
    for heading in page.select("article h3"):
        section = heading.parent
        text = re.sub(r"#$", "", heading.get_text()).strip()
        answers = {
            a["href"].removeprefix("../").partition("#")[0]
            for a in section.select("a.internal[href]")
        }
        yield text, section["id"], answers - {"notation.html"}


ALL = list(questions())


def main_words(question):
    words = re.findall(r"[\w.]+", question)
    return " ".join([w for w in words if w.lower().strip(".") not in SMALL.split()][:6])


def leads_to(hit, anchor, answers):
    path, _, place = hit.partition("#")
    return path in answers or (path == f"{QUESTIONS}.html" and place == anchor)


def test_there_are_questions():
    assert len(ALL) >= 27


# What the page does with the words in its address, without loading it for each question.
SEARCH = "(place, words) => { place.replaceChildren(); Search.performSearch(words); }"


@pytest.mark.parametrize("as_typed", [str, main_words])
def test_the_search_finds_each_question(page, base_url, as_typed):
    missed = {}
    page.goto("/search.html")
    for question, anchor, answers in ALL:
        page.locator("#search-results").evaluate(SEARCH, as_typed(question))
        page.wait_for_function("() => /found|did not match/.test(document.body.innerText)")
        links = page.locator("#search-results ul.search > li > a")
        addresses = links.evaluate_all("links => links.map(link => link.href)")[:HITS]
        hits = [re.sub(r"\?[^#]*", "", a.removeprefix(base_url + "/")) for a in addresses]
        if not any(leads_to(hit, anchor, answers) for hit in hits):
            missed[as_typed(question)] = hits
    assert not missed


def snippets(page, query):
    page.goto(f"/search.html?q={quote(query)}")
    page.wait_for_function("() => /found \\d+ page/.test(document.body.innerText)")
    # Each comes from its page.
    page.wait_for_load_state("networkidle")
    found = page.locator("#search-results p.context")
    assert found.count() > 2
    return found


@pytest.mark.parametrize("query", ["twos", "why divide while training", "F.dropout training=False"])
def test_a_result_shows_the_text_of_its_page(page, query):
    for text in snippets(page, query).all_inner_texts():
        assert re.match(r"(… )?[^\s.…]", text), text
        junk = r"\.(ipynb|pdf|md)\b|\bContents\b|(Show|Hide) the |\\[()\[\]]"
        assert not re.search(junk, text), text


def test_whole_words_are_marked_and_no_single_letters(page):
    marks = snippets(page, "F.dropout training=False").locator(".highlighted").all_inner_texts()
    assert {mark.lower() for mark in marks} >= {"dropout", "training"}
    assert {mark.lower() for mark in marks} <= {"dropout", "training", "false"}
    assert page.evaluate("localStorage.sphinx_highlight_terms").split() == [
        "dropout",
        "training",
        "false",
    ]


def test_nothing_lies_on_what_is_typed(page):
    edges = """field => {
      const { left } = field.getBoundingClientRect();
      const icon = field.parentElement.querySelector("i").getBoundingClientRect();
      return [icon.right, left + parseFloat(getComputedStyle(field).paddingLeft)];
    }"""
    page.goto("/search.html")
    icon, text = page.locator(".bd-search-container input[type=search]").evaluate(edges)
    assert 0 < icon <= text
    page.goto("/index.html")
    page.keyboard.press("Control+k")
    field = page.locator("#pst-search-dialog input[type=search]")
    field.wait_for()
    icon, text = field.evaluate(edges)
    assert 0 < icon <= text
