"""What is seen of a dropout: each fact from a layer that is wrong in that one way."""

import math
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import chi2, norm
from torch import nn

from dropout_scaling import observe as module
from dropout_scaling.chernoff import ALPHA, LIMIT
from dropout_scaling.observe import CALLS, SHAPES, _agreement, _noise, observe

P, Q = 0.2, 0.8
N = CALLS * 64 * 32


class Layer(nn.Module):
    """nn.Dropout(P) with the mask, or the multipliers of a mode, of one's own."""

    def __init__(self, mask=None, train=lambda x, m: x * m / Q, evaluate=lambda x: x):
        super().__init__()
        self.mask, self.train_with, self.evaluate = mask or torch.ones_like, train, evaluate

    def forward(self, x):
        if not self.training:
            return self.evaluate(x)
        return self.train_with(x, self.mask(x))


def bernoulli(*shape):
    return lambda x: torch.empty(shape or x.shape).bernoulli_(Q)


def in_pairs(axis):
    """A mask in which each second neighbour along an axis is like the first."""
    return lambda x: bernoulli()(x).index_select(axis, torch.arange(x.shape[axis]) // 2 * 2)


def facts(layer, **more):
    return observe(layer, P, **more).facts


def test_a_right_layer_shows_what_is_right():
    seen = facts(Layer(bernoulli()))
    assert (seen.error, seen.kind, seen.count, seen.backward) == (None, "mask", "free", "same")
    assert (seen.rate, seen.scale, seen.evaluation) == ({"q"}, {"1/q"}, {"1"})
    assert (seen.shared, seen.dependent, seen.mutates) == ((), (), False)
    assert seen.at_zero is seen.at_one is None  # it takes no p


@pytest.mark.parametrize(
    ("name", "factor"),
    [("1", 1), ("1/q", 1 / Q), ("q", Q), ("1/p", 1 / P), ("p", P), ("1/q^2", Q**-2), ("q^2", Q**2),
     ("1/sqrt(q)", Q**-0.5), ("1/2", 0.5), ("other", 0.7)],
)  # fmt: skip
def test_a_factor_is_named_in_training_and_at_evaluation(name, factor):
    seen = facts(Layer(bernoulli(), lambda x, m: x * m * factor, lambda x: x * factor))
    assert seen.scale == seen.evaluation == {name}


def test_a_number_with_two_names_has_both():
    assert observe(nn.Dropout(0.5), 0.5).facts.scale == {"1/q", "1/p"}


@pytest.mark.parametrize(
    ("name", "rate"),
    [("q", Q), ("p", P), ("q^2", Q**2), ("1/2", 0.5), ("0", 0.0), ("1", 1.0), ("other", 0.9)],
)
def test_a_rate_is_named(name, rate, torch_seed):
    assert facts(Layer(lambda x: (torch.rand_like(x) < rate).float())).rate == {name}


@pytest.mark.parametrize(
    ("axes", "mask"),
    [
        (("row",), bernoulli(1, 32)),
        (("unit",), bernoulli(64, 1)),
        (("row", "unit"), bernoulli(1, 1)),
    ],
)
def test_what_a_mask_shares_is_seen(axes, mask, torch_seed):
    assert facts(Layer(mask)).shared == axes


def test_a_mask_that_stays_is_shared_between_calls(torch_seed):
    frozen = bernoulli(64, 32)(None)
    assert facts(Layer(lambda x: frozen)).shared == ("call",)


@pytest.mark.parametrize(("name", "axis"), [("row", 0), ("unit", 1)])
def test_neighbours_that_are_alike_are_dependent(name, axis, torch_seed):
    assert facts(Layer(in_pairs(axis))).dependent == (name,)


def test_calls_that_repeat_each_other_are_dependent(torch_seed):
    masks = []

    def twice(x):
        masks.append(masks[-1] if len(masks) % 2 else bernoulli()(x))
        return masks[-1]

    assert facts(Layer(twice)).dependent == ("call",)


@pytest.mark.parametrize("name", SHAPES)
def test_a_channel_layer_is_given_the_shape_it_wants(name):
    shapes = []
    layer = getattr(nn, name)(P)
    layer.register_forward_hook(lambda layer, inputs, y: shapes.append(tuple(inputs[0].shape)))
    assert facts(layer).shared == ("position",)
    assert SHAPES[name] in shapes


def test_a_shape_can_be_asked_for():
    shapes = set()
    facts(lambda x, p: shapes.add(x.shape) or x, shape=(5, 3))
    assert (5, 3) in shapes


class Grad(torch.autograd.Function):
    """x times ``forward``; its gradient times ``backward``."""

    @staticmethod
    def forward(ctx, x, forward, backward):
        ctx.factor = backward
        return x * forward

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.factor, None, None


@pytest.mark.parametrize(
    ("name", "backward"),
    [
        ("same", lambda m: m / Q),
        ("no mask", lambda m: torch.ones_like(m)),
        ("no mask", lambda m: torch.ones_like(m) / Q),
        ("no scale", lambda m: m),
        ("other", lambda m: m / P),
        ("other mask", lambda m: m.flip(0) / Q),
    ],
)
def test_the_backward_pass_is_named(name, backward, torch_seed):
    layer = Layer(bernoulli(), lambda x, m: Grad.apply(x, m / Q, backward(m)))
    assert facts(layer).backward == name


def test_infinite_outputs_are_not_finite():
    assert facts(lambda x, p: x * np.inf).kind == "not finite"


# Chance: each comparison rejects what is right with probability ALPHA at most.


@given(st.floats(0.001, 0.999), st.floats(-1, 1), st.sampled_from([200, 2560, N]))
def test_the_agreement_of_neighbours_is_bounded_for_every_rate_that_the_share_allows(r, t, n):
    share = min(max(r + t * math.sqrt(LIMIT / (2 * n)), 0.0), 1.0)
    low, high = _agreement(share, n)
    assert low - 1e-12 <= r**2 + (1 - r) ** 2 <= high + 1e-12
    # By Hoeffding the share is further from the rate with probability 2 exp(-LIMIT) = ALPHA.
    assert 2 * math.exp(-LIMIT) <= ALPHA * (1 + 1e-9)


def two_values(mean, second):
    """Multipliers with this mean, and this mean of (factor - 1)^2 in units of p/q."""
    spread = math.sqrt(second * P / Q - (mean - 1) ** 2)
    return np.tile([mean - spread, mean + spread], N // 2)


def test_the_mean_of_gaussian_noise_is_rejected_with_probability_alpha_at_most():
    edge = math.sqrt(2 * LIMIT * P / Q / N)
    assert _noise(two_values(1 + 0.999 * edge, 1), P, {}) == "gaussian"
    assert _noise(two_values(1 + 1.001 * edge, 1), P, {}) == "noise"
    assert _noise(two_values(1 - 1.001 * edge, 1), P, {}) == "noise"
    assert 2 * norm.sf(edge / math.sqrt(P / Q / N)) <= ALPHA


def test_the_variance_of_gaussian_noise_is_rejected_with_probability_alpha_at_most():
    def excess(ratio):
        return N / 2 * (ratio - 1 - math.log(ratio)) - LIMIT

    low, high = brentq(excess, 0.1, 1), brentq(excess, 1, 3)
    for edge, outward in ((low, -1e-5), (high, 1e-5)):
        assert _noise(two_values(1, edge - outward), P, {}) == "gaussian"
        assert _noise(two_values(1, edge + outward), P, {}) == "noise"
    assert chi2.cdf(N * low, N) + chi2.sf(N * high, N) <= ALPHA


@pytest.mark.parametrize("layer", [nn.Dropout(P), *(getattr(nn, name)(P) for name in SHAPES)])
def test_a_run_makes_fewer_than_ten_comparisons_with_chance(layer, monkeypatch):
    calls, agrees = [], module.agrees

    def counted(*arguments):
        calls.append((arguments, agrees(*arguments)))
        return calls[-1][1]

    monkeypatch.setattr(module, "agrees", counted)
    facts(layer)
    # Those that a right layer must pass: the others are names of rates that it has not.
    passed = {arguments for arguments, agreed in calls if agreed}
    assert 3 <= len(passed) + 1 < 10  # one more: the share itself, which bounds the agreement


# What is seen at evaluation, at the ends, and of a layer that is more than a dropout.


def test_evaluation_that_changes_from_call_to_call_drops():
    factors = iter(range(1, 10))
    layer = Layer(bernoulli(), evaluate=lambda x: x * next(factors))
    assert facts(layer).evaluation == {"drops"}


@pytest.mark.parametrize(("name", "value"), [("zeros", 0.0), ("nan", np.nan), ("other", 3.0)])
def test_what_p_of_1_gives_is_named(name, value):
    assert facts(lambda x, p: np.full_like(x, value) if p == 1 else x).at_one == name


def test_both_signs_are_tried():
    seen = facts(nn.Sequential(nn.ReLU(), nn.Dropout(P)))
    assert "q" not in seen.rate


def test_the_warnings_of_a_layer_are_its_own():
    def warns(x, p):
        warnings.warn("hot", UserWarning, stacklevel=1)
        return x

    assert facts(warns).error is None
