"""Calling a dropout of any kind: which arguments it gets, and what comes back."""

import functools
import re

import numpy as np
import pytest
import torch
from helpers import says
from torch import nn
from torch.nn import functional as F

from dropout_scaling.diagnose.call import ROLES, Caller, UnusableLayerError

X = np.arange(1, 13, dtype=np.float32).reshape(3, 4)


def heard(name):
    """Return a function whose one argument beside x is ``name``, and the list of what it got."""
    got = []
    scope = {"got": got}
    exec(f"def f(x, {name}):\n    got.append({name})\n    return x", scope)
    return scope["f"], got


@pytest.mark.parametrize("name", [name for names in ROLES.values() for name in names])
def test_each_argument_is_given_what_its_name_asks_for(name):
    function, got = heard(name)
    for training in (True, False):
        Caller(function)(X, 0.2, training)
    role = next(role for role, names in ROLES.items() if name in names)
    if role == "mask":
        assert all(mask.shape == X.shape and mask.dtype == bool for mask in got)
    elif role == "rng":
        assert all(isinstance(rng, np.random.Generator) for rng in got)
    elif role == "seed":
        assert got[0] != got[1]
    elif role == "settings":
        assert [(d["p"], d["keep_prob"], d["train"], d["mode"]) for d in got] == [
            (0.2, 0.8, True, "train"),
            (0.2, 0.8, False, "test"),
        ]
    else:
        values = {
            "p": [0.2, 0.2],
            "keep": [0.8, 0.8],
            "either": [0.2, 0.2],
            "training": [True, False],
            "evaluation": [False, True],
            "mode": ["train", "test"],
        }
        assert got == values[role]


def test_what_has_a_default_and_no_known_name_is_left_at_its_default():
    got = []
    Caller(lambda x, p, eps=1e-3: got.append(eps) or x)(X, 0.2, True)
    assert got == [1e-3]


@pytest.mark.parametrize(
    ("layer", "takes_p", "has_mode"),
    [
        (nn.Dropout(0.2), False, True),
        (F.dropout, True, True),
        (torch.dropout, True, True),  # a built-in that shows no signature
        (lambda x: x, False, False),
        (lambda x, keep_prob: x, True, False),
        (lambda x, mode: x, False, True),
    ],
)
def test_whether_p_and_the_mode_can_be_chosen(layer, takes_p, has_mode):
    call = Caller(layer)
    assert (call.takes_p, call.has_mode) == (takes_p, has_mode)


def test_what_a_partial_has_bound_is_not_given_again():
    call = Caller(functools.partial(F.dropout, p=1.0, training=True))
    assert (call.takes_p, call.has_mode) == (False, False)
    assert (call(X, 0.2, False).y == 0).all()


def test_a_class_is_no_layer():
    with pytest.raises(TypeError, match=says("layer must be an instance, got the class Dropout")):
        Caller(nn.Dropout)


@pytest.mark.parametrize(
    ("layer", "word"),
    [
        (nn.Dropout2d(0.2), "Dropout2d"),
        (nn.Sequential(nn.Dropout2d(0.2)), "Dropout2d"),
        (F.dropout2d, "dropout2d"),
        (functools.partial(F.dropout2d, p=0.2), "dropout2d"),
    ],
)
def test_the_words_name_the_layer_and_its_parts(layer, word):
    assert word in Caller(layer).words


def test_a_call_gives_the_output_the_gradient_and_the_precision():
    run = Caller(nn.Sequential(nn.Identity(), nn.ReLU()))(X, 0.2, True)
    assert (run.y == X).all()
    assert (run.grad == run.upstream).all()
    assert run.eps == np.finfo(np.float32).eps
    assert not run.mutated


@pytest.mark.parametrize(
    ("dtype", "coarser"),
    [
        (torch.float16, torch.float16),
        (torch.bfloat16, torch.bfloat16),
        (torch.float64, torch.float32),  # x is float32
    ],
)
def test_the_precision_is_that_of_the_coarser_of_input_and_output(dtype, coarser):
    run = Caller(lambda x, p: x.to(dtype) if torch.is_tensor(x) else None)(X, 0.2, True)
    assert run.eps == torch.finfo(coarser).eps
    assert run.y.dtype == np.float64


class Elsewhere(torch.Tensor):
    """As a tensor on another device: NumPy cannot have it before it has come to the CPU."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function is torch.Tensor.numpy:
            raise TypeError("can't convert: use Tensor.cpu() to copy the tensor to host memory")
        result = super().__torch_function__(function, types, args, kwargs)
        return result.as_subclass(torch.Tensor) if function is torch.Tensor.cpu else result


def test_an_output_on_another_device_is_brought_to_the_cpu():
    run = Caller(lambda x, p: torch.mul(x, 2).as_subclass(Elsewhere))(X, 0.2, True)
    assert (run.y == 2 * X).all()


def test_evaluation_has_no_gradient():
    assert Caller(nn.Dropout(0.2))(X, 0.2, False).grad is None


def test_coarse_numbers_are_those_of_bfloat16():
    seen = []
    Caller(lambda x, p: seen.append(x.dtype) or torch.relu(x))(X, 0.2, True, coarse=True)
    assert seen[-1] == torch.bfloat16


def doubles(x, p, training=True):
    x *= 2
    return x


def test_a_changed_input_is_seen_and_the_callers_own_array_is_not_changed():
    before = X.copy()
    assert Caller(doubles)(X, 0.2, True).mutated
    assert (before == X).all()
    assert not Caller(nn.Dropout(0.2, inplace=True))(X, 0.2, True).mutated  # it was asked for


class Pair:
    def forward(self, x, p):
        return 2 * x

    def backward(self, grad):
        return 3 * grad


def test_a_pair_of_methods_has_its_backward_called_with_the_gradient():
    run = Caller(Pair())(X, 0.2, True)
    assert (run.y == 2 * X).all()
    assert (run.grad == 3 * run.upstream).all()


def test_a_backward_function_gets_the_cache_and_where_it_wants_it_p():
    def forward(x, p):
        return x, 5

    two = Caller(forward, lambda grad, cache: grad * cache)(X, 0.25, True)
    three = Caller(forward, lambda grad, cache, p: grad * p)(X, 0.25, True)
    assert (two.grad == 5 * two.upstream).all()
    assert (three.grad == 0.25 * three.upstream).all()  # a power of two: nothing is rounded
    text = r"^returned no \(y, cache\), which its backward function needs$"
    with pytest.raises(UnusableLayerError, match=text) as caught:
        Caller(lambda x, p: x, lambda grad, cache: grad)(X, 0.2, True)
    assert caught.value.kind == "shape"


@pytest.mark.parametrize("raising", [False, True])
def test_a_module_gets_the_modes_of_its_parts_back(raising):
    module = nn.Sequential(nn.Dropout(0.2), nn.Linear(3 if raising else 4, 4))
    module.eval()[0].train()
    for training in (True, False):
        try:
            Caller(module)(X, 0.2, training)
        except UnusableLayerError:
            assert raising
        assert [part.training for part in module.modules()] == [False, True, False]


class RaisesBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        raise ZeroDivisionError("on the way back")


class StopsTheGradient(nn.Module):
    def forward(self, x):
        return RaisesBackward.apply(x)


def test_an_error_in_the_backward_pass_is_reported():
    with pytest.raises(
        UnusableLayerError, match=r"^raised ZeroDivisionError: on the way back$"
    ) as caught:
        Caller(StopsTheGradient())(X, 0.2, True)
    assert caught.value.kind == "raises"


WITH_ARRAYS = "raised TypeError: relu(): argument 'input' (position 1) must be Tensor, not "


@pytest.mark.parametrize(
    ("layer", "kind", "text"),
    [
        (
            lambda x, p: torch.relu(x) / (1 // 0),
            "raises",
            f"{WITH_ARRAYS}numpy.ndarray; with tensors it raised ZeroDivisionError: ",
        ),
        (lambda x, p: torch.relu(x)[:1], "shape", "returned shape (1, 4) for an input of shape "),
        (lambda x, p: x.astype(int), "dtype", "returned dtype int64, which is not floating point"),
    ],
    ids=["both raise", "tensors got further", "arrays got further"],
)
def test_the_error_told_is_that_of_the_attempt_that_got_further(layer, kind, text):
    with pytest.raises(UnusableLayerError, match="^" + re.escape(text)) as caught:
        Caller(layer)(X, 0.2, True)
    assert caught.value.kind == kind


def test_a_function_that_has_raised_once_is_given_arrays_again():
    def refuses_0(x, p):
        if p == 0:
            raise ValueError("p must be above 0")
        return np.add(x, 0.0, out=np.empty_like(x))

    call = Caller(refuses_0)
    with pytest.raises(UnusableLayerError, match=r"^raised ValueError: p must be above 0$"):
        call(X, 0.0, True)
    assert (call(X, 0.2, True).y == X).all()
    assert not call.tensors


class Scalar:
    """A class that holds one number, as in scalar autograd libraries, whatever it is given."""

    def __init__(self, values):
        self.data = np.array(np.mean(values))

    def backward(self):
        raise AssertionError("no number was made")


def test_a_class_that_does_not_hold_the_array_is_not_given():
    got = []

    def layer(x: Scalar, p):
        got.append(x)
        return x

    Caller(layer)(X, 0.2, True)
    assert {type(x) for x in got} == {np.ndarray}
