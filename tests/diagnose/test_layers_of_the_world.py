"""The doctor says of each layer of ``tools.wild.layers`` what it is."""

from collections import Counter

import pytest

from tools.wild.layers.judged import CASES, said

NAMES = [case.name for case in CASES]


def test_there_are_enough_of_each_sort():
    assert len(set(NAMES)) == len(NAMES)
    truths = Counter(case.truth for case in CASES)
    assert truths["right"] >= 90
    assert truths["wrong"] >= 90
    assert truths["depends"] >= 10


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_each_is_judged_as_it_is(case):
    how, report = said(case)
    assert how == "as it is", f"{case.truth} {' '.join(case.names)}, but:\n{report}"
