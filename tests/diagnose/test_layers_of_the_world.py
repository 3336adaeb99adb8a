"""The doctor says of each layer of ``tools.wild.layers`` what it is."""

from collections import Counter

import pytest

from tools.wild.layers.judged import said
from tools.wild.layers.own import CASES

NAMES = [case.name for case in CASES]


def test_there_are_enough_of_each_sort():
    assert len(set(NAMES)) == len(NAMES)
    truths = Counter(case.truth for case in CASES)
    assert truths["right"] >= 150
    assert truths["wrong"] >= 125
    assert truths["depends"] >= 15


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_each_is_judged_as_it_is(case):
    how, report = said(case)
    assert how == "as it is", f"{case.truth} {' '.join(case.names)}, but:\n{report}"
