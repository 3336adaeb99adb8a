"""Several faults at once: each has its name, and no more names than there are faults."""

import itertools

import numpy as np
import pytest

from dropout_scaling.diagnose import diagnose

RNG = np.random.default_rng()  # a layer's own, and no test's
P = 0.2

# Each changes one thing of a right layer, so any two of them can stand together.
ONE_THING = {
    "keeps_p": {"share": P},
    "forgets_the_scale": {"scale": 1},
    "drops_at_evaluation": {"always": True},
    "shares_the_mask_in_a_batch": {"rows": 1},
    "writes_into_its_input": {"in_place": True},
    "backward_without_mask": {"passes": True},
}


class Faulty:
    def __init__(self, share=1 - P, scale=1 / (1 - P), always=False, rows=None, in_place=False,
                 passes=False):  # fmt: skip
        self.share, self.scale, self.always, self.rows = share, scale, always, rows
        self.in_place, self.passes = in_place, passes

    def forward(self, x, training=True):
        if not (training or self.always):
            return x
        shape = (self.rows or len(x), *x.shape[1:])
        self.mask = np.broadcast_to(RNG.random(shape) < self.share, x.shape) * self.scale
        if not self.in_place:
            return x * self.mask
        x *= self.mask
        return x

    def backward(self, grad):
        return grad if self.passes else grad * self.mask


def test_without_a_fault_it_is_right():
    assert diagnose(Faulty(), P).ok


@pytest.mark.parametrize("names", [(n,) for n in ONE_THING])
def test_one_fault_has_one_name(names):
    assert diagnose(Faulty(**ONE_THING[names[0]]), P).misconceptions == names


@pytest.mark.parametrize("names", list(itertools.combinations(ONE_THING, 2)))
def test_two_faults_have_two_names_and_two_cures(names):
    report = diagnose(Faulty(**ONE_THING[names[0]], **ONE_THING[names[1]]), P)
    assert set(report.misconceptions) == set(names)
    assert report.misconception == report.misconceptions[0]
    assert report.explanation.count("Cure: ") == 2
    assert str(report).splitlines()[0] == f"wrong: {' and '.join(report.misconceptions)}"


@pytest.mark.parametrize("names", list(itertools.combinations(ONE_THING, 3))[::4])
def test_three_faults_have_three_names(names):
    faults = {key: value for name in names for key, value in ONE_THING[name].items()}
    assert set(diagnose(Faulty(**faults), P).misconceptions) == set(names)


def test_what_is_left_unexplained_is_told():
    report = diagnose(Faulty(scale=3.0, always=True), P)
    assert report.misconceptions == ("drops_at_evaluation",)
    assert "No known misconception explains the rest: while training, every kept value is" in (
        report.explanation
    )


def test_standard_dropout_keeps_its_own_faults_names():
    class Standard(Faulty):
        def forward(self, x, training=True):
            return super().forward(x) if training else x * (1 - P)

    for name, fault in ONE_THING.items():
        if name in ("keeps_p", "shares_the_mask_in_a_batch", "writes_into_its_input"):
            assert diagnose(Standard(**fault | {"scale": 1}), P).misconceptions == (name,)
    assert diagnose(Standard(scale=1), P).explanation == "This is standard dropout."
