"""What the scaling does to norms, exactly."""

from fractions import Fraction

import numpy as np
import pytest
from said import made_by, stands

from dropout_scaling.exact import expectation

PAGE = "inversion/what-scaling-keeps"


@pytest.mark.parametrize("p", [0.1, 0.25, 0.5])
def test_the_norm_rises_towards_1_over_the_root_of_q_and_never_reaches_it(p):
    stands(PAGE, r"For more units it rises towards $1/\sqrt{q}$, which it never reaches")
    relative_norm = made_by(PAGE, "code-01", "code-05").relative_norm
    norms = [relative_norm(n, p) for n in (*range(1, 101), 1000)]
    assert norms[0] == 1
    assert (np.diff([*norms, (1 - p) ** -0.5]) > 0).all()
    assert norms[-1] > 0.999 * (1 - p) ** -0.5


def test_1_over_the_root_of_q_keeps_the_second_moment_and_not_the_mean():
    stands(PAGE, r"replaces the factor 1/`q` in training by $1/\sqrt{q}$")
    p, scale = Fraction(9, 25), Fraction(5, 4)  # the root of q is 4/5
    assert expectation(lambda m: m * scale, 1, p) == Fraction(4, 5)
    assert expectation(lambda m: (m * scale) ** 2, 1, p) == 1
