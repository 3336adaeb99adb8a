"""What is said of the faulty model and of the exercise, and how rarely a right layer fails."""

import warnings

import torch
from said import made_by, stands
from scipy.stats import binom

from dropout_scaling.audit import audit
from dropout_scaling.diagnose import diagnose
from dropout_scaling.diagnose.five_steps import STEPS, first_failed

PAGE = "practice/checklist"


def test_pytorch_warns_of_two_of_the_five_faults():
    stands(PAGE, "PyTorch says two of them itself, the LSTM's and `Dropout2d`'s, as warnings")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        made_by(PAGE, "code-02").Reader()(torch.rand(8, 64))
    assert [str(w.message)[:9] for w in said] == ["dropout o", "dropout2d"]
    assert "will change in a future release" in str(said[1].message)


def test_audit_finds_each_of_the_five():
    stands(PAGE, "All five: four by their line of code, and the LSTM by its name")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch's two
        findings = audit(made_by(PAGE, "code-02").Reader(), torch.rand(8, 64))
    kinds = "active in eval, dropout on the output, single-layer dropout, wrong dimension, "
    assert ", ".join(sorted(finding.kind for finding in findings)) == kinds + "wrong scale"


def test_the_mystery_fails_the_second_step_and_at_a_half_none(torch_seed):
    stands(PAGE, "At which of the five steps does it fail first at `p = 0.2`? And at `p = 0.5`?")
    mystery = made_by(PAGE, "code-02", "code-43").Mystery
    assert STEPS[first_failed(mystery(0.2), 0.2) - 1] == "eval"
    assert (mystery(0.2).eval()(torch.ones(8)) == 0.2).all()
    assert diagnose(mystery(0.2), 0.2).misconception == "evaluates_with_p"
    assert first_failed(mystery(0.5), 0.5) == len(STEPS) + 1
    assert diagnose(mystery(0.5), 0.5).ok


def test_a_right_layer_fails_the_last_step_in_less_than_one_of_a_million_runs():
    stands(PAGE, "beyond five standard deviations a right layer comes less than once in a million")
    n, p, q = 100 * 64 * 32, 0.2, 0.8
    bound = 5 * (p / (q * n)) ** 0.5
    assert binom.cdf(n * q * (1 - bound), n, q) + binom.sf(n * q * (1 + bound), n, q) < 1e-6
