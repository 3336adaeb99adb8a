"""What a layer gives back, in whatever way, and what its backward pass gets and gives."""

from types import SimpleNamespace

import numpy as np
import pytest

from dropout_scaling.diagnose._input_types import Arrays, Lists
from dropout_scaling.diagnose._results import UnusableLayerError, output_of, run_backward

X = np.array([[1.0, -2.0], [0.5, -1.0]])
MASK = np.array([[1.0, 0.0], [1.0, 1.0]])
VALUES = {"p": 0.2, "keep": 0.8, "training": True, "either": 0.2}


def output(result, holder=None, form=None):
    y, rest = output_of(result, holder, X, form or Arrays(), X)
    return y, rest


def test_the_output_is_what_has_the_signs_of_the_input():
    for result in ((X * MASK, MASK), (MASK, X * MASK)):
        y, rest = output(result)
        assert (y == X * MASK).all()
        assert (rest[0] == MASK).all()


def test_an_output_that_was_left_on_the_object_is_found():
    holder = SimpleNamespace(inputs=X, mask=MASK, Output=X * MASK)
    assert (output(None, holder)[0] == X * MASK).all()


def test_lists_are_read_as_lists_only():
    assert output((X * MASK).tolist(), form=Lists())[0] == (X * MASK).tolist()
    with pytest.raises(UnusableLayerError, match="returned a list for a ndarray"):
        output([row for row in X])  # noqa: C416 - rows of an array


def test_a_mask_alone_is_no_output():
    with pytest.raises(UnusableLayerError, match=r"dtype bool.*perhaps the mask"):
        output(MASK == 1)
    with pytest.raises(UnusableLayerError, match=r"0 and 1.25 whatever .*perhaps the mask"):
        output(MASK / 0.8)


def test_a_function_is_no_output():
    with pytest.raises(UnusableLayerError, match="returned the function input"):
        output(input)


def test_an_output_in_a_dictionary_is_found_by_its_name_or_by_its_shape():
    for result in ({"mask": MASK, "out": X * MASK}, {"mask": MASK, "result_": X * MASK, "p": 1}):
        assert (output(result)[0] == X * MASK).all()


GRAD = np.array([[1.0, 2.0], [3.0, 4.0]])


def back(function, rest=(), holder=None):
    return run_backward(function, holder, X, GRAD.copy(), list(rest), VALUES, Arrays())


class InPlace:
    def backward(self, dout):
        dout *= MASK


class Left:
    def backward(self, dvalues):
        self.dinputs = dvalues * MASK


@pytest.mark.parametrize(
    "function",
    [
        lambda dout: dout * MASK,
        lambda dout, cache: dout * cache,
        lambda cache, dout: dout * cache,
        lambda grad, lr: grad * MASK if lr == 0.1 else None,
        lambda x, grad_y: grad_y * MASK if x is X else None,
        lambda g, c, p: g * c if p == 0.2 else None,
        lambda dA, D, keep_prob: dA * D if keep_prob == 0.8 else None,
        lambda dout: (dout * MASK, None),
        InPlace().backward,
        lambda delta, mask, training: delta * mask if training else None,
    ],
)
def test_a_backward_gets_what_its_names_ask_for(function):
    grad, passed = back(function, [MASK])
    assert (grad == GRAD * MASK).all()
    assert (passed == GRAD).all()  # as it was before the call


def test_a_gradient_that_was_left_on_the_object_is_found():
    layer = Left()
    assert (back(layer.backward, holder=layer)[0] == GRAD * MASK).all()


def test_a_backward_that_gives_nothing_to_read_was_not_seen():
    assert back(lambda dout: "nothing") is None
    with pytest.raises(TypeError, match="its backward wants d"):
        back(lambda a, b, c, d: a, [MASK])
    with pytest.raises(UnusableLayerError, match="which its backward function needs"):
        back(lambda dout, cache: dout)
