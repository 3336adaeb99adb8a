"""The inputs of the command, in each form."""

import argparse

import pytest
import torch

from dropout_scaling.audit._inputs import made, parsed


def values(*words):
    return made([parsed(word) for word in words])


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("None", None),
        ("True", True),
        ("0.5", 0.5),
        ("-0.5", -0.5),
        ("3:int", 3),
        ("a b:str", "a b"),
    ],
)
def test_a_word_is_a_value(word, value):
    args, kwargs = values(word, f"name={word}")
    assert args == (value,)
    assert type(args[0]) is type(value)
    assert kwargs == {"name": value}


@pytest.mark.parametrize(
    ("word", "sizes", "dtype"),
    [
        ("8,3", (8, 3), torch.float32),
        ("3", (3,), torch.float32),
        ("2,2:bfloat16", (2, 2), torch.bfloat16),
        ("2,2:complex64", (2, 2), torch.complex64),
        ("2,2:bool", (2, 2), torch.bool),
    ],
)
def test_a_word_is_a_tensor(word, sizes, dtype):
    ((x,), _) = values(word)
    assert (tuple(x.shape), x.dtype) == (sizes, dtype)


def test_whole_numbers_are_below_their_bound_or_ones():
    (bounded, ones), _ = values("500:int64<3", "500:int64")
    assert bounded.unique().tolist() == [0, 1, 2]  # each, but for one run in 10^87
    assert ones.unique().tolist() == [1]


def test_floats_vary_since_a_norm_makes_zeros_of_ones():
    ((x,), _) = values("100")
    assert len(x.unique()) > 90


def test_dots_make_dicts_and_numbers_lists():
    _, kwargs = values("batch.ids=2,3:int64", "batch.more.0=None", "batch.more.1=0.5")
    assert kwargs["batch"]["more"] == [None, 0.5]
    assert kwargs["batch"]["ids"].shape == (2, 3)


def test_what_is_none_of_these_is_refused():
    with pytest.raises(argparse.ArgumentTypeError, match="must be like 8,3,32,32"):
        parsed("8;3")
