"""Enumeration against a slow loop, with == on fractions; the geometric mean of softmaxes."""

import itertools
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest
from helpers import says

from dropout_scaling import exact
from dropout_scaling.exact import expectation, normalized_geometric_mean, variance
from dropout_scaling.masks import all_masks, mask_probabilities

PS = [Fraction(0), Fraction(1, 5), Fraction(1, 2), Fraction(7, 10), Fraction(1)]


def crooked(masks):
    """A function of the mask that is not linear, with values of shape (2,)."""
    kept = masks.sum(axis=1)
    rows = [[Fraction(int(k * k), 3), Fraction(int(m[0]) - int(k))] for k, m in zip(kept, masks)]  # noqa: B905
    return np.array(rows, dtype=object)


def slow_expectation(f, n, p):
    total = 0
    for mask in itertools.product([False, True], repeat=n):
        weight = Fraction(1)
        for kept in mask:
            weight *= 1 - p if kept else p
        total = total + weight * f(np.array([mask]))[0]
    return total


@pytest.mark.parametrize("p", PS)
def test_expectation_is_the_weighted_sum_over_all_masks(p):
    assert (expectation(crooked, 4, p) == slow_expectation(crooked, 4, p)).all()


@pytest.mark.parametrize("p", PS)
def test_variance_is_the_mean_square_less_the_squared_mean(p):
    mean = slow_expectation(crooked, 4, p)
    mean_square = slow_expectation(lambda masks: crooked(masks) ** 2, 4, p)
    assert (variance(crooked, 4, p) == mean_square - mean**2).all()


def test_the_axes_of_f_after_the_first_are_kept():
    def f(masks):
        return np.ones((len(masks), 2, 3))

    assert expectation(f, 3, 0.2).shape == variance(f, 3, 0.2).shape == (2, 3)


def test_p_0_and_p_1_leave_one_mask():
    first, last = crooked(all_masks(3))[[0, -1]]
    assert (expectation(crooked, 3, Fraction(1)) == first).all()
    assert (expectation(crooked, 3, Fraction(0)) == last).all()
    assert (variance(crooked, 3, Fraction(0)) == 0).all()


@pytest.mark.parametrize("kind", [Fraction, float])
def test_f_is_asked_only_about_masks_that_can_occur(kind):
    def one_over_kept(masks):  # has no value where nothing is kept, nor is asked for one at p = 0
        return np.array([1 / kind(int(kept)) for kept in masks.sum(axis=1)])

    def one_over_dropped(masks):
        return one_over_kept(~masks)

    assert expectation(one_over_kept, 4, kind(0)) == kind(1) / 4
    assert expectation(one_over_dropped, 4, kind(1)) == kind(1) / 4
    assert variance(one_over_kept, 4, kind(0)) == variance(one_over_dropped, 4, kind(1)) == 0


@pytest.mark.parametrize("average", [expectation, variance])
@pytest.mark.parametrize(
    ("f", "got"), [(lambda masks: masks[:3], "(3, 2)"), (lambda masks: masks.sum(), "()")]
)
def test_an_f_that_does_not_return_one_row_a_mask_is_refused(average, f, got):
    with pytest.raises(
        ValueError, match=says(f"f must return one row a mask, shape (4, ...), got shape {got}")
    ):
        average(f, 2, 0.2)


@pytest.mark.parametrize("average", [expectation, variance])
@pytest.mark.parametrize(
    ("n", "error", "rule"),
    [
        (31, ValueError, "in [0, 30]"),
        (-1, ValueError, "in [0, 30]"),
        (20.0, TypeError, "an integer"),
        (True, TypeError, "an integer"),
    ],
)
def test_more_than_30_units_or_no_number_of_units_is_refused(average, n, error, rule):
    with pytest.raises(error, match=says(f"n, the number of units, must be {rule}, got {n}")):
        average(lambda masks: pytest.fail("asked about masks"), n, 0.2)


@pytest.fixture
def pieces_of_8(monkeypatch):
    """Let f be asked about 2^3 masks at a time, so that a few units make many pieces."""
    monkeypatch.setattr(exact, "PIECE_UNITS", 3)


def looked_up(table):
    """Return the f whose value for a mask is the entry of table that all_masks has it at."""

    def f(masks):
        n = masks.shape[1]
        return table[masks @ (1 << np.arange(n)[::-1])]

    return f


@pytest.mark.usefixtures("pieces_of_8")
@pytest.mark.parametrize("p", PS)
@pytest.mark.parametrize("n", range(1, 13))
def test_in_pieces_the_averages_are_those_of_one_sum_over_all_masks(n, p, rng):
    table = np.array([Fraction(int(k)) for k in rng.integers(-99, 99, size=2**n)])
    weights = mask_probabilities(all_masks(n), p)
    mean = weights @ table
    assert expectation(looked_up(table), n, p) == mean
    assert variance(looked_up(table), n, p) == weights @ (table - mean) ** 2


# A weight is within n + 5 roundings (tests/test_masks.py); a product with a value is 1 more, a sum
# of 2^3 products at most 2^3 - 1, in any order, and the sum of 2^(n-3) pieces, from 0, one less
# than there are: 2^3 + 2^(n-3) + n + 4. One more covers the products of these errors.
@pytest.mark.usefixtures("pieces_of_8")
@pytest.mark.parametrize("p", [0.2, 0.5, 0.7])
@pytest.mark.parametrize("n", range(3, 13))
def test_floats_are_as_close_as_their_roundings_allow(n, p, rng):
    table = rng.normal(size=2**n)
    weights = mask_probabilities(all_masks(n), Fraction(p))
    fractions = np.array([Fraction(value) for value in table.tolist()])
    bound = (2**3 + 2 ** (n - 3) + n + 5) * Fraction(1, 2**53) * (weights @ abs(fractions))
    found = expectation(looked_up(table), n, p)
    assert abs(Fraction(float(found)) - weights @ fractions) <= bound


def test_f_is_asked_about_each_mask_once_and_at_most_2_to_the_14_at_a_time():
    asked = []
    expectation(lambda masks: asked.append(masks) or np.ones(len(masks)), 15, 0.2)
    assert [len(masks) for masks in asked] == [2**14, 2**14]
    assert (np.concatenate(asked) == all_masks(15)).all()


@pytest.mark.parametrize("p", [0, 1])
def test_p_0_and_p_1_leave_one_mask_of_more_units_than_a_piece_has(p):
    asked = []
    expectation(lambda masks: asked.append(masks) or np.ones(len(masks)), 15, p)
    assert [masks.tolist() for masks in asked] == [[[p == 0] * 15]]


@pytest.mark.parametrize("average", [expectation, variance])
def test_an_f_that_answers_for_all_masks_whichever_it_is_asked_about_is_refused(average):
    text = "f must return one row a mask, shape (16384, ...), got shape (32768,)"
    with pytest.raises(ValueError, match=says(text)):
        average(lambda masks: np.ones(2**15), 15, 0.2)


# All values, 2^20 rows of 64 float64, would be 512 MiB; those of a piece are 8. At most four such
# arrays are alive at once, in variance: the last piece's values, the next, less their mean, and
# squared. The masks and weights of a piece are 1 MiB.
@pytest.mark.parametrize("average", [expectation, variance])
def test_20_units_take_the_memory_of_a_piece(average):
    values_of_a_piece = 2**14 * 64 * 8
    tracemalloc.start()
    try:
        average(lambda masks: np.ones((len(masks), 64)), 20, 0.2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert values_of_a_piece < peak < 5 * values_of_a_piece


def test_the_mean_of_20_units_through_a_linear_layer_is_weight_scaling(rng):
    # Besides the sum over masks, as above: each of the 20 products is rounded and then added, at
    # most 20 roundings of a value, and no sum exceeds the sum of all sizes.
    x, w = rng.normal(size=20), rng.normal(size=(2, 20))
    terms = [[Fraction(a) * Fraction(b) for a, b in zip(x, row, strict=True)] for row in w]
    mean = expectation(lambda masks: np.where(masks, x, 0) @ w.T, 20, 0.2)
    for found, row in zip(mean.tolist(), terms, strict=True):
        bound = (2**14 + 2**6 + 20 + 5 + 20) * Fraction(1, 2**53) * sum(map(abs, row))
        assert abs(Fraction(found) - (1 - Fraction(0.2)) * sum(row)) <= bound < 1e-10


def test_at_p_half_and_whole_numbers_20_units_are_not_rounded_at_all():
    # A weight is 2^-20, and the sums are whole multiples of it below 2^11.
    parts = np.arange(1.0, 21)
    assert expectation(lambda masks: masks @ parts, 20, 0.5) == parts.sum() / 2
    assert variance(lambda masks: masks @ parts, 20, 0.5) == (parts**2).sum() / 4


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("p", [0.2, 0.5, 0.7])
def test_the_geometric_mean_of_a_softmax_layer_is_weight_scaling_and_the_arithmetic_is_not(p, rng):
    # log softmax is z_c less something that all classes share, so that its mean over masks is the
    # mean of z, which is linear in the mask: E z = W (q x) + b. Rounding: z is a sum of n + 1
    # terms, softmax and log add a few more each, and the mean over masks sums 2^n terms; each costs
    # at most u = 2^-53 of the largest value on the way, and the shared part of the error cancels.
    n, classes = 6, 4
    x, w, b = 3 * rng.normal(size=n), rng.normal(size=(classes, n)), rng.normal(size=classes)
    masks = all_masks(n)
    probs, weights = softmax(np.where(masks, x, 0) @ w.T + b), mask_probabilities(masks, p)
    scaled = softmax(w @ ((1 - p) * x) + b)
    largest = (np.abs(w) @ np.abs(x) + np.abs(b)).max() - np.log(probs).min()
    bound = 4 * (n + classes + 2**n) * 2.0**-53 * largest
    geometric = normalized_geometric_mean(probs, weights)
    assert bound < 1e-10
    assert np.abs(geometric / scaled - 1).max() <= bound
    assert np.abs(weights @ probs - scaled).max() > 1e8 * bound


def test_the_geometric_mean_of_one_distribution_is_itself_for_each_of_a_batch():
    probs = np.array([[[0.5, 0.25, 0.25], [0.125, 0.125, 0.75]]])
    mean = normalized_geometric_mean(np.repeat(probs, 3, axis=0), np.array([1.0, 2.0, 5.0]))
    np.testing.assert_allclose(mean, probs[0], rtol=8 * 2.0**-53)  # a log, an exp and a division


def test_weights_count_by_their_ratio_alone():
    probs = np.array([[0.8, 0.2], [0.5, 0.5]])
    # sqrt(.8 * .5) : sqrt(.2 * .5) = 2 : 1
    for weights in ([1.0, 1.0], [64.0, 64.0], [1e308, 1e308], [5e-324, 5e-324]):
        mean = normalized_geometric_mean(probs, np.array(weights))
        np.testing.assert_allclose(mean, [2 / 3, 1 / 3], rtol=16 * 2.0**-53)


def test_a_class_that_one_distribution_excludes_is_excluded_unless_its_weight_is_0():
    probs = np.array([[1.0, 0.0], [0.5, 0.5]])
    assert normalized_geometric_mean(probs, np.array([1.0, 1.0])).tolist() == [1.0, 0.0]
    assert normalized_geometric_mean(probs, np.array([1e-12, 1.0])).tolist() == [1.0, 0.0]
    assert normalized_geometric_mean(probs, np.array([0.0, 1.0])).tolist() == [0.5, 0.5]


# In float32 such a sum is off by some 1e-6. In float16 each of n quotients and their divisor is
# rounded, by 2^-11 of itself and never more than 2^-25 below the least normal number: together
# 2^-10 + n 2^-25 + 2^-22 at most, which is .0011 for n = 1000.
@pytest.mark.parametrize(("dtype", "taken", "refused"), [
    (np.float64, 2.0**-17, 2.0**-16),
    (np.float32, 2.0**-17, 2.0**-16),
    (np.float16, 2.0**-9, 2.0**-8),
])  # fmt: skip
def test_probs_may_miss_the_sum_of_1_by_what_their_type_rounds(dtype, taken, refused):
    near, far = (np.array([[0.5, 0.5 - miss]], dtype=dtype) for miss in (taken, refused))
    assert normalized_geometric_mean(near, np.ones(1)).shape == (2,)
    text = f"probs must sum to 1 along the last axis, got {np.array([1 - refused])}"
    with pytest.raises(ValueError, match=says(text)):
        normalized_geometric_mean(far, np.ones(1))


def test_a_softmax_in_float16_over_1000_classes_is_taken(rng):
    probs = softmax(rng.normal(size=(2, 1000)).astype(np.float16))
    assert probs.dtype == np.float16
    assert normalized_geometric_mean(probs, np.ones(2)).shape == (1000,)


@pytest.mark.parametrize("change", [{"probs": 1j}, {"weights": 1j}])
def test_complex_numbers_are_refused_and_not_made_real(change):
    arguments = {"probs": np.array([[0.5, 0.5]]), "weights": np.ones(1)}
    arguments = {name: array + change.get(name, 0) for name, array in arguments.items()}
    got = " and ".join(str(array.dtype) for array in arguments.values())
    with pytest.raises(
        TypeError, match=says(f"probs and weights must hold real numbers, got {got}")
    ):
        normalized_geometric_mean(**arguments)


@pytest.mark.parametrize("shape", [(0, 2), (2, 0), (2, 0, 2)])
def test_an_empty_axis_is_refused(shape):
    text = (
        "probs must have shape (m, ..., classes), no axis empty, and weights shape (m,), "
        f"got {shape} and ({shape[0]},)"
    )
    with pytest.raises(ValueError, match=says(text)):
        normalized_geometric_mean(np.ones(shape), np.ones(shape[0]))


HALVES = [[0.5, 0.5], [0.5, 0.5]]


@pytest.mark.parametrize(
    ("probs", "weights", "text"),
    [
        (
            HALVES,
            [1.0],
            "probs must have shape (m, ..., classes), no axis empty, and weights shape (m,), "
            "got (2, 2) and (1,)",
        ),
        (
            [0.5, 0.5],
            [1.0, 1.0],
            "probs must have shape (m, ..., classes), no axis empty, and weights shape (m,), "
            "got (2,) and (2,)",
        ),
        (
            [[0.5, -0.5]],
            [1.0],
            "probs must not be negative or nan, got a least value of -0.5",
        ),
        (
            [[0.5, np.nan]],
            [1.0],
            "probs must not be negative or nan, got a least value of nan",
        ),
        (HALVES, [1.0, -1.0], "weights must be finite, not negative and not all 0, got [ 1. -1.]"),
        (
            HALVES,
            [1.0, np.inf],
            "weights must be finite, not negative and not all 0, got [ 1. inf]",
        ),
        ([[0.5, 0.25]], [1.0], "probs must sum to 1 along the last axis, got [0.75]"),
        (HALVES, [0.0, 0.0], "weights must be finite, not negative and not all 0, got [0. 0.]"),
        (
            [[1.0, 0.0], [0.0, 1.0]],
            [1.0, 1.0],
            "probs must leave at least one class that no distribution excludes, got none",
        ),
        (  # in the second row of a batch alone
            [[[0.5, 0.5], [1.0, 0.0]], [[0.5, 0.5], [0.0, 1.0]]],
            [1.0, 1.0],
            "probs must leave at least one class that no distribution excludes, got none",
        ),
    ],
)
def test_what_has_no_geometric_mean_is_refused(probs, weights, text):
    with pytest.raises(ValueError, match=says(text)):
        normalized_geometric_mean(np.array(probs), np.array(weights))
