"""Expectations over all 2^n masks: no sampling, no error bars.

``f`` maps masks of shape (m, n) to values of shape (m, ...), one row for each mask. Each call of
``f`` gets at most 2^14 masks, so a row must depend on its own mask only. The memory does not grow
beyond 14 units; the time doubles with each unit.

``f`` gets only masks that can occur: a single one at p = 0 or 1, since 0 times an infinite value
would be nan. With ``Fraction`` values and a Fraction ``p`` the results are exact, so a test can
use ``==``. With floats the error of a result is less than
(2^14 + 2^(n-14) + n + 5) 2^-53 E|f|, plus what ``f`` itself rounds: 2e-12 E|f| at n = 20.
"""

import numpy as np

from dropout_scaling._arguments import check_count
from dropout_scaling.masks import all_masks, mask_probabilities

PIECE_UNITS = 14  # 2^14 masks at a time: with ten values for each mask, less than 2 MB
MAX_UNITS = 30  # 2^30 masks of a small network take minutes; each further unit doubles that


def values_of_masks(f, masks):
    """Return f(masks) as an array with one row for each mask; raise ValueError otherwise."""
    values = np.asarray(f(masks))
    if values.ndim == 0 or len(values) != len(masks):
        raise ValueError(
            f"f must return one row a mask, shape ({len(masks)}, ...), got shape {values.shape}"
        )
    return values


def _pieces_of_all_masks(n):
    """Yield the rows of all_masks(n) in order, at most 2^PIECE_UNITS at a time."""
    n = check_count("n, the number of units,", n, 0, MAX_UNITS)
    lasts = all_masks(min(n, PIECE_UNITS))
    for first in all_masks(max(n - PIECE_UNITS, 0)):
        firsts = np.broadcast_to(first, (len(lasts), len(first)))
        yield np.concatenate([firsts, lasts], axis=1)


def expectation(f, n, p):
    """Return E[f(m)] over all masks m of ``n`` units.

    E[f] = sum over m of P(m) f(m), P(m) = q^kept p^dropped. ``p`` is the drop probability.
    Returns an array of shape (...): f's shape without its first axis. Raises ValueError if ``n`` is
    not in [0, 30] or f returns a wrong number of rows, TypeError or ValueError for a bad ``p``.

    >>> expectation(lambda masks: masks.sum(axis=1) * 1.0, 4, 0.25)
    np.float64(3.0)
    """
    total = 0
    for masks in _pieces_of_all_masks(n):
        weights = mask_probabilities(masks, p)
        possible = weights > 0
        if possible.any():
            values = values_of_masks(f, masks[possible])
            total = total + np.tensordot(weights[possible], values, axes=1)
    return total


def variance(f, n, p):
    """Return Var[f(m)] over all masks m of ``n`` units, for each entry.

    Var[f] = E[(f - E f)^2], so ``f`` is called twice for each mask. Arguments, result and errors as
    ``expectation``.

    >>> variance(lambda masks: masks.sum(axis=1) * 1.0, 4, 0.25)
    np.float64(0.75)
    """
    mean = expectation(f, n, p)
    return expectation(lambda masks: (values_of_masks(f, masks) - mean) ** 2, n, p)


def normalized_geometric_mean(probs, weights):
    """Return the weighted geometric mean of distributions, normalised to sum to 1.

    g_c is proportional to the product over m of probs[m, ..., c] ** weights[m].
    ``probs``: shape (m, ..., classes), with a distribution along the last axis. ``weights``:
    shape (m,), not negative, not all 0. Returns shape (..., classes). Raises ValueError for a wrong
    shape, a negative number, weights that are all 0, or if every class has probability 0 in some
    distribution; TypeError for complex numbers.

    Source: Srivastava et al. 2014, section 1; Baldi and Sadowski 2013.

    >>> normalized_geometric_mean(np.array([[0.8, 0.2], [0.5, 0.5]]), np.array([1.0, 1.0])).round(3)
    array([0.667, 0.333])
    """
    probs, weights = np.asarray(probs), np.asarray(weights)
    if np.iscomplexobj(probs) or np.iscomplexobj(weights):
        raise TypeError(
            f"probs and weights must hold real numbers, got {probs.dtype} and {weights.dtype}"
        )
    # Bounds for a softmax over a thousand classes in float16, and for one in float32.
    rounding = 2e-3 if probs.dtype == np.float16 else 1e-5
    probs, weights = probs.astype(float), weights.astype(float)
    if probs.ndim < 2 or probs.size == 0 or weights.shape != probs.shape[:1]:
        raise ValueError(
            "probs must have shape (m, ..., classes), no axis empty, and weights shape (m,), "
            f"got {probs.shape} and {weights.shape}"
        )
    if not (probs >= 0).all():
        raise ValueError(f"probs must not be negative or nan, got a least value of {probs.min()}")
    if np.abs(probs.sum(axis=-1) - 1).max() > rounding:
        raise ValueError(f"probs must sum to 1 along the last axis, got {probs.sum(axis=-1)}")
    if not (np.isfinite(weights) & (weights >= 0)).all() or not weights.any():
        raise ValueError(f"weights must be finite, not negative and not all 0, got {weights}")
    used = weights > 0  # 0 ** 0 = 1: a mask of weight 0 excludes nothing
    shares = weights[used] / weights.max()  # divided first, so that the sum cannot overflow
    with np.errstate(divide="ignore"):  # log 0 = -inf is right: exp gives the 0 back
        logs = np.tensordot(shares / shares.sum(), np.log(probs[used]), axes=1)
    top = logs.max(axis=-1, keepdims=True)
    if np.isneginf(top).any():
        raise ValueError(
            "probs must leave at least one class that no distribution excludes, got none"
        )
    unnormalised = np.exp(logs - top)
    return unnormalised / unnormalised.sum(axis=-1, keepdims=True)
