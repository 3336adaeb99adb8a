"""Seeds, numbers and claims: tools for what a chapter says about its own experiments.

A *number* is a value that a sentence quotes. Under the book's own seeds the cell prints the same
number on every machine. A *claim* is true for any seeds. ``DROPOUT_SCALING_SEED_SHIFT=1`` runs a
chapter with other seeds, 2 with yet others: claims are then checked, and numbers are not. An exact
identity needs neither tool: use a plain ``assert``.
"""

import operator
import os
from itertools import pairwise

import numpy as np

from dropout_scaling._arguments import check_count

VARIABLE = "DROPOUT_SCALING_SEED_SHIFT"
SPACING = 1000  # a chapter's own seeds are below it, so two shifts never share a seed
ORDERS = {"<": operator.lt, ">": operator.gt}

# If this is a list, each claim is appended to it, and a false claim raises no error.
recorded = None


def shift() -> int:
    """Return the shift of the seeds, in steps: 0 if ``DROPOUT_SCALING_SEED_SHIFT`` is not set.

    Raises ValueError if the variable is not an integer in [0, 10^6].
    """
    text = os.environ.get(VARIABLE, "0")
    if not text.isdecimal():
        raise ValueError(f"{VARIABLE} must be an integer of at least 0, got {text!r}")
    return check_count(VARIABLE, int(text), 0, 10**6)


def seed(n: int) -> int:
    """Return a chapter's seed number ``n``: n itself, unless the seeds are shifted.

    Raises TypeError or ValueError if ``n`` is not an integer in [0, 1000).

    >>> seed(3)
    3
    """
    return check_count("n, the number of a seed,", n, 0, SPACING - 1) + SPACING * shift()


def seeds(n: int) -> list[int]:
    """Return the chapter's first ``n`` seeds as a list. Errors as ``seed``.

    >>> seeds(3)
    [0, 1, 2]
    """
    return [seed(k) for k in range(n)]


def number(value, said):
    """Check that ``value``, rounded to the digits of ``said``, is the number in the sentence.

    ``said``: the number as the page shows it, a string. If the seeds are shifted, nothing is
    compared. Raises AssertionError for another number, ValueError if ``said`` is not a number.

    >>> number(3.14159, "3.14")
    """
    decimals = len(said.partition(".")[2])
    float(said)
    rounded = f"{float(value):.{decimals}f}"
    if shift() == 0 and float(rounded) != float(said):
        raise AssertionError(f"the page says {said}, the cell computes {float(value)!r}")


def claim(sentence, *chain):
    """Check an order that the sentence states, for every element: ``claim("...", a, "<", b)``.

    ``chain``: numbers or arrays with "<" or ">" between them, all in one direction. The *margin* of
    a claim is the smallest difference along the chain: below 0, the claim is false.
    Raises AssertionError with the sentence and the values if the claim is false, ValueError if
    ``chain`` has another form.

    >>> claim("The square of a number above 1 is larger.", 1, "<", 1.5, "<", 1.5**2)
    """
    values, signs = chain[::2], set(chain[1::2])
    if len(values) < 2 or len(chain) % 2 == 0 or len(signs) != 1 or not signs <= set(ORDERS):
        raise ValueError('a claim must be an order such as a, "<", b, "<", c, got ' + repr(chain))
    (sign,) = signs
    values = [np.asarray(value, dtype=float) for value in values]
    pairs = list(pairwise(values))
    holds = all(ORDERS[sign](a, b).all() for a, b in pairs)
    steps = [(b - a if sign == "<" else a - b).min() for a, b in pairs]
    if recorded is not None:
        recorded.append({"claim": sentence, "held": bool(holds), "margin": float(min(steps))})
    elif not holds:
        shown = f" {sign} ".join(str(value) for value in values)
        raise AssertionError(f"does not hold: {sentence} ({shown})")
