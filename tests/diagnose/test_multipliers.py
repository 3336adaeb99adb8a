"""What multipliers tell: names for numbers, bounds for chance, and alpha dropout's two values."""

import math

import numpy as np
import pytest
import scipy  # its parts are loaded when they are used
from hypothesis import given
from hypothesis import strategies as st

from dropout_scaling.diagnose._chance import ALPHA, LIMIT
from dropout_scaling.diagnose._multipliers import (
    SELU,
    _agreement,
    _alpha_evidence,
    _noise,
    backward_kind,
    mask_facts,
    near,
    scales,
)

P, Q = 0.2, 0.8
N = 40 * 64 * 32  # draws in a run of observe
EPS = np.finfo(np.float32).eps


def noted(factors, tolerance=4 * EPS):
    seen = mask_facts(factors, np.ones(factors.shape[1:]), P, tolerance)
    return [{name: pair[k] for name, pair in seen.items()} for k in (0, 1)]


@pytest.mark.parametrize(("ulps", "names"), [(3, {"1/q"}), (-3, {"1/q"}), (8, {"other"})])
def test_a_scale_is_named_up_to_rounding_and_no_further(ulps, names, rng):
    # What rounding allows is four units: one that is twice as far off is another number.
    mask = rng.random((40, 8, 4)) < Q
    facts, _ = noted(mask * (1 + ulps * EPS) / Q)
    assert facts["scale"] == names


def test_scales_that_differ_by_more_than_rounding_vary(rng):
    mask = rng.random((40, 8, 4)) < Q
    factors = mask / Q
    factors[:, 0] *= 1 + 8 * EPS
    assert noted(factors)[0]["kind"] == "mask, scale varies"
    factors[:, 0] /= 1 + 6 * EPS
    assert noted(factors)[0]["kind"] == "mask"


def test_a_layer_that_drops_all_has_a_mask_without_a_scale():
    facts, _ = noted(np.zeros((40, 8, 4)))
    assert facts == {"kind": "mask", "scale": None, "rate": {"0"}}


def test_the_evidence_says_by_how_much_kept_values_are_multiplied(rng):
    mask = rng.random((40, 8, 4)) < Q
    _, evidence = noted(mask / Q)
    assert evidence["scale"] == "while training, every kept value is multiplied by 1.25"


def test_all_names_that_fit_are_given():
    assert near(0.5, scales(0.5), 0.0) == {"q", "p", "1/2"}
    assert near(0.7, scales(0.5), 0.0) == {"other"}


def test_a_gradient_is_the_same_up_to_rounding_and_no_further():
    factors = np.array([0.0, 1 / Q])
    assert backward_kind(factors, factors * (1 + 3 * EPS), 4 * EPS) == "same"
    assert backward_kind(factors, factors * (1 + 8 * EPS), 4 * EPS) == "other"


def test_neighbours_in_a_small_array_are_compared_too(rng):
    mask = (rng.random((40, 4, 4)) < Q).repeat(2, axis=2)  # 640 pairs, all alike
    assert noted(mask / Q)[0]["dependent"] == ("unit",)


def test_neighbours_are_compared_beyond_an_axis_that_shares_its_mask(rng):
    mask = np.broadcast_to((rng.random((40, 1, 32)) < Q).repeat(2, axis=2), (40, 4, 64))
    facts, _ = noted(mask / Q)
    assert (facts["shared"], facts["dependent"]) == (("row",), ("unit",))


def test_alpha_dropout_is_known_by_its_two_values(rng):
    x = np.array([-2.0, 0.5, 1.0])
    a = ((1 + SELU**2 * P) * Q) ** -0.5
    kept = rng.random((40, 3)) < Q
    y = a * (np.where(kept, x, -SELU) + SELU * P)
    evidence = _alpha_evidence(y / x, x, P, 4 * EPS)
    assert evidence == "x becomes 0.8789 x + 0.309, or -1.236: alpha dropout"
    y[3, 1] += 1e-3
    assert _alpha_evidence(y / x, x, P, 4 * EPS) is None


# Chance: each comparison rejects what is right with probability ALPHA at most.


@given(st.floats(0.001, 0.999), st.floats(-1, 1), st.sampled_from([2, 200, 2560, N]))
def test_the_agreement_of_neighbours_is_bounded_for_every_rate_that_the_share_allows(r, t, n):
    share = min(max(r + t * math.sqrt(LIMIT / (2 * n)), 0.0), 1.0)
    low, high = _agreement(share, n)
    assert low - 1e-12 <= r**2 + (1 - r) ** 2 <= high + 1e-12
    # By Hoeffding the share is further from the rate with probability 2 exp(-LIMIT) = ALPHA.
    assert 2 * math.exp(-LIMIT) <= ALPHA * (1 + 1e-9)


def two_values(mean, second):
    """Multipliers with this mean, and this mean of (factor - 1)^2 in units of p/q."""
    spread = math.sqrt(second * P / Q - (mean - 1) ** 2)
    return np.tile([mean - spread, mean + spread], N // 2)


def test_the_mean_of_gaussian_noise_is_rejected_with_probability_alpha_at_most():
    edge = math.sqrt(2 * LIMIT * P / Q / N)
    assert _noise(two_values(1 + 0.999 * edge, 1), P)[0] == "gaussian"
    assert _noise(two_values(1 + 1.001 * edge, 1), P)[0] == "noise"
    assert _noise(two_values(1 - 1.001 * edge, 1), P)[0] == "noise"
    assert 2 * scipy.stats.norm.sf(edge / math.sqrt(P / Q / N)) <= ALPHA


def test_the_variance_of_gaussian_noise_is_rejected_with_probability_alpha_at_most():
    def excess(ratio):
        return N / 2 * (ratio - 1 - math.log(ratio)) - LIMIT

    low, high = scipy.optimize.brentq(excess, 0.1, 1), scipy.optimize.brentq(excess, 1, 3)
    for edge, outward in ((low, -1e-5), (high, 1e-5)):
        assert _noise(two_values(1, edge - outward), P)[0] == "gaussian"
        assert _noise(two_values(1, edge + outward), P)[0] == "mean 1"
    assert scipy.stats.chi2.cdf(N * low, N) + scipy.stats.chi2.sf(N * high, N) <= ALPHA


@pytest.mark.parametrize("n", [400, 2560, N])
@pytest.mark.parametrize("share", [0.2, 0.8])
def test_the_bounds_of_the_agreement_are_no_wider_than_that(share, n):
    away = math.copysign(math.sqrt(math.log(2 / ALPHA) / (2 * n)), share - 0.5)
    for factor, inside in ((0.99, True), (1.01, False)):
        rate = share + factor * away  # further from a half, where neighbours agree more often
        assert (rate**2 + (1 - rate) ** 2 <= _agreement(share, n)[1]) == inside
