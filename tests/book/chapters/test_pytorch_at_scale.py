"""Several processes: what a shared mask costs, exactly."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from said import stands

from dropout_scaling.exact import variance
from dropout_scaling.masks import all_masks
from dropout_scaling.reference import inverted_train

PAGE = "pytorch/at-scale"
P, Q = Fraction(1, 5), Fraction(4, 5)


def mean_of_two(x1, x2):
    """Return what maps masks of two units to the mean of their dropped values."""
    return lambda m: inverted_train(np.array([x1, x2]), m, P).sum(axis=1) * Fraction(1, 2)


@pytest.mark.parametrize(
    ("x1", "x2"), [*product(map(Fraction, range(-3, 4)), map(Fraction, (1, 2, 5)))]
)
def test_a_shared_mask_enlarges_the_variance_by_the_factor_that_is_given(x1, x2):
    stands(PAGE, "The factor is $(x_1+x_2)^2/(x_1^2+x_2^2)$: twice, $8/5$, and nothing at all")
    mean = mean_of_two(x1, x2)
    two, shared = variance(mean, 2, P), variance(lambda m: mean(np.repeat(m, 2, axis=1)), 1, P)
    assert two == P / Q * (x1**2 + x2**2) / 4
    assert shared == P / Q * (x1 + x2) ** 2 / 4
    assert shared <= 2 * two
    assert (shared > two) == (x1 * x2 > 0)


def test_units_dropped_in_pairs_have_fewer_masks_and_a_sum_that_varies_more():
    stands(PAGE, "become $(1+3)^2+(2+4)^2$")

    def total(masks):
        return inverted_train(np.array([1, 2, 3, 4]) * Fraction(1), masks, P).sum(axis=1)

    def tied(masks):
        return np.concatenate([masks, masks], axis=1)

    assert (len(all_masks(4)), len(tied(all_masks(2)))) == (2**4, 2**2)
    assert variance(total, 4, P) == P / Q * (1 + 4 + 9 + 16)
    assert variance(lambda m: total(tied(m)), 2, P) == P / Q * (4**2 + 6**2)
