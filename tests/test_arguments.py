"""Argument checks: what passes is unchanged, what fails says what, the rule, the value."""

from fractions import Fraction
from math import inf, nan

import numpy as np
import pytest
from helpers import says

from dropout_scaling import convert, exact, montecarlo, nn, reference, theory
from dropout_scaling._arguments import check_count, check_mask, check_p, check_rng
from dropout_scaling.masks import all_masks, bernoulli_mask, keyed_rng, mask_probabilities

X, MASK = np.ones(2), np.array([True, False])


@pytest.mark.parametrize(
    ("p", "kind"),
    [
        (0, int),
        (1, int),
        (0.2, float),
        (Fraction(1, 5), Fraction),
        (np.float64(0.2), float),
        (np.float32(0.2), float),
        (np.int64(1), int),
    ],
)
def test_p_comes_back_with_its_value_as_a_plain_number(p, kind):
    assert check_p(p) == p
    assert type(check_p(p)) is kind


# Every public function with a p checks it by itself.
TAKE_P = {
    "check_p": check_p,
    "bernoulli_mask": lambda p: bernoulli_mask(2, p, rng=keyed_rng(0)),
    "mask_probabilities": lambda p: mask_probabilities(all_masks(2), p),
    "standard_eval": lambda p: reference.standard_eval(X, p),
    "inverted_train": lambda p: reference.inverted_train(X, MASK, p),
    "inverted_backward": lambda p: reference.inverted_backward(X, MASK, p),
    "expectation": lambda p: exact.expectation(lambda masks: masks, 2, p),
    "variance": lambda p: exact.variance(lambda masks: masks, 2, p),
    "standard_mean": lambda p: theory.standard_mean(X, p),
    "standard_variance": lambda p: theory.standard_variance(X, p),
    "inverted_variance": lambda p: theory.inverted_variance(X, p),
    "kept_count_probabilities": lambda p: theory.kept_count_probabilities(2, p),
    "monte_carlo": lambda p: montecarlo.monte_carlo(
        lambda masks: masks, 2, p, n_samples=2, rng=keyed_rng(0)
    ),
    "inverted_weight": lambda p: convert.inverted_weight(1.0, p),
    "standard_weight": lambda p: convert.standard_weight(1.0, p),
    "inverted_sgd": lambda p: convert.inverted_sgd(0.1, 0.0, p),
    "inverted_adam": lambda p: convert.inverted_adam(0.1, 1e-8, 0.0, p),
    "StandardDropout": nn.StandardDropout,
    "InvertedDropout": nn.InvertedDropout,
    "MLP": lambda p: nn.MLP([2, 2, 2], p=p),
    "MLP's inputs": lambda p: nn.MLP([2, 2, 2], p_input=p),
}


@pytest.mark.parametrize("take_p", TAKE_P.values(), ids=TAKE_P)
@pytest.mark.parametrize("p", [-0.1, 1.2, nan, inf, -1, 2])
def test_every_function_refuses_a_p_outside_0_and_1(take_p, p):
    with pytest.raises(ValueError, match=says(f"drop probability p must be in [0, 1], got {p}")):
        take_p(p)


@pytest.mark.parametrize("take_p", TAKE_P.values(), ids=TAKE_P)
@pytest.mark.parametrize("p", ["0.5", True, None, 0.5j, np.array(0.5), np.bool_(True)], ids=repr)
def test_every_function_refuses_a_p_that_is_no_real_number(take_p, p):
    with pytest.raises(
        TypeError, match=says(f"drop probability p must be a real number, got {p!r}")
    ):
        take_p(p)


@pytest.mark.parametrize("p", [Fraction(6, 5), Fraction(-1, 5)])
def test_a_fraction_outside_0_and_1_is_refused_too(p):
    with pytest.raises(ValueError, match=says(f"drop probability p must be in [0, 1], got {p}")):
        check_p(p)


@pytest.mark.parametrize("shape", [(2,), (3, 2), (4, 3, 2)])
def test_a_mask_may_have_further_draws_in_front(shape):
    mask = np.ones(shape, dtype=bool)
    assert check_mask(mask, (2,)) is mask


@pytest.mark.parametrize(
    ("mask", "got"),
    [
        (np.ones(2), "float64"),
        (np.ones(2, dtype=np.uint8), "uint8"),
        ([True, False], "list"),
        (None, "NoneType"),
    ],
)
def test_a_mask_that_is_not_boolean_is_refused(mask, got):
    with pytest.raises(
        TypeError, match=says(f"mask must be a boolean NumPy array (True = kept), got {got}")
    ):
        check_mask(mask, (2,))


# (2,) and (1, 2) would broadcast over x's rows: one mask shared by the whole batch.
@pytest.mark.parametrize("shape", [(2,), (1, 2), (3, 1), (2, 3), (3, 2, 1), ()])
def test_a_mask_that_would_be_broadcast_is_refused(shape):
    with pytest.raises(
        ValueError, match=says(f"mask must have x's shape (3, 2) as its last axes, got {shape}")
    ):
        check_mask(np.ones(shape, dtype=bool), (3, 2))


@pytest.mark.parametrize("value", [0, 3, np.int64(2)])
def test_a_count_comes_back_as_an_int(value):
    assert check_count("n", value, 0, 3) == value
    assert type(check_count("n", value, 0, 3)) is int


@pytest.mark.parametrize("value", [2.0, True, "2", None], ids=repr)
def test_a_count_that_is_no_integer_is_refused(value):
    with pytest.raises(TypeError, match=says(f"n must be an integer, got {value!r}")):
        check_count("n", value, 0)


@pytest.mark.parametrize(
    ("value", "high", "rule"), [(-1, None, "at least 0"), (-1, 3, "in [0, 3]"), (4, 3, "in [0, 3]")]
)
def test_a_count_outside_its_range_is_refused(value, high, rule):
    with pytest.raises(ValueError, match=says(f"n must be {rule}, got {value}")):
        check_count("n", value, 0, high)


def test_a_generator_comes_back_as_it_is(rng):
    assert check_rng(rng) is rng


@pytest.mark.parametrize(
    ("rng", "got"), [(0, "int"), (None, "NoneType"), (np.random, "module")], ids=str
)
def test_anything_but_a_generator_is_refused(rng, got):
    text = f"rng must be a numpy.random.Generator, for example keyed_rng(0), got {got}"
    with pytest.raises(TypeError, match=says(text)):
        check_rng(rng)
