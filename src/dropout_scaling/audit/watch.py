"""Run a model and write down every dropout that it does: where, on what, and what comes of it.

Nothing of the model is changed for good: modes, buffers, gradients and random states are put back,
also where the model raises, and it is given a copy of the example. Hooks are global ones, so that
the model's own stay untouched.
"""

import contextlib
import functools
import inspect
import sys
import warnings
from typing import Any, NamedTuple

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
# Each returns the same values: a dropout before it is a dropout before the next operation.
PASSING_FUNCTIONS = {
    torch.Tensor.view, torch.Tensor.reshape, torch.reshape, torch.Tensor.flatten, torch.flatten,
    torch.Tensor.contiguous, torch.Tensor.permute, torch.permute, torch.Tensor.transpose,
    torch.transpose, torch.Tensor.squeeze, torch.squeeze, torch.Tensor.unsqueeze, torch.unsqueeze,
}  # fmt: skip
DRAWS = ("aten::bernoulli", "aten::native_dropout")  # how their names begin


class Event(NamedTuple):
    """One thing seen. ``kind``: "dropout", "batch norm" or "draw"; ``module``: the name of the
    innermost submodule at work; ``location``: ``file:line`` of the innermost line outside torch;
    ``detail``: a dict."""

    kind: str
    module: str
    location: str
    detail: dict


class Watch(NamedTuple):
    """``events`` in their order; ``output``: the dropout that it comes straight from, or None."""

    events: list
    output: Any


def watch(model, args, kwargs, *, training, backward=False):
    """Run ``model(*args, **kwargs)`` in the given mode and return the ``Watch``.

    ``training``: the mode; ``backward``: whether the sum of the output is differentiated too. The
    model is given copies of the tensors. Raises TypeError for a model with a scripted part, which
    cannot be watched; the model's own errors are the caller's.
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
        model.train(training)
        functions = _Functions(events, stack)
        handles = [
            module_hooks.register_module_forward_pre_hook(entered),
            module_hooks.register_module_forward_hook(returned, with_kwargs=True),
            # Also where a module raises: a checkpoint leaves its recomputation by an exception.
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
        return Watch(events, None if output is None else functions.sources.get(id(output)))


def _copies():
    """Return a function that copies a tensor, and gives the same copy of the same tensor again."""
    # An attention layer asks whether its query, key and value are one tensor.
    return functools.cache(lambda t: t.detach().clone().requires_grad_(t.requires_grad))


class _Functions(TorchFunctionMode):
    """Writes down dropout and batch norm calls, and follows what a dropout returns."""

    def __init__(self, events, stack):
        super().__init__()
        self.events, self.stack = events, stack
        self.sources = {}  # id of a tensor -> the dropout event that it comes straight from
        self.weighted = set()  # ids of tensors that come straight from weights
        self.kept = []  # the tensors themselves, so that no id is used twice
        self.announced = False  # whether the draw at hand belongs to a call written down

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
        """Write down a dropout of x that gave ``result``."""
        detail = {
            "function": function,
            "p": p,
            "active": bool(active) and p > 0,
            "dim": x.dim(),
            "source": self.sources.get(id(x)),
            "weighted": id(x) in self.weighted,
        }
        event = Event("dropout", self._module(), locate(), detail)
        self.events.append(event)
        if detail["active"]:
            self._keep(result)
            self.sources[id(result)] = event

    def _module(self):
        return self.stack[-1] if self.stack else ""

    def _keep(self, tensor):
        self.kept.append(tensor)


class _Draws(TorchDispatchMode):
    """Writes down each mask that is drawn, also in the backward pass, as a checkpoint does."""

    def __init__(self, events, stack, functions):
        super().__init__()
        self.events, self.stack, self.functions = events, stack, functions
        self.backward = False

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        if function.name().startswith(DRAWS):
            mask = result[1] if isinstance(result, tuple) else result
            detail = {
                "announced": self.functions.announced,  # by a dropout function of torch's
                "backward": self.backward,
                "mask": mask.clone(),
            }
            module = self.stack[-1] if self.stack else ""
            self.events.append(Event("draw", module, locate(), detail))
        return result


def _p_and_training(function, args, kwargs):
    """The arguments p and training (or train) of a dropout function, with its own defaults."""
    given = dict(zip(("input", "p", "training"), args, strict=False)) | kwargs
    default = function not in ALPHA_FUNCTIONS
    return given.get("p", 0.5), given.get("training", given.get("train", default))


def locate():
    """Return ``file:line`` of the innermost frame of the model's code, "" where there is none."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code is not watch.__code__:
        name = frame.f_globals.get("__name__", "")
        if name.partition(".")[0] not in ("torch", __name__.partition(".")[0]):
            return f"{frame.f_code.co_filename}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


def _first(output):
    """The tensor that a model is called for: its logits, or the first tensor that it returns."""
    if isinstance(output, torch.Tensor):
        return output
    logits = getattr(output, "logits", None)
    if isinstance(logits, torch.Tensor):
        return logits
    values = output.values() if isinstance(output, dict) else output
    if isinstance(values, tuple | list) or isinstance(output, dict):
        return next((t for t in map(_first, values) if t is not None), None)
    return None
