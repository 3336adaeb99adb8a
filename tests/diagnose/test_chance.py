"""The bound behind every comparison with chance: what it rejects, and what it misses, exactly."""

import math

import numpy as np
import pytest
import scipy  # its parts are loaded when they are used
from helpers import says
from hypothesis import given
from hypothesis import strategies as st

from dropout_scaling.diagnose._chance import ALPHA, LIMIT, agrees, divergence

SHARES = st.floats(0, 1)
N = 81920  # draws in a run of observe: 40 calls of 64 by 32


def accepted(n, rate):
    """Return the counts of n draws that agree with ``rate``."""
    return np.array([count for count in range(n + 1) if agrees(count, n, rate)])


@given(SHARES, st.floats(0.001, 0.999))
def test_the_divergence_is_the_relative_entropy_of_two_coins(share, rate):
    entropy = scipy.special.rel_entr(share, rate) + scipy.special.rel_entr(1 - share, 1 - rate)
    assert divergence(share, rate) == pytest.approx(entropy, abs=1e-15)


@pytest.mark.parametrize(("share", "rate"), [(0.5, 0), (0.5, 1), (1, 0), (0, 1)])
def test_the_divergence_from_a_coin_that_cannot_give_the_share_is_infinite(share, rate):
    assert divergence(share, rate) == math.inf
    assert not agrees(share * 10, 10, rate)


@pytest.mark.parametrize("rate", [0, 1])
def test_a_sure_coin_agrees_with_itself(rate):
    assert divergence(rate, rate) == 0
    assert agrees(rate * N, N, rate)


@pytest.mark.parametrize("n", [1, 2, 10, 100, 1000, 2560, N])
@pytest.mark.parametrize("rate", [0.001, 0.01, 0.1, 0.2, 0.3, 0.5, 0.8, 0.99, 0.999])
def test_a_true_rate_is_rejected_with_probability_alpha_at_most(n, rate):
    counts = accepted(n, rate)
    low, high = counts.min(), counts.max()
    assert len(counts) == high - low + 1  # an interval, so that its two tails are all
    assert scipy.stats.binom.cdf(low - 1, n, rate) <= ALPHA / 2
    assert scipy.stats.binom.sf(high, n, rate) <= ALPHA / 2


@pytest.mark.parametrize(("rate", "lower", "upper"), [
    (0.01, 0.0066, 0.014),
    (0.2, 0.1854, 0.215),
    (0.5, 0.4815, 0.5185),
    (0.8, 0.785, 0.8146),
    (0.99, 0.986, 0.9934),
])  # fmt: skip
def test_a_rate_this_far_off_is_missed_once_in_a_million_runs(rate, lower, upper):
    counts = accepted(N, rate)
    low, high = counts.min(), counts.max()

    def missed(other):
        return scipy.stats.binom.cdf(high, N, other) - scipy.stats.binom.cdf(low - 1, N, other)

    step = 0.0002  # and a little nearer it is missed more often: the numbers are sharp
    assert missed(lower) <= 1e-6 < missed(lower + step)
    assert missed(upper) <= 1e-6 < missed(upper - step)


@pytest.mark.parametrize(
    ("count", "n", "rate", "text"),
    [
        (0, 0, 0.5, "n must be at least 1, got 0"),
        (11, 10, 0.5, "count must be in [0, n] with n = 10, got 11"),
        (-1, 10, 0.5, "count must be in [0, n] with n = 10, got -1"),
        (5, 10, 1.5, "rate must be in [0, 1], got 1.5"),
        (5, 10, math.nan, "rate must be in [0, 1], got nan"),
    ],
)
def test_what_is_no_count_or_no_rate_is_refused(count, n, rate, text):
    with pytest.raises(ValueError, match=says(text)):
        agrees(count, n, rate)


@pytest.mark.parametrize("share", [-0.1, 1.5, math.nan])
def test_what_is_no_share_is_refused(share):
    with pytest.raises(ValueError, match=says(f"share must be in [0, 1], got {share}")):
        divergence(share, 0.5)


def test_the_limit_is_that_of_one_alarm_in_ten_million():
    assert ALPHA == 1e-7
    assert 2 * math.exp(-LIMIT) == pytest.approx(ALPHA)
