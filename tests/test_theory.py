"""The closed forms against the enumeration of all masks, with == on fractions."""

from fractions import Fraction

import numpy as np
import pytest
from helpers import says

from dropout_scaling.exact import expectation, variance
from dropout_scaling.reference import inverted_eval, inverted_train, standard_eval, standard_train
from dropout_scaling.theory import (
    inverted_variance,
    kept_count_probabilities,
    standard_mean,
    standard_variance,
)

X = np.array([Fraction(3), Fraction(-1, 2), Fraction(0), Fraction(7, 3)])
PS = [Fraction(0), Fraction(1, 5), Fraction(1, 2), Fraction(7, 10), Fraction(99, 100)]


@pytest.mark.parametrize("p", [*PS, Fraction(1)])
def test_standard_dropout_has_mean_q_x_and_variance_p_q_x2(p):
    def train(masks):
        return standard_train(X, masks)

    assert (expectation(train, 4, p) == standard_mean(X, p)).all()
    assert (expectation(train, 4, p) == standard_eval(X, p)).all()  # eval is the mean of train
    assert (variance(train, 4, p) == standard_variance(X, p)).all()


@pytest.mark.parametrize("p", PS)
def test_inverted_dropout_has_mean_x_and_variance_p_over_q_x2(p):
    def train(masks):
        return inverted_train(X, masks, p)

    assert (expectation(train, 4, p) == X).all()
    assert (expectation(train, 4, p) == inverted_eval(X)).all()  # eval is the mean of train
    assert (variance(train, 4, p) == inverted_variance(X, p)).all()


@pytest.mark.parametrize("p", PS)
def test_the_variance_of_inverted_dropout_is_that_of_standard_over_q_squared(p):
    assert (inverted_variance(X, p) == standard_variance(X, p) / (1 - p) ** 2).all()


@pytest.mark.parametrize("p", PS)
def test_each_layer_of_inverted_dropout_multiplies_the_second_moment_by_1_over_q(p):
    def square(masks):
        return inverted_train(X, masks, p) ** 2

    assert (expectation(square, 4, p) == X**2 / (1 - p)).all()


@pytest.mark.parametrize("p", [*PS, Fraction(1)])
def test_the_number_of_kept_units_is_binomial(p):
    probabilities = kept_count_probabilities(4, p)
    assert sum(probabilities) == 1
    for k, probability in enumerate(probabilities):
        assert probability == expectation(lambda masks, k=k: masks.sum(axis=1) == k, 4, p)


@pytest.mark.parametrize("function", [standard_mean, standard_variance, inverted_variance])
def test_a_float64_scalar_p_does_not_widen_float32(function):
    assert function(np.ones(2, np.float32), np.float64(0.2)).dtype == np.float32


def test_inverted_dropout_has_no_variance_at_p_1():
    text = "drop probability p must be below 1 for the variance p / q, got 1"
    with pytest.raises(ValueError, match=says(text)):
        inverted_variance(X, 1)


@pytest.mark.parametrize("n", [-1, 1001])
def test_a_number_of_units_that_is_negative_or_outgrows_a_float_is_refused(n):
    text = f"n, the number of units, must be in [0, 1000], got {n}"
    with pytest.raises(ValueError, match=says(text)):
        kept_count_probabilities(n, 0.2)


def test_a_thousand_units_still_have_probabilities_that_sum_to_1():
    # 1001 terms, each of a few roundings of a few hundred ulps at most (powers up to 1000).
    assert abs(sum(kept_count_probabilities(1000, 0.2)) - 1) < 1000 * 2.0**-52
