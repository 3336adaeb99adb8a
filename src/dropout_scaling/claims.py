"""Seeds, numbers and claims: tools for what a chapter says about its own experiments.

A *number* is a value that a sentence quotes. Under the book's own seeds the cell prints the same
number on every machine. A *claim* is true for any seeds. ``DROPOUT_SCALING_SEED_SHIFT=1`` runs a
chapter with other seeds, 2 with yet others: claims are then checked, and numbers are not. An exact
identity needs neither tool: use a plain ``assert``.
"""

import os

import numpy as np

from dropout_scaling._arguments import check_count

VARIABLE = "DROPOUT_SCALING_SEED_SHIFT"
SPACING = 1000  # a chapter's own seeds are below it, so two shifts never share a seed

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


def number(values, said, what=None):
    """Check that ``values``, rounded to the digits of ``said``, are the numbers in the sentence.

    ``values``: a number, or several in an array or a list. ``said``: the numbers as the page shows
    them, a string with spaces between. ``what``: if it is given, it is printed with the rounded
    values. If the seeds are shifted, nothing is compared. Raises AssertionError for another number,
    ValueError if ``said`` does not hold a number for each value.

    >>> number(3.14159, "3.14")
    >>> number([1 / 3, 2 / 3], "0.3 0.67", "shares")
    shares: 0.3 0.67
    """
    values, texts = np.ravel(values), said.split()
    if len(values) != len(texts):
        raise ValueError(f"said must hold a number for each of {len(values)} values, got {said!r}")
    decimals = [len(text.partition(".")[2]) for text in texts]
    rounded = [f"{float(v):.{n}f}" for v, n in zip(values, decimals, strict=True)]
    if what is not None:
        print(f"{what}:", *rounded)
    for value, found, text in zip(values, rounded, texts, strict=True):
        if float(found) != float(text) and shift() == 0:
            raise AssertionError(f"the page says {text}, the cell computes {float(value)!r}")


def claim(*pairs):
    """Check what sentences state in general: ``claim("b is above a.", b - a)``.

    ``pairs``: a sentence and its *margin*, then perhaps another sentence and its margin. The margin
    says by how much the sentence is true, a number or several in an array or a list: each must be
    above 0. Raises AssertionError with the first sentence that is false and its margin, ValueError
    if ``pairs`` has another form.

    >>> claim("The square of a number above 1 is larger.", 1.5**2 - 1.5)
    """
    sentences, margins = pairs[::2], [np.asarray(margin) for margin in pairs[1::2]]
    texts = all(isinstance(sentence, str) for sentence in sentences)
    numbers = all(margin.size > 0 and margin.dtype.kind in "biuf" for margin in margins)
    if len(pairs) == 0 or len(pairs) % 2 == 1 or not texts or not numbers:
        raise ValueError(f"claims must be pairs of a sentence and its margin, got {pairs!r}")
    for sentence, margin in zip(sentences, margins, strict=True):
        holds, least = bool((margin > 0).all()), float(margin.min())
        if recorded is not None:
            recorded.append({"claim": sentence, "held": holds, "margin": least})
        elif not holds:
            raise AssertionError(f"does not hold: {sentence} (margin {margin})")
