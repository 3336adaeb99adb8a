"""What the contract says of relatives, and the doctor of those that five steps let pass."""

from said import stands
from torch import nn

from dropout_scaling.diagnose import diagnose
from dropout_scaling.diagnose.contract import broken_clauses
from dropout_scaling.diagnose.five_steps import STEPS, first_failed
from dropout_scaling.misconceptions import MISCONCEPTIONS

PAGE = "reference/misconceptions"


def test_relatives_need_not_satisfy_the_contract(torch_seed):
    stands(PAGE, "`nn.Dropout1d` shares a mask and `nn.AlphaDropout` drops to another value")
    assert broken_clauses(nn.Dropout1d(0.3)) == ["units_have_their_own_masks"]
    assert "all_kept_values_have_one_scale" in broken_clauses(nn.AlphaDropout(0.3))


def test_the_doctor_sees_what_the_five_steps_let_pass():
    stands(PAGE, "It names `writes_into_its_input` and `drops_an_exact_share` as faults")
    stands(PAGE, "it says in its first line that they are right for `p > 0` and for `p < 1`")
    layers = [member.layer for member in MISCONCEPTIONS.values()]
    passed = [layer for layer in layers if first_failed(layer, 0.2) > len(STEPS)]
    reports = [diagnose(layer, 0.2) for layer in passed]
    faults = sorted(report.misconception for report in reports if not report.ok)
    assert faults == ["drops_an_exact_share", "writes_into_its_input"]
    right = sorted(report.condition for report in reports if report.ok)
    assert right == ["for p < 1", "for p > 0"]
