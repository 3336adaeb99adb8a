"""Remember all that a module holds, say what has changed since, and put it back in place.

It reaches what lies in the module's attributes, and in the lists, dicts and plain objects there. It
does not reach what a model keeps elsewhere: in a class, a global, a closure, a slot or a file.
"""

import copy
import functools
import random
import types
from collections import deque

import numpy as np
import torch
from torch import nn
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

CLOSED = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)
# What threads share goes on, even where a layer hangs; a logger belongs to the program.
SHARED = {"asyncio", "concurrent", "logging", "multiprocessing", "queue", "threading"}
PLAIN = (type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.device)
GENERATORS = (torch.Generator, np.random.Generator, np.random.RandomState, random.Random)
# Of a merged and unmerged weight, rounding is left.
ROUNDING = 1e-3


class Snapshot:
    """What a module held when this was made. ``generators``: the random generators in it."""

    def __init__(self, module: nn.Module):
        self.names = {id(part): name for name, part in module.named_modules()}
        self.generators = []
        self._seen = {}  # id -> the object, so that Python reuses no id
        self._undo = []
        self._values = {}  # id of a tensor -> its copy
        self._attributes = []  # (part, its attributes)
        waiting = [module]
        while waiting:
            thing = waiting.pop()
            if type(thing).__module__.partition(".")[0] in SHARED:
                continue
            if id(thing) not in self._seen and not isinstance(thing, (*PLAIN, *CLOSED)):
                self._seen[id(thing)] = thing
                waiting += self._remember(thing)

    def _remember(self, thing):
        """Remember one object, and return what it holds."""
        if isinstance(thing, torch.Tensor):
            self._tensor(thing)
            return []
        if isinstance(thing, GENERATORS):
            self.generators.append(thing)
            self._undo.append(_state_of(thing))
            return []
        if isinstance(thing, np.ndarray):
            self._undo.append(functools.partial(_refill_array, thing, thing.copy()))
            return list(thing.flat) if thing.dtype == object else []
        inside = []
        for kind, refill in REFILL.items():
            if isinstance(thing, kind):
                held = list(thing.items()) if kind is dict else kind(thing)
                self._undo.append(functools.partial(refill, thing, held))
                inside = [each for pair in held for each in pair] if kind is dict else list(held)
                break
        if isinstance(thing, tuple | frozenset):
            return list(iter(thing))  # not by its length, which a class may refuse to tell
        if isinstance(thing, types.MethodType):
            return [thing.__self__]
        if isinstance(thing, functools.partial):
            return [thing.func, *thing.args, *thing.keywords.values()]
        attributes = getattr(thing, "__dict__", None)
        if type(attributes) is dict:
            kept = dict(attributes)
            refill = functools.partial(_refill_object, thing, type(thing), list(kept.items()))
            self._undo.append(refill)
            inside += kept.values()
            if isinstance(thing, nn.Module):
                self._attributes.append((thing, kept | thing._parameters | thing._buffers))
        return inside

    def _tensor(self, tensor):
        alias, asks = tensor.detach(), tensor.requires_grad
        grad = tensor.grad if tensor.is_leaf else None
        value = self._values[id(tensor)] = alias.clone()

        def undo():
            with torch.no_grad():
                if tensor.shape != alias.shape or not _same_memory(tensor, alias):
                    tensor.data = alias
                if not _equal(alias, value):
                    alias.copy_(value)
            if tensor.is_leaf:
                if tensor.requires_grad != asks:
                    tensor.requires_grad_(asks)
                tensor.grad = grad

        self._undo.append(undo)

    def put_back(self):
        """Put everything back, each object in place."""
        for undo in self._undo:
            undo()

    def differences(self) -> list[str]:
        """Return the names of the parameters, buffers and plain attributes that have changed.

        Modes do not count, nor does rounding, nor a list, dict or object with other content.
        """
        return [
            ".".join(filter(None, (self.names.get(id(part), ""), name)))
            for part, before in self._attributes
            for name, old in before.items()
            if name != "training" and self._differs(old, _now(part, name))
        ]

    def differing_weights(self, differ) -> list[str]:
        """Return the names of the trainable parameters for which ``differ(old, new)`` is true."""
        return [
            ".".join(filter(None, (self.names.get(id(part), ""), name)))
            for part, before in self._attributes
            for name, old in before.items()
            if isinstance(old, nn.Parameter) and old.requires_grad and not old.is_meta
            if old.shape == self._values[id(old)].shape
            if differ(self._values[id(old)], old.detach())
        ]

    def _differs(self, old, new):
        if isinstance(old, torch.Tensor):
            if not isinstance(new, torch.Tensor):
                return True
            value = self._values[id(old)]
            if value.shape != new.shape or value.dtype != new.dtype:
                return True
            return not _equal(value, new) and not _close(value, new)
        return isinstance(old, PLAIN) and (type(old) is not type(new) or not _is(old, new))


def _now(part, name):
    for held in (vars(part), part._parameters, part._buffers):
        if name in held:
            return held[name]
    return NotImplemented


def _is(old, new):
    return old == new or (old != old and new != new)  # nan


def _equal(one, other):
    if one.is_meta or other.is_meta or one.layout != torch.strided:
        return one.is_meta and other.is_meta
    return one.shape == other.shape and one.dtype == other.dtype and torch.equal(one, other)


def _close(one, other):
    if not one.is_floating_point():
        return False
    reach = ROUNDING * one.abs().max().double().item()
    return bool(((one - other).abs().double() <= reach).all())


def _same_memory(one, other):
    if one.is_meta or one.layout != torch.strided or is_traceable_wrapper_subclass(one):
        return True  # it has no memory of its own
    return one.data_ptr() == other.data_ptr() and one.stride() == other.stride()


def _state_of(generator):
    """Return a function that puts a generator's state back."""
    if isinstance(generator, torch.Generator):
        state = generator.get_state()
        return lambda: generator.set_state(state)
    if isinstance(generator, np.random.Generator):
        state = copy.deepcopy(generator.bit_generator.state)
        return lambda: setattr(generator.bit_generator, "state", state)
    if isinstance(generator, np.random.RandomState):
        state = generator.get_state()
        return lambda: generator.set_state(state)
    state = generator.getstate()
    return lambda: generator.setstate(state)


def _unchanged(now, before):
    return len(now) == len(before) and all(a is b for a, b in zip(now, before, strict=True))


def _refill_list(now, before):
    if not _unchanged(now, before):
        now[:] = before


def _refill_deque(now, before):
    if not _unchanged(now, before):
        now.clear()
        now.extend(before)


def _refill_set(now, before):
    if now != before:
        now.clear()
        now.update(before)


def _refill_dict(now, before):
    old = [each for pair in before for each in pair]
    if not _unchanged([each for pair in now.items() for each in pair], old):
        now.clear()
        now.update(before)


def _refill_array(now, before):
    if now.shape == before.shape and now.flags.writeable:
        now[...] = before


def _refill_object(now, kind, before):
    if type(now) is not kind:  # a parametrization changes it
        now.__class__ = kind
    _refill_dict(now.__dict__, before)


REFILL = {
    list: _refill_list,
    deque: _refill_deque,
    set: _refill_set,
    dict: _refill_dict,
}
