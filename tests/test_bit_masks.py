"""The NumPy half: the decision by byte and tie is exact, and the bits are the mask."""

from fractions import Fraction

import numpy as np
import pytest
from helpers import bits as bits_of
from helpers import says

from dropout_scaling import bit_masks
from dropout_scaling.bit_masks import (
    clear_dropped,
    draw_bits,
    packed_backward,
    packed_train,
    threshold,
)
from dropout_scaling.reference import inverted_backward, inverted_train

QS = [0.0, 5e-324, 1e-30, 2.0**-20, 0.1, 1 - 0.9, 0.3, 0.5, 0.7, 0.9, 1 - 2.0**-53, 1.0]
SIZES = [
    0,
    1,
    7,
    8,
    9,
    1000,
    bit_masks.BLOCK - 1,
    bit_masks.BLOCK,
    bit_masks.BLOCK + 1,
    2 * bit_masks.BLOCK + 5,
]


@pytest.mark.parametrize("q", QS)
def test_the_threshold_gives_q_to_2_to_the_minus_72_and_exactly_from_2_to_the_minus_20_on(q):
    byte, tail = threshold(q)
    kept = Fraction(byte, 2**8) + Fraction(tail, 2**72)
    assert 0 <= Fraction(q) - kept < Fraction(1, 2**72)
    assert kept == Fraction(q) or q < 2.0**-20


class Listed(np.random.Generator):
    """Returns words from a list: every byte once, then the second numbers."""

    def __init__(self, *words):
        super().__init__(np.random.PCG64(0))
        self.words = list(words)

    def integers(self, **_):
        return self.words.pop(0)


@pytest.mark.parametrize("q", QS)
def test_what_is_kept_is_what_the_threshold_says_for_every_byte_and_beside_each_tie(q):
    byte, tail = threshold(q)
    every = np.arange(256, dtype=np.uint8)
    for second in {0, max(tail - 1, 0), tail, 2**64 - 1}:
        ties = np.full(np.count_nonzero(every == byte), second, np.uint64)
        rng = Listed(every.view(np.uint64), ties)
        kept = np.unpackbits(draw_bits(256, q, rng=rng)).tolist()
        assert kept == [b < byte or (b == byte and second < tail) for b in range(256)]


@pytest.mark.parametrize("n", SIZES)
def test_the_second_numbers_go_to_the_ties_of_their_own_block(n, rng):
    # The definition, an element at a time, on the same words.
    q = 0.7
    byte, tail = threshold(q)
    drawn, expected = rng.spawn(1)[0], []
    same = np.random.Generator(type(drawn.bit_generator)(1))
    same.bit_generator.state = drawn.bit_generator.state
    for start in range(0, n, bit_masks.BLOCK):
        size = min(bit_masks.BLOCK, n - start)
        first = same.integers(0, 2**64, -(-size // 8), np.uint64).view(np.uint8)[:size]
        second = iter(same.integers(0, 2**64, int((first == byte).sum()), np.uint64).tolist())
        expected += [b < byte or (b == byte and next(second) < tail) for b in first.tolist()]
    bits = draw_bits(n, q, rng=drawn)
    assert bits.dtype == np.uint8
    assert bits.size == -(-n // 8)
    assert np.unpackbits(bits, count=n).tolist() == expected


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.int64])
@pytest.mark.parametrize("n", SIZES)
def test_clearing_leaves_the_kept_words_and_makes_the_others_0(dtype, n, rng):
    words = rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, n, dtype)
    mask = rng.random(n) < 0.5
    expected = np.where(mask, words, 0)
    clear_dropped(words, np.packbits(mask))
    assert (words == expected).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("p", [0.0, 0.1, 0.3, 0.5, 0.9, 1.0, Fraction(1, 4)])
@pytest.mark.parametrize("shape", [(), (0, 3), (257,), (5, 7, 3)])
def test_forward_and_backward_have_the_bits_of_the_reference_on_the_same_mask(dtype, p, shape, rng):
    x, grad = (rng.normal(size=shape).astype(dtype) for _ in range(2))
    y, bits = packed_train(x, p, rng=rng)
    mask = np.unpackbits(bits, count=x.size).astype(bool).reshape(shape)
    assert y.dtype == dtype
    assert bits_of(y) == bits_of(inverted_train(x, mask, p))
    assert bits_of(packed_backward(grad, bits, p)) == bits_of(inverted_backward(grad, mask, p))


def test_another_order_in_memory_and_gaps_change_nothing(rng):
    x = rng.normal(size=(60, 8))
    state = rng.bit_generator.state
    expected, _ = packed_train(x, 0.3, rng=rng)
    for same in (np.asfortranarray(x), np.repeat(x, 2, axis=1)[:, ::2]):
        rng.bit_generator.state = state
        assert bits_of(packed_train(same, 0.3, rng=rng)[0]) == bits_of(expected)


def test_a_dropped_inf_or_nan_is_0_and_x_is_left_as_it_was(rng):
    x = np.tile(np.array([np.inf, np.nan]), 500)
    y, bits = packed_train(x, 0.5, rng=rng)
    mask = np.unpackbits(bits).astype(bool)
    assert (y[~mask] == 0).all()
    assert not np.isfinite(y[mask]).any()
    assert not np.isfinite(x).any()


# Rounded to 1/256, q would be .6992: missed in less than 1 run in 10^6.
def test_each_element_is_kept_with_probability_q_and_not_one_rounded_to_a_byte(rng, sampled):
    n = 2**26
    kept = int(np.bitwise_count(draw_bits(n, 0.7, rng=rng)).sum())
    sampled.assert_binomial(kept, n, 0.7, told_from=179 / 256, beta=1e-6)


@pytest.mark.parametrize(
    ("x", "got"), [(np.ones(3, int), "int64"), (np.array([Fraction(1)]), "object")]
)
def test_another_type_is_refused(x, got, rng):
    rule = "hold floats or Fractions" if got == "int64" else "be float16, float32 or float64"
    with pytest.raises(TypeError, match=says(f"x must {rule}, got {got}")):
        packed_train(x, 0.5, rng=rng)
    with pytest.raises(TypeError, match=says(f"grad must {rule}, got {got}")):
        packed_backward(x, np.zeros(1, np.uint8), 0.5)


def test_another_rng_or_p_is_refused(rng):
    with pytest.raises(TypeError, match="rng must be a numpy"):
        packed_train(np.ones(3), 0.5, rng=0)
    for refused in (
        lambda: packed_train(np.ones(3), 1.5, rng=rng),
        lambda: packed_backward(np.ones(3), np.zeros(1, np.uint8), 1.5),
    ):
        with pytest.raises(ValueError, match=says("drop probability p must be in [0, 1], got 1.5")):
            refused()


@pytest.mark.parametrize(
    ("bits", "got"),
    [
        (np.zeros(2, np.uint8), "uint8 (2,)"),
        (np.zeros(1, bool), "bool (1,)"),
        ([0], "list"),
    ],
)
def test_bits_of_another_kind_or_size_are_refused(bits, got):
    text = f"bits must be the uint8 array of shape (1,) that was drawn, got {got}"
    with pytest.raises(ValueError, match=says(text)):
        packed_backward(np.ones(3), bits, 0.5)
