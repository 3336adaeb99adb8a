"""What `audit` says of batch norm and dropout in each order, and the solution in fractions."""

from fractions import Fraction

import pytest
import torch
from said import made_by, stands

from dropout_scaling.audit import audit
from dropout_scaling.lab.batch_norm import network

PAGE = "inversion/batch-norm"


def test_the_model_on_the_page_has_one_fault(torch_seed):
    stands(PAGE, "names each batch norm that a dropout feeds directly")
    findings = made_by(PAGE, "code-01", "code-12").findings
    assert [found.kind for found in findings] == ["dropout before batch norm"]


def test_both_batch_norms_behind_dropout_are_named(torch_seed):
    stands(PAGE, "names each batch norm that a dropout feeds directly")
    (both,) = audit(network("dropout, norm", 0.5), torch.randn(8, 64))
    assert len(both.others) == 1  # the two are reached from the same line


@pytest.mark.parametrize("layout", ["after the last", "norm, dropout"])
def test_with_a_linear_layer_between_nothing_is_said(layout, torch_seed):
    stands(PAGE, "With a linear layer between the two it says nothing.")
    assert audit(network(layout, 0.5), torch.randn(8, 64)) == []


def test_the_solution_in_fractions():
    stands(PAGE, r"$1 + \frac{1}{9}\,(1 + 9) = 2\tfrac19$")
    stands(PAGE, r"the factor is $1/q = 1\tfrac19$")
    p, q = Fraction(1, 10), Fraction(9, 10)
    assert 1 + p / q * (1 + Fraction(9)) == 2 + Fraction(1, 9)
    assert 1 + p / q == 1 / q == 1 + Fraction(1, 9)
