"""A question that builds on another: the better of two runs, with the student's own functions and
with right ones in place of those of other questions. What single slips then cost is in the bank."""

from bank_inverted_dropout import KEEP, TRAIN
from forked import mark, marked
from notebooks import assignment, notebook, submission

from dropout_grading.checks import Assignment, WrongAnswerError
from dropout_grading.execution.sandbox import Limits

DROPS = {  # True means dropped, everywhere
    KEEP: "rng.random(shape) < p",
    TRAIN: TRAIN.replace("(mask, 1 / (1 - p), 0)", "(mask, 0, 1 / (1 - p))"),
    "keep_mask(x.shape, p, rng), x, 0.0": "keep_mask(x.shape, p, rng), 0.0, x",
}


def test_two_slips_cost_two_questions():
    """The second is told as it is with a right function in place of the first."""
    slips = DROPS | {TRAIN: DROPS[TRAIN].replace("1 / (1 - p)", "1")}
    result = mark(assignment(), submission(slips))
    assert marked(submission(slips)) == (2, 2, 1, 3, 3, 2)
    (said,) = (c["message"] for c in result["checks"] if c["question"] == "q2" and "message" in c)
    assert said.startswith("kept values are 1 times what they were: you do not scale")


ENDLESS = """
import sys

def one():
    while sys._getframe(1).f_code.co_name == "two": pass
    return 1

def two(): return one() + 2
"""
STEALS = """
kept = []

def one(): return kept[0]() if kept else 0

def two():
    kept.append(one)
    return 5
"""


def asked(times):
    """Return an assignment whose second question uses a function of the first, ``times``."""
    made = Assignment("x", given={"q1": {"one": "lambda: 1"}})
    made.template = []

    @made.check("q1", 1)
    def first(student, rng):
        if student.call("one").value != 1:
            raise WrongAnswerError("no 1")

    for _ in range(times):

        @made.check("q2", 1)
        def second(student, rng):
            if student.call("two").value != 2:
                raise WrongAnswerError("no 2")

    return made


def run(code, times=3):
    result = mark(asked(times), notebook(code), limits=Limits(seconds=1, restarts=1))
    return result["status"], [check.get("message") for check in result["checks"]]


def test_what_has_to_be_stopped_alone_is_tried_once():
    status, messages = run(ENDLESS)
    assert status == "stopped: took longer than 1 s"
    assert messages == [None, *["no 2"] * 3]


def test_a_function_that_was_given_cannot_be_kept_for_its_own_question():
    """Not even in the second run: all checks of its question are done by then."""
    assert run(STEALS)[1] == ["no 1", *["no 2"] * 3]
