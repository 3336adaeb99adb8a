"""The playground's arithmetic is the package's: on the same mask the same values, in every bit.

It runs in the browser that the reader has, on a page without anything else.
"""

from fractions import Fraction

import numpy as np
import pytest
from helpers import bits
from scipy.stats import binom

from dropout_scaling.exact import expectation, variance
from dropout_scaling.misconceptions import MISCONCEPTIONS
from dropout_scaling.reference import inverted_eval, inverted_train, standard_eval, standard_train
from dropout_site import playground

UNITS = playground.SIDE**2
STEPS = [step / 20 for step in range(21)]
KINDS = ["standard", "inverted", "none", "both"]
U = 2.0**-53  # half a unit in the last place of a float64: the error of one operation

each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def arithmetic(page):
    page.goto("about:blank")
    page.add_script_tag(path=playground.HERE / "arithmetic.js")

    def call(function, *arguments):
        return page.evaluate(f"arguments => dropout.{function}(...arguments)", list(arguments))

    return call


@pytest.fixture
def masks_of(arithmetic, page):
    """Masks 1 to n of a seed, shape (n, UNITS), all in one call."""

    def masks(seed, n, p):
        script = (
            "([seed, n, p]) => Array.from({length: n}, (_, i) => dropout.maskOf(seed, i + 1, p))"
        )
        return np.array(page.evaluate(script, [seed, n, p]))

    return masks


def ps(rng):
    """All that the slider has, and others."""
    return [*STEPS, *rng.random(20).tolist()]


@each_kind
def test_training_gives_the_package_s_values_on_the_same_mask(arithmetic, rng, kind):
    ones = np.ones(UNITS)
    by_package = {
        "standard": lambda mask, p: standard_train(ones, mask),
        "inverted": lambda mask, p: inverted_train(ones, mask, p),
        "none": lambda mask, p: standard_train(ones, mask),
        "both": lambda mask, p: inverted_train(ones, mask, p),
    }[kind]
    for p in ps(rng):
        mask = rng.random(UNITS) < 0.5
        values = np.array(arithmetic("trainValues", mask.tolist(), kind, p), dtype=float)
        assert bits(values) == bits(by_package(mask, p)), p


@each_kind
def test_evaluation_gives_the_package_s_value(arithmetic, rng, kind):
    one = np.ones(1)
    for p in ps(rng):
        scaled = standard_eval(one, p) if kind in ("standard", "both") else inverted_eval(one)
        value = arithmetic("evaluationValue", kind, p)
        assert bits(np.array([value], dtype=float)) == bits(scaled), p


@pytest.mark.parametrize(
    ("kind", "name"), [("none", "forgets_the_scale"), ("both", "scales_at_both_times")]
)
def test_none_and_both_are_the_two_of_the_bank(arithmetic, rng, kind, name):
    layer, ones = MISCONCEPTIONS[name].layer, np.ones(UNITS)
    state = np.random.get_state()  # noqa: NPY002 - the bank draws from it, as such code does
    try:
        for p in STEPS[1:-1]:
            np.random.seed(int(rng.integers(2**32)))  # noqa: NPY002
            trained = layer(ones, p, training=True)
            values = arithmetic("trainValues", (trained != 0).tolist(), kind, p)
            assert bits(np.array(values, dtype=float)) == bits(trained)
            value = arithmetic("evaluationValue", kind, p)
            assert value == layer(ones, p, training=False)[0]
    finally:
        np.random.set_state(state)  # noqa: NPY002


@each_kind
def test_the_exact_mean_and_spread_are_those_over_all_masks(arithmetic, kind):
    one = np.array([Fraction(1)])
    for p in STEPS:
        # p as the browser has it; 1 - p is exact here and rounded there, by U of itself.
        exact_p = Fraction(p)

        def train(masks, p=exact_p):
            if kind in ("inverted", "both"):
                return inverted_train(one, masks, p)
            return standard_train(one, masks)

        expected = arithmetic("exact", kind, p)
        (mean,), (var,) = expectation(train, 1, exact_p), variance(train, 1, exact_p)
        assert abs(Fraction(expected["mean"]) - mean) <= U * mean
        # The square root of p q or p / q: U from q and U from the operation are halved by it, and
        # it adds its own; 2 U in all, and 4 U of the square, with 1 U for the products of errors.
        assert abs(Fraction(expected["spread"]) ** 2 - var) <= 5 * Fraction(U) * var


@each_kind
def test_the_running_mean_and_spread_are_those_of_all_the_values(arithmetic, masks_of, rng, kind):
    for p in STEPS:
        seed, masks = int(rng.integers(10**6)), int(rng.integers(1, 40))
        drawn = masks_of(seed, masks, p)
        ran = arithmetic("run", seed, p, masks)
        assert ran["mask"] == drawn[-1].tolist()
        assert ran["keptOf"] == drawn.sum(axis=0).tolist()
        assert ran["kept"] == drawn.sum()
        for point in ran["path"]:
            assert point["kept"] == drawn[: point["masks"]].sum()
        assert ran["path"][-1]["masks"] == masks

        values = [Fraction(v) for v in arithmetic("trainValues", drawn.ravel().tolist(), kind, p)]
        mean = sum(values) / len(values)
        var = sum((value - mean) ** 2 for value in values) / len(values)
        seen = arithmetic("observed", kind, p, ran["kept"], len(values))
        # Two operations on whole numbers and the value; then three, of which the root is one.
        assert abs(Fraction(seen["mean"]) - mean) <= 3 * Fraction(U) * mean
        assert abs(Fraction(seen["spread"]) ** 2 - var) <= 7 * Fraction(U) * var


def test_the_scripts_draw_as_many_units_as_the_page_has_cells(arithmetic, page):
    assert page.evaluate("dropout.UNITS") == UNITS


def test_p_0_keeps_all_and_p_1_drops_all(arithmetic, rng):
    for seed in rng.integers(10**6, size=20).tolist():
        assert all(arithmetic("maskOf", seed, 1, 0))
        assert not any(arithmetic("maskOf", seed, 1, 1))


def test_as_p_grows_no_dropped_unit_comes_back(arithmetic, rng):
    seed = int(rng.integers(10**6))
    masks = np.array([arithmetic("maskOf", seed, 7, p) for p in STEPS])
    assert (masks[1:] <= masks[:-1]).all()
    assert len(np.unique(masks, axis=0)) > 2


def test_masks_keep_with_probability_q_and_units_and_masks_are_independent(masks_of, rng):
    """One alarm in a million runs of other seeds: six counts share it, by exact quantiles.

    At n = 100 000 values a rate that is wrong by 0.015 is missed in less than 1e-6 of runs.
    """
    p, seed, alpha = 0.3, int(rng.integers(10**6)), 1e-6 / 6
    kept, other = masks_of(seed, 4000, p), masks_of(seed + 1, 4000, p)
    q = 1 - p
    counts = {
        "kept": (kept.sum(), kept.size, q),
        "neighbouring units": ((kept[:, 0:24:2] & kept[:, 1:24:2]).sum(), 4000 * 12, q * q),
        "neighbouring masks": ((kept[0::2] & kept[1::2]).sum(), 2000 * UNITS, q * q),
        "the next seed": ((kept & other).sum(), kept.size, q * q),
        "the first mask of all": (kept[0].sum(), UNITS, q),
        "one unit": (kept[:, 12].sum(), 4000, q),
    }
    for name, (count, n, rate) in counts.items():
        assert binom.ppf(alpha / 2, n, rate) <= count <= binom.isf(alpha / 2, n, rate), name
    low, high = binom.ppf(alpha / 2, kept.size, q), binom.isf(alpha / 2, kept.size, q)
    missed = binom.cdf(high, kept.size, q + 0.015) - binom.cdf(low - 1, kept.size, q + 0.015)
    assert missed < 1e-6
