"""What the chapters show of a function: its code, without decorators and docstring."""

import functools

from dropout_scaling.show import show


@functools.cache
def decorated(x):
    """Return x, twice."""
    return 2 * x


def undocumented(x):
    return x


def test_decorators_and_docstring_are_left_out_and_functions_kept_apart(capsys):
    show(decorated, undocumented)
    assert capsys.readouterr().out == (
        "def decorated(x):\n    return 2 * x\n\ndef undocumented(x):\n    return x\n"
    )
