"""Every misconception costs what it should, and no right answer costs anything.

What a student's own notebook says is what the marker says, of each of them, and Gradescope gives
the same points.

Inputs are new at each run, so each run is another sample: no score may hang on chance.
"""

import re

import bank_class
import bank_inverted_dropout
import bank_rescue
import bank_test_time
import forked
import pytest
from notebooks import FULL, assignment, marked, notebook, score, submission
from own_checks import quiet, said, variables

from dropout_grading import gradescope

FULL_MARKS = {
    "inverted-dropout": FULL,
    "test-time": tuple(bank_test_time.FULL.values()),
    "rescue": tuple(bank_rescue.FULL.values()),
}
# (assignment, title, what `submission` takes, points)
BANK = [
    ("inverted-dropout", title, {"replacements": replacements}, points)
    for title, replacements, points in bank_inverted_dropout.BANK
]
BANK += [
    ("test-time", title, {"replacements": replacements}, tuple(points.values()))
    for title, replacements, points in bank_test_time.BANK
]
BANK += [
    (
        "rescue",
        title,
        {"replacements": replacements},
        tuple((bank_rescue.FULL | points).values()),
    )
    for title, replacements, points in bank_rescue.BANK
]
BANK += [(name, f"class: {title}", *more) for name, title, *more in bank_class.CLASS]

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
    assert set(forked.marked(notebook(), name=name)) == {0}


ONE, RESCUE, TWO = bank_inverted_dropout, bank_rescue, bank_test_time
SAID = [
    ("inverted-dropout", {ONE.STANDARD: f"(1 - p) * {ONE.STANDARD}"}, "Does this kind of dropout"),
    ("inverted-dropout", {ONE.STANDARD: f"{ONE.STANDARD} / p"}, "Does this kind of dropout"),
    (
        "rescue",
        {RESCUE.BLOCK: f"h = h if self.training else h * (1 - self.p)\n        {RESCUE.BLOCK}"},
        "has nobody scaled before?",
    ),
    ("rescue", {RESCUE.ADAM: RESCUE.ADAM.replace("eps / q", "eps")}, "how large is the gradient"),
    (
        "test-time",
        {TWO.FOUND: TWO.FOUND_PLACE.replace("> one", ">= one")},
        "which is not one of the counts",
    ),
]


@pytest.mark.parametrize(("name", "replacements", "question"), SAID)
def test_a_message_asks_what_leads_on(name, replacements, question):
    result = forked.mark(assignment(name), quiet(submission(replacements, name=name)))
    message, *_ = (check["message"] for check in result["checks"] if "message" in check)
    assert question in message


def words(text):
    """Return a message's beginning without its numbers, which differ from run to run."""
    return re.sub(r"-?\d[\d.]*(e[+-]?\d+)?", "#", " ".join(str(text).split()))[:200]


def agrees(raised, entry):
    """Say whether a check in the notebook and the marker's run of it come to the same."""
    kind, message = type(raised).__name__, entry.get("message")
    if raised is None or message is None:
        return raised is None and message is None
    if kind == "WrongAnswerError":
        return words(raised) == words(message)
    if kind == "StudentError":  # the marker adds the place
        return words(raised) in words(message)
    return kind in message  # what came back is not of the kind that the check reads


@pytest.mark.parametrize(
    ("name", "changes", "points"),
    [(name, changes, points) for name, _, changes, points in BANK],
    ids=[f"{name}: {title}" for name, title, *_ in BANK],
)
def test_points(name, changes, points):
    """The lines that show leave no variable; with them runs the solution, above."""
    data = quiet(submission(name=name, **changes))
    result = forked.mark(assignment(name), data)
    assert score(result) == points
    assert given_by_gradescope(name, result) == points
    names = variables(data)
    marked = {(check["question"], check["name"]): check for check in result["checks"]}
    alone = said(names, name, given=False)
    # Who is told in the notebook that all is well has the points.
    wrong = [check for check, raised in alone.items() if raised]
    for check, raised in (alone | said(names, name, given=True, checks=wrong)).items():
        entry = marked[check.question, check.name]
        assert agrees(raised, entry), f"{raised!r} in the notebook, and marked {entry}"


def given_by_gradescope(name, result):
    """Return the points of each question, as they stand in results.json."""
    got = dict.fromkeys(assignment(name).questions, 0)
    for test in gradescope.results(assignment(name), result)["tests"]:
        got[test["name"].partition(":")[0]] += test["score"]
    return tuple(got[question] for question in got if question not in assignment(name).manual)
