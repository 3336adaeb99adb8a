"""The checks that students run: the marker's own, each a piece of code that stands alone.

That they say what the marker says, of every submission in the bank, is asked in test_bank.
"""

import ast
import sys

import numpy as np
import pytest
from notebooks import assignment, notebook, submission
from own_checks import inlined, said, variables
from test_bank import each_assignment

from dropout_grading.checks import WrongAnswerError
from dropout_grading.execution.calls import StudentError
from tools.book.assignments import standing_alone
from tools.paths import ASSIGNMENTS

OUTSIDE = {"numpy", *sys.stdlib_module_names}


@each_assignment
def test_the_solution_is_told_that_all_is_well(name):
    names = variables(submission(name=name))
    assert set(said(names, name, given=False).values()) == {None}


@each_assignment
def test_no_check_passes_in_an_empty_notebook(name):
    assert None not in said(variables(notebook()), name, given=False).values()


@each_assignment
def test_a_check_stands_alone(name):
    """It imports NumPy and the standard library alone, and holds no right answer."""
    for check in inlined(name):
        text = standing_alone(check.function.__name__, ASSIGNMENTS / name / "checks.py")
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = (
                    [node.module]
                    if isinstance(node, ast.ImportFrom)
                    else [alias.name for alias in node.names]
                )
                assert {n.partition(".")[0] for n in names} <= OUTSIDE
        assert "ASSIGNMENT" not in text
        defined = {node.name for node in tree.body if hasattr(node, "name")}
        hidden = {c.function.__name__ for c in assignment(name).checks if c.hidden}
        assert not defined & hidden


def test_inputs_are_new_each_time():
    """A check in the notebook draws, so that nobody learns one answer by heart."""
    drawn, names = set(), variables(submission())
    names["inverted_eval"] = lambda x, p: drawn.add(float(x[0, 0])) or x
    for _ in range(3):
        said(names, "inverted-dropout", given=False)
    assert len(drawn) == 3


@each_assignment
def test_the_first_page_names_the_lines_that_a_check_prints(name):
    """Python prints the name of an error in front of its text."""
    first = next(text for kind, text in assignment(name).template if kind == "markdown")
    for error in (WrongAnswerError, StudentError):
        assert f"`{error.__name__}:`" in first


def test_equal_probabilities_are_no_mean_of_thinned_networks():
    """Who returns 1/3 for each class is told the same in the notebook and by the marker."""
    checks = next(iter(assignment("test-time").checks)).function.__globals__
    for rng in np.random.default_rng().spawn(1000):
        net = checks["lit_network"](rng)
        with pytest.raises(WrongAnswerError, match="this is no mean of k = 4000"):
            checks["kept_shares"](net, np.full((3, 3), 1 / 3), 0.2, 4000)
