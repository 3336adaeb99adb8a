"""Whatever layer asks, the l-th dropout of a pass gets the mask at (seed, l, step)."""

import pytest
import torch
from helpers import bits, says
from torch import nn
from torch.nn import functional as F

from dropout_scaling.keyed import KeyedMasks
from dropout_scaling.masks import bernoulli_mask, keyed_rng
from dropout_scaling.nn import MLP, InvertedDropout, StandardDropout
from dropout_scaling.train import keyed_masks


def mask(shape, p, *, seed=3, layer=0, step=0):
    return torch.from_numpy(bernoulli_mask(shape, p, rng=keyed_rng(seed, layer=layer, step=step)))


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_bits_are_those_of_the_layer_that_is_given_this_mask(dtype, inplace):
    x = torch.randn(40, 30, generator=torch.Generator().manual_seed(0)).to(dtype)
    expected = InvertedDropout(0.3)(x, mask=mask(x.shape, 0.3))
    for layer in (nn.Dropout(0.3, inplace), InvertedDropout(0.3, inplace)):
        given = x.clone()
        with KeyedMasks(3):
            y = layer(given)
        assert bits(y) == bits(expected)
        assert (y is given) == inplace


def test_the_paper_s_layer_is_given_the_same_mask():
    x = torch.ones(40, 30)
    with KeyedMasks(3):
        y = StandardDropout(0.3)(x)
    assert torch.equal(y != 0, mask(x.shape, 0.3))


@pytest.mark.parametrize(
    ("layer", "shape", "shared"),
    [
        (nn.Dropout1d, (8, 6, 5), (8, 6, 1)),
        (nn.Dropout1d, (6, 5), (6, 1)),
        (nn.Dropout2d, (8, 6, 5, 4), (8, 6, 1, 1)),
        (nn.Dropout3d, (8, 6, 5, 4, 3), (8, 6, 1, 1, 1)),
    ],
)
def test_whole_channels_share_a_decision(layer, shape, shared):
    with KeyedMasks(3):
        y = layer(0.3)(torch.ones(shape))
    assert torch.equal(y != 0, mask(shared, 0.3).expand(shape))


def test_layers_are_counted_by_the_masks_that_they_draw():
    x = torch.ones(20, 10)
    model = nn.Sequential(nn.Dropout(0.0), nn.Dropout(0.3), nn.Dropout(1.0).eval(), nn.Dropout(0.3))
    with KeyedMasks(3, step=7):
        y = model(x)
    both = mask(x.shape, 0.3, step=7) & mask(x.shape, 0.3, layer=1, step=7)
    assert torch.equal(y != 0, both)


def test_an_mlp_gets_the_masks_that_keyed_masks_lists():
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    model = MLP([4, 5, 5, 2], p=0.3)  # nothing is dropped in front of its first layer
    with KeyedMasks(9, step=5):
        drawn = model(x)
    given = model(x, masks=keyed_masks(model, 6, seed=9, step=5))
    assert bits(drawn) == bits(given)


def test_the_gradient_has_the_mask_of_the_output():
    x = torch.ones(40, 30, requires_grad=True)
    with KeyedMasks(3):
        y = F.dropout(x, 0.3)
    y.sum().backward()
    assert torch.equal(x.grad, y)


def test_nothing_is_drawn_from_pytorch_s_generator_and_outside_it_is_as_before(torch_seed):
    before = torch.get_rng_state()
    with KeyedMasks(3):
        nn.Dropout(0.3)(torch.ones(100))
        InvertedDropout(0.3)(torch.ones(100))
    assert torch.get_rng_state().equal(before)
    nn.Dropout(0.3)(torch.ones(100))
    assert not torch.get_rng_state().equal(before)


def test_eval_mode_and_p_0_hand_back_the_same_tensor_and_p_1_zeros():
    x = torch.ones(5)
    with KeyedMasks(3) as masks:
        assert nn.Dropout(0.3).eval()(x) is x
        assert nn.Dropout(0.0)(x) is x
        assert not nn.Dropout(1.0)(x).any()
    assert masks.calls == 0


def test_bernoulli_at_the_ends_is_left_as_it_is():
    with KeyedMasks(3) as masks:
        assert not torch.ones(5).bernoulli_(0.0).any()
        assert torch.zeros(5).bernoulli_(1.0).all()
    assert masks.calls == 0


def test_a_generator_of_its_own_is_left_to_draw():
    x, layer = torch.ones(100), InvertedDropout(0.3)
    drawn = layer(x, generator=torch.Generator().manual_seed(1))
    with KeyedMasks(3):
        assert torch.equal(layer(x, generator=torch.Generator().manual_seed(1)), drawn)


def test_what_it_cannot_key_is_refused_not_drawn():
    with (
        KeyedMasks(3),
        pytest.raises(NotImplementedError, match=says("KeyedMasks has no mask for alpha_dropout")),
    ):
        nn.AlphaDropout(0.3)(torch.ones(5))
    with (
        KeyedMasks(3),
        pytest.raises(ValueError, match=says("drop probability p must be in [0, 1], got 1.5")),
    ):
        F.dropout(torch.ones(5), 1.5)


@pytest.mark.parametrize("bad", [{"seed": -1}, {"seed": 0, "step": 2**64}])
def test_a_seed_or_a_step_outside_64_bits_is_refused(bad):
    with pytest.raises(ValueError, match="must be in"):
        KeyedMasks(**bad)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_a_gpu_gets_the_mask_of_the_cpu():
    x = torch.ones(40, 30)
    with KeyedMasks(3):
        here = nn.Dropout(0.3)(x)
    with KeyedMasks(3):
        there = nn.Dropout(0.3)(x.cuda())
    assert torch.equal(here, there.cpu())
