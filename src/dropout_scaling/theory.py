"""Closed forms to hold against ``exact``: what the enumeration must give.

``p`` is the probability of dropping a unit, q = 1 - p that of keeping it. Everything here is
arithmetic, so that ``Fraction`` values stay exact.
"""

from math import comb

import numpy as np

from dropout_scaling.checks import check_count, check_p


def standard_mean(x, p):
    """Return E[m x] = q x, entry by entry. Source: Srivastava et al. 2014, section 4.

    >>> standard_mean(np.ones(2), 0.25)
    array([0.75, 0.75])
    """
    return (1 - check_p(p)) * np.asarray(x)


def standard_variance(x, p):
    """Return Var[m x] = p q x^2, entry by entry.

    >>> standard_variance(np.ones(2), 0.25)
    array([0.1875, 0.1875])
    """
    p = check_p(p)
    return p * (1 - p) * np.asarray(x) ** 2


def inverted_variance(x, p):
    """Return Var[m x / q] = (p / q) x^2, entry by entry; its mean is x itself.

    Raises ValueError at p = 1, where nothing is kept and q = 0.
    Source: Srivastava et al. 2014, section 10.

    >>> inverted_variance(np.ones(2), 0.2)
    array([0.25, 0.25])
    """
    p = check_p(p)
    if p == 1:
        raise ValueError("drop probability p must be below 1 for the variance p / q, got 1")
    return p / (1 - p) * np.asarray(x) ** 2


def kept_count_probabilities(n, p):
    """Return P(k of n units are kept) for k = 0 ... n: the binomial C(n, k) q^k p^(n-k).

    Returns a list of n + 1 numbers, of p's own type. Raises TypeError, ValueError for a bad ``p``
    or an ``n`` outside [0, 1000] (beyond, C(n, k) outgrows a float).

    >>> kept_count_probabilities(2, 0.5)
    [0.25, 0.5, 0.25]
    """
    p, n = check_p(p), check_count("n, the number of units,", n, 0, 1000)
    return [comb(n, k) * (1 - p) ** k * p ** (n - k) for k in range(n + 1)]
