"""The zip for Gradescope gives the points that `make grade` gives, in the form that it asks for.

That its set-up works in a bare system is tried by hand, with tests/bare/gradescope.py.
"""

import json
import os
import subprocess
import sys
import zipfile

import pytest
from forked import mark
from notebooks import FIRST, FULL, assignment, score, submission, unanswered

from dropout_grading import gradescope
from tools.gradescope import zipped
from tools.paths import ASSIGNMENTS

SLIPS = {"1 / (1 - p), 0": "1 / p, 0", "return x * factor,": "x *= factor\n    return x,"}


def points(tests):
    """Return the points of each question, as the names of the tests say them."""
    got = {}
    for test in tests:
        question = test["name"].partition(":")[0]
        got[question] = got.get(question, 0) + test["score"]
    return got


@pytest.fixture
def autograder(tmp_path):
    """The folder as Gradescope lays it out, without a submission."""
    root = tmp_path / "autograder"
    for name in ("source", "submission", "results"):
        (root / name).mkdir(parents=True)
    zipped.write(ASSIGNMENTS / FIRST, tmp_path / "gradescope.zip")
    with zipfile.ZipFile(tmp_path / "gradescope.zip") as archive:
        archive.extractall(root / "source")
    return root


def run(root, files):
    """Mark files as a submission, with the marker of the zip; return what results.json holds."""
    for path, data in files.items():
        (root / "submission" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "submission" / path).write_bytes(data)
    env = os.environ | {"PYTHONPATH": str(root / "source")}
    command = [sys.executable, "-P", "-m", "dropout_grading.gradescope", str(root)]
    subprocess.run(command, env=env, check=True)
    return json.loads((root / "results" / "results.json").read_text("utf8"))


def test_the_zip_marks_in_the_folder_that_gradescope_lays_out(autograder):
    answer = "## q7\n\nMy *own* words."
    content = json.loads(unanswered(submission(SLIPS)))
    content["cells"].append({"cell_type": "markdown", "source": answer})
    given = run(autograder, {"inverted-dropout.ipynb": json.dumps(content).encode()})
    result = mark(assignment(), json.dumps(content).encode())
    assert points(given["tests"]) == {
        **dict(zip(assignment().questions, score(result), strict=False)),
        "q7": 0,
    }
    assert sum(test["max_score"] for test in given["tests"]) == sum(FULL)
    tests = {test["name"]: test for test in given["tests"]}
    scale = tests["q2: inverted_train scales what it keeps"]
    assert scale["number"] == "2.2"
    assert (scale["status"], scale["visibility"]) == ("failed", "visible")
    assert "you divide by p" in scale["output"]
    unseen = tests["q2: a check that you do not see in the notebook"]
    assert (unseen["status"], unseen["visibility"]) == ("failed", "after_published")
    assert "float32" in unseen["output"]
    assert "changes its input" not in json.dumps(given)
    words = tests["q7: your own words, 4 points, marked by a person"]
    assert words["output"].endswith("My *own* words.")
    assert given["output"] == "Your notebook: marked."


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "holds no notebook"),
        ({"a.ipynb": b"", "b.ipynb": b""}, "holds 2 notebooks"),
        ({"a/inverted-dropout.ipynb": b"no", "b.ipynb": b""}, "is not a notebook"),
        ({".ipynb_checkpoints/a.ipynb": b""}, "holds no notebook"),
    ],
)
def test_what_cannot_be_marked_says_why(tmp_path, files, said):
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)
    result = gradescope.marked(assignment(), tmp_path)
    given = gradescope.results(assignment(), result)
    assert said in given["output"]
    assert set(points(given["tests"]).values()) == {0}


def test_cells_that_failed_are_told():
    result = mark(assignment(), submission(before=["!ls\n1 / 0"]))
    told = gradescope.results(assignment(), result)["output"]
    assert "Something failed in code cell 1, `!ls`: ZeroDivisionError" in told
    assert "This did nothing here: code cell 1, `!ls`: !ls" in told


def test_a_zip_is_the_same_each_time(tmp_path):
    for name in ("a", "b"):
        zipped.write(ASSIGNMENTS / FIRST, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
