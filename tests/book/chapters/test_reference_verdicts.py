"""What is said beside the verdicts: of magnitudes, of PyTorch, of the article's third example."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from said import stands
from torch import nn

from dropout_scaling.exact import expectation
from dropout_scaling.reference import inverted_train, standard_train

PAGE = "reference/verdicts"


@pytest.mark.parametrize("r", range(1, 5))
def test_the_mean_of_a_sum_of_powers_is_that_of_the_page(r):
    stands(PAGE, r"Then the mean of $\sum|y_i|^r$ is $q\sum|x_i|^r$")
    stands(PAGE, r"With the scaling the mean of $\sum|y_i|^r$ is $q^{1-r}\sum|x_i|^r$")
    x, p, q = np.array([1, -2, 3]) * Fraction(1), Fraction(1, 4), Fraction(3, 4)
    total = (abs(x) ** r).sum()
    unscaled = expectation(lambda m: abs(standard_train(x, m)) ** r, 3, p).sum()
    assert unscaled == q * total
    scaled = expectation(lambda m: abs(inverted_train(x, m, p)) ** r, 3, p).sum()
    assert scaled == q ** (1 - r) * total


def test_at_p_1_nothing_remains():
    stands(PAGE, "at `p = 1` nothing remains")
    assert (nn.Dropout(1.0)(torch.ones(1000)) == 0).all()


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
