"""The pages one looks things up in: the questions, the package, the sources."""

import importlib
import inspect
import json
import re
from functools import cache

import pytest
from bs4 import BeautifulSoup

from tools.book.notebooks import chapters
from tools.paths import BOOK, HTML

QUESTIONS = (BOOK / "reference" / "questions.md").read_text("utf8")
SECTIONS = re.split(r"^### ", QUESTIONS, flags=re.MULTILINE)[1:]
API = (BOOK / "reference" / "api.md").read_text("utf8")
MODULES = re.findall(r"automodule:: ([\w.]+)", API)


@cache
def parsed(name):
    """A page of the reference."""
    return BeautifulSoup((HTML / "reference" / f"{name}.html").read_text("utf8"), "html.parser")


@cache
def shown():
    """The names that the API page documents."""
    return {e["id"] for e in parsed("api").select("dt[id]")}


@pytest.mark.parametrize("section", SECTIONS, ids=[s.partition("\n")[0] for s in SECTIONS])
def test_each_question_is_answered_in_a_chapter(section):
    question, _, answer = section.partition("\n")
    assert "?" in question
    linked = set(re.findall(r"\]\(\.\./([\w/-]+)\.ipynb", answer)) | {
        f"reference/{name}" for name in re.findall(r"\]\(([\w-]+)\.(?:ipynb|md)", answer)
    }
    assert linked & {*chapters(), "reference/notation"}


def test_a_search_engine_gets_each_question_with_its_answer():
    page = parsed("questions")
    data = json.loads(page.select_one("head script[type='application/ld+json']").string)
    assert (data["@context"], data["@type"]) == ("https://schema.org", "FAQPage")
    told = {q["name"]: q["acceptedAnswer"]["text"] for q in data["mainEntity"]}
    headings = [h.get_text().removesuffix("#") for h in page.select("article h3")]
    assert list(told) == headings
    for question, heading in zip(told, page.select("article h3"), strict=True):
        shown = heading.find_next_sibling("p").get_text()
        # Formulas are plain signs in the one and TeX in the other.
        assert told[question][:20] == re.sub(r"\s+", " ", shown)[:20]


def test_where_a_question_was_asked_stands_apart_from_its_answer():
    page = parsed("questions")
    for section, heading in zip(SECTIONS, page.select("article h3"), strict=True):
        answer = section.partition("\n\n")[2].partition("\n")[0]
        told = answer.rpartition(" (")[2] if answer.endswith(".)") else None
        apart = heading.find_next_sibling("p").select(".asked")
        links = [len(each.select("a[href^=http]")) for each in apart]
        assert links == ([told.count("](http")] if told else []), section
        assert all(re.fullmatch(r"\((?!.* \().*\.\)", each.get_text(), re.S) for each in apart)


@pytest.mark.parametrize("name", MODULES)
def test_the_api_page_shows_every_public_name(name):
    module = importlib.import_module(name)
    public = {
        f"{name}.{key}"
        for key, value in vars(module).items()
        if key[0] != "_"
        if inspect.isfunction(value) or inspect.isclass(value)
        if value.__module__ == name or value.__module__.startswith(f"{name}._")
    }
    assert public
    assert public <= shown()


def test_the_api_page_shows_the_docstrings_as_they_are_written():
    page = parsed("api")
    text = re.sub(r"\s+", " ", page.select_one("article").get_text())
    assert "E|y - (m x / q) w|^2 - |y - x w|^2 = (p / q) sum_j w_j^2 sum_i x_ij^2" in text
    assert "A mask is a boolean array in which True means kept." in text
    assert "Alias for field" not in text


def test_each_source_can_be_found():
    entries = re.split(r"^@", (BOOK / "references.bib").read_text("utf8"), flags=re.MULTILINE)[1:]
    without = [
        e.partition(",")[0] for e in entries if not re.search(r"^  url = \{https://", e, re.M)
    ]
    # The one that nobody could find again; its entry says so.
    assert without == ["misc{article2025"]
    papers = [e for e in entries if e.startswith(("article", "inproceedings"))]
    places = (
        "doi.org/",
        "arxiv.org/",
        "jmlr.org/papers",
        "papers.nips.cc/",
        "proceedings.mlr.press/",
    )
    assert [e for e in papers if not any(place in e for place in places)] == []
