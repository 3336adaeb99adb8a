"""Run a model and record each of its dropouts: the place, the input, and the use of its output.

The model keeps no change: modes, buffers, gradients and random states are restored even after an
error. The model gets copies of the example's tensors. The hooks are global, so the model's own
hooks are untouched.
"""

import contextlib
import functools
import inspect
import random
import sys
import warnings
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional as F
from torch.nn.modules import module as module_hooks
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map_only

from dropout_scaling._dropouts import ALPHA_FUNCTIONS, FUNCTIONS, OWN_LAYERS
from dropout_scaling._restore import as_found

WEIGHTED_FUNCTIONS = {
    F.linear, F.conv1d, F.conv2d, F.conv3d, torch.conv1d, torch.conv2d, torch.conv3d,
}  # fmt: skip
# These return the same values, so a dropout before one also comes before the next operation.
PASSING_FUNCTIONS = {
    torch.Tensor.view, torch.Tensor.reshape, torch.reshape, torch.Tensor.flatten, torch.flatten,
    torch.Tensor.contiguous, torch.Tensor.permute, torch.permute, torch.Tensor.transpose,
    torch.transpose, torch.Tensor.squeeze, torch.squeeze, torch.Tensor.unsqueeze, torch.unsqueeze,
}  # fmt: skip
# The beginnings of their names: what draws masks, and what draws any random numbers.
DRAWS = ("aten::bernoulli", "aten::native_dropout")
RANDOM = ("aten::rand", "aten::uniform", "aten::normal", "aten::exponential", "aten::multinomial")


class Event(NamedTuple):
    """One recorded event.

    ``kind``: "dropout", "attention", "batch norm", "draw" (of a mask) or "random" (of any other
    numbers). ``module``: the name of the innermost running submodule. ``location``: ``file:line``
    of the innermost call outside torch. ``detail``: a dict.
    """

    kind: str
    module: str
    location: str
    detail: dict


class Watch(NamedTuple):
    """The record of one run.

    ``events``: a list of ``Event``, in order. ``output``: the event of the dropout that produced
    the model's output, or None. ``value``: a copy of that output, or None.
    """

    events: list
    output: Any
    value: Any


def watch(model, args, kwargs, *, training: bool, seed: int, backward: bool = False) -> Watch:
    """Run ``model(*args, **kwargs)`` on copies of its tensors, and record its dropouts.

    ``model``: a ``torch.nn.Module``. ``training``: whether to run it in train mode. ``backward``:
    whether to differentiate the sum of the output, too. ``seed``: that of all random numbers in
    this run. Returns a ``Watch``. Raises TypeError if the model has a scripted part, whose calls
    cannot be seen, and the model's own errors.
    """
    for name, part in model.named_modules():
        if isinstance(part, torch.jit.ScriptModule):
            text = "model must hold no torch.jit.ScriptModule, whose calls cannot be seen"
            raise TypeError(f"{text}, got one at {name or '(model)'}")
    args, kwargs = tree_map_only(torch.Tensor, _copies(), (args, kwargs))
    names = {module: name for name, module in model.named_modules()}
    stack, events = [], []

    def entered(module, inputs):
        if module in names:
            stack.append(names[module])

    def returned(module, inputs, named, output):
        if isinstance(module, OWN_LAYERS):
            x = inspect.signature(module.forward).bind(*inputs, **named).args[0]
            functions.note(type(module), x, module.p, module.training, output)

    def left(module, inputs, output):
        if module in names:
            stack.pop()

    with contextlib.ExitStack() as undo:
        undo.enter_context(as_found(model))
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002 (what a model may draw from)
        random.seed(seed)
        model.train(training)
        functions = _Functions(events, stack)
        handles = [
            module_hooks.register_module_forward_pre_hook(entered),
            module_hooks.register_module_forward_hook(returned, with_kwargs=True),
            # Even if a module raises: a checkpoint ends its recomputation by an exception.
            module_hooks.register_module_forward_hook(left, always_call=True),
        ]
        for handle in handles:
            undo.callback(handle.remove)
        undo.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        draws = _Draws(events, stack, functions)
        with functions, draws, torch.enable_grad():
            output = _first(model(*args, **kwargs))
            if backward and output is not None and output.requires_grad:
                draws.backward = True
                output.float().sum().backward()
        value = None if output is None else output.detach().clone()
        return Watch(events, functions.sources.get(id(output)), value)


def _copies():
    """Return a function that copies tensors; for the same tensor it returns the same copy."""
    # An attention layer checks whether its query, key and value are the same tensor.
    return functools.cache(lambda t: t.detach().clone().requires_grad_(t.requires_grad))


class _Functions(TorchFunctionMode):
    """Records calls of dropout and batch norm, and follows the values that a dropout returns."""

    def __init__(self, events, stack):
        super().__init__()
        self.events, self.stack = events, stack
        self.sources = {}  # id of a tensor -> the event of the dropout that produced it
        self.weighted = set()  # ids of tensors that a layer with weights produced
        self.kept = []  # the tensors themselves, so that Python reuses no id
        self.announced = False  # whether the current draw belongs to a recorded call

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        x = args[0] if args else kwargs.get("input")
        if function in FUNCTIONS:
            p, active = _p_and_training(function, args, kwargs)
            self.announced = True
            result = function(*args, **kwargs)
            self.announced = False
            self.note(function, x, p, active, result)
            return result
        if function is F.scaled_dot_product_attention:  # on a GPU it draws where nobody can see
            return self._attention(args, kwargs)
        source = self.sources.get(id(x))
        if function in (F.batch_norm, torch.batch_norm) and source is not None:
            self.events.append(Event("batch norm", self._module(), locate(), {"source": source}))
        result = function(*args, **kwargs)
        if function in PASSING_FUNCTIONS and source is not None:
            self._keep(result)
            self.sources[id(result)] = source
        elif function in WEIGHTED_FUNCTIONS:
            self._keep(result)
            self.weighted.add(id(result))
        return result

    def note(self, function, x, p, active, result):
        """Record a dropout of x that returned ``result``."""
        detail = {
            "function": function,
            "p": p,
            "active": bool(active) and p > 0,
            "dim": x.dim(),
            "layer": isinstance(function, type) or _called_by_a_layer(),
            "source": self.sources.get(id(x)),
            "weighted": id(x) in self.weighted,
        }
        event = Event("dropout", self._module(), locate(), detail)
        self.events.append(event)
        if detail["active"]:
            self._keep(result)
            self.sources[id(result)] = event

    def _attention(self, args, kwargs):
        given = dict(zip(("query", "key", "value", "attn_mask", "dropout_p"), args, strict=False))
        p = (given | kwargs).get("dropout_p", 0.0)
        if p > 0:
            self.events.append(Event("attention", self._module(), locate(), {"p": p}))
        self.announced = True
        result = F.scaled_dot_product_attention(*args, **kwargs)
        self.announced = False
        return result

    def _module(self):
        return self.stack[-1] if self.stack else ""

    def _keep(self, tensor):
        self.kept.append(tensor)


class _Draws(TorchDispatchMode):
    """Records each drawn mask, also in the backward pass, where a checkpoint draws again."""

    def __init__(self, events, stack, functions):
        super().__init__()
        self.events, self.stack, self.functions = events, stack, functions
        self.backward = False

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if function.name().startswith(DRAWS):
            mask = result[1] if isinstance(result, tuple) else result
            detail = {
                "announced": self.functions.announced,  # part of a recorded dropout call
                "backward": self.backward,
                "mask": mask.clone(),
            }
            module = self.stack[-1] if self.stack else ""
            self.events.append(Event("draw", module, locate(), detail))
        elif function.name().startswith(RANDOM):
            module = self.stack[-1] if self.stack else ""
            self.events.append(Event("random", module, locate(), {}))
        return result


def _p_and_training(function, args, kwargs):
    """Return the arguments p and training (or train) of a dropout function, or their defaults."""
    given = dict(zip(("input", "p", "training"), args, strict=False)) | kwargs
    default = function not in ALPHA_FUNCTIONS
    return given.get("p", 0.5), given.get("training", given.get("train", default))


def _called_by_a_layer():
    """Whether the running function of a dropout was called by one of torch's layers."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code is not watch.__code__:
        if frame.f_globals.get("__name__") == "torch.nn.modules.dropout":
            return True
        frame = frame.f_back
    return False


def locate() -> str:
    """Return ``file:line`` of the innermost frame of the model's code, "" if there is none."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code is not watch.__code__:
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] not in ("torch", __name__.partition(".")[0]):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def _first(output):
    """Return the model's main output: its logits, or else the first tensor that it returns."""
    if isinstance(output, torch.Tensor):
        return output
    logits = getattr(output, "logits", None)
    if isinstance(logits, torch.Tensor):
        return logits
    values = output.values() if isinstance(output, dict) else output
    if isinstance(values, tuple | list) or isinstance(output, dict):
        return next((t for t in map(_first, values) if t is not None), None)
    return None
