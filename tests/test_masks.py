"""Masks: the rule that draws them, their coordinates, their list and their weights."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from helpers import says
from hypothesis import example, given
from hypothesis import strategies as st

from dropout_scaling.masks import all_masks, bernoulli_mask, keyed_rng, mask_probabilities

FRACTIONS = [Fraction(0), Fraction(1, 5), Fraction(1, 2), Fraction(7, 10), Fraction(1)]


class Fixed(np.random.Generator):
    """A generator whose uniform numbers are given."""

    def __init__(self, uniforms):
        super().__init__(np.random.PCG64(0))
        self.uniforms = np.array(uniforms)

    def random(self, shape):
        return self.uniforms.reshape(shape)


def test_a_unit_is_kept_where_the_uniform_number_is_below_q():
    q = 0.75
    rng = Fixed([0.0, 0.25, np.nextafter(q, 0), q, np.nextafter(1, 0)])
    assert bernoulli_mask(5, 1 - q, rng=rng).tolist() == [True, True, True, False, False]


# rand() > p drops at p = 0 whenever the generator returns exactly 0, and it does.
@pytest.mark.parametrize(("p", "kept"), [(0, True), (0.0, True), (1, False), (1.0, False)])
def test_p_0_keeps_and_p_1_drops_whatever_the_generator_returns(p, kept):
    mask = bernoulli_mask(2, p, rng=Fixed([0.0, np.nextafter(1, 0)]))
    assert mask.tolist() == [kept, kept]


@pytest.mark.parametrize("shape", [4, (4,), (2, 3), (), (0, 3)])
def test_a_mask_is_boolean_and_has_the_shape_asked_for(shape, rng):
    mask = bernoulli_mask(shape, 0.2, rng=rng)
    assert mask.shape == (shape if isinstance(shape, tuple) else (shape,))
    assert np.asarray(mask).dtype == np.bool_


def test_a_generator_is_required():
    with pytest.raises(TypeError, match="rng"):
        bernoulli_mask(3, 0.2)
    with pytest.raises(TypeError, match=r"^rng must be a numpy\.random\.Generator.* got int$"):
        bernoulli_mask(3, 0.2, rng=0)


# A fault of .03 at n = 50000 is missed in less than 1 run in 10^6.
@pytest.mark.parametrize("q", [0.8, 0.3])
def test_each_unit_is_kept_with_probability_q(q, rng, sampled):
    kept = bernoulli_mask((50_000, 6), 1 - q, rng=rng).sum(axis=0)
    sampled.assert_binomial(kept, 50_000, q, told_from=q + 0.03, beta=1e-6)


# Pairs do not overlap, so that they are independent: both are kept in Bin(n, q^2) of n pairs.
# A mask that is shared by the pair would give q = .8 and not .64; .68 is caught as well.
@pytest.mark.parametrize("across", ["units", "rows"])
def test_masks_are_independent(across, rng, sampled):
    mask = bernoulli_mask((200, 200), 0.2, rng=rng)
    if across == "rows":
        mask = mask.T
    both = (mask[:, ::2] & mask[:, 1::2]).sum()
    sampled.assert_binomial(both, 20_000, 0.64, told_from=0.68, beta=1e-6)


@pytest.mark.parametrize("across", ["seed", "layer", "step"])
def test_keyed_masks_are_independent_across_coordinates(across, rng, sampled):
    seed, layer, step = (int(c) for c in rng.integers(2**62, size=3))
    both = 0
    for k in range(0, 200, 2):
        pair = []
        for here in (k, k + 1):
            at = {"seed": seed, "layer": layer, "step": step}
            at[across] += here
            pair.append(bernoulli_mask(200, 0.2, rng=keyed_rng(at.pop("seed"), **at)))
        both += (pair[0] & pair[1]).sum()
    sampled.assert_binomial(both, 20_000, 0.64, told_from=0.68, beta=1e-6)


def philox4x64(counter, key):
    """Return one block of Philox-4x64-10, written from Salmon et al. 2011, section 3.4."""
    word = 2**64
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        high0, low0 = divmod(0xD2E7470EE14C6C93 * c0, word)
        high1, low1 = divmod(0xCA5A826395121157 * c2, word)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B97F4A7C15) % word, (k1 + 0xBB67AE8584CAA73B) % word
    return [c0, c1, c2, c3]


def test_philox_written_out_gives_the_known_answer():
    # The first line for philox4x64-10 in the test vectors that its authors publish (Random123).
    known = [0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B]
    assert philox4x64([0, 0, 0, 0], [0, 0]) == known


@pytest.mark.parametrize(
    ("seed", "layer", "step"), [(0, 0, 0), (7, 2, 30), (2**64 - 1, 2**64 - 1, 2**64 - 1)]
)
def test_keyed_numbers_are_philox_at_these_coordinates_in_any_process(seed, layer, step):
    # NumPy raises the counter by 1 before each block, and takes a number's upper 53 bits.
    words = philox4x64([1, 0, step, 0], [seed, layer]) + philox4x64([2, 0, step, 0], [seed, layer])
    expected = [(word >> 11) * 2.0**-53 for word in words]
    assert keyed_rng(seed, layer=layer, step=step).random(8).tolist() == expected


def test_distinct_coordinates_give_distinct_masks():
    ends = [0, 1, 2, 2**32, 2**64 - 1]
    masks = {
        bernoulli_mask(256, 0.5, rng=keyed_rng(seed, layer=layer, step=step)).tobytes()
        for seed, layer, step in itertools.product(ends, repeat=3)
    }
    assert len(masks) == len(ends) ** 3


@pytest.mark.parametrize("name", ["seed", "layer", "step"])
@pytest.mark.parametrize(
    ("value", "error", "rule"),
    [
        (-1, ValueError, "in [0, 18446744073709551615]"),
        (2**64, ValueError, "in [0, 18446744073709551615]"),
        (1.0, TypeError, "an integer"),
        (True, TypeError, "an integer"),
        (None, TypeError, "an integer"),
    ],
)
def test_a_bad_coordinate_is_refused(name, value, error, rule):
    with pytest.raises(error, match=says(f"{name} must be {rule}, got {value!r}")):
        keyed_rng(**{"seed": 0, name: value})


@pytest.mark.parametrize("n", range(9))
def test_all_masks_are_every_row_once_with_the_last_unit_changing_fastest(n):
    masks = all_masks(n)
    assert masks.dtype == np.bool_
    assert masks.shape == (2**n, n)
    assert list(map(tuple, masks.tolist())) == list(itertools.product([False, True], repeat=n))


def test_the_masks_of_20_units_take_21_megabytes_and_are_all_distinct():
    masks = all_masks(20)
    assert masks.nbytes == 20 * 2**20 <= 21e6
    assert (masks @ (1 << np.arange(20)[::-1]) == np.arange(2**20)).all()


@pytest.mark.parametrize(
    ("n", "error", "rule"),
    [
        (21, ValueError, "in [0, 20]"),
        (-1, ValueError, "in [0, 20]"),
        (2.0, TypeError, "an integer"),
        (True, TypeError, "an integer"),
    ],
)
def test_more_units_than_20_or_no_number_of_units_is_refused(n, error, rule):
    with pytest.raises(error, match=says(f"n, the number of units, must be {rule}, got {n}")):
        all_masks(n)


@pytest.mark.parametrize("p", FRACTIONS)
@pytest.mark.parametrize("n", [0, 1, 5, 8])
def test_the_probabilities_of_all_masks_sum_to_1_exactly(n, p):
    assert mask_probabilities(all_masks(n), p).sum() == 1


@pytest.mark.parametrize("p", FRACTIONS)
def test_a_mask_weighs_q_for_each_kept_and_p_for_each_dropped_unit(p):
    masks = all_masks(4)
    weights = mask_probabilities(masks, p)
    assert weights.tolist() == [math.prod(1 - p if m else p for m in mask) for mask in masks]
    assert all(isinstance(weight, Fraction) for weight in weights)


@given(st.floats(1e-6, 1 - 1e-6))
@example(0.2)
def test_float_probabilities_are_as_close_as_their_roundings_allow(p):
    # 1 - p is rounded once and raised to a power of at most 6, each power is within an ulp, and
    # the product is rounded: at most 6 + 2 + 2 + 1 relative errors of 2^-53, to first order.
    masks = all_masks(6)
    got = mask_probabilities(masks, p)
    assert got.dtype == np.float64
    for weight, exact in zip(got.tolist(), mask_probabilities(masks, Fraction(p)), strict=True):
        assert abs(Fraction(weight) - exact) <= 12 * Fraction(1, 2**53) * exact


@pytest.mark.parametrize(
    ("masks", "error", "text"),
    [
        (
            np.ones(3, dtype=bool),
            ValueError,
            "masks must be an array of shape (m, n), one mask a row, got (3,)",
        ),
        (
            [[True]],
            ValueError,
            "masks must be an array of shape (m, n), one mask a row, got list",
        ),
        (
            np.ones((2, 2)),
            TypeError,
            "mask must be a boolean NumPy array (True = kept), got float64",
        ),
    ],
)
def test_masks_of_another_kind_cannot_be_weighed(masks, error, text):
    with pytest.raises(error, match=says(text)):
        mask_probabilities(masks, 0.2)


def test_a_mask_needs_a_shape():
    text = "shape must be an int or a tuple of ints, got None"
    with pytest.raises(TypeError, match=says(text)):
        bernoulli_mask(None, 0.2, rng=keyed_rng(0))
