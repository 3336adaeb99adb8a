"""What a chapter says of its own experiments: seeds, numbers and claims.

A *number* is what a sentence quotes: under the book's own seeds it is what the cell prints, on any
machine. A *claim* is true whatever the seeds. ``DROPOUT_SCALING_SEED_SHIFT=1`` runs a chapter under
other seeds, 2 under others again: claims are then held, and numbers are not compared. An exact
identity needs neither: it stands in a plain ``assert``.
"""

import operator
import os
from itertools import pairwise

import numpy as np

from dropout_scaling._arguments import check_count

VARIABLE = "DROPOUT_SCALING_SEED_SHIFT"
SPACING = 1000  # a chapter's own seeds are below it, so that no two shifts share one
ORDERS = {"<": operator.lt, ">": operator.gt}

# A list here, and each claim is written down as (sentence, margin) and stops nothing.
recorded = None


def shift():
    """Return by how many steps the seeds are shifted: 0, if the variable is not set.

    Raises ValueError if ``DROPOUT_SCALING_SEED_SHIFT`` is no integer in [0, 10^6].
    """
    text = os.environ.get(VARIABLE, "0")
    if not text.isdecimal():
        raise ValueError(f"{VARIABLE} must be an integer of at least 0, got {text!r}")
    return check_count(VARIABLE, int(text), 0, 10**6)


def seed(n):
    """Return the seed number ``n`` of a chapter: n itself, unless the seeds are shifted.

    Raises TypeError or ValueError if ``n`` is not an integer in [0, 1000).

    >>> seed(3)
    3
    """
    return check_count("n, the number of a seed,", n, 0, SPACING - 1) + SPACING * shift()


def seeds(n):
    """Return the chapter's first ``n`` seeds, as a list.

    >>> seeds(3)
    [0, 1, 2]
    """
    return [seed(k) for k in range(n)]


def number(value, said):
    """Hold that ``value``, rounded to the digits of ``said``, is what the sentence says.

    ``said``: the number as the page has it, a string. Nothing is compared where the seeds are
    shifted. Raises AssertionError for another number, ValueError for a ``said`` that is none.

    >>> number(3.14159, "3.14")
    """
    decimals = len(said.partition(".")[2])
    float(said)
    rounded = f"{float(value):.{decimals}f}"
    if shift() == 0 and float(rounded) != float(said):
        raise AssertionError(f"the page says {said}, the cell computes {float(value)!r}")


def claim(sentence, *chain):
    """Hold an order that the sentence states, for every element: ``claim("...", a, "<", b)``.

    ``chain``: numbers or arrays with "<" or ">" between them, all of one direction. Its *margin*
    is the smallest difference along the chain: below 0, the claim does not hold.
    Raises AssertionError with the sentence and the values if it does not, ValueError for a chain
    that is none.

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
