"""The three rules of clipping: each of them holds something back in the runs that are compared."""

import pytest
import torch
from said import made_by, stands

from dropout_scaling.lab.conversion import paths

PAGE = "inversion/conversion"
SGD = {"lr": (0.1, 2), "momentum": (0.9, 0)}


@pytest.fixture(scope="module")
def unclipped():
    return paths(torch.optim.SGD, SGD)[0]


@pytest.mark.parametrize("rule", ["by_value", "max_norm", "by_global_norm"])
def test_each_rule_changes_the_run(rule, unclipped):
    stands(PAGE, "A bound $c$ on each value of the gradient becomes $c/q$.")
    clipped, _ = paths(torch.optim.SGD, SGD, getattr(made_by(PAGE, "code-03"), rule))
    assert not torch.equal(clipped[-1], unclipped[-1])
