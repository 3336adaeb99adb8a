"""The shared checks of arguments: an error names the argument, the rule and the value."""

from fractions import Fraction
from numbers import Integral, Real

import numpy as np


def check_p(p):
    """Return the drop probability ``p``, as a plain Python number, if 0 <= p <= 1.

    A ``Fraction`` stays a Fraction, for exact arithmetic. A NumPy scalar becomes a Python number of
    the same value, since a float64 scalar would turn a float32 array into float64.
    Raises TypeError if ``p`` is not a real number, ValueError if it is nan or outside [0, 1].

    >>> check_p(0.2)
    0.2
    """
    if isinstance(p, bool) or not isinstance(p, Real):
        raise TypeError(f"drop probability p must be a real number, got {p!r}")
    if not 0 <= p <= 1:  # also catches nan, for which every comparison is False
        raise ValueError(f"drop probability p must be in [0, 1], got {p}")
    if isinstance(p, Fraction):
        return p
    return int(p) if isinstance(p, Integral) else float(p)


def check_p_below_1(p):
    """Return ``p`` as ``check_p`` does, if it is below 1: then q = 1 - p can be divided by.

    Raises TypeError or ValueError as ``check_p``, and ValueError at p = 1.
    """
    p = check_p(p)
    if p == 1:
        raise ValueError(f"drop probability p must be below 1, so that q = 1 - p is not 0, got {p}")
    return p


def keep_probability(p, *, like):
    """Return q = 1 - p: a float, or a number of p's own type if the array ``like`` holds objects.

    Raises TypeError or ValueError for a bad ``p``.

    >>> keep_probability(Fraction(1, 4), like=np.ones(2))
    0.75
    """
    q = 1 - check_p(p)
    return q if like.dtype == object else float(q)


def check_floats(name, x):
    """Return ``x`` as an array if it holds floats, or objects such as ``Fraction``.

    Raises TypeError otherwise: scaling would change the type of integers and booleans.
    """
    x = np.asarray(x)
    if not (np.issubdtype(x.dtype, np.floating) or x.dtype == object):
        raise TypeError(f"{name} must hold floats or Fractions, got {x.dtype}")
    return x


def check_weights(w, x):
    """Return ``w`` if its shape is (inputs,), for ``x`` of shape (rows, inputs).

    Raises ValueError otherwise.
    """
    if x.ndim != 2 or w.shape != x.shape[1:]:
        raise ValueError(
            f"x must have shape (rows, inputs) and w (inputs,), got {x.shape} and {w.shape}"
        )
    return w


def check_mask(mask, shape):
    """Return ``mask`` if it is boolean and its last axes are ``shape``.

    Further axes in front hold further draws: for x of shape (n,), a mask of shape (m, n) holds
    m masks. A smaller mask is not broadcast to x: a mask shared by all rows of a batch is a
    well-known bug.

    Raises TypeError for a mask that is not a boolean array, ValueError for another shape.
    """
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        kind = mask.dtype if isinstance(mask, np.ndarray) else type(mask).__name__
        raise TypeError(f"mask must be a boolean NumPy array (True = kept), got {kind}")
    if mask.ndim < len(shape) or mask.shape[mask.ndim - len(shape) :] != tuple(shape):
        raise ValueError(
            f"mask must have x's shape {tuple(shape)} as its last axes, got {mask.shape}"
        )
    return mask


def check_count(name, value, low, high=None):
    """Return ``value`` as an int if it is an integer in [low, high].

    Args:
        name: the argument's name, for the error message.
        value: the argument.
        low: the smallest allowed value.
        high: the largest allowed value; None for no limit.

    Returns:
        ``value`` as an int.

    Raises:
        TypeError: if ``value`` is not an integer.
        ValueError: if ``value`` is outside the range.

    >>> check_count("n", 3, 0, 20)
    3
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name} must be an integer, got {value!r}")
    if value < low or (high is not None and value > high):
        rule = f"at least {low}" if high is None else f"in [{low}, {high}]"
        raise ValueError(f"{name} must be {rule}, got {value}")
    return int(value)


def check_one_each(name, values, n):
    """Raise ValueError if ``values`` does not hold one entry for each of ``n`` networks."""
    if len(values) != n:
        raise ValueError(f"{name} must hold one for each of the {n} networks, got {len(values)}")


def check_rng(rng):
    """Return ``rng`` if it is a ``numpy.random.Generator``; raise TypeError otherwise."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            "rng must be a numpy.random.Generator, for example keyed_rng(0), "
            f"got {type(rng).__name__}"
        )
    return rng
