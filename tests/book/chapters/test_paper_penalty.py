"""What dropout penalises: the paper's form, and what the charge comes to."""

from fractions import Fraction

import numpy as np
import pytest
from said import made_by, stands

from dropout_scaling.exact import expectation
from dropout_scaling.reference import standard_train
from dropout_scaling.theory import ridge_penalty

PAGE = "paper/penalty"


@pytest.fixture(scope="module")
def chapter():
    return made_by(PAGE, "code-01", "code-10")


def test_the_paper_s_line_is_that_of_standard_dropout():
    stands(PAGE, "The paper derives this in §9.1 for standard dropout")
    x = np.array([[1, 2, 0], [3, -1, 1], [-2, 1, 4]]) * Fraction(1)
    y, w = np.array([1, -2, 3]), np.array([Fraction(1, 2), Fraction(-1), Fraction(2, 3)])
    p, q = Fraction(1, 5), Fraction(4, 5)

    def loss(masks):
        return ((standard_train(x, masks.reshape(-1, 3, 3)) @ w - y) ** 2).sum(axis=1)

    added = expectation(loss, 9, p) - ((x @ (q * w) - y) ** 2).sum()
    assert added == q * (1 - q) * (x**2 @ w**2).sum() == ridge_penalty(x, q * w, p)


def test_weights_that_agree_are_charged_for_both_being_dropped(chapter):
    stands(PAGE, r"the charge stays near $p^2\ln 2$")
    assert chapter.charge(30, 30) < 0.2 * np.log(2)
    assert abs(chapter.charge(60, 60) - 0.2**2 * np.log(2)) < 1e-9


@pytest.mark.parametrize("size", [12, 24, 48])
def test_weights_that_disagree_are_charged_for_their_size(size, chapter):
    stands(PAGE, "With $W$ and $-W$ it grows with $W$")
    assert abs(chapter.charge(size, -size) - 0.2 * size) < 0.6  # p q W / q = p W
