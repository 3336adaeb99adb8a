"""Find the output among what a layer returned or left behind, and run its backward pass."""

import inspect
import re
from collections.abc import Mapping

import numpy as np

from dropout_scaling.diagnose._modes import attributes
from dropout_scaling.diagnose._roles import MODES, NUMBERS, plain, role_of

OUTPUTS = (
    "output", "outputs", "out", "y", "activation", "activations", "a", "o", "result", "res",
    "output_data", "values", "value", "data", "z", "h", "top", "forward_output",
)  # fmt: skip
GRADIENTS = (
    "dinputs", "dinput", "dx", "grad_input", "grad_inputs", "input_grad", "input_gradient", "din",
    "d_input", "d_inputs", "d_x", "delta", "gradient", "grad", "grads", "da", "dz", "da_prev",
    "bottom_diff", "diff", "prev_grad",
)  # fmt: skip
MASK = "perhaps the mask, which is still to be multiplied by the values"
CACHES = {plain(name) for name in ("mask", "cache", "ctx", "context", "masks", "saved", "memory")}
RATES = {plain(name) for name in ("lr", "learning_rate", "eta", "learn_rate", "step_size", "l_r")}


class UnusableLayerError(Exception):
    """A layer that returned nothing to judge. ``kind``: "raises", "shape" or "dtype"."""

    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


def output_of(result, holder, x, form, given):
    """Return (y, rest): the output as it came, and what came with it.

    ``result``: what the call returned. If that is None, the output is the attribute of ``holder``
    that has its name and x's shape. In a tuple it is the first array of x's shape whose signs are
    those of x, so that a mask is not taken for it.

    Raises UnusableLayerError if there is no array of x's shape, or it holds no floats.
    """
    if result is None and holder is not None:
        result = _left(holder, OUTPUTS, x.shape, form)
    if isinstance(result, Mapping):
        by_name = {plain(str(name)): value for name, value in result.items()}
        first = [by_name.pop(plain(name)) for name in OUTPUTS if plain(name) in by_name]
        result = (*first, *by_name.values())
    # For an array, a list of arrays of rows means that the layer goes through rows: it wants lists.
    several = isinstance(result, tuple) or (
        isinstance(result, list) and result and np.shape(form.read(result[0])) == x.shape
    )
    items = list(result) if several else [result]
    at = 0
    for i, item in enumerate(items):
        values = form.read(item)
        if np.shape(values) == x.shape and values.dtype != bool and (values * x >= 0).all():
            at = i
            break
    y = items.pop(at) if items else None
    _check(y, x, form, given)
    return y, items


def _left(holder, names, shape, form):
    """Return the attribute with the first of ``names`` that reads as an array of ``shape``."""
    by_name = {plain(name): value for name, value in attributes(holder).items()}
    for name in names:
        value = by_name.get(plain(name))
        if np.shape(form.read(value)) == shape:
            return value
    return None


def _check(y, x, form, given):
    values = form.read(y)
    foreign = hasattr(y, "detach") and not form.tensors
    if inspect.isroutine(y):
        text = f"returned the function {y.__name__}: perhaps its input has another name"
        raise UnusableLayerError("dtype", text)
    if values is None or foreign:
        text = f"returned a {type(y).__name__} for a {type(given).__name__}"
        raise UnusableLayerError("dtype", text)
    if values.shape != x.shape:
        text = f"returned shape {values.shape} for an input of shape {x.shape}"
        raise UnusableLayerError("shape", text)
    if not np.issubdtype(values.dtype, np.floating):
        dtype = getattr(y, "dtype", values.dtype)
        text = f"returned dtype {dtype}, which is not floating point"
        if values.dtype == bool:
            text += f": {MASK}"
        raise UnusableLayerError("dtype", text)
    if (values * x < 0).any():
        nonzero = values[values != 0]
        if nonzero.size < values.size and np.ptp(nonzero) == 0:
            text = f"returned 0 and {nonzero[0]:.4g} whatever its input was: {MASK}"
            raise UnusableLayerError("dtype", text)


def run_backward(backward, holder, given, upstream, rest, values, form):
    """Return (gradient, upstream): what a backward gives, or leaves behind, or None if nothing.

    ``given``: the input. ``upstream``: the gradient on the output, as the form has it. ``rest``:
    what forward returned beside the output. ``values``: the arguments by role. Raises
    UnusableLayerError if it needs a cache and there is none, and TypeError if it needs what nobody
    can know.
    """
    arguments = _backward_arguments(backward, given, upstream, rest, values)
    passed = np.array(form.read(upstream))
    result = backward(**arguments)
    for item in (result, *(result if isinstance(result, tuple | list) else ())):
        if np.shape(form.read(item)) == passed.shape:
            return item, passed
    if result is not None:
        return None
    left = None if holder is None else _left(holder, GRADIENTS, passed.shape, form)
    return upstream if left is None else left, passed  # perhaps it was changed in place


def _backward_arguments(backward, given, upstream, rest, values):
    """Return the arguments by name: by what their names say, else gradient, cache and p in turn."""
    several = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    parameters = list(inspect.signature(backward).parameters.values())
    single = [p for p in parameters if p.kind not in several]
    needed = [p.name for p in single if p.default is p.empty]
    if len(needed) < 2:
        return dict.fromkeys(needed or [p.name for p in single[:1]], upstream)
    said = {name: _meaning(name) for name in needed}
    if "grad" not in said.values():  # then it is the first one that can be
        said[next(name for name in needed if said[name] in (None, "p", "given"))] = "grad"
    lookup = {"grad": upstream, "given": given, "rate": 0.1, **values}
    turns = iter(("cache", "p"))
    arguments = {}
    for name in needed:
        what = said[name] or next(turns, None)
        if what is None:
            raise TypeError(f"its backward wants {name}")
        arguments[name] = _cache(rest) if what == "cache" else lookup[what]
    return arguments


def _meaning(name):
    """Return what an argument of a backward is by its name, or None."""
    role, name = role_of(name), plain(name)
    if name in RATES:
        return "rate"
    if name in CACHES or role == "mask":
        return "cache"
    if re.search(r"grad|delta|error|upstream|dout|dvalues|accum", name):
        return "grad"
    if name in ("x", "input", "inputs", "inputdata", "xin", "bottom"):
        return "given"
    return role if role in NUMBERS | MODES and name not in ("d", "state") else None


def _cache(rest):
    if not rest:
        text = "returned no (y, cache), which its backward function needs"
        raise UnusableLayerError("shape", text)
    return rest[0] if len(rest) == 1 else tuple(rest)
