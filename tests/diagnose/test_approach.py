"""What is tried where it is open how a layer is called, and that what comes out decides."""

import numpy as np
import pytest

from dropout_scaling.diagnose._approach import (
    TRIED,
    fitting,
    inputs_of,
    reading,
    settle_mode,
    shapes_for,
)
from dropout_scaling.diagnose.call import Caller, UnusableLayerError
from dropout_scaling.diagnose.observe import observe

RNG = np.random.default_rng()  # a layer's own, and no test's
P = 0.2


def drops(x, share):
    return x * (RNG.random(x.shape) < share) / share


class OfSize:
    def __init__(self, size):
        self.input_size = size

    def forward(self, x):
        if x.shape[-1] != self.input_size:
            raise ValueError("another size")
        return drops(x, 1 - P)


@pytest.mark.parametrize("axes", [1, 2, 3, 4, 5])
def test_a_shape_of_as_many_axes_as_it_wants_is_found(axes):
    def layer(x, p):
        if x.ndim != axes:
            raise ValueError(f"{axes} axes, please")
        return drops(x, 1 - p)

    x, run = fitting(caller := Caller(layer), P, shapes_for(caller))
    assert x.ndim == run.y.ndim == axes


def test_a_size_of_its_own_is_tried_too():
    seen = observe(OfSize(7), P)
    assert seen.facts.rate == {"q"}
    assert seen.notes == ("it was given inputs of shape (64, 7)",)


@pytest.mark.parametrize(
    ("size", "own"),
    [(3, [(64, 3), (3, 64), (3,)]), ((3, 5), [(64, 3, 5), (3, 5, 64), (3, 5)]), (True, [])],
)
def test_a_size_of_its_own_may_be_of_several_axes(size, own):
    shapes = shapes_for(Caller(OfSize(size)))
    assert [shape for shape in shapes if shape not in TRIED] == own


def test_if_no_shape_fits_the_first_error_is_told():
    def layer(x, p):
        raise ValueError(x.shape)

    with pytest.raises(UnusableLayerError, match=r"\(64, 32\)"):
        fitting(caller := Caller(layer), P, shapes_for(caller))


def evaluates_at(word):
    def layer(x, mode):
        return x if mode == word[0] else drops(x, 1 - P)

    return layer


@pytest.mark.parametrize("word", ["test", "eval", "inference", False])
def test_the_words_that_matter_are_taken(word):
    caller = Caller(evaluates_at([word]))
    settle_mode(caller, P, inputs_of((64, 32)))
    assert caller.mode_words[1] == word
    assert observe(evaluates_at([word]), P).facts.evaluation == {"1"}


@pytest.mark.parametrize(("keeps", "meaning"), [(True, "keeping"), (False, "dropping")])
def test_a_number_is_read_by_what_comes_out(keeps, meaning):
    def layer(x, prob, training=True):
        return drops(x, prob if keeps else 1 - prob) if training else x

    caller = Caller(layer)
    notes = reading(caller, P, inputs_of((64, 32)))
    assert caller.keeps == keeps
    assert notes == [f"prob was taken for the probability of {meaning}"]
    assert observe(layer, P).facts.rate == {"q"}


def test_what_keeps_neither_share_is_read_as_dropping():
    caller = Caller(lambda x, prob: x)
    reading(caller, P, inputs_of((64, 32)))
    assert not caller.keeps


class Trainable:
    def __init__(self, heeded):
        self.trainable, self.heeded = True, heeded

    def forward(self, x):
        return drops(x, 1 - P) if self.trainable or not self.heeded else x


@pytest.mark.parametrize(("heeded", "evaluation"), [(True, {"1"}), (False, None)])
def test_a_doubtful_attribute_is_the_mode_only_if_it_matters(heeded, evaluation):
    assert observe(Trainable(heeded), P).facts.evaluation == evaluation
