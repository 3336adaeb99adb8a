"""The sampled assertions themselves: their rates are computed, not believed."""

import pytest
import scipy  # its parts are loaded when they are used
from sampled import ALPHA, BUDGET, N_SAMPLED, Sampled, interval


def test_the_budget_is_shared_by_as_many_assertions_as_the_suite_makes(n_sampled_items):
    assert n_sampled_items == N_SAMPLED
    assert pytest.approx(BUDGET) == N_SAMPLED * ALPHA


@pytest.mark.parametrize(("n", "q"), [(100, 0.5), (10_000, 0.8), (10_000, 0.01)])
def test_the_interval_gives_false_alarms_no_more_often_than_stated(n, q):
    low, high = interval(n, q)
    assert scipy.stats.binom.cdf(low - 1, n, q) + scipy.stats.binom.sf(high, n, q) <= ALPHA
    assert scipy.stats.binom.cdf(low, n, q) >= ALPHA / 2  # and no wider than that needs
    assert scipy.stats.binom.sf(high - 1, n, q) > ALPHA / 2


def test_the_interval_for_10000_draws_at_08_is_the_known_one():
    assert interval(10_000, 0.8, alpha=1e-6) == (7802, 8193)


@pytest.mark.parametrize("count", [7700, 8300])
def test_a_count_outside_the_interval_fails(count):
    with pytest.raises(AssertionError, match=f"{count}.* of 10000 are not in"):
        Sampled().assert_binomial([8000, count], 10_000, 0.8, told_from=0.75, beta=1e-6)


def test_too_few_draws_to_see_the_named_fault_fail():
    with pytest.raises(AssertionError, match=r"too few draws: 0\.78 passes for 0\.8"):
        Sampled().assert_binomial(8000, 10_000, 0.8, told_from=0.78, beta=1e-6)
