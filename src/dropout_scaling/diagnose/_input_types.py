"""What a layer's input is made of: NumPy arrays, PyTorch's tensors, a class of its own, lists.

A form makes the input of an array (``give``), reads an array of what came back (``read``, None if
there is none), and runs backward through what it has recorded (``gradient``).
"""

import contextlib
import inspect
import re
import sys

import numpy as np

INSIDE = ("data", "value", "values", "val", "array", "numpy")  # where a tensor has its array
TENSOR_NAMES = {"tensor", "variable", "value", "var", "node", "array", "ndarray", "matrix"}


def to_array(a):
    """Return the values of ``a`` as an array of its own dtype, or None if it holds no array."""
    if hasattr(a, "detach"):
        a = a.detach().cpu()
        return (a.float() if a.element_size() == 2 and a.is_floating_point() else a).numpy()
    if isinstance(a, np.ndarray | np.generic):
        return np.asarray(a)
    for name in INSIDE:
        inner = getattr(a, name, None)
        inner = inner() if callable(inner) and name == "numpy" else inner
        if isinstance(inner, np.ndarray):
            return inner
    if hasattr(a, "__array__"):
        return np.asarray(a)
    return None


class Arrays:
    """NumPy arrays."""

    tensors = False

    def give(self, x, coarse=False):
        """Return (leaf, input): the same, but for PyTorch's tensors."""
        array = x.copy()
        return array, array

    def read(self, y):
        """Return the values that ``y`` holds, as an array, or None."""
        return to_array(y)

    def gradient(self, leaf, y, upstream):
        """Return (gradient, upstream) of the sum of ``upstream`` times ``y``, or None if not kept.

        Some engines can only take the gradient of the sum of ``y``: then ``upstream`` is all ones.
        """

    def eps(self, y, given):
        """Return the larger machine epsilon of ``y`` and of what was given."""
        dtypes = (
            np.asarray(to_array(a) if to_array(a) is not None else a).dtype for a in (y, given)
        )
        floats = [d for d in dtypes if np.issubdtype(d, np.floating)]
        return max(float(np.finfo(d).eps) for d in [*floats, np.dtype(float)])


class Lists(Arrays):
    """Nested lists of Python's floats."""

    def give(self, x, coarse=False):
        values = x.tolist()
        return values, values

    def read(self, y):
        with contextlib.suppress(ValueError, TypeError):
            return np.array(y, dtype=float)
        return None

    def eps(self, y, given):
        return float(np.finfo(float).eps)


class Tensors(Arrays):
    """PyTorch's tensors; bfloat16 if they are to be coarse."""

    tensors = True

    def give(self, x, coarse=False):
        import torch

        leaf = torch.from_numpy(x.copy())
        leaf = leaf.bfloat16() if coarse else leaf
        if not leaf.is_floating_point():
            return leaf, leaf
        return leaf, leaf.requires_grad_() * 1  # not a leaf: a layer may write into it

    def gradient(self, leaf, y, upstream):
        if not getattr(y, "requires_grad", False):
            return None
        y.backward(upstream.to(y))
        return None if leaf.grad is None else (leaf.grad, upstream)

    def eps(self, y, given):
        import torch

        return max(torch.finfo(a.dtype).eps for a in (y, given))


class Own(Arrays):
    """Objects of a tensor class that the layer's author wrote."""

    def __init__(self, kind):
        self.kind = kind

    def give(self, x, coarse=False):
        attempts = (
            lambda: self.kind(x.copy(), requires_grad=True),
            lambda: self.kind(x.copy()),
        )
        for attempt in attempts:
            with contextlib.suppress(Exception):  # a class of anybody's
                made = attempt()
                if np.shape(to_array(made)) == x.shape:
                    return made, made
        raise TypeError(f"cannot make a {self.kind.__name__} of an array")

    def gradient(self, leaf, y, upstream):
        values = to_array(upstream)
        attempts = [((), np.ones_like(values))]
        if any(re.fullmatch(GRADIENT, name) for name in _arguments(y)):
            attempts = [((values,), values), ((upstream,), values)]
        for given, passed in attempts:
            with contextlib.suppress(Exception):  # it takes one of the two, if it takes any
                y.backward(*given)
                grad = to_array(getattr(leaf, "grad", None))
                if np.shape(grad) == values.shape:
                    return grad, passed
        return None


GRADIENT = r"(out(put)?_?)?(grad(ient)?|upstream|delta|dy|dout|g)(_?(out(put)?|y))?s?"


def _arguments(y):
    with contextlib.suppress(AttributeError, TypeError, ValueError):
        return inspect.signature(y.backward).parameters
    return ()


def own_classes(function, x_name=None):
    """Return the tensor classes that a function may want: by its annotation, then by their names.

    ``x_name``: the name of the input; if None, the first annotated argument's class is taken.
    """
    function = inspect.unwrap(getattr(function, "__func__", function))
    space = getattr(function, "__globals__", {})
    notes = [v for k, v in getattr(function, "__annotations__", {}).items() if k != "return"]
    noted = [space.get(note) if isinstance(note, str) else note for note in notes]
    named = [value for name, value in space.items() if name.lower() in TENSOR_NAMES]
    foreign = {"torch", "numpy", "builtins", "typing", "jax", "tensorflow"}
    found = []
    for kind in [*noted, *named]:
        if isinstance(kind, type) and kind.__module__.partition(".")[0] not in foreign:
            makes = hasattr(kind, "backward") or kind.__name__.lower() in TENSOR_NAMES
            if makes and kind not in found:
                found.append(kind)
    return found


def forms_for(function, module):
    """Return the forms in which a layer may take its input, the likeliest first."""
    if module:
        return [Tensors()]
    forms = [Own(kind) for kind in own_classes(function)]
    forms.append(Arrays())
    if "torch" in sys.modules:
        forms.append(Tensors())
    return [*forms, Lists()]
