"""Record each draw of random numbers, also in the backward pass, where a checkpoint draws again."""

import hashlib
import math
import sys

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from dropout_scaling.audit._call_site import within

# The beginnings of their names: what draws masks, and what draws any random numbers.
MASKS = ("aten::bernoulli", "aten::native_dropout")
NUMBERS = ("aten::rand", "aten::uniform", "aten::normal", "aten::exponential", "aten::multinomial")


class _Draws:
    """``last``: the event of the last draw. ``backward``: whether the backward pass runs."""

    def __init__(self, record):
        super().__init__()
        self.record = record
        self.backward = False
        self.announced = False  # whether the current draw belongs to a recorded call
        self.last = None

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        name = function.name()
        if name.startswith(MASKS):
            mask = result[1] if isinstance(result, tuple) else result
            self._note("draw", mask, _varies(args))
        elif name.startswith(NUMBERS):
            self._note("random", result, False)
        return result

    def _note(self, kind, drawn, varies):
        masks = kind == "draw"
        detail = {
            "announced": self.announced,
            "backward": self.backward,
            "checkpoint": self.backward and within("torch.utils.checkpoint"),
            "digest": _digest(drawn),
            "doubt": _doubt(drawn) if masks else 0.0,
            "mask": masks,  # of other numbers, whether a mask is made of them
            "varies": varies,
        }
        self.last = self.record(kind, detail)


class _OfPlain(_Draws, TorchDispatchMode):
    """Inherits its method: PyTorch loads its compiler only for a class that defines the method."""


class _OfCompiled(_Draws, TorchDispatchMode):
    """Defines the method itself: then PyTorch does not compile it."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return super().__torch_dispatch__(function, types, args, kwargs)


def draws_into(record):
    """Return the mode that records draws. It loads no compiler: that takes a second."""
    return (_OfCompiled if "torch._dynamo" in sys.modules else _OfPlain)(record)


def _varies(args):
    """Whether a mask is drawn with probabilities that a network computed, as binary units are."""
    given = [t for t in args[:2] if isinstance(t, torch.Tensor) and t.is_floating_point()]
    odds = given[-1] if given else None
    if odds is None or odds.is_meta or not odds.numel() or len(given) < len(args[:1]):
        return False
    return bool(odds.min() != odds.max()) and bool(((odds >= 0) & (odds <= 1)).all())


def _digest(drawn):
    """Return a word that two draws share if they drew the same, None if there are no values."""
    if drawn.is_meta:
        return None
    raw = drawn.detach().cpu().reshape(-1).view(torch.uint8).numpy()
    return hashlib.blake2b(raw.tobytes(), digest_size=16).digest()


def _doubt(mask):
    """Return the probability that another draw of a mask is the same by chance."""
    if mask.is_meta or not mask.numel():
        return 1.0
    kept = (mask != 0).double().mean().item()
    return math.exp(mask.numel() * math.log(kept**2 + (1 - kept) ** 2))
