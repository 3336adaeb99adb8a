"""The lesson's six lines, given a mask: identities for every x, mask and p."""

from fractions import Fraction

import numpy as np
import pytest
from helpers import bits, says, x_and_masks
from hypothesis import example, given
from hypothesis import strategies as st

from dropout_scaling.reference import (
    inverted_backward,
    inverted_eval,
    inverted_train,
    standard_backward,
    standard_eval,
    standard_train,
)

PS = st.floats(0, 1, exclude_max=True)
FRACTION_PS = st.fractions(0, 1, max_denominator=20).filter(lambda p: p < 1)
EXACT = x_and_masks(st.fractions(-9, 9, max_denominator=9))
SMALL = (np.array([3.0, -5.0]), np.array([True, False]))  # beside the drawn ones, always at p = .2


def rows(mask, shape):
    """Return every single draw that a mask holds."""
    return mask.reshape(-1, *shape)


@given(x_and_masks())
@example(SMALL)
def test_standard_train_leaves_the_kept_values_alone_and_drops_the_rest(case):
    x, mask = case
    y = standard_train(x, mask)
    assert y.shape == mask.shape
    for kept, out in zip(rows(mask, x.shape), rows(y, x.shape), strict=True):
        assert bits(out[kept]) == bits(x[kept])
        assert bits(out[~kept]) == bits(np.zeros((~kept).sum()))


@given(x_and_masks(), PS)
@example(SMALL, 0.2)
def test_inverted_train_divides_the_kept_values_by_q_and_drops_the_rest(case, p):
    x, mask = case
    y = inverted_train(x, mask, p)
    assert y.shape == mask.shape
    for kept, out in zip(rows(mask, x.shape), rows(y, x.shape), strict=True):
        assert out[kept].tolist() == [value / (1 - p) for value in x[kept].tolist()]
        assert bits(out[~kept]) == bits(np.zeros((~kept).sum()))


@given(EXACT, FRACTION_PS)
@example((np.array([Fraction(3)]), np.array([True])), Fraction(1, 5))
def test_the_two_conventions_differ_by_the_factor_q_at_train_and_at_eval(case, p):
    x, mask = case
    assert ((1 - p) * inverted_train(x, mask, p) == standard_train(x, mask)).all()
    assert ((1 - p) * inverted_eval(x) == standard_eval(x, p)).all()


@given(x_and_masks(), st.sampled_from([0.5, 0.75, 0.875]))
def test_where_q_is_a_power_of_two_they_differ_by_it_bit_for_bit(case, p):
    x, mask = case
    # + 0.0 makes one zero of the two: 0 times -3 is -0.0 here, where both drop to 0.0.
    assert bits((1 - p) * inverted_train(x, mask, p) + 0.0) == bits(standard_train(x, mask) + 0.0)
    assert bits(standard_eval(x, p)) == bits((1 - p) * inverted_eval(x))


@given(EXACT, FRACTION_PS)
@example((np.array([Fraction(3)]), np.array([True])), Fraction(1, 5))
def test_backward_is_the_exact_derivative_of_train(case, p):
    x, mask = case
    mask = rows(mask, x.shape)[0]
    for unit in np.ndindex(x.shape):
        moved = x.copy()
        moved[unit] += 1  # both are linear in x, so that a step of 1 gives the derivative itself
        one = np.zeros(x.shape, dtype=object)
        one[unit] = Fraction(1)
        for forward, backward in (
            (lambda x: standard_train(x, mask), lambda g: standard_backward(g, mask)),
            (lambda x: inverted_train(x, mask, p), lambda g: inverted_backward(g, mask, p)),
        ):
            assert (forward(moved) - forward(x) == backward(one)).all()


@given(x_and_masks(), PS)
def test_at_eval_standard_multiplies_by_q_and_inverted_does_nothing(case, p):
    x, _ = case
    assert standard_eval(x, p).tolist() == ((1 - p) * x).tolist()
    assert bits(inverted_eval(x)) == bits(x)


def test_a_worked_example_at_p_02_where_keep_and_drop_cannot_be_confused():
    x, mask = np.array([1.0, 1.0, 2.0]), np.array([True, False, True])
    assert standard_train(x, mask).tolist() == [1.0, 0.0, 2.0]
    assert standard_eval(x, 0.2).tolist() == [0.8, 0.8, 1.6]
    assert inverted_train(x, mask, 0.2).tolist() == [1.25, 0.0, 2.5]
    assert inverted_eval(x).tolist() == [1.0, 1.0, 2.0]
    assert standard_backward(x, mask).tolist() == [1.0, 0.0, 2.0]
    assert inverted_backward(x, mask, 0.2).tolist() == [1.25, 0.0, 2.5]


MASKED = {
    "standard_train": standard_train,
    "inverted_train": lambda x, mask: inverted_train(x, mask, 0.2),
    "standard_backward": standard_backward,
    "inverted_backward": lambda x, mask: inverted_backward(x, mask, 0.2),
}
ALL = {
    **MASKED,
    "standard_eval": lambda x, mask: standard_eval(x, 0.2),
    "inverted_eval": lambda x, mask: inverted_eval(x),
}


@pytest.mark.parametrize("function", MASKED.values(), ids=MASKED)
@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_dropped_inf_or_nan_is_0_and_a_kept_one_stays(function, value):
    kept, dropped = function(np.array([value, value]), np.array([True, False])).tolist()
    assert dropped == 0
    np.testing.assert_equal(kept, value)


@pytest.mark.parametrize("function", [inverted_train, inverted_backward])
def test_p_1_gives_zeros_whatever_the_mask_and_x_are(function):
    x = np.array([1.0, -np.inf, np.nan])
    assert bits(function(x, np.array([True, True, False]), 1)) == bits(np.zeros(3))
    assert bits(standard_eval(x, 1.0)) == bits(np.zeros(3))


@pytest.mark.parametrize("function", ALL.values(), ids=ALL)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_dtype_of_x_is_kept(function, dtype):
    assert function(np.ones(2, dtype), np.array([True, False])).dtype == dtype


@pytest.mark.parametrize("p", [0, 1, np.float64(0.2), Fraction(1, 5)], ids=repr)
def test_no_kind_of_p_widens_float32(p):
    x, mask = np.ones(2, np.float32), np.array([True, False])
    assert standard_eval(x, p).dtype == np.float32
    assert inverted_train(x, mask, p).dtype == np.float32


@pytest.mark.parametrize("function", ALL.values(), ids=ALL)
def test_the_arguments_are_left_as_they_are(function):
    x, mask = np.array([1.0, 2.0]), np.array([True, False])
    function(x, mask)
    assert x.tolist() == [1.0, 2.0]
    assert mask.tolist() == [True, False]


@pytest.mark.parametrize("function", ALL.values(), ids=ALL)
@pytest.mark.parametrize(
    ("x", "got"), [([1, 2], "int64"), ([True, False], "bool"), ([1j, 2], "complex128")]
)
def test_an_x_that_holds_no_floats_is_refused(function, x, got):
    with pytest.raises(TypeError, match=rf"^(x|grad) must hold floats or Fractions, got {got}$"):
        function(x, np.array([True, False]))


@pytest.mark.parametrize("function", MASKED.values(), ids=MASKED)
def test_a_mask_of_another_kind_or_shape_is_refused(function):
    with pytest.raises(
        TypeError, match=says("mask must be a boolean NumPy array (True = kept), got int64")
    ):
        function(np.ones(2), np.array([1, 0]))
    with pytest.raises(
        ValueError, match=says("mask must have x's shape (3, 2) as its last axes, got (1, 2)")
    ):
        function(np.ones((3, 2)), np.array([[True, False]]))


def test_at_p_1_the_mask_is_checked_as_well():
    with pytest.raises(TypeError, match=r"^mask must be"):
        inverted_train(np.ones(2), np.array([1, 0]), 1)
