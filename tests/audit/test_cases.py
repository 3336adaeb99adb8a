"""Each idiom of a fault is found, and what is right stays without one: the cases of `make wild`."""

import pytest

from tools.wild.cases import CASES
from tools.wild.judge import judge


@pytest.mark.filterwarnings("ignore")  # PyTorch's own, of an LSTM's dropout and of Dropout2d
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_case_is_judged_as_it_is_and_left_as_it_was(case):
    outcome = judge(*case)
    assert (outcome.error, outcome.false, outcome.missed, outcome.changed) == ("", [], [], [])
