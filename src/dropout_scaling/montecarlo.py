"""Averages over sampled masks, for networks too large for ``exact``, and over repeated experiments.

Each comes with what says how far it may be off: a standard error, or an interval.
"""

from typing import NamedTuple

import numpy as np

from dropout_scaling._arguments import check_count
from dropout_scaling.exact import values_of_masks
from dropout_scaling.masks import bernoulli_mask

CONFIDENCE = 0.95  # of ``mean_interval``


class Estimate(NamedTuple):
    """A Monte Carlo average: the ``mean``, its standard error ``stderr``, and ``n`` samples."""

    mean: np.ndarray
    stderr: np.ndarray
    n: int


def monte_carlo(f, n_units, p, *, n_samples, rng) -> Estimate:
    """Estimate E[f(m)] from sampled masks.

    mean = (1/N) sum of f(m_i); stderr = s / sqrt(N). Here N is ``n_samples`` and s is the sample
    standard deviation with the divisor N - 1.

    Args:
        f: maps masks of shape (N, n_units) to real values of shape (N, ...).
        n_units: the number of units in a mask.
        p: the probability of dropping a unit.
        n_samples: the number of masks to draw.
        rng: a ``numpy.random.Generator``.

    Returns:
        ``Estimate(mean, stderr, n)``; ``mean`` and ``stderr`` have shape (...), in float64.

    Raises:
        ValueError: if ``n_samples`` < 2, ``n_units`` < 0, ``p`` is outside [0, 1], or f returns a
            wrong number of rows.
        TypeError: for a bad ``p`` or ``rng``.

    Source: Srivastava et al. 2014, section 7.5.

    >>> from dropout_scaling.masks import keyed_rng
    >>> ones = lambda masks: masks.sum(axis=1) * 1.0
    >>> monte_carlo(ones, 4, 0.0, n_samples=10, rng=keyed_rng(0))
    Estimate(mean=np.float64(4.0), stderr=np.float64(0.0), n=10)
    """
    n_samples = check_count("n_samples", n_samples, 2)
    shape = (n_samples, check_count("n_units", n_units, 0))
    values = values_of_masks(f, bernoulli_mask(shape, p, rng=rng))
    # A float32 sum of ones stops growing at 2^24, and an array of Fractions has no square root.
    values = values.astype(float if values.dtype == object else np.result_type(values, float))
    return Estimate(values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(n_samples), n_samples)


def mean_interval(values):
    """Return the mean of repeated experiments and the half-width of its 95 % t interval.

    half = t s / sqrt(n): s is the sample standard deviation with the divisor n - 1, t the quantile
    of Student's distribution with n - 1 degrees of freedom that all but 2.5 % lie below.
    ``values``: shape (..., n), n experiments with different seeds. Returns two arrays of shape
    (...). Raises ValueError for fewer than two experiments. It needs SciPy.

    >>> mean, half = mean_interval([1.0, 2.0, 3.0])
    >>> print(mean, half.round(2))
    2.0 2.48
    """
    from scipy.special import stdtrit  # here, since no other function needs it

    values = np.asarray(values, dtype=float)
    n = check_count("the number of experiments", values.shape[-1] if values.ndim else 0, 2)
    t = stdtrit(n - 1, (1 + CONFIDENCE) / 2)
    return values.mean(axis=-1), t * values.std(axis=-1, ddof=1) / np.sqrt(n)
