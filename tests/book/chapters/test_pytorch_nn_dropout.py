"""What PyTorch's own layer does at the edges."""

import pytest
import torch
from said import stands
from torch import nn

from dropout_scaling.nn import InvertedDropout

PAGE = "pytorch/nn-dropout"
X = torch.tensor([1.0, -1.0, torch.inf, torch.nan])


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
