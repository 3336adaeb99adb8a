"""One suite over every implementation: NumPy, our torch layers, and PyTorch's own.

PyTorch's dropout takes no mask, so that its mask is read off instead: under one seed it drops the
same units of any x. Everything here is float64, bit for bit or within a stated bound.
"""

from typing import NamedTuple

import numpy as np
import pytest
import torch
from helpers import bits
from torch import nn
from torch.nn import functional as F

from dropout_scaling.exact import expectation
from dropout_scaling.nn import InvertedDropout, StandardDropout
from dropout_scaling.reference import (
    inverted_backward,
    inverted_eval,
    inverted_train,
    standard_backward,
    standard_eval,
    standard_train,
)


def read_off(shape, p, seed):
    """Return the mask that F.dropout draws under ``seed``."""
    torch.manual_seed(seed)
    return (F.dropout(torch.ones(shape, dtype=torch.float64), p) != 0).numpy()


class Implementation(NamedTuple):
    inverted: bool
    train: object  # (x, mask, p, seed) -> y
    backward: object  # (grad, mask, p, seed) -> the gradient of x
    evaluate: object  # (x, p) -> y


def torch_layer(layer, inverted, takes_mask):
    def run(x, mask, p, seed):
        if takes_mask:
            return layer(p)(x, mask=torch.from_numpy(mask))
        torch.manual_seed(seed)
        return layer(p)(x)

    def backward(grad, mask, p, seed):
        x = torch.zeros(grad.shape, dtype=torch.float64, requires_grad=True)
        run(x, mask, p, seed).backward(torch.from_numpy(grad))
        return x.grad.numpy()

    return Implementation(
        inverted,
        lambda x, mask, p, seed: run(torch.from_numpy(x), mask, p, seed).numpy(),
        backward,
        lambda x, p: layer(p).eval()(torch.from_numpy(x)).numpy(),
    )


IMPLEMENTATIONS = {
    "NumPy, standard": Implementation(
        False,
        lambda x, mask, p, seed: standard_train(x, mask),
        lambda grad, mask, p, seed: standard_backward(grad, mask),
        standard_eval,
    ),
    "NumPy, inverted": Implementation(
        True,
        lambda x, mask, p, seed: inverted_train(x, mask, p),
        lambda grad, mask, p, seed: inverted_backward(grad, mask, p),
        lambda x, p: inverted_eval(x),
    ),
    "StandardDropout": torch_layer(StandardDropout, False, takes_mask=True),
    "InvertedDropout": torch_layer(InvertedDropout, True, takes_mask=True),
    "StandardDropout that draws": torch_layer(StandardDropout, False, takes_mask=False),
    "InvertedDropout that draws": torch_layer(InvertedDropout, True, takes_mask=False),
    "nn.Dropout": torch_layer(nn.Dropout, True, takes_mask=False),
}
every = pytest.mark.parametrize("one", IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS)
at_every_p = pytest.mark.parametrize("p", [0.0, 0.1, 0.2, 0.5, 0.75, 0.9, 1.0])


@pytest.fixture
def x(rng):
    x = rng.normal(size=(40, 5))
    x[0] = [0.0, -0.0, 1e300, 1e-300, -1.0]
    return x


@every
@at_every_p
def test_each_output_is_0_where_dropped_and_x_or_x_over_q_where_kept(one, p, x, torch_seed):
    mask = read_off(x.shape, p, torch_seed)
    y = one.train(x, mask, p, torch_seed)
    assert y.shape == x.shape
    assert (y[~mask] == 0).all()
    # x / q is rounded once, x * (1 / q) twice: they differ by three roundings of 2^-53 at most.
    exact = x[mask] / (1 - p) if one.inverted else x[mask]
    assert (np.abs(y[mask] - exact) <= 3.01 * 2.0**-53 * np.abs(exact)).all()
    if p in (0.0, 0.5, 0.75, 1.0):  # q a power of two, or nothing kept: no rounding at all
        assert bits(y[mask]) == bits(exact)


@every
@at_every_p
def test_the_gradient_takes_the_same_mask_and_the_same_scale(one, p, x, torch_seed):
    # Dropout is linear in x given the mask, so that its backward does to grad what train does to x.
    mask = read_off(x.shape, p, torch_seed)
    backward = one.backward(x, mask, p, torch_seed)
    assert bits(backward + 0.0) == bits(one.train(x, mask, p, torch_seed) + 0.0)


@every
@at_every_p
def test_eval_scales_by_q_in_standard_dropout_and_does_nothing_in_inverted(one, p, x):
    assert (one.evaluate(x, p) == (x if one.inverted else x * (1 - p))).all()


@pytest.mark.parametrize("inverted", [False, True])
@at_every_p
def test_all_implementations_of_one_convention_agree(inverted, p, x, torch_seed):
    mask = read_off(x.shape, p, torch_seed)
    numpy, *others = (
        one.train(x, mask, p, torch_seed)
        for one in IMPLEMENTATIONS.values()
        if one.inverted == inverted
    )
    for other in others:
        assert (np.abs(other - numpy) <= 3.01 * 2.0**-53 * np.abs(numpy)).all()
        assert bits(other + 0.0) == bits(others[0] + 0.0)


# With p = 3/4 and small integers every product and sum below is a float64 exactly, so that the
# mean over all 2^4 masks has no rounding: == on torch layers too.
TAKE_A_MASK = {
    name: one
    for name, one in IMPLEMENTATIONS.items()
    if name in ("NumPy, standard", "NumPy, inverted", "StandardDropout", "InvertedDropout")
}


@pytest.mark.parametrize("one", TAKE_A_MASK.values(), ids=TAKE_A_MASK)
@pytest.mark.parametrize("p", [0.5, 0.75])
def test_eval_is_the_mean_of_train_over_all_masks_exactly(one, p):
    x = np.array([3.0, -5.0, 0.0, 7.0])

    def train(masks):
        return np.stack([one.train(x, mask, p, None) for mask in masks])

    assert (expectation(train, 4, p) == one.evaluate(x, p)).all()
