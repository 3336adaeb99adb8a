"""Call a dropout of any kind with NumPy arrays: a function, a module, or a pair of methods."""

import ctypes
import inspect
import sys
import threading
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np

# What an argument is for, told by its name.
ROLES = {
    "p": ("p", "rate", "drop_prob", "drop_rate", "dropout", "dropout_p", "p_drop"),
    "keep": ("q", "keep", "keep_prob", "p_keep"),
    "training": ("training", "train", "is_training", "is_train"),
    "mode": ("mode",),
    "mask": ("mask",),
    "rng": ("rng",),
}


class UnusableLayerError(Exception):
    """A layer that gave nothing to judge. ``kind``: "raises", "shape" or "dtype"."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


class Run(NamedTuple):
    """What one call gave, as float64 arrays of x's shape.

    ``y``; ``grad``, the gradient on x for the gradient ``upstream`` on y, both None where there is
    no backward pass; ``eps``, that of the coarser of x's and y's dtypes, in which one of them is
    rounded; ``mutated``, whether x was changed.
    """

    y: np.ndarray
    grad: np.ndarray | None
    upstream: np.ndarray | None
    eps: float
    mutated: bool


class Caller:
    """Calls a layer of any kind: ``caller(x, p, training)`` returns a ``Run``.

    ``takes_p``, ``has_mode``: whether p and the mode can be chosen; what a ``partial`` has bound by
    name cannot. ``words``: the names of its function and classes, a module's parts included.
    Functions are tried with NumPy arrays, and where they will not have them and torch is loaded,
    with tensors.
    Raises TypeError for a layer that is a class, is not callable, or needs an unknown argument.
    """

    def __init__(self, layer, backward=None):
        if isinstance(layer, type):
            raise TypeError(f"layer must be an instance, got the class {layer.__name__}")
        torch = sys.modules.get("torch")
        self.layer, self.backward = layer, backward
        self.module = torch is not None and isinstance(layer, torch.nn.Module)
        self.paired = not self.module and hasattr(layer, "forward") and hasattr(layer, "backward")
        self.function = layer.forward if self.paired else layer
        if not callable(self.function):
            raise TypeError(f"layer must be callable, got {type(layer).__name__}")
        bound = isinstance(self.function, partial)
        self.bound = self.function.keywords if bound else {}
        function = self.function.func if bound else self.function
        parts = layer.modules() if self.module else [layer]
        self.words = {base.__name__ for part in parts for base in type(part).__mro__}
        self.words.add(getattr(function, "__name__", ""))
        self.tensors = self.module
        self.positional = False  # a built-in that shows no signature: x, p, training
        self.names = {} if self.module else self._names()
        self.takes_p = self.positional or bool(self.names.keys() & {"p", "keep"})
        self.has_mode = (
            self.module or self.positional or bool(self.names.keys() & {"training", "mode"})
        )

    def _names(self):
        """Return {role: the name that the function has for it}."""
        try:
            parameters = list(inspect.signature(self.function).parameters.values())[1:]
        except (TypeError, ValueError):
            self.positional = True
            return {}
        names = {}
        for parameter in parameters:
            several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
            if several or parameter.name in self.bound:
                continue
            role = next((r for r, words in ROLES.items() if parameter.name in words), None)
            optional = parameter.default is not inspect.Parameter.empty
            if role is None and not optional:
                words = ", ".join(ROLES)
                raise TypeError(
                    f"layer must take x and arguments named like {words}, got {parameter.name}"
                )
            if role in ("p", "keep", "training", "mode") or (role and not optional):
                names[role] = parameter.name
        return names

    def __call__(self, x, p, training, *, coarse=False):
        """Call the layer; ``coarse``: with numbers of few bits, where the layer takes tensors.

        Raises UnusableLayerError where the layer raises, or returns another shape or no floats.
        """
        result = self._attempt(x, p, training, coarse)
        if isinstance(result, Run):
            return result
        if not self.tensors and "torch" in sys.modules:
            self.tensors = True
            second = self._attempt(x, p, training, coarse)
            if isinstance(second, Run):
                return second
            self.tensors = False
            result = _further(result, second)
        raise result

    def _attempt(self, x, p, training, coarse):
        """Return the ``Run``, or the ``UnusableLayerError`` that came of it."""
        try:
            return self._run(x, p, training, coarse)
        except UnusableLayerError as error:
            return error
        except Exception as error:  # a layer under examination may raise anything
            return UnusableLayerError("raises", f"raised {type(error).__name__}: {error}")

    def _run(self, x, p, training, coarse):
        leaf = self._convert(x, coarse)
        upstream = self._convert(np.roll(x, 1), coarse)
        given = leaf
        if self.tensors:
            given = leaf.requires_grad_() * 1  # not a leaf, so that a layer may write into it
        before = _array(given)
        with _mode(self.layer if self.module else None, training):
            args, named = self._arguments(x, p, training)
            result = self.function(given, *args, **named)
        y, *cache = result if isinstance(result, tuple | list) else (result,)
        self._check(y, given)
        mutated = not np.array_equal(before, _array(given))
        grad = self._gradient(leaf, y, cache, upstream, p) if training else None
        mutated = mutated and not getattr(self.layer, "inplace", False)
        upstream = None if grad is None else _array(upstream)
        return Run(_array(y), grad, upstream, max(map(self._eps, (y, given))), mutated)

    def _convert(self, x, coarse=False):
        if not self.tensors:
            return x.copy()
        import torch

        tensor = torch.from_numpy(x.copy())
        return tensor.bfloat16() if coarse else tensor

    def _arguments(self, x, p, training):
        rng = np.random.default_rng()
        mask = rng.random(x.shape) < 1 - p
        values = {
            "p": p,
            "keep": 1 - p,
            "training": training,
            "mode": "train" if training else "test",
            "mask": self._convert(mask),
            "rng": rng,
        }
        if self.positional:
            return [p, training], {}
        return [], {name: values[role] for role, name in self.names.items()}

    def _check(self, y, given):
        if not isinstance(y, type(given)):
            text = f"returned a {type(y).__name__} for a {type(given).__name__}"
            raise UnusableLayerError("dtype", text)
        if tuple(y.shape) != tuple(given.shape):
            text = f"returned shape {tuple(y.shape)} for an input of shape {tuple(given.shape)}"
            raise UnusableLayerError("shape", text)
        floating = y.is_floating_point() if self.tensors else np.issubdtype(y.dtype, np.floating)
        if not floating:
            raise UnusableLayerError(
                "dtype", f"returned dtype {y.dtype}, which is not floating point"
            )

    def _eps(self, a):
        if not self.tensors:
            return float(np.finfo(a.dtype).eps)
        import torch

        return torch.finfo(a.dtype).eps

    def _gradient(self, leaf, y, cache, upstream, p):
        if self.paired:
            return _array(self.layer.backward(upstream))
        if self.backward is not None:
            if len(cache) != 1:
                text = "returned no (y, cache), which its backward function needs"
                raise UnusableLayerError("shape", text)
            takes_p = len(inspect.signature(self.backward).parameters) > 2
            return _array(self.backward(upstream, cache[0], *((p,) if takes_p else ())))
        if self.tensors and y.requires_grad:
            y.backward(upstream.to(y))
            return None if leaf.grad is None else _array(leaf.grad)
        return None


@contextmanager
def _mode(module, training):
    """Put a module into a mode, and each of its parts back into its own afterwards."""
    before = [] if module is None else [(part, part.training) for part in module.modules()]
    if module is not None:
        module.train(training)
    try:
        yield
    finally:
        for part, was in before:
            part.training = was


def _further(first, second):
    """Return the error of the attempt that got further: one that returned something, or both."""
    if first.kind != "raises" or str(first) == str(second):
        return first
    if second.kind != "raises":
        return second
    return UnusableLayerError("raises", f"{first}; with tensors it {second}")


def _array(a):
    return np.array(a.detach().cpu().double().numpy() if hasattr(a, "detach") else a, dtype=float)


def within(seconds, function, *args):
    """Return function(*args), run in a thread; raise TimeoutError after ``seconds``.

    The thread is then told to stop, which it does at its next line of Python.
    """
    box: dict[str, Any] = {}

    def work():
        try:
            box["result"] = function(*args)
        except BaseException as raised:  # handed to the caller below, whatever it is
            box["raised"] = raised

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        stop = ctypes.py_object(SystemExit)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), stop)
        raise TimeoutError
    if "raised" in box:
        raise box["raised"]
    return box["result"]
