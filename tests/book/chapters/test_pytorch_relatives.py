"""Relatives of dropout: what they share, and what PyTorch's LSTM draws."""

import warnings

import pytest
import torch
from said import made_by, stands
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from dropout_scaling.diagnose import diagnose
from dropout_scaling.diagnose.observe import observe

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
