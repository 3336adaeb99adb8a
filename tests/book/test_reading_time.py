"""The minutes that a page says are measured; the walk is short, and asks seldom before its end."""

import functools
import math
import re

import nbformat
import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

from dropout_site.navigation.place_in_walk import WALK, places
from tools.book.notebooks import chapters, read
from tools.book.reading_time import minutes
from tools.paths import TOC

MOST_OF_A_STEP, MOST_OF_THE_WALK = 12, 75  # minutes
MOST_PREDICTIONS = 3
# Here nothing is told that one would have to wait for: each sentence is a prediction by itself.
GAME = "practice/who-is-right"
SITE_MAP = parse_toc_yaml(TOC)
(WALKED,) = [list(part.files()) for part in SITE_MAP.root.subtrees if part.caption == WALK]


@functools.cache
def page(name):
    return read(chapters()[name])


def said(name):
    """The minutes on the page, or None."""
    text = page(name).cells[0].source
    found = re.search(r"\*\*Takes\*\* (\d+) minutes", text)
    return found and int(found[1])


def asked(name):
    """How many predictions the page has."""
    cells = page(name).cells
    return sum(
        len(re.findall(r"^> \*\*(?:Predict|Judge)\.\*\*", c.source, re.MULTILINE)) for c in cells
    )


@pytest.mark.parametrize("name", chapters())
def test_a_page_says_the_minutes_that_it_takes_or_none(name):
    measured = math.ceil(minutes(page(name)))
    assert said(name) in (None, measured), "write the measured minutes"


@pytest.mark.parametrize("name", WALKED)
def test_each_step_of_the_walk_is_short(name):
    assert said(name) <= MOST_OF_A_STEP


@pytest.mark.parametrize("name", [name for name in chapters() if name != GAME])
def test_a_page_asks_at_most_three_times(name):
    assert asked(name) <= MOST_PREDICTIONS


def test_the_walk_ends_with_the_game():
    assert WALKED[-1] == GAME
    assert asked(GAME) > MOST_PREDICTIONS


def test_the_walk_is_short():
    assert sum(map(said, WALKED)) <= MOST_OF_THE_WALK


def test_the_first_page_says_how_long_the_walk_is():
    (told,) = (re.findall(r"(\d+) minutes of reading", c.source) for c in page("index").cells[-1:])
    assert told == [str(sum(map(said, WALKED)))]


def test_each_step_knows_its_place():
    said_above = places(SITE_MAP)
    assert [said_above[page] for page in WALKED] == [
        f"The walk, step {step} of {len(WALKED)}" for step in range(1, len(WALKED) + 1)
    ]
    assert said_above["reference/api"] == "Reference"
    assert "index" not in said_above


def test_the_measure_itself():
    def cell(kind, source, *tags):
        return getattr(nbformat.v4, f"new_{kind}_cell")(source, metadata={"tags": list(tags)})

    words = "word " * 100
    read_by_all = [cell("markdown", words), cell("code", "x = 1\ny = x")]  # 4 words of code
    passed_over = [
        cell("code", words, "hide-cell"),
        cell("code", "import torch\n\ntorch.set_num_threads(1)\ndevice = default_device()"),
        cell(
            "markdown", f"<details>\n<summary></summary>{words}</details>\n\n## Sources\n\n{words}"
        ),
    ]
    formula = [
        cell("markdown", "$a + b$ <summary>[one](https://example.org/a/b)</summary></details>")
    ]
    for cells, expected in ((read_by_all, 112), (read_by_all + passed_over, 112), (formula, 2)):
        assert minutes(nbformat.v4.new_notebook(cells=cells)) == expected / 200
