"""Other rules than dropout's, over all masks; before the activation; twice in a row."""

from fractions import Fraction

import pytest
import torch
from said import made_by, stands
from torch import nn
from torch.nn import functional as F

PAGE = "inversion/otherwise"
P, N = Fraction(1, 5), 10


@pytest.fixture(scope="module")
def exact():
    """Mean of a one, its variance, covariance of two, variance of the sum, for each rule."""
    return made_by(PAGE, "code-01").exact


def test_the_table_of_rules(exact):
    stands(PAGE, "| 1/`q` | 1 | `p/q` | 0 | varies |")
    stands(PAGE, "| $n/K$ | $1 - p^n$ | 0.287 here | −0.032 here | 10, or 0 if all drop |")
    stands(PAGE, "| a fixed number | 1 | `p/q` | $-p / (q(n-1))$ | always 10 |")
    q = 1 - P
    assert exact["1/q"] == (1, P / q, 0, N * P / q)
    assert exact["n/K"][0] == 1 - P**N
    assert exact["n/K"][3] == 100 * P**N * (1 - P**N)
    assert exact["eight of ten"] == (1, P / q, -P / (q * (N - 1)), 0)


def test_dropout_and_an_activation_change_places(torch_seed):
    stands(PAGE, "For ReLU the values are the same: it passes a positive factor through")
    stands(PAGE, "After a sigmoid, a unit that was dropped before it says ½")
    x, mask = torch.randn(1000), torch.rand(1000) < 0.8

    def dropout(values):
        return values * mask / 0.8

    assert torch.equal(F.relu(dropout(x)), dropout(F.relu(x)))
    assert not torch.allclose(F.gelu(dropout(x)), dropout(F.gelu(x)))
    assert (torch.sigmoid(dropout(x))[~mask] == 0.5).all()


def test_two_in_a_row_are_one_at_another_p(torch_seed):
    stands(PAGE, r"Both 0 and 2.083, that is $1/(0.8 \cdot 0.6)$.")
    kept = Fraction(8, 10) * Fraction(6, 10)
    assert 1 - kept == Fraction(52, 100)
    two = nn.Sequential(nn.Dropout(0.2), nn.Dropout(0.4))
    values = two(torch.ones(1000)).unique()
    torch.testing.assert_close(values, torch.tensor([0, float(1 / kept)]))
