"""The inside of `nn.Dropout`: what autograd sees of it."""

import torch
from said import made_by, stands
from torch.nn import functional as F

PAGE = "pytorch/inside"


def test_to_autograd_there_was_no_dropout_only_a_product():
    stands(PAGE, "To autograd there was no dropout, only a product")
    chapter = made_by(PAGE, "code-01", "code-02")
    x = torch.ones(1000, requires_grad=True)
    assert F.dropout(x, 0.2).grad_fn.name() == "MulBackward0"
    native, _ = torch.native_dropout(x, 0.2, True)
    assert native.grad_fn.name() == "NativeDropoutBackward0"
    with chapter.Listen() as backward:
        F.dropout(x, 0.2).sum().backward()
    assert "aten.mul.Tensor" in backward.names
    assert not any("dropout" in name for name in backward.names)
