"""Monte-Carlo averages: the formula given the draws, and the draws by their counts."""

import math
from fractions import Fraction

import numpy as np
import pytest
from helpers import says

from dropout_scaling.masks import bernoulli_mask, keyed_rng
from dropout_scaling.montecarlo import CONFIDENCE, Estimate, mean_interval, monte_carlo


def test_the_mean_and_its_error_are_those_of_the_masks_that_the_generator_draws():
    def f(masks):
        return np.stack([masks.sum(axis=1), 3.0 * masks[:, 0]], axis=1)

    got = monte_carlo(f, 5, 0.2, n_samples=50, rng=keyed_rng(3))
    values = f(bernoulli_mask((50, 5), 0.2, rng=keyed_rng(3))).tolist()
    assert got.n == 50
    for column in (0, 1):
        exact = [Fraction(row[column]) for row in values]
        mean = sum(exact) / 50
        square = sum((value - mean) ** 2 for value in exact) / 49 / 50
        # A sum of 50 terms and a few more roundings: relative errors of at most 60 x 2^-53.
        assert math.isclose(got.mean[column], mean, rel_tol=60 * 2.0**-53)
        assert math.isclose(got.stderr[column], math.sqrt(square), rel_tol=60 * 2.0**-53)


# 2047 and 2048 are whole in each of these types, and neither their mean nor their deviation is.
KINDS = {
    "float16": lambda counts: counts.astype(np.float16),
    "float32": lambda counts: counts.astype(np.float32),
    "int64": lambda counts: counts,
    "Fraction": lambda counts: np.array([Fraction(int(count)) for count in counts]),
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_it_is_reckoned_in_float64_whatever_real_numbers_f_returns(kind):
    def estimate(kind):
        def f(masks):
            return kind(2047 + masks[:, 0])

        return monte_carlo(f, 1, 0.2, n_samples=50, rng=keyed_rng(3))

    expected = estimate(lambda counts: counts.astype(np.float64))
    assert 2047 < expected.mean < 2048
    got = estimate(kind)
    assert got == expected
    assert got.mean.dtype == got.stderr.dtype == np.float64


def test_complex_values_have_a_complex_mean_in_double_precision():
    ones = np.ones(10, np.complex64)
    got = monte_carlo(lambda masks: 1j * ones, 1, 0.2, n_samples=10, rng=keyed_rng(0))
    assert got == Estimate(mean=1j, stderr=0.0, n=10)
    assert got.mean.dtype == np.complex128


@pytest.mark.parametrize("p", [0, 1])
def test_where_all_masks_are_equal_there_is_no_error(p, rng):
    got = monte_carlo(lambda masks: masks.sum(axis=1) * 1.0, 4, p, n_samples=10, rng=rng)
    assert got == Estimate(mean=4.0 * (1 - p), stderr=0.0, n=10)


def test_the_axes_of_f_after_the_first_are_kept(rng):
    got = monte_carlo(lambda masks: np.ones((len(masks), 2, 3)), 4, 0.2, n_samples=10, rng=rng)
    assert got.mean.shape == got.stderr.shape == (2, 3)


# The number of kept units in all samples is Bin(n_samples * n_units, q).
def test_a_linear_function_averages_to_its_expectation(rng, sampled):
    got = monte_carlo(lambda masks: masks.sum(axis=1), 5, 0.2, n_samples=10_000, rng=rng)
    sampled.assert_binomial(round(got.mean * 10_000), 50_000, 0.8, told_from=0.82, beta=1e-6)


# "All four units kept" is not linear: it has probability q^4, and is Bin(n_samples, q^4).
def test_a_function_that_is_not_linear_averages_to_its_expectation(rng, sampled):
    got = monte_carlo(lambda masks: masks.all(axis=1), 4, 0.2, n_samples=50_000, rng=rng)
    sampled.assert_binomial(
        round(got.mean * 50_000), 50_000, 0.8**4, told_from=0.8**4 + 0.03, beta=1e-6
    )


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"n_samples": 1}, ValueError, "n_samples must be at least 2, got 1"),
        ({"n_samples": 2.0}, TypeError, "n_samples must be an integer, got 2.0"),
        ({"n_units": -1}, ValueError, "n_units must be at least 0, got -1"),
        (
            {"f": lambda masks: masks[:1]},
            ValueError,
            "f must return one row a mask, shape (8, ...), got shape (1, 3)",
        ),
        (
            {"rng": 0},
            TypeError,
            "rng must be a numpy.random.Generator, for example keyed_rng(0), got int",
        ),
    ],
)
def test_bad_arguments_are_refused(change, error, text):
    arguments = {"f": np.asarray, "n_units": 3, "p": 0.2, "n_samples": 8, "rng": keyed_rng(0)}
    with pytest.raises(error, match=says(text)):
        monte_carlo(**arguments | change)


# --- mean_interval ---


def test_the_interval_is_t_standard_errors_wide_with_t_of_the_tables():
    mean, half = mean_interval([[1.0, 2.0, 3.0], [0.0, 0.0, 6.0]])
    assert mean.tolist() == [2, 2]
    # 4.303 in the tables, for two degrees of freedom and 95 %: rounded to a half of a thousandth.
    np.testing.assert_allclose(half, 4.303 * np.sqrt([1 / 3, 12 / 3]), rtol=0.0005 / 4.303)


def test_of_two_experiments_the_interval_covers_as_often_as_it_says():
    # The median of two lies within t half-differences, and t is tan(pi C / 2): Cauchy's law.
    _, half = mean_interval([0.0, 2.0])
    assert math.isclose(half, math.tan(math.pi * CONFIDENCE / 2), rel_tol=1e-9)


@pytest.mark.parametrize(("values", "n"), [([1.0], 1), (1.0, 0), ([], 0)])
def test_one_experiment_says_nothing_of_the_spread(values, n):
    with pytest.raises(
        ValueError, match=says(f"the number of experiments must be at least 2, got {n}")
    ):
        mean_interval(values)
