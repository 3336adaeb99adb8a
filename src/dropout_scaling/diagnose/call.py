"""Call a dropout of any kind with NumPy arrays: a function, a module, or a pair of methods."""

import inspect
import sys
from functools import partial
from typing import NamedTuple

import numpy as np

# The role of an argument, by its name.
ROLES = {
    "p": ("p", "rate", "drop_prob", "drop_rate", "dropout", "dropout_p", "p_drop"),
    "keep": ("q", "keep", "keep_prob", "p_keep"),
    "training": ("training", "train", "is_training", "is_train"),
    "mode": ("mode",),
    "mask": ("mask",),
    "rng": ("rng",),
}


class UnusableLayerError(Exception):
    """A layer that returned nothing to judge. ``kind``: "raises", "shape" or "dtype"."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


class Run(NamedTuple):
    """The result of one call. Arrays are float64 and have x's shape.

    ``y``: the output. ``upstream``: the gradient on y that was passed to backward. ``grad``: the
    gradient on x that came back. Both are None if there is no backward pass. ``eps``: the larger
    machine epsilon of x's and y's dtypes. ``mutated``: whether the call changed x.
    """

    y: np.ndarray
    grad: np.ndarray | None
    upstream: np.ndarray | None
    eps: float
    mutated: bool


# One adapter for each kind of layer. It returns (call, takes_p, has_mode). ``call(x, values)`` runs
# the layer; ``values`` holds the arguments by role, as in ``ROLES``.


def _module(layer):
    def call(x, values):
        before = [(part, part.training) for part in layer.modules()]
        layer.train(values["training"])
        try:
            return layer(x)
        finally:  # each part may have had its own mode
            for part, training in before:
                part.training = training

    return call, False, True


def _function(function, bound):
    try:
        parameters = list(inspect.signature(function).parameters.values())[1:]
    except (TypeError, ValueError):
        return _without_signature(function)
    names = _names(parameters, bound)

    def call(x, values):
        return function(x, **{name: values[role] for role, name in names.items()})

    return call, bool(names.keys() & {"p", "keep"}), bool(names.keys() & {"training", "mode"})


def _without_signature(function):
    def call(x, values):  # a built-in, such as torch.dropout
        return function(x, values["p"], values["training"])

    return call, True, True


def _names(parameters, bound):
    """Return {role: the function's name for it}, without the names that a partial has bound."""
    names = {}
    for parameter in parameters:
        several = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if several or parameter.name in bound:
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


class Caller:
    """Calls a layer of any kind: ``caller(x, p, training)`` returns a ``Run``.

    ``takes_p``, ``has_mode``: whether p and the mode can be chosen; arguments that a ``partial``
    has bound by name cannot. ``words``: the names of its function and classes, and of a module's
    parts. A function is called with NumPy arrays. If it rejects them and torch is loaded, it is
    called with tensors.
    Raises TypeError for a layer that is a class, is not callable, or needs an unknown argument.
    """

    def __init__(self, layer, backward=None):
        if isinstance(layer, type):
            raise TypeError(f"layer must be an instance, got the class {layer.__name__}")
        torch = sys.modules.get("torch")
        self.layer, self.backward = layer, backward
        self.module = self.tensors = torch is not None and isinstance(layer, torch.nn.Module)
        self.paired = not self.module and hasattr(layer, "forward") and hasattr(layer, "backward")
        function = layer.forward if self.paired else layer
        if not callable(function):
            raise TypeError(f"layer must be callable, got {type(layer).__name__}")
        plain, bound = function, {}
        if isinstance(function, partial):
            plain, bound = function.func, function.keywords
        adapted = _module(layer) if self.module else _function(function, bound)
        self.call, self.takes_p, self.has_mode = adapted
        parts = layer.modules() if self.module else [layer]
        self.words = {base.__name__ for part in parts for base in type(part).__mro__}
        self.words.add(getattr(plain, "__name__", ""))

    def __call__(self, x, p, training, *, coarse=False) -> Run:
        """Call the layer and return the ``Run``.

        Args:
            x: a NumPy array.
            p: the probability of dropping.
            training: the mode.
            coarse: use bfloat16, if the layer takes tensors.

        Raises:
            UnusableLayerError: if the layer raises, or returns another shape or no floats.
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
        """Return the ``Run``, or the ``UnusableLayerError`` that ended it."""
        try:
            return self._run(x, p, training, coarse)
        except UnusableLayerError as error:
            return error
        except Exception as error:  # the layer may raise anything
            return UnusableLayerError("raises", f"raised {type(error).__name__}: {error}")

    def _run(self, x, p, training, coarse):
        leaf = self._convert(x, coarse)
        upstream = self._convert(np.roll(x, 1), coarse)
        given = leaf
        if self.tensors:
            given = leaf.requires_grad_() * 1  # not a leaf: a layer may write into it
        before = _array(given)
        result = self.call(given, self._values(x, p, training))
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

    def _values(self, x, p, training):
        rng = np.random.default_rng()
        mask = rng.random(x.shape) < 1 - p
        return {
            "p": p,
            "keep": 1 - p,
            "training": training,
            "mode": "train" if training else "test",
            "mask": self._convert(mask),
            "rng": rng,
        }

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


def _further(first, second):
    """Return the error of the attempt that returned something; if neither did, both errors."""
    if first.kind != "raises" or str(first) == str(second):
        return first
    if second.kind != "raises":
        return second
    return UnusableLayerError("raises", f"{first}; with tensors it {second}")


def _array(a):
    return np.array(a.detach().cpu().double().numpy() if hasattr(a, "detach") else a, dtype=float)
