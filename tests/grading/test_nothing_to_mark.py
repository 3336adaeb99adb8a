"""Where there is nothing to mark: a notebook of something else, no file, no answer in words."""

import json

import pytest
from forked import mark
from notebooks import SOONER, assignment, notebook, score, submission, unanswered
from test_grade import GOOD, fill_in, lay, rows_of, table, with_answer, zipped

from dropout_grading.mark_submission import ANOTHER_NOTEBOOK
from tools.paths import HANDOUTS

NAMES = ("inverted-dropout", "test-time", "rescue")


def handed_out(name):
    return json.loads((HANDOUTS / f"{name}.ipynb").read_text("utf8"))


@pytest.mark.parametrize("name", NAMES)
def test_the_blank_notebook_is_marked(name):
    result = mark(assignment(name), json.dumps(handed_out(name)).encode())
    assert result["status"] == "marked"
    assert set(score(result)) == {0}
    assert set(result["answers"].values()) == {""}


@pytest.mark.parametrize("other", [name for name in NAMES if name != "rescue"])
@pytest.mark.parametrize("name", NAMES)
def test_the_notebook_of_another_assignment(name, other):
    """Filled in, with an answer to a question of the same number."""
    sooner = SOONER if other == "test-time" else {}
    result = mark(assignment(name), submission(sooner, name=other))
    if name == other:
        assert result["status"] == "marked"
    else:
        assert result["status"].startswith(ANOTHER_NOTEBOOK)
        assert set(result["answers"].values()) == {""}


def test_what_is_missing_is_named():
    status = mark(assignment(), notebook("x = 1"))["status"]
    assert status == (
        "is not this assignment's notebook: it defines none of keep_mask, inverted_train, "
        "inverted_eval, inverted_backward, numerical_gradient, standard_train, standard_eval"
    )


@pytest.mark.parametrize(
    "cell",
    [
        "def inverted_eval(x, p):\n  return x\n ",  # that does not even parse
        "exec('def inverted_' + 'eval(x, p): return x')",
        "inverted_eval = lambda x, p: 2 * x",
        "class inverted_eval: pass",
    ],
)
def test_one_function_is_enough(cell):
    assert mark(assignment(), notebook(cell))["status"] == "marked"


def test_an_answer_without_code_is_kept_for_a_person():
    """The text of this assignment, and nothing of its code."""
    content = json.loads(with_answer("My words."))
    content["cells"] = [cell for cell in content["cells"] if cell["cell_type"] == "markdown"]
    result = mark(assignment(), json.dumps(content).encode())
    assert result["status"].startswith(ANOTHER_NOTEBOOK)
    assert result["answers"] == {"q7": "My words."}


def test_the_total_is_filled_where_a_person_has_nothing_to_mark(tmp_path):
    files = {
        "broken.ipynb": b"no",
        "damaged.zip": zipped({"a.ipynb": GOOD}).replace(b"PK\x01\x02", b"PK\x01\x03"),
        "none.txt": b"sorry",
        "other.ipynb": submission(SOONER, name="test-time"),
        "unanswered.ipynb": unanswered(GOOD),
        "answered.ipynb": GOOD,
    }
    lay(tmp_path / "in", files)
    rows_of(tmp_path)

    def totals():
        return {
            row["student"]: (row["q7"], row["total"])
            for row in table(tmp_path / "out" / "marks.csv")
        }

    zero = ("0", "0")
    want = {"broken": zero, "damaged": zero, "none.txt": zero, "other": zero}
    want |= {"unanswered": ("0", "16"), "answered": ("", "")}
    assert totals() == want
    fill_in(tmp_path / "out" / "manual.csv", broken="3", unanswered="1.5", answered="4")
    rows_of(tmp_path)
    want |= {"broken": ("3", "3"), "unanswered": ("1.5", "17.5"), "answered": ("4", "20")}
    assert totals() == want


@pytest.mark.parametrize("kind", ["code", "raw", "markdown"])
def test_no_answer_in_an_unusual_place_is_taken_for_none(kind):
    """In a cell of another kind, and in the place of a heading that is gone."""
    content = json.loads(unanswered(GOOD))
    cell = {"cell_type": kind, "source": "# my words", "metadata": {}, "outputs": []}
    content["cells"].append(cell)
    assert "my words" in mark(assignment(), json.dumps(content).encode())["answers"]["q7"]


def test_an_answer_below_another_heading_is_found():
    content = json.loads(unanswered(GOOD))
    at = [n for n, c in enumerate(content["cells"]) if "".join(c["source"]).startswith("## q7")]
    content["cells"][at[0]]["source"] = "my words"
    content["cells"] = content["cells"][at[0] :] + content["cells"][: at[0]]
    assert mark(assignment(), json.dumps(content).encode())["answers"]["q7"] == "my words"


def test_a_copy_of_the_solution_is_an_answer():
    """It is for a person to say what that is worth."""
    assert mark(assignment(), submission())["answers"]["q7"].startswith("Both kinds drop")
