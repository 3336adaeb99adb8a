"""One ReLU unit over all its masks, and one mask at two time steps."""

from fractions import Fraction

import numpy as np
import pytest
from said import made_by, stands

from dropout_scaling.exact import expectation

PAGE = "paper/one-network"


@pytest.fixture(scope="module")
def unit():
    return made_by(PAGE, "code-01", "code-09")


def test_the_average_is_never_below_and_equal_where_z_has_one_sign(unit):
    stands(PAGE, "The average is never below the one network, and they are equal where $z$ has")
    assert (unit.gap >= -1e-12).all()
    always, never = unit.mean - unit.sums.min(), unit.mean - unit.sums.max()
    one_sign = (unit.shifts > always) | (unit.shifts < never)
    assert one_sign.any()
    assert (unit.gap[one_sign] < 1e-12).all()


def test_the_gap_is_widest_at_the_bend_and_at_most_half_the_deviation(unit):
    stands(PAGE, "the gap cannot exceed half the standard deviation of $z$")
    stands(PAGE, r"\operatorname{Var} z &= pq\,\textstyle\sum_i (w_i x_i)^2")
    assert np.isclose(unit.spread**2, (unit.w**2).sum() / 4, rtol=1e-12)
    assert unit.gap.max() <= unit.spread / 2
    assert abs(unit.shifts[unit.gap.argmax()]) < 1e-9


def test_one_mask_at_two_steps_keeps_q_x_and_not_q_squared_x():
    stands(PAGE, r"$m \cdot m = m$, so the mean is $q\,x = 0.8\,x$.")
    stands(PAGE, "while training, the mean is $q\\,x/q^2 = x/q$")
    q = Fraction(4, 5)
    assert expectation(lambda m: (m[:, 0] & m[:, 0]) * Fraction(1), 1, 1 - q) == q
    assert expectation(lambda m: m[:, 0] * (m[:, 0] / q**2), 1, 1 - q) == 1 / q
