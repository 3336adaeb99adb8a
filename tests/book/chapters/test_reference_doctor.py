"""What the doctor cannot see, and how one makes it see."""

import torch
from said import made_by, stands
from torch import nn

from dropout_scaling.audit import audit

PAGE = "reference/doctor"


def test_a_branch_is_seen_with_an_example_for_it():
    stands(PAGE, "a branch that the example does not take | audit with an example for each branch")
    branch = made_by(PAGE, "mine", "code-40").OnlyLong()
    model = nn.Sequential(branch, nn.Linear(64, 10))
    assert audit(model, torch.rand(8, 64)) == []
    (finding,) = audit(model, torch.rand(101, 64))
    assert finding.kind == "active in eval"
