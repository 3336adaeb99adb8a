"""The search finds the section that answers, in others' words; and how it is used."""

import gzip
import re
from contextlib import closing
from functools import cache
from urllib.parse import urljoin

import pytest
import yaml
from bs4 import BeautifulSoup
from questions import wrong_within
from serving import served, until

from dropout_site import search
from tools.paths import HTML, ROOT

PHRASINGS = ROOT / "tests/browser/phrasings.txt"
TITLES = ROOT / "tests/browser/titles.yml"
OPEN, NONE = "not answered yet", "no answer"
QUESTIONS = "reference/questions"
HITS = 3
ENOUGH = 0.9
# Words that a person in a hurry leaves out of a question.
SMALL = """
a again an and are as at be by can could do does for from get have how i in is it its me my of on or
that the then this to what when where which why will with would not only you your there if after
than
"""


def phrasings():
    """Each phrasing, with the places that answer it."""
    found, places, line_before = {}, [], ""
    for line in PHRASINGS.read_text("utf8").splitlines():
        if line.startswith("> "):
            places = [*places, line[2:]] if line_before.startswith("> ") else [line[2:]]
        elif line and not line.startswith(("#", "= ")):
            found[line] = places
        line_before = line
    return found


ALL = phrasings()
COUNTED = {words: places for words, places in ALL.items() if not {OPEN, NONE} & set(places)}


@cache
def page_text(page):
    file = HTML / f"{page}.html"
    return file.read_text("utf8") if file.is_file() else ""


def is_in_the_site(place):
    page, _, anchor = place.partition("#")
    return (f'id="{anchor}"' if anchor else "<html") in page_text(page)


@cache
def questions():
    """Each question of the questions page, its place, and the places that its answer links to."""
    page = BeautifulSoup(page_text(QUESTIONS), "html.parser")
    found = []
    for heading in page.select("article h3"):
        section = heading.parent
        links = [urljoin(f"/{QUESTIONS}", a["href"]) for a in section.select("a.internal[href]")]
        places = [link.lstrip("/").replace(".html", "") for link in links]
        places = [f"{QUESTIONS}#{section['id']}", *places]
        found.append((heading.get_text().removesuffix("#"), places))
    return found


@cache
def asked_by(group):
    """What people asked, with the places that answer it and those that these link to."""
    said = yaml.load(TITLES.read_text("utf8"), yaml.CSafeLoader)
    linked = {places[0]: places for _, places in questions()}
    found = {}
    for asked, names in (each for part in said[group] for each in part["titles"].items()):
        places = [place for name in names.split() for place in said["answers"].get(name, [name])]
        found[asked] = [each for place in places for each in linked.get(place, [place])]
    return found


def main_words(question):
    words = re.findall(r"[\w.]+", question)
    return " ".join([w for w in words if w.lower().strip(".") not in SMALL.split()][:6])


@pytest.fixture(scope="module")
def reader(browser, base_url):
    """The page of results, once for all tests that change nothing but what is typed."""
    with closing(browser.new_context(base_url=base_url, service_workers="block")) as context:
        page = context.new_page()
        page.goto("/search.html?q=why%20twos")
        page.locator(".found li").first.wait_for()
        yield page


EXPECTED = {
    "words": lambda: COUNTED,
    "titles": lambda: asked_by("rounds"),
    "beginners": lambda: asked_by("beginners"),
    "questions": lambda: dict(questions()),
    "main words": lambda: {main_words(question): places for question, places in questions()},
}


@pytest.fixture(scope="module")
def hits(reader):
    """The places of the first sections found for all that is typed below, in one go."""
    typed = [words for expected in EXPECTED.values() for words in expected()]
    found = reader.evaluate(
        """([typed, most]) => typed.map((words) => Results.find(words).slice(0, most)
          .map(({ section }) => section.address.replace(".html", "#") + section.anchor))""",
        [typed, HITS],
    )
    return dict(zip(typed, found, strict=True))


def missed(hits, expected):
    """What finds none of its places, with what it finds instead."""

    def answers(hit, place):
        return hit.rstrip("#") == place or hit.partition("#")[0] == place

    return {
        words: hits[words]
        for words, places in expected.items()
        if not any(answers(hit, place) for hit in hits[words] for place in places)
    }


def test_each_place_is_in_the_site():
    places = {
        place
        for group in ["words", "titles", "beginners"]
        for answers in EXPECTED[group]().values()
        for place in answers
    }
    asked = yaml.safe_load((ROOT / "book/dropout_site/search/asked.yml").read_text("utf8"))
    assert [place for place in sorted({*places, *asked}) if not is_in_the_site(place)] == []


def test_there_are_enough_phrasings():
    assert len(EXPECTED["words"]()) >= 200
    assert len(EXPECTED["titles"]()) >= 900
    assert len(EXPECTED["beginners"]()) >= 290
    assert len(EXPECTED["questions"]()) >= 100


@pytest.mark.parametrize("group", ["words", "titles", "beginners"])
def test_other_words_find_the_answer(hits, group):
    expected = EXPECTED[group]()
    not_found = missed(hits, expected)
    share = 1 - len(not_found) / len(expected)
    print(f"{share:.1%} of {len(expected)}")
    assert share >= ENOUGH, not_found


@pytest.mark.parametrize("group", ["questions", "main words"])
def test_the_questions_find_themselves(hits, group):
    assert missed(hits, EXPECTED[group]()) == {}


def test_what_nobody_answers_leads_on(reader):
    strange = [words for words, places in ALL.items() if NONE in places]
    field, found = reader.locator("main input[type=search]"), reader.locator("main .found")
    said = {}
    for words in strange:
        field.fill(words)
        said[words] = found.get_by_role("status").inner_text().startswith("Nothing here")
    # Some talk of paper, or of rates, as the book does.
    assert sum(said.values()) >= 0.75 * len(said), said
    field.fill("dropout in my coffee machine")
    assert found.locator("ul a").count() == 3
    for link in found.locator("ul a").evaluate_all("links => links.map((a) => a.pathname)"):
        assert (HTML / link.lstrip("/")).is_file()


def test_an_excerpt_is_plain_words_from_the_hit(reader):
    for words in ["keep_prob", "weight decay", "variance", "F.dropout training=False"]:
        reader.locator("main input[type=search]").fill(words)
        excerpts = reader.locator("main .found li > p:last-child").all_inner_texts()
        assert len(excerpts) > 5
        for text in excerpts:
            assert re.match(r"[^\s.…]", text), text
            assert not re.search(r"\\[a-z(\[]|[{}]|^import |\bassert |Show the ", text), text
    marks = reader.locator("main .found mark").all_inner_texts()
    assert {mark.lower() for mark in marks} >= {"training", "false"}


def test_the_address_is_that_of_what_is_typed(reader):
    reader.locator("main input[type=search]").fill("one mask & more")
    assert reader.evaluate("new URLSearchParams(location.search).get('q')") == "one mask & more"


def test_what_is_found_is_accessible(reader):
    reader.locator("main input[type=search]").fill("why twos")
    assert wrong_within(reader, ".found") == []


def test_the_index_is_small():
    data = (HTML / search.FOLDER / search.DATA).read_bytes()
    assert len(gzip.compress(data, 9)) <= 150_000


KEPT = """files => Promise.all(files.map((file) => caches.match(file, { ignoreSearch: true })))
  .then((kept) => kept.every(Boolean))"""


def test_it_is_loaded_when_it_is_opened_used_by_keys_and_kept(browser):
    """From another path than the root, in one load."""
    with closing(browser.new_context()) as context:
        page, asked = context.new_page(), []
        page.on("request", lambda request: asked.append(request.url))
        with served(HTML.parent) as address:
            page.goto(f"{address}/{HTML.name}/paper/why-drop.html", wait_until="networkidle")
            files = {url for url in asked if f"/{search.FOLDER}/" in url}
            assert {re.sub(r".*/|\?.*", "", file) for file in files} == {search.LOADER}

            page.keyboard.press("Control+k")
            page.keyboard.type("random at inference")
            dialog = page.get_by_role("dialog")
            dialog.locator(".found li").first.wait_for()
            assert "sections" in dialog.get_by_role("status").inner_text()
            headings = dialog.locator(".found li > a").all_inner_texts()
            assert dialog.locator(".found .found-page").count() > 3
            active = "document.activeElement.innerText"
            page.keyboard.press("ArrowDown")
            page.keyboard.press("ArrowDown")
            assert page.evaluate(active) == headings[1]
            page.keyboard.press("ArrowUp")
            page.keyboard.press("ArrowUp")
            assert page.evaluate("document.activeElement.name") == "q"
            page.keyboard.press("Escape")
            assert not dialog.is_visible()
            folder = f"{address}/{HTML.name}/{search.FOLDER}"
            files = [f"{folder}/{name}" for name in (*search.FILES, search.DATA)]
            assert until(page, KEPT, files)
        # There is no network any more.
        page.reload()
        page.keyboard.press("Control+k")
        page.keyboard.type("co-adaptation")
        dialog.locator(".found li").first.wait_for()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/paper/co-adaptation.html*")


def test_without_scripts_two_ways_lead_on(browser, base_url):
    with closing(browser.new_context(base_url=base_url, java_script_enabled=False)) as context:
        page = context.new_page()
        page.goto("/search.html")
        links = page.locator("main noscript a")
        assert [links.nth(i).get_attribute("href") for i in range(2)] == [
            "genindex.html",
            "index.html",
        ]
        assert links.first.is_visible()
        assert not page.locator("main input").is_visible()


def test_nothing_of_sphinx_s_search_is_left():
    assert not (HTML / "searchindex.js").exists()
    for name in search.SPHINX_S:
        assert not (HTML / "_static" / name).exists()
        assert name not in (HTML / "index.html").read_text("utf8")


def test_nothing_lies_on_what_is_typed(reader):
    edges = """field => {
      const { left } = field.getBoundingClientRect();
      const icon = field.parentElement.querySelector("i").getBoundingClientRect();
      return [icon.right, left + parseFloat(getComputedStyle(field).paddingLeft)];
    }"""
    icon, text = reader.locator("main input[type=search]").evaluate(edges)
    assert 0 < icon <= text
