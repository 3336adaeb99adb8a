"""The torch layers: InvertedDropout is nn.Dropout, and both take a given mask."""

import copy
import inspect
import io
import pickle
from fractions import Fraction
from math import inf, nan

import numpy as np
import pytest
import torch
from helpers import bits, needs_compiler, says
from torch import nn
from torch.nn import functional as F

from dropout_scaling import fast
from dropout_scaling.nn import MLP, InvertedDropout, StandardDropout


class FastDropout(fast.FastDropout):
    smallest = 0  # so that PyTorch's own layer is not called for the small inputs here


OURS = [StandardDropout, InvertedDropout, FastDropout]
BOTH = [nn.Dropout, InvertedDropout]  # which have the same bits
INVERTED = [*BOTH, FastDropout]
DTYPES = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
ours = pytest.mark.parametrize("layer", OURS)


# As nn.Dropout


def test_the_signature_is_that_of_nn_dropout():
    # Names, order, defaults and kinds; nn.Dropout annotates its parameters, and we do not.
    def plain(layer):
        return [(p.name, p.default, p.kind) for p in inspect.signature(layer).parameters.values()]

    assert all(plain(layer) == plain(nn.Dropout) for layer in OURS)


@pytest.mark.parametrize("layer", [nn.Dropout, *OURS])
def test_the_input_can_be_given_by_the_name_that_nn_dropout_has_for_it(layer):
    assert layer(0.0)(input=torch.ones(3)).tolist() == [1.0, 1.0, 1.0]


@ours
@pytest.mark.parametrize("arguments", [(), (0.2,), (0,), (1,), (0.2, True)])
def test_the_repr_is_that_of_nn_dropout(layer, arguments):
    assert repr(layer(*arguments)) == repr(nn.Dropout(*arguments)).replace("D", layer.__name__[:-6])


@ours
@pytest.mark.parametrize("p", [nan, -0.1, 1.2])
def test_a_p_outside_0_and_1_is_refused(layer, p):  # nn.Dropout takes nan
    with pytest.raises(ValueError, match=says(f"drop probability p must be in [0, 1], got {p}")):
        layer(p)


@ours
@pytest.mark.parametrize("p", ["0.5", True, None])
def test_a_p_that_is_no_number_is_refused(layer, p):  # nn.Dropout takes True
    with pytest.raises(
        TypeError, match=says(f"drop probability p must be a real number, got {p!r}")
    ):
        layer(p)


def forward_and_backward(layer, x, seed):
    """Return the output, the gradient of x and the generator's state thereafter."""
    torch.manual_seed(seed)
    x = x.clone().requires_grad_()
    y = layer(x)
    torch.autograd.backward(y, torch.linspace(-2, 2, y.numel(), dtype=x.dtype).view_as(y))
    return bits(y), bits(x.grad), torch.get_rng_state().tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("p", [0, 0.0, 1e-9, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.999, 1.0, 1])
@pytest.mark.parametrize("training", [True, False])
def test_the_same_seed_gives_the_same_bits_forward_and_backward(dtype, p, training, torch_seed):
    for shape in [(257,), (5, 7), (2, 3, 4, 5), ()]:
        x = torch.randn(shape, dtype=dtype)
        theirs, mine = (
            forward_and_backward(layer(p).train(training), x, torch_seed) for layer in BOTH
        )
        assert mine == theirs


# The reciprocal must be rounded in x's dtype, as PyTorch does: by 1 / (1 - p) in double, 226 of
# the 999 differ in float32.
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_scale_has_the_same_bits_at_999_values_of_p(dtype):
    x, mask = torch.ones(1, dtype=dtype), torch.ones(1, dtype=torch.bool)
    for k in range(1, 1000):
        mine, noise = InvertedDropout(k / 1000)(x, mask=mask), torch.ones(1, dtype=dtype)
        assert bits(mine) == bits(noise.div_(1 - k / 1000))


@pytest.mark.parametrize("p", [0.0, 0.2, 1.0])
def test_in_place_the_bits_are_the_same_too_and_x_is_the_result(p, torch_seed):
    results = []
    for layer in BOTH:
        torch.manual_seed(torch_seed)
        x = torch.randn(100)
        y = layer(p, inplace=True)(x)
        assert y is x
        results.append(bits(x))
    assert results[0] == results[1]


@ours
def test_out_of_place_x_is_left_as_it_was(layer):
    for training in (True, False):
        x = torch.tensor([1.0, inf])
        layer(0.2).train(training)(x)
        assert x.tolist() == [1.0, inf]


@pytest.mark.parametrize("layer", [nn.Dropout, *OURS])
def test_in_place_on_a_leaf_that_requires_a_gradient_raises(layer):
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        layer(0.2, inplace=True)(torch.ones(3, requires_grad=True))


@pytest.mark.parametrize("layer", [nn.Dropout, *OURS])
@pytest.mark.parametrize("activation", [torch.sigmoid, torch.relu])
def test_in_place_after_a_function_that_saved_its_output_raises_at_backward(layer, activation):
    y = layer(0.2, inplace=True)(activation(torch.ones(3, requires_grad=True)))
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.parametrize("layer", [nn.Dropout, *OURS])
def test_in_place_after_a_function_that_did_not_the_gradient_is_right(layer, torch_seed):
    x = torch.ones(100, requires_grad=True)
    y = layer(0.2, inplace=True)(x * 2)
    y.sum().backward()
    assert bits(x.grad) == bits(y)  # both are 2 m or 2 m / q


@pytest.mark.parametrize("layer", INVERTED)
@pytest.mark.parametrize(
    ("p", "training", "shape"), [(0.0, True, 3), (0, True, 3), (0.2, False, 3), (0.2, True, 0)]
)
def test_where_nothing_can_be_dropped_the_same_object_comes_back(layer, p, training, shape):
    x = torch.ones(shape)
    assert layer(p).train(training)(x) is x


@pytest.mark.parametrize(("p", "shape"), [(0.0, 3), (0.2, 0)])
def test_standard_dropout_at_eval_returns_the_same_object_where_there_is_nothing_to_scale(p, shape):
    x = torch.ones(shape)
    assert StandardDropout(p).eval()(x) is x


@ours
def test_an_empty_batch_keeps_its_shape(layer):
    assert layer(0.2)(torch.ones(0, 3)).shape == (0, 3)
    assert layer(0.2)(torch.ones(0, 3), mask=torch.ones(0, 3, dtype=torch.bool)).shape == (0, 3)


@ours
@pytest.mark.parametrize("dtype", [torch.int64, torch.bool, torch.complex64])
def test_an_input_of_another_type_is_refused_in_training(layer, dtype):
    text = f"input must be a floating-point tensor, got {dtype}"
    with pytest.raises(TypeError, match=says(text)):
        layer(0.2)(torch.ones(3, dtype=dtype))


def test_standard_dropout_refuses_integers_at_eval_too_where_it_would_scale_them():
    text = "input must be a floating-point tensor, got torch.int64"
    with pytest.raises(TypeError, match=says(text)):
        StandardDropout(0.2).eval()(torch.ones(3, dtype=torch.int64))


@ours
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("p", [0.0, 0.2, 1.0])
@pytest.mark.parametrize(
    ("value", "got"), [(np.ones(3), "ndarray"), ([1.0], "list"), (None, "NoneType")], ids=str
)
def test_an_input_that_is_no_tensor_is_refused_in_both_modes(layer, training, p, value, got):
    text = f"input must be a floating-point tensor, got {got}"
    with pytest.raises(TypeError, match=says(text)):
        layer(p).train(training)(value)


@ours
@pytest.mark.parametrize("training", [True, False])
def test_anything_but_a_generator_is_refused_in_both_modes(layer, training):
    text = "generator must be a torch.Generator, got int"
    with pytest.raises(TypeError, match=says(text)):
        layer(0.2).train(training)(torch.ones(3), generator=5)


@pytest.mark.parametrize("layer", [nn.Dropout, *OURS])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("p", [1.5, -0.5])
def test_a_p_that_was_set_outside_0_and_1_is_refused_when_the_layer_is_called(layer, training, p):
    module = layer(0.2).train(training)
    module.p = p
    with pytest.raises(ValueError, match=str(p)):
        module(torch.ones(3))


@ours
@pytest.mark.parametrize("p", [1.5, -0.5])
def test_a_p_that_was_set_outside_0_and_1_is_refused_beside_a_mask_too(layer, p):
    module = layer(0.2)
    module.p = p
    with pytest.raises(ValueError, match=says(f"drop probability p must be in [0, 1], got {p}")):
        module(torch.ones(3), mask=torch.ones(3, dtype=torch.bool))


# Modes of working


@pytest.mark.parametrize("layer", INVERTED)
def test_torch_fx_traces_a_network_in_eval_mode(layer):
    model = nn.Sequential(nn.Linear(4, 4), layer(0.2)).eval()
    x = torch.ones(2, 4)
    assert bits(torch.fx.symbolic_trace(model)(x)) == bits(model(x))


@pytest.mark.parametrize("layer", INVERTED)
def test_autocast_leaves_the_type_alone(layer, torch_seed):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        h = nn.Linear(4, 64)(torch.randn(2, 4))
        assert layer(0.2)(h).dtype == h.dtype == torch.bfloat16
        assert layer(0.2)(torch.ones(3)).dtype == torch.float32


def test_under_autocast_a_network_has_the_same_bits(torch_seed):
    results = []
    for layer in BOTH:
        torch.manual_seed(torch_seed)
        model = nn.Sequential(nn.Linear(4, 64), layer(0.2), nn.Linear(64, 3))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            results.append(bits(model(torch.randn(2, 4))))
    assert results[0] == results[1]


LAYOUTS = {
    "channels last": lambda x: x.to(memory_format=torch.channels_last),
    "transposed": lambda x: x.permute(3, 1, 0, 2),
    "every second": lambda x: x[:, ::2],
    "expanded": lambda x: x[:1].expand(6, 4, 5, 6),
}


@ours
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_memory_format_is_that_of_nn_dropout_and_the_mask_too(layer, layout, torch_seed):
    x = layout(torch.randn(2, 4, 5, 6))
    torch.manual_seed(torch_seed)
    theirs = nn.Dropout(0.2)(x)
    torch.manual_seed(torch_seed)
    mine = layer(0.2)(x)
    assert mine.stride() == theirs.stride()
    if layer is not FastDropout:  # which draws others
        assert ((mine != 0) == (theirs != 0)).all()
    given = layer(0.2)(x, mask=torch.ones(x.shape, dtype=torch.bool))
    assert given.stride() == theirs.stride()


@ours
def test_a_copy_and_a_pickle_work_as_the_layer_does(layer):
    model = nn.Sequential(nn.Linear(3, 3), layer(0.2, inplace=True).eval())
    saved = io.BytesIO()
    torch.save(model, saved)
    saved.seek(0)
    copies = [copy.deepcopy(model), pickle.loads(pickle.dumps(model))]
    for twin in [*copies, torch.load(saved, weights_only=False)]:
        assert repr(twin) == repr(model)
        assert twin[1].training is False
        assert type(twin[1]) is layer


@ours
def test_the_state_dict_is_empty_and_loads_both_ways(layer):
    theirs, mine = (nn.Sequential(nn.Linear(3, 3), kind(0.2)) for kind in (nn.Dropout, layer))
    assert len(mine[1].state_dict()) == 0
    assert str(mine.load_state_dict(theirs.state_dict())) == "<All keys matched successfully>"
    assert str(theirs.load_state_dict(mine.state_dict())) == "<All keys matched successfully>"


@ours
@pytest.mark.parametrize("inplace", [False, True])
def test_first_and_second_derivatives_are_right(layer, inplace):
    mask = torch.tensor([[True, False, True], [False, True, True]])
    x = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)

    def forward(x):
        return layer(0.2, inplace=inplace)(x**3, mask=mask)  # x**3: so that there is a second one

    assert torch.autograd.gradcheck(forward, x)
    assert torch.autograd.gradgradcheck(forward, x)


@ours
def test_vmap_and_grad_take_the_layer_with_a_given_mask(layer, rng):
    x, mask = torch.randn(4, 3), torch.from_numpy(rng.random((4, 3)) < 0.8)

    def loss(x, mask):
        return (layer(0.2)(x, mask=mask) ** 2).sum()

    leaf = x.clone().requires_grad_()
    loss(leaf, mask).backward()
    per_row = torch.func.vmap(torch.func.grad(loss))(x, mask)
    assert bits(per_row + 0.0) == bits(leaf.grad + 0.0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch.compile's own making
@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=needs_compiler)])
@ours
def test_torch_compile_takes_the_layer_whole(layer, backend, torch_seed, rng):
    eager = nn.Sequential(nn.Linear(8, 8), layer(0.2))
    x, mask = torch.randn(4, 8), torch.from_numpy(rng.random((4, 8)) < 0.8)
    torch.compiler.reset()

    def forward(x, mask):
        h = eager[0](x)
        return eager[1](h, mask=mask), eager[1](h)

    given, drawn = torch.compile(forward, backend=backend, fullgraph=True)(x, mask)
    (given.sum() + drawn.sum()).backward()
    expected, scaled = (
        forward(x, mask)[0],
        eager[0](x) * (1 if layer is StandardDropout else 1 / 0.8),
    )
    # The same operations, perhaps fused: a product may be rounded once more or once less.
    torch.testing.assert_close(given, expected, rtol=2 * 2.0**-23, atol=2.0**-23)
    kept = drawn != 0
    torch.testing.assert_close(drawn[kept], scaled[kept], rtol=2 * 2.0**-23, atol=2.0**-23)
    assert eager[0].weight.grad.isfinite().all()


# Given a mask, and where we differ from nn.Dropout on purpose


@ours
@pytest.mark.parametrize("value", [inf, -inf, nan])
@pytest.mark.parametrize("inplace", [False, True])
def test_a_dropped_inf_or_nan_is_0_and_a_kept_one_stays(layer, value, inplace):
    mask = torch.tensor([True, False])
    kept, dropped = layer(0.2, inplace=inplace)(torch.tensor([value, value]), mask=mask).tolist()
    assert dropped == 0
    assert kept == value or (kept != kept and value != value)


@ours
def test_at_p_1_inf_and_nan_are_0_in_both_modes_but_for_inverted_dropout_at_eval(layer):
    x = torch.tensor([inf, nan, 1.0])
    assert layer(1.0)(x).tolist() == [0, 0, 0]
    assert StandardDropout(1.0).eval()(x).tolist() == [0, 0, 0]
    assert InvertedDropout(1.0).eval()(x) is x


@pytest.mark.parametrize("value", [inf, nan])
def test_nn_dropout_makes_nan_of_a_dropped_inf_or_nan(value, torch_seed):
    x = torch.full((200,), value)
    mask = F.dropout(torch.ones(200), 0.2) != 0
    torch.manual_seed(torch_seed)
    assert F.dropout(x, 0.2)[~mask].isnan().all()
    assert nn.Dropout(1.0)(x).isnan().all()


@ours
def test_the_gradient_of_a_dropped_inf_is_0(layer):
    x = torch.tensor([inf, inf], requires_grad=True)
    layer(0.2)(x, mask=torch.tensor([True, False])).sum().backward()
    assert x.grad.tolist() == [1.0 if layer is StandardDropout else 1.25, 0.0]


@ours
@pytest.mark.parametrize(
    ("mask", "got"),
    [
        (torch.ones(3), "torch.float32"),
        (torch.ones(3, dtype=torch.uint8), "torch.uint8"),
        ([True, False, True], "list"),
    ],
)
def test_a_mask_that_is_not_boolean_is_refused(layer, mask, got):
    with pytest.raises(
        TypeError, match=says(f"mask must be a boolean tensor (True = kept), got {got}")
    ):
        layer(0.2)(torch.ones(3), mask=mask)


@ours
@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 1), (4, 2, 3), ()])
def test_a_mask_that_would_be_broadcast_is_refused(layer, shape):
    with pytest.raises(ValueError, match=says(f"mask must have input's shape (2, 3), got {shape}")):
        layer(0.2)(torch.ones(2, 3), mask=torch.ones(shape, dtype=torch.bool))


@ours
def test_a_mask_in_eval_mode_or_beside_a_generator_is_refused(layer):
    mask = torch.ones(3, dtype=torch.bool)
    with pytest.raises(
        ValueError, match=says("mask must be None in eval mode, where nothing is dropped")
    ):
        layer(0.2).eval()(torch.ones(3), mask=mask)
    text = "generator must be None if a mask is given, since nothing is drawn"
    with pytest.raises(ValueError, match=says(text)):
        layer(0.2)(torch.ones(3), mask=mask, generator=torch.Generator())


@ours
@pytest.mark.parametrize("p", [0.0, 0.2, 1.0])
def test_with_a_given_mask_nothing_is_drawn_and_the_mask_stays_as_it_was(layer, p):
    before, mask = torch.get_rng_state(), torch.tensor([True, False, True])
    layer(p)(torch.ones(3), mask=mask)
    assert torch.get_rng_state().equal(before)
    assert mask.tolist() == [True, False, True]


@ours
def test_a_given_mask_holds_at_p_0_as_well(layer):
    assert layer(0.0)(torch.ones(2), mask=torch.tensor([True, False])).tolist() == [1.0, 0.0]


# What is drawn


@ours
def test_a_generator_gives_the_mask_of_its_seed_and_leaves_the_global_one_alone(layer, torch_seed):
    x = torch.ones(100)
    torch.manual_seed(torch_seed)
    expected = layer(0.2)(x)
    before = torch.get_rng_state()
    mine = layer(0.2)(x, generator=torch.Generator().manual_seed(torch_seed))
    assert mine.equal(expected)
    assert torch.get_rng_state().equal(before)


# A fault of .03 at n = 50000 is missed in less than 1 run in 10^6.
@ours
def test_each_unit_is_kept_with_probability_q(layer, torch_seed, sampled):
    kept = (layer(0.2)(torch.ones(50_000, 6)) != 0).sum(dim=0).numpy()
    sampled.assert_binomial(kept, 50_000, 0.8, told_from=0.83, beta=1e-6)


# Pairs that do not overlap: both kept is Bin(n, q^2), .64; one mask for the two would give .8.
def test_the_layers_of_a_network_draw_independently(torch_seed, sampled):
    model = MLP([200, 200, 200], p=0.2, p_input=0.2)
    seen = []
    for layer in model.dropouts:
        layer.register_forward_hook(lambda layer, inputs, y: seen.append(y != 0))
    with torch.no_grad():
        for linear in model.linears:  # so that what reaches the second layer is not 0
            linear.weight.zero_()
            linear.bias.fill_(1)
    model(torch.ones(100, 200))
    first, second = seen
    both = (first & second).sum().item()
    sampled.assert_binomial(both, 20_000, 0.64, told_from=0.68, beta=1e-6)


# The network


def test_an_mlp_has_a_dropout_layer_in_front_of_each_linear_one():
    model = MLP([4, 3, 2], p=0.3, p_input=0.2, dropout=StandardDropout)
    assert [layer.p for layer in model.dropouts] == [0.2, 0.3]
    assert all(isinstance(layer, StandardDropout) for layer in model.dropouts)
    assert [tuple(layer.weight.shape) for layer in model.linears] == [(3, 4), (2, 3)]
    assert isinstance(MLP([4, 3]).dropouts[0], InvertedDropout)
    assert [layer.p for layer in MLP([4, 3, 2]).dropouts] == [0.0, 0.5]


def test_an_mlp_computes_relu_between_its_layers_and_none_at_the_end(rng):
    # 1/q is 2 and 4, so that each product is exact; a zero of the other sign is all that differs.
    model, x = MLP([4, 5, 3], p=0.75, p_input=0.5), torch.randn(6, 4)
    masks = [torch.from_numpy(rng.random(shape) < 0.7) for shape in ((6, 4), (6, 5))]
    first, second = model.linears
    hidden = first(torch.where(masks[0], 2 * x, 0)).relu()
    expected = second(torch.where(masks[1], 4 * hidden, 0))
    assert model(x, masks=masks).equal(expected)
    assert expected.min() < 0


def test_an_mlp_refuses_too_few_sizes_and_another_number_of_masks():
    with pytest.raises(
        ValueError, match=says("sizes must hold at least an input and an output size, got [4]")
    ):
        MLP([4])
    with pytest.raises(
        ValueError,
        match=says("masks must hold one mask for each of the 2 dropout layers, got 1"),
    ):
        MLP([4, 3, 2])(torch.ones(1, 4), masks=[torch.ones(1, 4, dtype=torch.bool)])


# On a GPU


@pytest.mark.gpu
@ours
@pytest.mark.parametrize("dtype", DTYPES)
def test_on_a_gpu_a_given_mask_gives_the_bits_of_the_cpu(layer, dtype, cuda, rng):
    x = torch.from_numpy(rng.normal(size=(50, 7))).to(dtype)
    mask = torch.from_numpy(rng.random((50, 7)) < 0.8)
    results = []
    for device in ("cpu", cuda):
        leaf = x.to(device, copy=True).requires_grad_()
        y = layer(0.2)(leaf, mask=mask.to(device))
        y.sum().backward()
        assert y.device.type == torch.device(device).type
        results.append((bits(y.cpu()), bits(leaf.grad.cpu())))
    assert results[0] == results[1]


@pytest.mark.gpu
@ours
def test_on_a_gpu_a_generator_of_the_gpu_gives_the_same_mask_again(layer, cuda, torch_seed):
    x = torch.ones(1000, device=cuda)
    first, again = (
        layer(0.2)(x, generator=torch.Generator(device=cuda).manual_seed(torch_seed % 2**32))
        for _ in range(2)
    )
    assert first.equal(again)
    assert 0 < (first != 0).sum() < 1000


@pytest.mark.gpu
@ours
def test_on_a_gpu_each_unit_is_kept_with_probability_q(layer, cuda, torch_seed, sampled):
    kept = (layer(0.2)(torch.ones(50_000, 6, device=cuda)) != 0).sum(dim=0).cpu().numpy()
    sampled.assert_binomial(kept, 50_000, 0.8, told_from=0.83, beta=1e-6)


@ours
def test_p_is_kept_as_a_plain_number(layer):
    assert [type(layer(p).p) for p in (np.int64(1), np.float32(0.5), 0, 0.5)] == [
        *(int, float, int, float),
    ]


@ours
def test_a_fraction_is_taken_as_the_float_that_torch_needs(layer):
    assert layer(Fraction(1, 4)).p == 0.25
    assert layer(Fraction(1, 4))(torch.ones(3)).shape == (3,)
