"""No stub earns a point: constants, arguments handed back, and what a notebook gives.

Each function of an assignment alone, in place of the right one, and all of them together. Here the
checks run in this process, since these answers are ours.
"""

from types import SimpleNamespace

import numpy as np
import pytest
from notebooks import assignment, score, submission
from own_checks import quiet, variables
from test_bank import FULL_MARKS

from dropout_grading.execution.in_notebook import NotebookStudent
from dropout_grading.mark_submission import _run_checks

ARRAYS = {
    "zeros": np.zeros_like,
    "ones": np.ones_like,
    "twice": lambda a: 2 * np.asarray(a, float),
    "negative": lambda a: -np.asarray(a, float),
}
PLAIN = {"None": None, "0": 0, "1.0": 1.0, "True": True, "[]": [], "{}": {}, "a text": "q"}
# What is right, though it looks like a stub: at evaluation, inverted dropout hands on its input.
RIGHT = {("inverted-dropout", "inverted_eval", "argument 0")}
QUESTIONS = {
    "inverted-dropout": {
        "keep_mask": ("q1", 3),
        "inverted_train": ("q2", 3),
        "inverted_eval": ("q3", 2),
        "inverted_backward": ("q4", 2),
        "numerical_gradient": ("q5", 3),
        "standard_train": ("q6", 3),
        "standard_eval": ("q6", 2),
    },
    "test-time": {
        "weight_scaling": ("q1", 6),
        "all_masks": ("q2", 1),
        "mask_probabilities": ("q2", 2),
        "exact_average": ("q3", 6),
        "monte_carlo_average": ("q4", 8),
        "geometric_mean": ("q5", 2),
        "samples_needed": ("q6", 4),
    },
    "rescue": {
        "convert": ("q1", 2),
        "convert_sgd": ("q2", 3),
        "convert_adam": ("q3", 4),
        "mistakes": ("q4", 0),
        "run_drop_inputs": ("q5", 4),
        "run_block": ("q6", 6),
        "run_head": ("q7", 5),
        "fit": ("q8", 6),
    },
}
# Of a question with two functions: the points that go with one of them.
HALF = {"standard_train": 1, "standard_eval": 1, "all_masks": 1, "mask_probabilities": 1}


def stubs(arguments):
    """Return {what it is: function} of stubs for a function of so many arguments."""
    made = {name: lambda *_, _value=value: _value for name, value in PLAIN.items()}
    for n in range(arguments):
        made[f"argument {n}"] = lambda *args, _n=n: args[_n]
        for name, make in ARRAYS.items():
            made[f"{name}, as argument {n}"] = lambda *args, _n=n, _make=make: _make(args[_n])
    pairs = {f"{name} and None": lambda *args, _f=f: (_f(*args), None) for name, f in made.items()}
    twice = {f"{name}, two times": lambda *args, _f=f: (_f(*args),) * 2 for name, f in made.items()}
    return made | pairs | twice


class Here:
    """A session in this process, for functions that are known."""

    def __init__(self, names):
        self.names = names

    def ask(self, question, given):
        right = {name: eval(code, {"np": np}) for name, code in given.items()}
        return question(NotebookStudent(self.names | right))


def points(name, names, question=None):
    """Return what the checks give, of one question or of all."""
    asked = assignment(name)
    checks = [check for check in asked.checks if question in (None, check.question)]
    asked = SimpleNamespace(checks=checks, given=asked.given)
    return sum(score({"checks": _run_checks(asked, Here(names))}))


@pytest.fixture(scope="module", params=QUESTIONS)
def solved(request):
    """The name of an assignment, and the variables of its solution."""
    return request.param, variables(quiet(submission(name=request.param)))


def test_a_stub_earns_nothing_of_its_question(solved):
    name, names = solved
    most_of = dict(zip(assignment(name).questions, FULL_MARKS[name], strict=False))
    earned = []
    for function, (question, arguments) in QUESTIONS[name].items():
        others = most_of[question] - HALF[function] if function in HALF else 0
        for title, stub in stubs(arguments).items():
            got = points(name, names | {function: stub}, question)
            if got > others and (name, function, title) not in RIGHT:
                earned.append((function, title, got))
    assert earned == []


def test_stubs_in_all_places_earn_nothing(solved):
    """Together they could agree with each other: a gradient of 1 is right for an identity."""
    name, names = solved
    all_stubs = {f: stubs(arguments) for f, (_, arguments) in QUESTIONS[name].items()}
    earned = []
    for titles in zip(*all_stubs.values(), strict=False):
        chosen = dict(zip(all_stubs, titles, strict=True))
        put = {f: all_stubs[f][title] for f, title in chosen.items()}
        got = points(name, names | put)
        if got > sum((name, f, title) in RIGHT for f, title in chosen.items()):
            earned.append((chosen, got))
    assert earned == []
