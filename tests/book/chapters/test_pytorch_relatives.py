"""Relatives of dropout: what they share, and what PyTorch's LSTM draws."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
import torch
from said import made_by, stands
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from dropout_scaling.diagnose import diagnose
from dropout_scaling.diagnose.observe import observe
from dropout_scaling.exact import expectation, variance

PAGE, P = "pytorch/relatives", 0.2


@pytest.fixture(scope="module")
def chapter():
    return made_by(PAGE, "code-01", "code-02")


ONE_LAYER = {  # the axes that share a decision
    "Dropout": (lambda chapter: nn.Dropout(P), (32, 16, 4), ()),
    "DropPath": (lambda chapter: chapter.DropPath(P), (32, 16, 4), ("position", "unit")),
    "Dropout1d": (lambda chapter: nn.Dropout1d(P), (32, 16, 4), ("position",)),
    "all steps": (lambda chapter: chapter.SharedMask(P, (2,)), (32, 16, 4), ("position",)),
    "Dropout2d of rows": (lambda chapter: nn.Dropout2d(P), (32, 16, 4), ("position",)),
    "Dropout2d": (lambda chapter: nn.Dropout2d(P), None, ("position",)),
    "Dropout3d": (lambda chapter: nn.Dropout3d(P), None, ("position",)),
}


@pytest.mark.parametrize("name", ONE_LAYER)
@pytest.mark.filterwarnings("ignore:dropout2d. Received a 3-D input")
def test_several_relatives_are_one_layer_with_the_same_scaling(name, chapter):
    stands(PAGE, "The same scaling in all four; what differs is along which axes the decision")
    make, shape, shared = ONE_LAYER[name]
    facts = observe(make(chapter), P, shape=shape).facts
    assert (facts.scale, facts.shared) == ({"1/q"}, shared)
    assert diagnose(make(chapter), P, shape=shape).ok


def test_pytorch_warns_of_rows_that_are_given_to_dropout2d():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        nn.Dropout2d(P)(torch.ones(32, 16, 4))
    assert len(caught) == 1


def test_dropconnect_in_one_line_shares_its_mask_between_the_rows():
    stands(PAGE, "that shares one weight mask between the rows of a batch")

    def one_line(x, p, training=True):
        weight = torch.eye(x.shape[1], dtype=x.dtype)  # y = x times one weight
        return F.linear(x, F.dropout(weight, p, training))

    assert observe(one_line, P).facts.shared == ("row",)


def test_under_dropconnect_two_outputs_vary_as_much_and_independently():
    stands(
        PAGE, "The same means and the same variances, but under DropConnect the two outputs vary"
    )
    chapter = made_by(PAGE, "code-01", "code-04", "code-10")
    p, q = chapter.p, chapter.q
    for f, n, covariance in (
        (chapter.dropout_of_inputs, 2, 2 * p / q),
        (chapter.dropconnect, 4, 0),
    ):
        assert (expectation(f, n, p) == 2).all()
        assert (variance(f, n, p) == 2 * p / q).all()
        assert expectation(lambda m, f=f: f(m).prod(axis=1), n, p) - 2 * 2 == covariance


def test_an_lstm_draws_a_new_mask_at_each_step_between_its_layers():
    stands(PAGE, "What it draws between layers is a new mask at each step")
    shapes = []

    class MaskShapes(TorchDispatchMode):
        def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
            if "bernoulli_" in str(operation):
                shapes.append(tuple(args[0].shape))
            return operation(*args, **(kwargs or {}))

    steps, rows, units = 6, 3, 4
    with MaskShapes():
        nn.LSTM(5, units, num_layers=3, dropout=P)(torch.ones(steps, rows, 5))
    assert shapes == [(steps, rows, units)] * 2  # two gaps between three layers


ALPHA = 1.7580993408473766  # minus what SELU comes to far below 0


def test_alpha_dropout_keeps_the_mean_and_the_variance_of_a_layer():
    stands(PAGE, "it keeps the mean and the variance of a *layer*, if they were 0 and 1")
    # With a^2 = 1 / ((1 + alpha^2 p) q): kept -> a (x + alpha p), dropped -> a (alpha p - alpha).
    p, q, s = Fraction(1, 5), Fraction(4, 5), Fraction(ALPHA) ** 2
    assert (q * (1 + s * p**2) + p * s * q**2) / ((1 + s * p) * q) == 1


def test_under_alpha_dropout_a_1_is_one_of_two_values(torch_seed):
    stands(PAGE, "Under AlphaDropout a 1 becomes 0.70 on average at `p = 0.2`")
    a = ((1 + ALPHA**2 * P) * (1 - P)) ** -0.5
    low, high = nn.AlphaDropout(P)(torch.ones(1000)).unique().tolist()
    # In float32, rounded a few times.
    np.testing.assert_allclose([low, high], a * np.array([ALPHA * (P - 1), 1 + ALPHA * P]), 1e-6)
    assert round(P * low + (1 - P) * high, 2) == 0.70


def test_diagnose_names_alpha_dropout_and_calls_it_wrong():
    stands(PAGE, "`diagnose` names it, and calls it wrong: as a plain dropout it would be")
    report = diagnose(nn.AlphaDropout(P), P)
    assert not report.ok
    assert report.explanation.startswith("This is alpha dropout")
