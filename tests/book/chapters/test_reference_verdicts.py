"""What is said beside the verdicts, of PyTorch's docstring and of the article's third example."""

import torch
from said import stands
from torch import nn

PAGE = "reference/verdicts"


def test_the_docstring_of_pytorch_speaks_of_channels_where_elements_are_dropped(torch_seed):
    stands(PAGE, '"Each channel will be zeroed out independently" is wrong of this layer')
    docstring = " ".join(nn.Dropout.__doc__.split())
    assert "Each channel will be zeroed out independently" in docstring
    assert "simply computes an identity function" in docstring
    y = nn.Dropout(0.5)(torch.ones(1, 3, 1000))  # three channels
    assert ((y == 0).any(dim=2) & (y != 0).any(dim=2)).all()


def test_if_no_unit_passes_all_gradients_but_the_last_bias_are_zero(torch_seed):
    stands(PAGE, "nothing reaches the last layer but its bias, and all other gradients are zero")
    for _ in range(200):  # of which some 47 pass nothing
        first, last = nn.Linear(10, 5), nn.Linear(5, 1)
        fed = nn.Dropout(0.5)(first(torch.randn(1, 10)).relu())
        nn.MSELoss()(last(fed), torch.randn(1, 1)).backward()
        gradients = [first.weight.grad, first.bias.grad, last.weight.grad]
        assert torch.equal(last.weight.grad == 0, fed == 0)
        assert any(g.any() for g in gradients) == bool(fed.any())
        assert last.bias.grad != 0
