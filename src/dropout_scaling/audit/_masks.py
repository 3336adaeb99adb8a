"""Follow a mask that a program makes by hand, from the draw to the values that it multiplies.

A uniform draw that is compared with a number, or a draw of ``bernoulli``, is a mask; a factor on
it, on the values before or on the values after is its scale. What is made by other operations is
lost from sight, and not judged.
"""

import math
from typing import Any, NamedTuple

import torch
from torch.utils.weak import WeakTensorKeyDictionary

SAME_NAME = {
    "rmul": "mul", "imul": "mul", "multiply": "mul", "truediv": "div", "itruediv": "div",
    "idiv": "div", "true_divide": "div", "divide": "div", "radd": "add", "iadd": "add",
    "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "invert": "not",
    "logical_not": "not", "bitwise_not": "not",
}  # fmt: skip
PASSING = {
    "float", "half", "double", "bfloat16", "to", "type", "type_as", "int", "long", "bool", "view",
    "contiguous", "view_as", "reshape", "expand", "expand_as", "broadcast_to", "unsqueeze",
    "squeeze", "clone", "detach", "permute", "transpose", "t",
}  # fmt: skip
FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
CHANCE = 1e-6  # that rows of a mask agree though they were drawn apart


class Tag(NamedTuple):
    """``kind``: "uniform", "mask", "scaled" or "masked". ``keep``: the probability of a 1 in a
    mask, None if unknown. ``factor``: what it has been multiplied by, or what was added to a
    uniform. ``draw``: the event of the draw, or that of the masking. ``size``: how many were drawn.
    ``flipped``: whether a mask is the complement of the drawn one."""

    kind: str
    keep: Any = None
    factor: float = 1.0
    draw: Any = None
    size: int = 0
    flipped: bool = False

    def other(self):
        """The complement of a mask."""
        return self._replace(keep=_other(self.keep), flipped=not self.flipped)


class Masks:
    """``factors``: {module: the numbers that values were multiplied by}."""

    def __init__(self, record):
        self.record = record
        self.tags = WeakTensorKeyDictionary()
        self.factors = {}

    def follow(self, function, args, kwargs, result, draw):
        """Look at one call that has returned; ``draw``: the event of what it drew, or None."""
        raw = getattr(function, "__name__", "")
        name = SAME_NAME.get(raw.strip("_"), raw.strip("_"))
        first, second = [*args, *kwargs.values(), None, None][:2]
        tag, other = self._tag(first), self._tag(second)
        if draw is not None:
            self._drawn(name, raw, args, kwargs, result, draw)
        elif name in FLIPPED and "uniform" in (_kind(tag), _kind(other)):
            self._compared(name, first, second, tag, other, result)
        elif raw in ("__bool__", "item", "__float__") and _kind(tag) in ("mask", "uniform"):
            tag.draw.detail["mask"] = True
            self.record("branch", {"draw": tag.draw})
        elif name in ("where", "masked_fill", "setitem", "getitem"):
            self._selected(name, args, result)
        elif name in ("mul", "div"):
            self._multiplied(name, first, second, tag, other, result)
        elif tag is None:
            return
        elif name in PASSING:
            self._set(result, tag)
        elif tag.kind == "uniform" and name == "add" and (c := _number(second)) is not None:
            self._set(result, tag._replace(factor=tag.factor + c))
        elif tag.kind == "uniform" and name == "floor":
            self._mask(result, tag, tag.factor - 1)
        elif tag.kind == "mask" and (
            name == "not" or (name in ("rsub", "eq") and _number(second) == (name == "rsub"))
        ):
            self._set(result, tag.other())

    def _drawn(self, name, raw, args, kwargs, result, draw):
        if name in ("rand", "rand_like") or (name == "uniform" and args[1:3] in ((), (0, 1))):
            self._set(result, Tag("uniform", draw=draw, size=result.numel()))
        elif name == "bernoulli":
            p = args[1] if len(args) > 1 else kwargs.get("p")
            if p is None:
                p = 0.5 if raw.endswith("_") else _constant(args[0] if args else kwargs["input"])
            keep = _constant(p) if isinstance(p, torch.Tensor) else p
            self._set(result, Tag("mask", keep, 1.0, draw, result.numel()))

    def _compared(self, name, first, second, tag, other, result):
        if _kind(tag) != "uniform":
            name, second, tag = FLIPPED[name], first, other
        bound = _number(second)
        below = None if bound is None else bound - (tag.factor - 1)
        self._mask(result, tag, below if name in ("lt", "le") else _other(below))

    def _mask(self, result, tag, keep):
        tag.draw.detail["mask"] = True
        self._set(result, Tag("mask", keep, 1.0, tag.draw, tag.size))

    def _selected(self, name, args, result):
        """Zeros where a mask says so: by where, masked_fill or an index."""
        if len(args) < 2:
            return
        masks = [i for i, each in enumerate(args[:2]) if _kind(self._tag(each)) == "mask"]
        if not masks:
            return
        mask, tag = args[masks[0]], self._tag(args[masks[0]])
        if name == "getitem":
            if masks == [0] and not isinstance(args[1], torch.Tensor):  # as in mask[:, None]
                self._set(result, tag)
            return
        rest = [each for i, each in enumerate(args) if i != masks[0]]
        if len(rest) < 2:
            return
        x, fill = rest
        tag = tag if name == "where" else tag.other()
        if name == "where" and _number(x) == 0:
            x, fill, tag = fill, x, tag.other()
        if isinstance(x, torch.Tensor) and _number(fill) == 0:
            self._masked(x, mask, tag, x if name == "setitem" else result)

    def _multiplied(self, name, first, second, tag, other, result):
        if not isinstance(first, torch.Tensor):
            return
        if name == "mul" and "mask" in (_kind(tag), _kind(other)) and not _scalar(second):
            if _kind(tag) == _kind(other):
                self._set(result, tag._replace(keep=None))
            elif _kind(tag) == "mask" and isinstance(second, torch.Tensor):
                self._masked(second, first, tag, result)
            elif _kind(other) == "mask":
                self._masked(first, second, other, result)
            return
        number = _number(second)
        if not number or (tag is not None and tag.kind == "uniform"):
            return
        factor = number if name == "mul" else 1 / number
        module = self.record.module()
        self.factors.setdefault(module, []).append(factor)
        if tag is None:
            tag = Tag("scaled")
        if tag.kind == "masked":
            tag.draw.detail["scales"] += [s * factor for s in tag.draw.detail["scales"]]
        self._set(result, tag._replace(factor=tag.factor * factor))

    def _masked(self, x, mask, tag, result):
        """Record that values are multiplied by a mask."""
        if not isinstance(x, torch.Tensor) or not (x.is_floating_point() or x.is_complex()):
            return
        before = self._tag(x)
        scales = [tag.factor]
        if _kind(before) == "scaled":
            scales.append(tag.factor * before.factor)
        detail = {
            "keep": tag.keep,
            "scales": scales,
            "draw": tag.draw,
            "drawn": tag.size,
            "flipped": tag.flipped,
            "hidden": x.requires_grad and x.grad_fn is not None,
            "sizes": tuple(x.shape),
            "shared": _shared(mask, x, tag),
        }
        event = self.record("mask", detail)
        self._set(result, Tag("masked", tag.keep, 1.0, event))

    def _tag(self, value):
        return self.tags.get(value) if isinstance(value, torch.Tensor) else None

    def _set(self, tensor, tag):
        if isinstance(tensor, torch.Tensor):
            self.tags[tensor] = tag


def _kind(tag):
    return None if tag is None else tag.kind


def _other(probability):
    return None if probability is None else 1 - probability


def _scalar(value):
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value):
    """Return a number, or the only element of a constant tensor, as a float; else None."""
    if _scalar(value):
        return float(value)
    if isinstance(value, torch.Tensor) and value.dim() == 0 and not value.requires_grad:
        return None if value.is_meta or value.is_complex() else float(value)
    return None


def _constant(tensor):
    """Return the one value that all elements of a tensor have, None if they differ."""
    if tensor.is_meta or not tensor.numel() or tensor.min() != tensor.max():
        return None
    return float(tensor.flatten()[0])


def _shared(mask, x, tag):
    """Whether all rows of x get the same mask, and not by chance."""
    if x.dim() < 2 or len(x) < 2 or tag.size < 2 or mask.is_meta:
        return False
    if mask.dim() < x.dim() or mask.size(0) == 1 or mask.stride(0) == 0:
        return True
    if mask.size(0) != x.size(0) or tag.keep is None or not 0 < tag.keep < 1:
        return False
    drawn = tag.size / len(x) * (len(x) - 1)
    chance = math.exp(drawn * math.log(tag.keep**2 + (1 - tag.keep) ** 2))
    return chance < CHANCE and bool((mask == mask[:1]).all())
