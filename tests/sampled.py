"""Assertions on sampled counts, with a stated rate of false alarms and of misses.

A count K of n independent draws, each a success with probability q, is Bin(n, q), whose quantiles
are exact: there is no normal approximation here and no tolerance to choose. All false alarms of
the suite together are allowed BUDGET, which its N_SAMPLED sampled assertions share equally. Each
test that uses the fixture ``sampled`` makes exactly one of them, so that they can be counted.
"""

import numpy as np
import scipy  # its parts are loaded when they are used: every run of pytest reads this

BUDGET = 1e-6
N_SAMPLED = 34
ALPHA = BUDGET / N_SAMPLED


def interval(n, q, alpha=ALPHA):
    """Return low, high with P(K < low) < alpha / 2 and P(K > high) <= alpha / 2, K ~ Bin(n, q)."""
    return int(scipy.stats.binom.ppf(alpha / 2, n, q)), int(scipy.stats.binom.isf(alpha / 2, n, q))


class Sampled:
    """The one sampled assertion of a test."""

    def __init__(self):
        self.uses = 0

    def assert_binomial(self, counts, n, q, *, told_from, beta):
        """Assert that every one of ``counts`` is Bin(n, q), with one alarm in 1 / ALPHA runs.

        ``told_from``: the success probability of a fault that must be caught; a count that has it
        is missed with probability at most ``beta``, and that is asserted too.
        """
        self.uses += 1
        counts = np.atleast_1d(counts)
        low, high = interval(n, q, ALPHA / counts.size)  # Bonferroni: they share one alarm rate
        missed = scipy.stats.binom.cdf(high, n, told_from) - scipy.stats.binom.cdf(
            low - 1, n, told_from
        )
        assert missed <= beta, f"too few draws: {told_from} passes for {q} in {missed:.2g} of runs"
        outside = counts[(counts < low) | (counts > high)]
        assert outside.size == 0, f"{outside} of {n} are not in [{low}, {high}], so not Bin(n, {q})"
