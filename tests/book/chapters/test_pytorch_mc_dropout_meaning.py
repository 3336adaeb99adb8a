"""MC dropout's mean over all masks; its spread, which the number of data does not change."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
import torch
from said import made_by, stands

from dropout_scaling.exact import expectation, variance
from dropout_scaling.masks import all_masks, mask_probabilities
from dropout_scaling.reference import inverted_train
from dropout_scaling.theory import ridge_penalty

PAGE = "pytorch/mc-dropout-meaning"
P, Q = Fraction(1, 5), Fraction(4, 5)


@pytest.fixture(scope="module")
def chapter():
    return made_by(PAGE, "code-01", "code-02")


def test_the_page_s_arrays_compute_what_the_network_does_in_eval_mode(chapter):
    stands(PAGE, "**MC dropout does not estimate what `model.eval()` computes.**")
    with torch.no_grad():
        answers = chapter.net(chapter.data.x_test).softmax(-1)
    np.testing.assert_allclose(answers, chapter.in_eval, rtol=1e-9)


def test_logits_averaged_over_all_masks_give_eval_mode(chapter):
    stands(PAGE, "Over all masks that gives eval mode, exactly")
    hidden, row = chapter.hidden[chapter.doubtful], chapter.in_eval[chapter.doubtful]
    mean = expectation(
        lambda m: inverted_train(hidden, m, chapter.p) @ chapter.weight.T + chapter.bias,
        chapter.n,
        chapter.p,
    )
    np.testing.assert_allclose(chapter.softmax(mean), row, rtol=1e-9)


def test_the_ensemble_s_log_loss_is_at_most_the_mean_of_its_members(chapter):
    stands(PAGE, "is at most the mean log-loss of its members, for each digit")
    masks = all_masks(chapter.n)
    members = -np.log(chapter.answers(chapter.doubtful)(masks))
    ensemble = -np.log(chapter.exact[chapter.doubtful])
    assert (mask_probabilities(masks, chapter.p) @ members >= ensemble).all()


def loss(w, x, y, decay):
    """Return the loss averaged over the masks, a mask of its own for each row."""
    w = np.array([w])
    error = ((y - x @ w) ** 2).sum() + ridge_penalty(x, w, P)
    return error + decay * (w**2).sum()  # decay / N in the mean over N rows


def test_the_spread_of_a_linear_unit_is_the_formula():
    stands(PAGE, "For one linear unit the spread is a formula")
    wx = np.array([2, -10, 3]) * Fraction(1)
    assert variance(lambda m: inverted_train(wx, m, P).sum(axis=1), 3, P) == P / Q * (wx**2).sum()


def test_more_rows_leave_the_best_weight_as_it_is_but_for_weight_decay():
    stands(PAGE, r"The best weight is $w = q\sum xy / \sum x^2$, the same with 2 rows and with 200")
    stands(PAGE, "Then the weight, and the spread with it, *grows* towards the same value")
    step, best = Fraction(1, 1000), {}
    for decay, copies in product((0, 1), (1, 100)):
        x, y = np.array([[1], [2]] * copies) * Fraction(1), np.array([2, 3] * copies)
        w = best[decay, copies] = (x[:, 0] @ y) / ((x**2).sum() / Q + decay)
        low, here, high = (loss(w + d, x, y, decay) for d in (-step, 0, step))
        assert low == high > here  # a parabola: lowest between equal sides
    assert best[1, 1] < best[1, 100] < best[0, 1] == best[0, 100]
