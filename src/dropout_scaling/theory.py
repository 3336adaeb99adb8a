"""Closed forms for what ``exact`` computes by enumeration, to compare the two.

``p`` is the probability of dropping a unit, q = 1 - p that of keeping it. All of it is plain
arithmetic, so ``Fraction`` values stay exact.
"""

from math import comb

import numpy as np

from dropout_scaling._arguments import (
    check_count,
    check_floats,
    check_p,
    check_p_below_1,
    check_weights,
)


def standard_mean(x, p):
    """Return E[m x] = q x, for each entry. Source: Srivastava et al. 2014, section 4.

    Raises TypeError or ValueError for a bad ``p``.

    >>> standard_mean(np.ones(2), 0.25)
    array([0.75, 0.75])
    """
    return (1 - check_p(p)) * np.asarray(x)


def standard_variance(x, p):
    """Return Var[m x] = p q x^2, for each entry.

    Raises TypeError or ValueError for a bad ``p``.

    >>> standard_variance(np.ones(2), 0.25)
    array([0.1875, 0.1875])
    """
    p = check_p(p)
    return p * (1 - p) * np.asarray(x) ** 2


def inverted_variance(x, p):
    """Return Var[m x / q] = (p / q) x^2, for each entry. The mean of m x / q is x itself.

    Raises ValueError at p = 1, since nothing is kept and q = 0; errors as ``standard_variance``.
    Source: Srivastava et al. 2014, section 10.

    >>> inverted_variance(np.ones(2), 0.2)
    array([0.25, 0.25])
    """
    p = check_p_below_1(p)
    return p / (1 - p) * np.asarray(x) ** 2


def kept_count_probabilities(n, p):
    """Return P(k of n units are kept) for k = 0 ... n: the binomial C(n, k) q^k p^(n-k).

    Returns a list of n + 1 numbers of p's own type. Raises TypeError or ValueError for a bad ``p``
    or an ``n`` outside [0, 1000] (for larger n, C(n, k) does not fit into a float).

    >>> kept_count_probabilities(2, 0.5)
    [0.25, 0.5, 0.25]
    """
    p, n = check_p(p), check_count("n, the number of units,", n, 0, 1000)
    return [comb(n, k) * (1 - p) ** k * p ** (n - k) for k in range(n + 1)]


def ridge_penalty(x, w, p):
    """Return the penalty that inverted dropout on the inputs adds to the expected squared error.

    E|y - (m x / q) w|^2 - |y - x w|^2 = (p / q) sum_j w_j^2 sum_i x_ij^2, for any y.
    ``x``: shape (rows, inputs); ``w``: shape (inputs,). For standard dropout, pass q w as ``w``.
    Raises ValueError for other shapes or p = 1, TypeError for integers, and TypeError or
    ValueError for a bad ``p``.

    Source: Srivastava et al. 2014, section 9.1.

    >>> ridge_penalty(np.ones((2, 1)), np.array([3.0]), 0.2)
    np.float64(4.5)
    """
    x, w, p = check_floats("x", x), check_floats("w", w), check_p_below_1(p)
    check_weights(w, x)
    return p / (1 - p) * ((x**2).sum(axis=0) * w**2).sum()


def logistic_penalty(x, w, p):
    """Return the penalty that inverted dropout adds to the logistic loss, to second order in w.

    (1/2) (p / q) sum_i s_i (1 - s_i) sum_j x_ij^2 w_j^2, s_i = 1 / (1 + exp(-x_i w)). The loss is
    the expected one, over masks. Arguments and errors as ``ridge_penalty``, but floats only.

    Source: Wager, Wang and Liang 2013.

    >>> logistic_penalty(np.ones((1, 1)), np.zeros(1), 0.2)
    np.float64(0.0)
    """
    x, w, p = check_floats("x", x), check_floats("w", w), check_p_below_1(p)
    check_weights(w, x)
    sure = np.tanh(x @ w / 2)  # s (1 - s) = (1 - sure^2) / 4; this form cannot overflow
    return p / (1 - p) / 8 * ((1 - sure**2) * (x**2 @ w**2)).sum()
