"""A student runs all of assignment 2 with anything unfinished, and is told what is."""

import bank_test_time as bank
import pytest
from forked import mark
from notebooks import SOONER, assignment, submission

from tools.paths import HANDOUTS

NAME = "test-time"
BLANK = {
    "q1": [bank.ONE],
    "q2": [bank.MASKS, bank.CHANCES],
    "q3": [bank.AVERAGE],
    "q4": [bank.MEAN],
    "q5": [bank.PRODUCT],
    "q6": [bank.FOUND],
}


def marked(data):
    result = mark(assignment(NAME), data)
    assert result["errors"] == []
    return result["checks"]


def test_the_handout_runs_and_each_check_says_that_nothing_is_written():
    for check in marked((HANDOUTS / f"{NAME}.ipynb").read_bytes()):
        assert check["got"] == 0
        assert "not written yet" in check["message"], check["name"]


@pytest.mark.parametrize("question", BLANK)
def test_with_one_question_unfinished_all_runs_and_the_others_are_met(question):
    blank = dict.fromkeys(BLANK[question], "    return")
    for check in marked(submission(blank | SOONER, name=NAME)):
        if check["question"] == question:
            assert "not written yet" in check["message"], check["name"]
        else:
            assert check["got"] == check["points"]


@pytest.mark.parametrize("question", BLANK)
def test_code_that_raises_stops_no_cell_either(question):
    broken = dict.fromkeys(BLANK[question], "    return unknown")
    marked(submission(broken | SOONER, name=NAME))
