"""The feedback as a student reads it."""

import json

import numpy as np
import pytest
from forked import mark
from helpers import says
from notebooks import SOONER, assignment, notebook, submission, unanswered
from test_grade import GOOD, fill_in, lay, rows_of, table

from dropout_grading.check_helpers import array_of, kept_share
from dropout_grading.checks import NOT_WRITTEN_YET, WrongAnswerError
from dropout_grading.execution.values import Opaque
from dropout_grading.reports.feedback import UNSEEN_IN_NOTEBOOK, _section
from dropout_grading.results import Row
from tools.paths import HANDOUTS


def feedback(tmp_path, data, **points):
    lay(tmp_path / "in", {"ann.ipynb": data})
    rows_of(tmp_path)
    if points:
        fill_in(tmp_path / "out" / "manual.csv", **points)
        rows_of(tmp_path)
    return (tmp_path / "out" / "feedback" / "ann.md").read_text("utf8")


def test_of_what_cannot_be_read_the_reason_and_no_more(tmp_path):
    assert feedback(tmp_path, b"no") == (
        "# inverted-dropout: ann\n\n"
        "The file that you handed in (`ann.ipynb`) is not a notebook (JSONDecodeError).\n\n"
        "**Total: 0 of 20 points.**\n"
    )


def test_of_what_cannot_be_read_what_a_person_says_of_it(tmp_path):
    assert feedback(tmp_path, b"no", ann="3").endswith(
        "\n\n**Total: 3 of 20 points.**\n\n## q7: 3 of 4 points\n\n- good\n"
    )


def test_of_a_blank_notebook_a_line_a_question(tmp_path):
    blank = (HANDOUTS / "inverted-dropout.ipynb").read_bytes()
    text = feedback(tmp_path, blank)
    assert text.count("- Not met: ") == 6
    assert (
        "## q1: 0 of 3 points\n\n- Not met: *keep_mask returns booleans of the shape that is asked "
        "for*, *keep_mask keeps with probability 1 - p*: it is not written yet, or a return is "
        "missing\n\n## q2"
    ) in text


def test_of_another_notebook_the_reason_and_no_more(tmp_path):
    text = feedback(tmp_path, submission(SOONER, name="test-time"))
    assert "(`ann.ipynb`) is not this assignment's notebook: it defines none of keep_mask," in text
    assert text.endswith("\n\n**Total: 0 of 20 points.**\n")


def test_what_is_right(tmp_path):
    assert feedback(tmp_path, GOOD) == (
        "# inverted-dropout: ann\n\n"
        "**Total: 16 of 16 points so far; a person will mark q7.**\n\n"
        "## q1: 3 of 3 points\n\n## q2: 4 of 4 points\n\n## q3: 1 of 1 point\n\n"
        "## q4: 3 of 3 points\n\n## q5: 3 of 3 points\n\n## q6: 2 of 2 points\n\n"
        "## q7: 4 points, to be marked by a person\n"
    )


def test_what_a_person_says(tmp_path):
    text = feedback(tmp_path, GOOD, ann="3.5")
    assert "**Total: 19.5 of 20 points.**" in text
    assert text.endswith("## q7: 3.5 of 4 points\n\n- good\n")


def test_no_answer(tmp_path):
    text = feedback(tmp_path, unanswered(GOOD))
    assert text.endswith("## q7: 0 of 4 points\n\n- There is no answer to mark.\n")
    (row,) = table(tmp_path / "out" / "manual.csv")
    assert row["answer"] == "[no answer: 0 points, unless you fill in others]"


def test_what_is_wrong(tmp_path):
    replacements = {
        "    return x\n": "    raise ValueError('not done')\n",
        "    return x * factor,": "    return",
        "return rng.random(shape) < 1 - p": "return rng.random(shape[:1]) < 1 - p",
    }
    content = json.loads(submission(replacements))
    text = feedback(tmp_path, json.dumps(content).encode())
    assert (
        "- Not met: *inverted_eval leaves the values alone*: ``your code raised ValueError: not "
        "done (line 4 of code cell 4, `def inverted_eval(x, p):`)``\n"
    ) in text
    unseen = "- Not met: 1 check that you do not see in the notebook (1 point). It tries: "
    assert f"{unseen}other p, 0 and 1 among them;" in text
    assert "your code: " not in text


def test_the_name_of_a_function_stands_once(tmp_path):
    text = feedback(tmp_path, submission({"mask = keep_mask(": "mask = ~keep_mask("}))
    start = "- Not met: *inverted_train drops with probability p, and returns a cache too*: at p = "
    assert start in text


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("\n1 / 0", "code cell 2, `1 / 0`: ZeroDivisionError: division by zero (line 2)"),
        ("x = 1\ny = = 2", "code cell 2, `x = 1`: SyntaxError: invalid syntax (line 2)"),
        ("%pip\nraise KeyboardInterrupt", "code cell 2, `%pip`: KeyboardInterrupt (line 2)"),
        ("f()", "code cell 2, `f()`: ValueError: no (line 3 of code cell 1, `def f():`)"),
        (f"x = '{'a' * 99}' + 1", f"code cell 2, `x = '{'a' * 55}…`: TypeError: "),
    ],
)
def test_a_cell_that_failed_is_named_by_its_first_line(cell, said):
    data = notebook("def f():\n    x = 1\n    raise ValueError('no')", cell)
    (error,) = mark(assignment(), data)["errors"]
    assert error.startswith(said)


def test_what_returns_nothing():
    result = mark(assignment(), submission({"return x * factor, factor": "x * factor"}))
    said = {check.get("message") for check in result["checks"]}
    none = "what inverted_train returns is None: it is not written yet, or a return is missing"
    assert none in said


@pytest.mark.parametrize(
    ("messages", "said"), [([NOT_WRITTEN_YET], False), (["a wrong sign"], True), ([], True)]
)
def test_a_hidden_check_is_counted_unless_nothing_is_written(messages, said):
    def failed(message, hidden):
        check = {"question": "q1", "name": "it", "points": 1, "hidden": hidden}
        return check | {"about": "other p", "message": message}

    checks = [failed(message, False) for message in messages] + [failed("secret", True)]
    row = Row(None, {"checks": checks, "answers": {}}, {"q1": 0})
    assert (UNSEEN_IN_NOTEBOOK in "".join(_section(assignment(), "q1", row))) == said


@pytest.mark.parametrize(("value", "kind"), [(1.5, "float"), (Opaque("set"), "set")])
def test_what_is_no_array_is_named_by_the_type_that_the_student_gave_it(value, kind):
    with pytest.raises(WrongAnswerError, match=says(f"y should be a NumPy array, and is {kind}")):
        array_of("y", value, (2,))


@pytest.mark.parametrize(
    ("every", "said"),
    [
        (0, "nothing is kept, p = 0.2"),
        (1, "nothing is dropped, p = 0.2"),
        (2, "at p = 0.2 a share of 0.50 is kept, and should be 0.80"),
    ],
)
def test_a_share_that_is_not_q_is_said(every, said):
    kept = np.arange(10_000) % every == 0 if every else np.zeros(10_000, bool)
    with pytest.raises(WrongAnswerError, match=says(f"the mask: {said}")):
        kept_share(kept, 0.2, "the mask")


def test_a_share_that_is_p_is_said_to_be_p():
    with pytest.raises(WrongAnswerError, match=r"a share of 0\.20 is kept, which is p"):
        kept_share(np.arange(10_000) % 5 == 0, 0.2, "the mask")
    kept_share(np.arange(10_000) % 5 != 0, 0.2, "the mask")
