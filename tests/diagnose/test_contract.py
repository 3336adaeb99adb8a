"""The contract: right dropouts keep every clause, each wrong one breaks some."""

import functools

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dropout_scaling.diagnose.call import Caller
from dropout_scaling.diagnose.contract import CONTRACT, broken_clauses
from dropout_scaling.misconceptions import MISCONCEPTIONS
from dropout_scaling.nn import InvertedDropout, StandardDropout

RNG = np.random.default_rng()  # a layer's own, and no test's


def where_based(x, p, training=True):
    return (
        np.where(RNG.random(x.shape) < 1 - p, x / (1 - p) if p < 1 else 0.0, 0) if training else x
    )


def multiply_based(x, p, training=True):
    return x * (RNG.random(x.shape) < 1 - p) / ((1 - p) or 1) if training else x


RIGHT = {
    "nn.Dropout": nn.Dropout(0.3),
    "InvertedDropout": InvertedDropout(0.3),
    "StandardDropout": StandardDropout(0.3),
    "F.dropout": F.dropout,
    "torch.dropout": torch.dropout,
    "where": where_based,
    "multiply": multiply_based,
}


@pytest.mark.parametrize("layer", RIGHT.values(), ids=RIGHT)
@pytest.mark.parametrize("clause", CONTRACT)
def test_right(clause, layer):
    CONTRACT[clause](Caller(layer))


@functools.cache
def broken_by(name):
    return broken_clauses(MISCONCEPTIONS[name].layer)


@pytest.mark.parametrize("name", MISCONCEPTIONS)
def test_each_wrong_dropout_breaks_the_same_clauses_each_time(name):
    assert broken_by(name)
    assert broken_by(name) == broken_clauses(MISCONCEPTIONS[name].layer)


def test_each_clause_is_broken_by_some_wrong_dropout():
    assert set().union(*map(broken_by, MISCONCEPTIONS)) == set(CONTRACT)


class Slightly(torch.autograd.Function):
    """x times a mask over q, with a part in a million more on some of it, or on the way back."""

    @staticmethod
    def forward(ctx, x, mask, some, back):
        ctx.save_for_backward(mask * back)
        return x * mask * (1 + some)

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.saved_tensors[0], None, None, None


class Off(nn.Module):
    def __init__(self, some=0.0, back=1.0, evaluation=1.0):
        super().__init__()
        self.some, self.back, self.evaluation = some, back, evaluation

    def forward(self, x):
        if not self.training:
            return x * self.evaluation
        some = torch.zeros_like(x)
        some[0] = self.some
        mask = torch.empty_like(x).bernoulli_(0.7) / 0.7
        return Slightly.apply(x, mask, some, self.back)


# Three times what rounding may do; what is rounded in the layer is a third of that.
@pytest.mark.parametrize(
    ("layer", "clauses"),
    [
        (Off(), []),
        (Off(evaluation=1 + 1.2e-6), ["evaluation_is_q_times_the_kept_value"]),
        (Off(back=1 + 1.2e-6), ["the_gradient_passes_as_the_values_did"]),
    ],
    ids=["right", "evaluation", "backward"],
)
def test_what_is_off_by_more_than_rounding_breaks_its_clause(layer, clauses):
    assert broken_clauses(layer) == clauses


def test_scales_that_differ_by_more_than_rounding_are_not_one():
    assert "all_kept_values_have_one_scale" in broken_clauses(Off(some=1.2e-6))


def raises(x, p, training=True):
    raise ZeroDivisionError


def test_a_layer_that_keeps_nothing_has_no_scale_to_differ():
    broken = broken_clauses(lambda x, p, training=True: 0 * x)
    assert "all_kept_values_have_one_scale" not in broken
    assert len(broken) > 1


def test_a_layer_that_raises_breaks_every_clause():
    assert broken_clauses(raises) == list(CONTRACT)
