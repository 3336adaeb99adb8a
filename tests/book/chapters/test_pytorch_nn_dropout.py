"""What PyTorch's own layer does at the edges."""

import pytest
import torch
from said import made_by, stands
from torch import nn
from torch.nn import functional as F

from dropout_scaling.nn import InvertedDropout

PAGE = "pytorch/nn-dropout"
X = torch.tensor([1.0, -1.0, torch.inf, torch.nan])


def test_in_training_a_finite_value_becomes_0_or_x_divided_by_q():
    stands(
        PAGE,
        "in training a finite value becomes 0 or `x / q`, up to rounding. Only *which* are kept",
    )
    assert set(nn.Dropout(p=0.2)(torch.full((1000,), 3.0)).tolist()) == {0, 3.75}


@pytest.mark.parametrize("name", ["WithModule", "WithFunction", "WithFunctionAndFlag"])
def test_after_eval_the_function_alone_still_drops(name):
    stands(PAGE, "> - `WithFunction` <!-- right -->")
    stands(PAGE, "its argument `training` is True unless you say otherwise")
    ones, kind = torch.ones(1000), getattr(made_by(PAGE, "code-01", "code-05a"), name)
    assert (kind()(ones) == 0).any()
    assert torch.equal(kind().eval()(ones), ones) == (name != "WithFunction")


def test_p_0_and_eval_mode_hand_back_the_same_tensor():
    stands(PAGE, "**`p = 0` and eval mode** hand back the same tensor, not a copy")
    assert nn.Dropout(0.0)(X) is X
    assert nn.Dropout(0.5).eval()(X) is X


def test_at_p_1_each_inf_becomes_nan_and_in_the_book_s_layer_0():
    stands(PAGE, "At `p = 1` that happens to each `inf`")
    assert nn.Dropout(1.0)(X).isnan().tolist() == [False, False, True, True]
    assert InvertedDropout(1.0)(X).tolist() == [0, 0, 0, 0]


def test_a_p_that_is_nan_is_taken_until_the_first_call():
    stands(PAGE, "`p = nan` only at the first call")
    layer = nn.Dropout(float("nan"))
    with pytest.raises(RuntimeError, match="between 0 and 1"):
        layer(X)


def test_a_p_outside_0_and_1_is_refused_when_the_layer_is_made():
    stands(PAGE, "**A `p` outside [0, 1]** raises an error when the layer is made")
    stands(PAGE, "There a dropped `inf` is 0, and `p = nan` is refused at once")
    with pytest.raises(ValueError, match="between 0 and 1"):
        nn.Dropout(1.2)
    with pytest.raises(ValueError, match="p must be"):
        InvertedDropout(float("nan"))


@pytest.mark.parametrize("p", [0.0, 0.2, 1.0])
def test_integers_raise_an_error_in_training_only_if_they_must_be_scaled(p):
    stands(PAGE, "**Integers** raise an error in training, if `0 < p < 1`: they cannot be scaled")
    integers = torch.ones(3, dtype=torch.long)
    assert nn.Dropout(p).eval()(integers) is integers
    if 0 < p < 1:
        with pytest.raises(RuntimeError, match="can't be cast"):
            nn.Dropout(p)(integers)
    else:
        assert nn.Dropout(p)(integers).tolist() == [1 - p] * 3


def test_in_place_it_raises_an_error_on_a_parameter():
    stands(PAGE, "Autograd may refuse it: on a parameter at once")
    with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
        nn.Dropout(0.2, inplace=True)(torch.ones(3, requires_grad=True))


@pytest.mark.parametrize("activation", [torch.relu, torch.sigmoid])
def test_in_place_after_what_needs_its_output_the_backward_pass_raises_an_error(activation):
    stands(PAGE, "after a ReLU or a sigmoid only in `backward()`")
    output = activation(torch.ones(3, requires_grad=True))
    nn.Dropout(0.2, inplace=True)(output)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        output.sum().backward()


@pytest.mark.parametrize("p", [0.1, 0.2, 0.3, 0.5, 0.75])
def test_two_lines_are_the_layer_and_dividing_at_the_end_rounds_otherwise(p):
    stands(
        PAGE,
        "these two lines are `nn.Dropout` in training, bit for bit (`q = 1 - p`)",
    )
    stands(PAGE, "`x * m / q`, rounds only once, so some values differ in their last bit")
    two_lines = made_by(PAGE, "code-01", "code-09").two_lines
    x = torch.randn(100_000, generator=torch.Generator().manual_seed(0))

    def same_random_numbers(function):
        torch.manual_seed(1)
        return function(x)

    layer = same_random_numbers(nn.Dropout(p))
    divided_last = same_random_numbers(lambda x: x * (F.dropout(torch.ones_like(x), p) != 0))
    assert torch.equal(layer, same_random_numbers(lambda x: two_lines(x, 1 - p)))
    assert torch.equal(layer, divided_last / (1 - p)) == (p in (0.5, 0.75))
