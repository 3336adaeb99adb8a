"""The inside of `nn.Dropout`: what autograd sees of it."""

import pytest
import torch
from said import made_by, stands
from torch.nn import functional as F

PAGE = "pytorch/inside"


@pytest.fixture(scope="module")
def chapter():
    return made_by(PAGE, *(f"code-{n}" for n in ("01", "02", "05", "07", "09", "11", "12")))


DRAWN = "aten.empty_like.default aten.bernoulli_.float aten.div_.Scalar aten.mul.Tensor"


@pytest.mark.parametrize(
    ("name", "operations", "draws"),
    [
        ("p = 0.2", DRAWN, True),
        ("p = 0", "", False),
        ("eval", "", False),
        ("p = 1", "aten.zeros.default aten.mul.Tensor", False),
    ],
)
def test_each_operation_that_it_starts_and_if_it_draws(chapter, name, operations, draws):
    stands(PAGE, "At `p = 0` and in eval mode nothing happens at all, and at `p = 1` the input")
    stands(PAGE, "Only at `p = 0.2`. So a dropout switched off, in the middle of a model, shifts")
    layer = chapter.layers[name]
    assert chapter.operations(layer, torch.ones(4, 6)) == operations.split()
    assert chapter.moves_the_stream(layer) == draws


def test_it_draws_a_number_for_each_value_or_one_in_all(chapter):
    stands(PAGE, "One number for each value, or one number in all: which of them you see depends")
    assert chapter.draws(lambda: F.dropout(torch.ones(1000), 0.2)) in (1, 1000)


def test_at_p_0_nothing_is_kept(chapter):
    assert chapter.bytes_kept(F.dropout, chapter.x32, 0.0) == 0


@pytest.mark.parametrize("values", [10, 1_000_000])
def test_24_bytes_are_enough_for_any_number_of_values(chapter, values):
    stands(PAGE, "24 bytes kept in all, for ten values as for a million")
    x = torch.ones(values, requires_grad=True)
    assert chapter.bytes_kept(chapter.Regenerated.apply, x, 0.2, (7, 2, 30)) == 24


def test_another_step_has_another_mask(chapter):
    stands(PAGE, "you can ask for the mask of layer 2 at step 30 without running the steps before")
    masks = [chapter.mask_at((7, 2, step), (1000,), 0.2) for step in (30, 30, 31)]
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])


def test_to_autograd_there_was_no_dropout_only_a_product(chapter):
    stands(PAGE, "To autograd there was no dropout, only a product")
    x = torch.ones(1000, requires_grad=True)
    assert F.dropout(x, 0.2).grad_fn.name() == "MulBackward0"
    native, _ = torch.native_dropout(x, 0.2, True)
    assert native.grad_fn.name() == "NativeDropoutBackward0"
    with chapter.Listen() as backward:
        F.dropout(x, 0.2).sum().backward()
    assert "aten.mul.Tensor" in backward.names
    assert not any("dropout" in name for name in backward.names)
