"""What PyTorch says of the faulty model, and how rarely a right layer fails the last step."""

import warnings

import torch
from said import made_by, stands
from scipy.stats import binom

PAGE = "practice/checklist"


def test_pytorch_warns_of_two_of_the_five_faults():
    stands(PAGE, "PyTorch says two of them itself, the LSTM's and `Dropout2d`'s, as warnings")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        made_by(PAGE, "code-02").Reader()(torch.rand(8, 64))
    assert [str(w.message)[:9] for w in said] == ["dropout o", "dropout2d"]
    assert "will change in a future release" in str(said[1].message)


def test_a_right_layer_fails_the_last_step_in_less_than_one_of_a_million_runs():
    stands(PAGE, "beyond five standard deviations a right layer comes less than once in a million")
    n, p, q = 100 * 64 * 32, 0.2, 0.8
    bound = 5 * (p / (q * n)) ** 0.5
    assert binom.cdf(n * q * (1 - bound), n, q) + binom.sf(n * q * (1 + bound), n, q) < 1e-6
