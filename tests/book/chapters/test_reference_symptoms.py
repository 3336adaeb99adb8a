"""What makes the same input give two answers, and what does not: in PyTorch, beside the page's."""

import torch
from said import made_by, stands
from torch import nn
from torch.nn import functional as F

PAGE = "reference/symptoms"


def test_only_eval_switches_dropout_off_and_not_a_function_that_is_not_told(torch_seed):
    stands(PAGE, "In `Wrong` the cause is `F.dropout` without `training=self.training`")
    chapter = made_by(PAGE, "code-01")
    x, right, wrong = chapter.x, chapter.Right(), chapter.Wrong().eval()
    with torch.no_grad():
        assert not torch.equal(right(x), right(x))
    assert torch.equal(right.eval()(x), right(x))
    assert not torch.equal(wrong(x), wrong(x))


def test_neither_inference_mode_nor_frozen_parameters_switch_dropout_off(torch_seed):
    stands(
        PAGE,
        "`torch.inference_mode()` and `requires_grad_(False)` stop gradients. They do not stop",
    )
    ones = torch.ones(1000)
    with torch.inference_mode():
        assert (F.dropout(ones, 0.2) == 0).any()
    assert (nn.Dropout(0.2).requires_grad_(False)(ones) == 0).any()


def test_eval_does_not_reach_a_layer_in_a_plain_list():
    stands(PAGE, "a layer in a plain Python list, which `eval()` cannot reach: use `nn.ModuleList`")
    net = nn.Sequential(nn.Linear(64, 64))
    net.hidden_layers = [nn.Dropout(0.2)]
    assert not any(isinstance(m, nn.Dropout) for m in net.modules())
    net.eval()
    assert net.hidden_layers[0].training
    net.hidden_layers = nn.ModuleList(net.hidden_layers)
    assert not net.eval().hidden_layers[0].training
