"""A notebook's cells run as in Jupyter, and what fails costs itself alone."""

import sys

import pytest
from forked import mark
from notebooks import assignment, score, submission

from dropout_grading.execution import stand_ins
from dropout_grading.execution.cells import MAX_DESCRIBED, Cells


def ran(*sources):
    """Return the cells, and the variables that they leave."""
    variables = {"__name__": "__main__"}
    cells = Cells(variables)
    cells.run_all(list(sources), lambda number: None)
    return cells, variables


@pytest.mark.parametrize(
    ("source", "x", "notes"),
    [
        ("x = 1", 1, None),
        ("  x = 1\n  x += 1", 2, None),
        ("%matplotlib inline\nx = 1", 1, ["%matplotlib"]),
        ("!ls\nx = 1\n!ls", 1, ["!ls"]),
        ("x = !ls", [], ["!ls"]),
        ("x = 1\nfiles = !ls\nt = %timeit -o x", 1, ["!ls", "%timeit"]),
        ("x = 1\nx?", 1, None),
        ("%time x = 1", 1, None),
        ("x = %time 1 + 1", 2, None),
        ("%%time\nx = 1", 1, None),
        ("%%bash\nx = 1", None, ["%%bash"]),
        ("x = (4\n% 3)", 1, None),
        ("get_ipython().run_line_magic('cd', '/')\nx = 1", 1, ["%cd"]),
        ("get_ipython().events.register('post_run', print)\nx = 1", 1, ["get_ipython().events"]),
        ("import asyncio\nx = await asyncio.sleep(0, 1)", 1, None),
        ("async def f(): return 1\nx = await f()", 1, None),
        (">>> x = 1", 1, None),
    ],
)
def test_what_jupyter_runs(source, x, notes):
    cells, variables = ran(source)
    assert cells.errors == {}
    assert variables.get("x") == x
    assert cells.notes.get(0) == notes


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("import not_there\nx = 1", "ModuleNotFoundError: No module named 'not_there' (line 1)"),
        ("1 / 0\nx = 1\n1 / 0", "ZeroDivisionError: division by zero (line 1); and 1 more"),
        ("x = 1\nraise SystemExit\nx = 2 / 0", "SystemExit (line 2); and 1 more"),
        ("%%time\n1 / 0\nx = 1", "ZeroDivisionError: division by zero (line 2)"),
        ("!ls\n1 / 0\nx = 1", "ZeroDivisionError: division by zero (line 2)"),
    ],
)
def test_what_fails_costs_itself_alone(source, error):
    cells, variables = ran(source)
    assert variables["x"] == 1
    assert cells.errors == {0: error}


@pytest.mark.parametrize(
    "source", ["x = 1\nx = (", "x = 1\n\0", "x = 1\n'\ud800'", "x = 1\nnot so it"]
)
def test_a_cell_that_is_not_python_runs_no_line_as_in_jupyter(source):
    cells, variables = ran(source)
    assert "x" not in variables
    assert list(cells.errors) == [0]


def test_what_a_future_import_says_holds_below_it():
    _, variables = ran("from __future__ import annotations\nx = 1", "def f(y: not_there): pass")
    assert variables["f"].__annotations__ == {"y": "not_there"}


def test_the_source_of_a_function_can_be_had():
    _, variables = ran("import inspect\ndef f():\n    return 1\nx = inspect.getsource(f)")
    assert variables["x"] == "def f():\n    return 1\n"


def test_each_cell_that_failed_is_counted_and_the_first_are_described():
    cells, _ = ran(*["1 / 0"] * (MAX_DESCRIBED + 1))
    assert len(cells.errors) == MAX_DESCRIBED + 1
    assert "by zero (line 1)" in cells.errors[MAX_DESCRIBED - 1]
    assert cells.errors[MAX_DESCRIBED] == "ZeroDivisionError"


def test_colab_stands_in_behind_what_is_installed():
    noted = []
    finder = stand_ins.Colab(noted.append)
    assert finder.find_spec("numpy") is finder.find_spec("google.cloud") is None
    sys.meta_path.append(finder)
    try:
        cells, variables = ran(
            "from google.colab import drive, files\nimport google.colab.output\n"
            "drive.mount('/content/drive', force_remount=True)\n"
            "for name in files.upload().keys(): 1 / 0\nx = 1"
        )
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.startswith("google")]:
            del sys.modules[name]
    assert cells.errors == {}
    assert variables["x"] == 1
    assert noted == ["google.colab"]


def test_the_result_says_how_much_failed_and_what_did_nothing():
    habit = "from google.colab import drive\nimport pandas_not_there\n!pip install numpy\n1 / 0"
    result = mark(assignment(), submission(before=[habit, "fine = 1"], after=["1 / 0"]))
    assert score(result) == (3, 4, 1, 3, 3, 2)
    assert result["status"] == "marked"
    assert result["failed_cells"] == 2
    place = "code cell 1, `from google.colab import drive`"
    lost = "ModuleNotFoundError: No module named 'pandas_not_there' (line 2); and 1 more"
    assert result["errors"][0] == f"{place}: {lost}"
    assert result["notes"] == [f"{place}: google.colab, !pip install numpy"]


def test_twenty_thousand_cells_that_fail_are_marked():
    result = mark(assignment(), submission(after=["1 / 0"] * 20_000))
    assert result["status"] == "marked"
    assert score(result) == (3, 4, 1, 3, 3, 2)
    assert result["failed_cells"] == 20_000
