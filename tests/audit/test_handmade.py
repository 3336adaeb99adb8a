"""Masks drawn by hand: what is said of each, and what is but a note."""

import pytest

from dropout_scaling.audit import audit
from tools.wild.cases import CASES

MADE = {case.name: case.make for case in CASES}


def the(name, kind):
    """The only finding of this kind on the case of this name."""
    (finding,) = (f for f in audit(*MADE[name]()) if f.kind == kind)
    return finding


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("divides by p", "wrong scale", "divides what it keeps by 0.2, the share that it drops"),
        ("multiplies by q", "wrong scale", "multiplies what it keeps by 0.8: divide by it"),
        ("scales at both times", "wrong scale", "divides by 0.8 in training and multiplies by it"),
        ("never scaled", "unscaled mask", "drops a share of 0.2 and scales nothing"),
        ("filled and never scaled", "unscaled mask", "drops a share of 0.2 and scales nothing"),
        ("one mask for the batch", "shared mask", "one mask for the whole batch"),
        ("seeded at each call", "fixed seed", "draws the same mask at each call, under any seed"),
    ],
)
def test_a_wrong_mask_is_told_what_is_wrong(name, kind, said):
    finding = the(name, kind)
    assert not finding.note
    assert said in finding.message
    assert "cases.py:" in finding.location


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("one mask over time", "shared mask", "right if that is time, wrong if it is the batch"),
        (
            "condition left out for guidance",
            "unscaled mask",
            "If this is a condition that some examples go without, it is right",
        ),
        ("normal noise in eval as in a vae", "random in eval", "random numbers are drawn here"),
        ("binary units sampled in eval", "active in eval", "draws a mask in eval mode"),
    ],
)
def test_what_may_be_meant_is_a_note(name, kind, said):
    finding = the(name, kind)
    assert finding.note
    assert said in finding.message


def test_a_layer_drop_by_a_number_is_a_fault_in_eval():
    assert not the("layer drop by a number without a mode", "random in eval").note
