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
    logistic_penalty,
    ridge_penalty,
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
    text = "drop probability p must be below 1, so that q = 1 - p is not 0, got 1"
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


ROWS = np.array([[Fraction(v) for v in row] for row in ([1, -2], [0, 3], [2, 1])])
TARGETS = np.array([Fraction(2), Fraction(-1), Fraction(1, 2)])
WEIGHTS = np.array([Fraction(1, 3), Fraction(-2)])


@pytest.mark.parametrize("p", PS)
def test_dropout_adds_the_ridge_penalty_to_the_squared_error(p):
    def loss(train, w):
        return expectation(lambda m: ((train(m.reshape(-1, 3, 2)) @ w - TARGETS) ** 2).sum(1), 6, p)

    def plain(w):
        return ((ROWS @ w - TARGETS) ** 2).sum()

    inverted = loss(lambda masks: inverted_train(ROWS, masks, p), WEIGHTS)
    assert inverted == plain(WEIGHTS) + ridge_penalty(ROWS, WEIGHTS, p)
    # Standard dropout's, in the weights that it uses at test time.
    scaled = (1 - p) * WEIGHTS
    standard = loss(lambda masks: standard_train(ROWS, masks), WEIGHTS)
    assert standard == plain(scaled) + ridge_penalty(ROWS, scaled, p)


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 0.9])
@pytest.mark.parametrize("size", [1e-1, 1e-2])
def test_the_logistic_penalty_is_exact_to_second_order(p, size):
    x, w = ROWS.astype(float), size * WEIGHTS.astype(float)

    def softplus(masks):
        return np.logaddexp(0, inverted_train(x, masks.reshape(-1, 3, 2), p) @ w).sum(axis=1)

    exact = expectation(softplus, 6, p) - np.logaddexp(0, x @ w).sum()
    # Taylor: what is left is at most E|z - E z|^3 times a sixth of the greatest third derivative,
    # 1 / (6 sqrt 3), and |z - E z| <= sum |x w| max(1, p / q).
    reach = (np.abs(x) @ np.abs(w)) * max(1, p / (1 - p))
    assert abs(exact - logistic_penalty(x, w, p)) <= (reach**3).sum() / (36 * 3**0.5) + 1e-12


def test_the_logistic_penalty_stands_large_logits():
    assert logistic_penalty(np.full((1, 1), 1e4), np.ones(1), 0.5) == 0


@pytest.mark.parametrize("penalty", [ridge_penalty, logistic_penalty])
def test_penalties_refuse_bad_input(penalty):
    x, w = np.ones((3, 2)), np.ones(2)
    rule = "x must have shape (rows, inputs) and w (inputs,), got "
    with pytest.raises(ValueError, match=says(rule + "(2,) and (2,)")):
        penalty(w, w, 0.2)
    with pytest.raises(ValueError, match=says(rule + "(3, 2) and (3,)")):
        penalty(x, np.ones(3), 0.2)
    with pytest.raises(TypeError, match=says("w must hold floats or Fractions, got int64")):
        penalty(x, np.ones(2, dtype=np.int64), 0.2)
    rule = "drop probability p must be below 1, so that q = 1 - p is not 0, got "
    with pytest.raises(ValueError, match=says(rule + "1")):
        penalty(x, w, 1)
