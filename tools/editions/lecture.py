"""What the slides show, found in the built pages: what is not there any more is an error.

The table of book/instructors/index.md has the chapters, their minutes, and the question to ask;
book/instructors/lecture.yml has the slides of each chapter.
"""

import copy
import re
from dataclasses import dataclass
from functools import cache

import yaml
from bs4 import BeautifulSoup, SoupStrainer

from tools.editions.chapters import Chapter, cleaned, identify
from tools.paths import BOOK, HTML

PLAN = BOOK / "instructors" / "lecture.yml"
TABLE = "instructors/index"
HEADING = re.compile(r"One lecture of (\d+) minutes")


class Stale(Exception):
    """A slide names what its chapter no longer has, or minutes that do not add up."""


@dataclass
class Slide:
    chapter: Chapter
    heading: str  # as HTML
    shown: list  # elements of the page
    minutes: int
    ask: str  # the table's question, if this is the slide for it
    say: str


def slides():
    """The slides of all chapters, and the minutes that are left for questions."""
    rows, whole = table()
    plan = yaml.safe_load(PLAN.read_text("utf8"))
    if list(plan) != list(rows):
        raise Stale(f"{PLAN.name} must have the chapters of the table: {', '.join(rows)}")
    found = []
    for name, (minutes, question) in rows.items():
        chapter = read(name)
        of_chapter = [slide(chapter, entry, question) for entry in plan[name]]
        if sum(one.minutes for one in of_chapter) != minutes:
            raise Stale(f"the slides of {name} must take {minutes} minutes, as in the table")
        if [one.ask for one in of_chapter].count(question) != 1:
            raise Stale(f"one slide of {name} must ask")
        found += of_chapter
    return found, whole - sum(one.minutes for one in found)


@cache
def read(name):
    html = (HTML / f"{name}.html").read_text("utf8")
    only = SoupStrainer("article", class_="bd-article")
    chapter = Chapter(
        name, "", *cleaned(BeautifulSoup(html, "html.parser", parse_only=only).article)
    )
    identify(chapter)
    return chapter


def table():
    """The rows {chapter: (minutes, question)} of the lecture, and its minutes."""
    body = read(TABLE).body
    heading = next(h for h in body.select("h2") if HEADING.match(h.get_text()))
    rows = {}
    for row in heading.parent.select_one("table").select("tbody tr"):
        minutes, chapter, question = row.select("td")
        name = chapter.a["href"].removeprefix("../").removesuffix(".html")
        rows[name] = (int(minutes.get_text()), question.p)
    return rows, int(HEADING.match(heading.get_text())[1])


def slide(chapter, entry, question):
    kinds = [
        next(iter(item.items())) if isinstance(item, dict) else (item, "") for item in entry["show"]
    ]
    shown = [find(chapter, kind, words) for kind, words in kinds]
    heading = section_of(shown[0]).find(["h1", "h2", "h3"]).decode_contents()
    asks = question if "ask" in dict(kinds) else ""
    return Slide(
        chapter, heading, [copy.copy(e) for e in shown], entry["minutes"], asks, entry["say"]
    )


def section_of(element):
    return element if element.name == "section" else element.find_parent("section")


def find(chapter, kind, words):
    """The one element of this kind that these words name."""
    body = chapter.body
    if kind == "answer":
        found = body.select("section[id$='--the-answer-in-two-sentences']")
    elif kind == "figure":
        found = [e for e in body.select("svg") if e.get("aria-label", "").startswith(words)]
    elif kind == "formula":
        texs = [(e, e.select_one(".tex").get_text().strip("$")) for e in body.select("div.math")]
        found = [e for e, tex in texs if tex.startswith(words)]
    elif kind == "code":
        found = [e for e in body.select("div.cell") if words in plain(e)]
    elif kind == "table":
        found = [e for e in body.select("table") if plain(e).startswith(words)]
    elif kind == "ask":
        boxes = body.select("blockquote.predict")
        found = [e for e in boxes if plain(e).removeprefix("Predict. ").startswith(words)]
    elif kind == "text":
        found = [e for e in body.select("section > p") if plain(e).startswith(words)]
    else:
        raise Stale(f"{PLAN.name}: no such kind: {kind}")
    if len(found) != 1:
        raise Stale(f"{chapter.name} has {len(found)} of what a slide shows: {kind}: {words}")
    return found[0]


def plain(element):
    return " ".join(element.get_text().split())
