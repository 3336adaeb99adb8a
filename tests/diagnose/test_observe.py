"""What is seen of a dropout: each fact from a layer that is wrong in that one way."""

import functools
import random
import threading
import warnings
from itertools import count

import numpy as np
import pytest
import torch
from helpers import says
from torch import nn
from torch.nn import functional as F

from dropout_scaling.diagnose import _multipliers as multipliers
from dropout_scaling.diagnose._approach import SHAPES
from dropout_scaling.diagnose.observe import TRAINING_CALLS, observe

P, Q = 0.2, 0.8


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
    assert observe(nn.Dropout(0.5), 0.5).facts.scale == {"1/q", "1/p", "2"}


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


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize(
    "made",
    [
        lambda name: nn.Sequential(getattr(nn, name)(P)),
        lambda name: getattr(F, name.lower()),
        lambda name: functools.partial(getattr(F, name.lower()), p=P),
    ],
    ids=["inside", "function", "partial"],
)
def test_a_channel_layer_is_known_in_another_form(made, name):
    assert facts(made(name)).shared == ("position",)


@pytest.mark.parametrize("shape", [(0, 3), (-1, 3), (), 5, "ab", (2.0, 3)])
def test_a_shape_that_holds_no_value_is_refused(shape):
    text = f"shape must be a tuple of integers of at least 1, got {shape!r}"
    with pytest.raises(ValueError, match=says(text)):
        facts(nn.Dropout(P), shape=shape)


@pytest.mark.parametrize("limit", [-1, 0, np.nan, np.inf, "a", None])
def test_a_limit_that_is_no_time_is_refused(limit):
    rule = f"a number of seconds in (0, {threading.TIMEOUT_MAX:g}]"
    with pytest.raises(ValueError, match=says(f"limit must be {rule}, got {limit!r}")):
        facts(nn.Dropout(P), limit=limit)


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


@pytest.mark.parametrize("layer", [nn.Dropout(P), *(getattr(nn, name)(P) for name in SHAPES)])
def test_a_run_makes_fewer_than_ten_comparisons_with_chance(layer, monkeypatch):
    calls, agrees = [], multipliers.agrees

    def counted(*arguments):
        calls.append((arguments, agrees(*arguments)))
        return calls[-1][1]

    monkeypatch.setattr(multipliers, "agrees", counted)
    facts(layer)
    # Those that a right layer must pass: the others are names of rates that it has not.
    passed = {arguments for arguments, agreed in calls if agreed}
    assert 3 <= len(passed) + 1 < 10  # one more: the share itself, which bounds the agreement


# What is seen at evaluation, at the ends, and of a layer that is more than a dropout.


def test_evaluation_that_changes_at_its_third_call_drops():
    factors = iter((1, 1, 2))
    layer = Layer(bernoulli(), evaluate=lambda x: x * next(factors))
    assert facts(layer).evaluation == {"drops"}


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


# Nothing is left changed, also where the layer hangs.


class Seeds(nn.Module):
    """A layer that counts its calls and seeds, in each, what others draw from too."""

    def __init__(self, go_on=None):
        super().__init__()
        self.register_buffer("calls", torch.zeros(()))
        self.weight = nn.Parameter(torch.ones(()))
        self.go_on = go_on or threading.Event()
        self.inside = threading.Event()

    def forward(self, x):
        self.calls += 1
        self.inside.set()
        self.go_on.wait()
        torch.manual_seed(int(self.calls))
        np.random.seed(1)  # noqa: NPY002
        random.seed(1)
        return torch.nn.functional.dropout(self.weight * x, P, self.training)


def left(layer):
    states = random.getstate(), str(np.random.get_state()), torch.get_rng_state().tolist()  # noqa: NPY002
    return states, layer.calls.item(), layer.weight.grad, layer.training, list(warnings.filters)


def test_what_a_layer_changes_is_put_back():
    layer = Seeds().eval()
    layer.go_on.set()
    before = left(layer)
    assert facts(layer).error is None
    assert left(layer) == before


def test_what_a_layer_that_hangs_has_changed_is_put_back_at_once():
    layers = [Seeds().eval(), Seeds().eval()]
    before = [left(layer) for layer in layers]
    for layer in layers:  # the second call while the first one still hangs
        assert facts(layer, limit=1.0).error == "hangs"
        assert layer.inside.is_set()
    try:
        assert [left(layer) for layer in layers] == before
    finally:
        for layer in layers:
            layer.go_on.set()


@pytest.mark.parametrize("first", [True, False])
def test_one_coin_a_call_is_seen_even_if_it_fell_alike_in_all_the_first_calls(first):
    calls = count()

    def layer(x, p, training=True):
        kept = (next(calls) < TRAINING_CALLS) == first
        return x / (1 - p) if kept or not training else 0 * x

    facts = observe(layer, 0.3).facts
    assert facts.shared == ("row", "unit")
    assert facts.scale == {"1/q"}
