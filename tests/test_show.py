"""What the chapters show of a function: its code, without decorators, docstring and checks."""

import functools
import inspect
from fractions import Fraction

import numpy as np
import pytest

from dropout_scaling import convert, reference, theory
from dropout_scaling._arguments import check_count, check_floats
from dropout_scaling.exact import all_masks
from dropout_scaling.show import show

FUNCTIONS = [f for f in vars(reference).values() if inspect.getmodule(f) is reference]


@functools.cache
def decorated(x):
    """Return x, twice."""
    return 2 * x


def undocumented(x):
    return x


def checked(x, w, n):
    """Return something of x, w and n, all of which are checked.

    In several lines.
    """
    x, w = check_floats("x", x), check_floats("w", w)
    check_count(
        "n",
        n,
        0,
    )
    y = z = x * w
    # a comment
    return y, z, check_count("n, the number,", n, 0)


def named_by_a_variable(name, x):
    x = check_floats(name, x)
    return check_count(name, x.size, 1)


def shown(capsys, *functions):
    show(*functions)
    return capsys.readouterr().out


def test_decorators_and_docstring_are_left_out_and_functions_kept_apart(capsys):
    assert shown(capsys, decorated, undocumented) == (
        "def decorated(x):\n    return 2 * x\n\ndef undocumented(x):\n    return x\n"
    )


def test_a_check_is_left_out_and_what_it_hands_back_stays(capsys):
    assert shown(capsys, checked) == (
        "def checked(x, w, n):\n    y = z = x * w\n    # a comment\n    return y, z, n\n"
    )


def test_a_check_hands_back_the_same_argument_if_a_variable_holds_its_name(capsys):
    assert shown(capsys, named_by_a_variable) == (
        "def named_by_a_variable(name, x):\n    return x.size\n"
    )


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("p", [0.0, 0.2, 1.0, Fraction(1, 3)])
def test_what_is_shown_computes_the_same(capsys, function, p):
    names = dict(vars(reference))
    code = shown(capsys, function)
    exec(code, names)
    x = np.array([Fraction(3), Fraction(-2)]) if isinstance(p, Fraction) else np.array([3.0, -2.0])
    given = {"x": x, "grad": x, "mask": all_masks(2), "p": p}
    arguments = [given[name] for name in inspect.signature(function).parameters]
    assert "check_" not in code
    assert names[function.__name__] is not function
    np.testing.assert_array_equal(names[function.__name__](*arguments), function(*arguments))


def test_the_chapters_show_the_formulas_of_other_modules_alone(capsys):
    assert shown(capsys, theory.ridge_penalty).splitlines()[1:] == [
        "    return p / (1 - p) * ((x**2).sum(axis=0) * w**2).sum()"
    ]
    assert shown(capsys, convert.inverted_sgd).splitlines()[1:] == [
        "    q = 1 - p",
        '    return {"lr": q**2 * lr, "weight_decay": weight_decay / q**2}',
    ]
