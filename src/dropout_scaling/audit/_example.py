"""The model's arguments: from the example, and as copies that the model may write into."""

import copy
from collections.abc import Mapping

import torch
from torch.utils._pytree import tree_leaves


def arguments(example):
    """Return the positional and the keyword arguments that an example stands for.

    A mapping, such as a tokenizer gives, holds keyword arguments; a tuple positional ones; anything
    else is the only argument.
    """
    if isinstance(example, Mapping):
        return (), dict(example)
    return (example if isinstance(example, tuple) else (example,)), {}


def copied(args, kwargs):
    """Return copies of the arguments; what is one object in them is one object in the copies.

    Raises TypeError, with the argument's name, if one cannot be copied.
    """
    # An attention layer checks whether its query, key and value are the same tensor.
    memo = {}
    for tensor in tree_leaves((args, kwargs)):
        if isinstance(tensor, torch.Tensor):  # deepcopy refuses what has a history
            memo[id(tensor)] = tensor.detach().clone().requires_grad_(tensor.requires_grad)
    named = [*enumerate(args), *kwargs.items()]
    copies = []
    for name, value in named:
        try:
            copies.append(copy.deepcopy(value, memo))
        except Exception as error:
            text = f"example's argument {name} must be one that copy.deepcopy copies, got "
            raise TypeError(f"{text}{type(value).__name__} ({error})") from error
    return tuple(copies[: len(args)]), dict(zip(kwargs, copies[len(args) :], strict=True))


def batch_of(args, kwargs):
    """Return the first size of the first tensor with two axes or more, None if there is none."""
    tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
    return next((len(t) for t in tensors if t.dim() >= 2), None)
