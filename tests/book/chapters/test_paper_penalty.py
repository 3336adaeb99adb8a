"""What dropout penalises: the paper's form, the weights it leaves, and what the charge comes to."""

from fractions import Fraction

import numpy as np
import pytest
from said import made_by, stands

from dropout_scaling.exact import expectation
from dropout_scaling.reference import standard_train
from dropout_scaling.theory import logistic_penalty, ridge_penalty

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


def test_the_charge_levels_off_and_the_second_order_comes_back(chapter):
    stands(PAGE, r"It levels off, at $p\ln 2$.")
    stands(PAGE, "The second-order form is right near 0 and wrong where the model is sure")
    weights, limit = np.linspace(0, 12, 121), 0.2 * np.log(2)
    exact = np.array([chapter.charge(w) for w in weights])
    second_order = np.array([logistic_penalty(np.ones((1, 1)), w[None], 0.2) for w in weights])
    np.testing.assert_allclose(second_order[:6], exact[:6], rtol=0.03)
    assert (np.diff([*exact, limit]) > 0).all()
    assert exact[-1] > 0.99 * limit
    assert second_order[-1] < 0.01 * second_order.max()


@pytest.fixture(scope="module")
def patients():
    return made_by(PAGE, "code-01", "code-05", "code-08")


def test_there_is_no_common_factor(patients):
    stands(PAGE, "There is no common factor.")
    least_squares, half = (patients.closed_form(patients.x, patients.y, p) for p in (0, 0.5))
    ratio = half / least_squares
    assert ratio.min() < 0.1 < 0.4 < ratio.max()
    assert least_squares[4] < -5 < 5 < least_squares[5]  # of opposite signs


def test_s1_and_s2_rise_and_fall_together(patients):
    stands(PAGE, "`s1` and `s2`, are blood values that rise and fall together")
    assert patients.load_diabetes().feature_names[4:6] == ["s1", "s2"]
    assert np.corrcoef(patients.x[:, 4], patients.x[:, 5])[0, 1] > 0.85


def test_other_units_change_the_predictions_of_ridge_alone(patients):
    stands(PAGE, "Those of ridge alone, by up to 0.32.")
    assert max(patients.change["least squares"], patients.change["dropout"]) < 1e-9
    assert patients.change["ridge"] > 0.1


def test_with_columns_of_length_1_dropout_is_ridge(patients):
    stands(PAGE, "Where the squares of each input add up to 1, as scikit-learn has scaled this")
    x = patients.x
    np.testing.assert_allclose((x**2).sum(axis=0), 1, rtol=1e-12)
    np.testing.assert_allclose(patients.fits["ridge"](x), patients.fits["dropout"](x), rtol=1e-9)


def test_a_word_in_all_texts_is_held_back_more_and_shrinks_as_much(patients, rng):
    stands(PAGE, r"$\tfrac14\cdot 1000\cdot 0.25 = 62.5$")
    stands(PAGE, "either weight is the least-squares weight times $1/(1 + p/q) = q$")
    often, seldom = np.ones((1000, 1)), (np.arange(1000) < 10)[:, None] * 1.0
    added = [ridge_penalty(word, np.array([0.5]), 0.2) for word in (often, seldom)]
    np.testing.assert_allclose(added, [62.5, 0.625], rtol=1e-12)
    target = rng.standard_normal(1000)
    for word in (often, seldom):
        shrunk, free = (patients.closed_form(word, target, p) for p in (0.2, 0))
        np.testing.assert_allclose(shrunk / free, 0.8, rtol=1e-9)
