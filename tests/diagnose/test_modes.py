"""How an object is told that it trains."""

import pytest

from dropout_scaling.diagnose._modes import attributes, evaluation_method, mode_switch

WORDS = ("train", "test")


class Pair:
    on = True

    def train(self):
        self.on = True

    def eval(self):
        self.on = False


class WithMode:
    def train(self, mode=True):
        self.on = mode


class Setter:
    def set_mode(self, mode):
        self.on = {"train": True, "test": False}[mode]


class Flag:
    def setTraining(self, flag):
        self.on = flag


class TwoMethods:
    def training(self):
        self.on = True

    def evaluate(self):
        self.on = False


class Attribute:
    def __init__(self):
        self.testing_phase, self.trainable, self.p = False, True, 0.5

    @property
    def on(self):
        return not self.testing_phase


class Word:
    def __init__(self):
        self.phase = "train"

    @property
    def on(self):
        return {"train": True, "test": False}[self.phase]


class Slots:
    __slots__ = ("is_train",)

    def __init__(self):
        self.is_train = True

    @property
    def on(self):
        return self.is_train


@pytest.mark.parametrize("kind", [Pair, WithMode, Setter, Flag, TwoMethods, Attribute, Word, Slots])
def test_an_object_is_put_in_both_modes(kind):
    layer = kind()
    switch = mode_switch(layer)
    for training in (False, True, False):
        switch.turn(training, WORDS)
        assert layer.on == training
    assert not switch.doubtful
    assert switch.words == (kind in (Setter, Word))


class TrainsANetwork:
    def train(self, x, y):
        raise AssertionError


class Trainable:
    def __init__(self):
        self.trainable, self.apply_during_inference = True, False


def test_what_is_no_mode_is_left_alone():
    assert mode_switch(TrainsANetwork()) is None
    assert mode_switch(Trainable()).doubtful
    assert attributes(Slots()) == {"is_train": True}


class Beside:
    def predict(self, x):
        return 2 * x

    def test(self, data, labels):
        raise AssertionError


def test_a_second_forward_for_evaluation_is_found():
    assert evaluation_method(Beside())(3) == 6
    assert evaluation_method(TwoMethods()) is None  # it takes nothing
