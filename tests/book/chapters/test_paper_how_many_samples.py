"""The solution: which of two means is surer, and which has the lower log-loss."""

import numpy as np
import pytest
from said import stands

PAGE = "paper/how-many-samples"
GIVEN = np.array([[0.9, 0.1], [0.5, 0.5]])
ARITHMETIC = GIVEN.mean(axis=0)
GEOMETRIC = np.sqrt(GIVEN.prod(axis=0)) / np.sqrt(GIVEN.prod(axis=0)).sum()


def test_the_two_means():
    stands(PAGE, "The arithmetic mean gives 0.7.")
    stands(PAGE, "the root of their product is 3, so it gives 3/4")
    np.testing.assert_allclose([ARITHMETIC[0], GEOMETRIC[0]], [0.7, 0.75], rtol=1e-12)


@pytest.mark.parametrize(
    ("share", "lower", "higher"), [(0.7, ARITHMETIC, GEOMETRIC), (0.9, GEOMETRIC, ARITHMETIC)]
)
def test_the_mean_nearer_to_the_true_share_has_the_lower_log_loss(share, lower, higher):
    stands(PAGE, "at 7 of 10 the arithmetic mean hits it, and at 9 of 10 the geometric mean comes")
    cost, more = (-np.log(mean) @ [share, 1 - share] for mean in (lower, higher))
    assert cost < more
