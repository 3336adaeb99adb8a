"""Every misconception costs what it should, and no right answer costs anything.

Inputs are new at each run, so each run is another sample: no score may hang on chance.
"""

import bank_inverted_dropout
import bank_rescue
import bank_test_time
import pytest
from notebooks import FULL, marked, notebook, submission

FULL_MARKS = {
    "inverted-dropout": FULL,
    "test-time": tuple(bank_test_time.FULL.values()),
    "rescue": tuple(bank_rescue.FULL.values()),
}
BANK = [("inverted-dropout", *entry) for entry in bank_inverted_dropout.BANK]
BANK += [
    ("test-time", title, replacements, tuple(points.values()))
    for title, replacements, points in bank_test_time.BANK
]
BANK += [
    ("rescue", title, replacements, tuple((bank_rescue.FULL | points).values()))
    for title, replacements, points in bank_rescue.BANK
]

each_assignment = pytest.mark.parametrize("name", FULL_MARKS)


@each_assignment
def test_the_bank_is_large_enough(name):
    mine = [entry[1:] for entry in BANK if entry[0] == name]
    assert sum(points != FULL_MARKS[name] for *_, points in mine) >= 20
    assert sum(points == FULL_MARKS[name] for *_, points in mine) >= 3
    assert len({title for title, *_ in mine}) == len(mine)


@each_assignment
def test_the_solution_gets_full_marks(name):
    assert marked(submission(name=name), name=name) == FULL_MARKS[name]


@each_assignment
def test_an_empty_notebook_gets_nothing(name):
    assert set(marked(notebook(), name=name)) == {0}


@pytest.mark.parametrize(
    ("name", "replacements", "points"),
    [(name, replacements, points) for name, _, replacements, points in BANK],
    ids=[f"{name}: {title}" for name, title, *_ in BANK],
)
def test_points(name, replacements, points):
    assert marked(submission(replacements, name=name), name=name) == points
