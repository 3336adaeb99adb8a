"""The inputs of the command, from words such as ``ids=2,16:int64<100``."""

import argparse
import re
from typing import Any, NamedTuple

import torch

NAME = re.compile(r"([A-Za-z_]\w*(?:\.\w+)*)=(.*)", re.DOTALL)
TENSOR = re.compile(r"(\d+(?:,\d+)*)(?::(\w+)(?:<(\d+))?)?")
WORDS = {"None": None, "True": True, "False": False}
TYPES = {"int": int, "float": float, "str": str}


class Input(NamedTuple):
    """``name``: the argument's name, with dots for what lies in it, "" if it has none."""

    name: str
    value: Any


class Form(NamedTuple):
    """A tensor to be made: its sizes, its dtype, and the bound of its numbers or None."""

    sizes: list
    dtype: torch.dtype
    bound: Any

    def tensor(self):
        """Random values: normal ones, whole numbers below the bound, or ones if there is none."""
        if self.bound is not None:
            return torch.randint(self.bound, self.sizes).to(self.dtype)
        if self.dtype.is_floating_point or self.dtype.is_complex:
            return torch.randn(self.sizes).to(self.dtype)
        return torch.ones(self.sizes, dtype=self.dtype)


def parsed(text):
    """Return the ``Input`` that a word of the command line stands for."""
    named = NAME.fullmatch(text)
    name, word = named.groups() if named else ("", text)
    try:
        return Input(name, _value(word))
    except ValueError:
        allowed = "8,3,32,32 or 2,16:int64 or ids=2,16:int64<100 or None or 0.5 or 3:int"
        raise argparse.ArgumentTypeError(f"must be like {allowed}, got {text}") from None


def _value(word):
    if word in WORDS:
        return WORDS[word]
    if re.fullmatch(r"-?\d+\.\d*", word):
        return float(word)
    value, colon, kind = word.rpartition(":")
    if colon and kind in TYPES:
        return TYPES[kind](value)
    matched = TENSOR.fullmatch(word)
    if not matched:
        raise ValueError(word)
    shape, dtype, bound = matched.groups()
    dtype = getattr(torch, dtype or "float32", None)
    if not isinstance(dtype, torch.dtype) or bound == "0":
        raise ValueError(word)
    return Form([int(size) for size in shape.split(",")], dtype, bound and int(bound))


def made(inputs):
    """Return the positional and the keyword arguments that inputs stand for.

    ``batch.ids`` and ``batch.mask`` make one dict; numbers in the place of names make a list.
    """
    args, tree = [], {}
    for name, value in inputs:
        value = value.tensor() if isinstance(value, Form) else value
        if not name:
            args.append(value)
            continue
        *above, last = name.split(".")
        inside = tree
        for part in above:
            inside = inside.setdefault(part, {})
        inside[last] = value
    return tuple(args), {name: _nested(value) for name, value in tree.items()}


def _nested(value):
    if not isinstance(value, dict):
        return value
    inside = {name: _nested(each) for name, each in value.items()}
    return list(inside.values()) if all(map(str.isdigit, inside)) else inside
