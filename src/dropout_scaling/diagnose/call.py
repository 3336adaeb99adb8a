"""Call a dropout of any kind with NumPy arrays: a function, a module, or a pair of methods."""

import inspect
from typing import NamedTuple

import numpy as np

from dropout_scaling.diagnose._input_types import Own, Tensors, forms_for
from dropout_scaling.diagnose._modes import attributes
from dropout_scaling.diagnose._results import UnusableLayerError, output_of, run_backward
from dropout_scaling.diagnose._roles import MODES, NUMBERS, ROLES
from dropout_scaling.diagnose._target import is_module, target_of

__all__ = ["ROLES", "Caller", "Run", "UnusableLayerError"]


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


class Caller:
    """Calls a layer of any kind: ``caller(x, p, training)`` returns a ``Run``.

    ``takes_p``, ``has_mode``: whether p and the mode can be chosen; arguments that a ``partial``
    has bound by name cannot. ``unsure``: the name of a number that may be p or 1 - p; ``keeps``
    says which of them it is given. ``left``: {name: value} of the arguments left at their
    defaults. ``mode_words``: the pair of words for training and evaluation, one of
    ``target.words``. ``words``: the names of its function and classes, and of a module's parts.
    ``notes``: what was noticed while calling, as sentences.
    A layer is given NumPy arrays, or what it wants instead: PyTorch's tensors, its author's own, or
    lists. Raises TypeError for a layer that is a class, is not callable, or needs an unknown
    argument.
    """

    def __init__(self, layer, backward=None):
        self.target = target_of(layer)
        self.module = is_module(self.target.holder)
        self.layer = self.target.holder if self.module else layer
        signature = self.target.signature
        if signature.missing and not self.module:
            words = ", ".join(ROLES)
            raise TypeError(
                f"layer must take x and arguments named like {words}, got {signature.missing[0]}"
            )
        self.takes_p = signature.has(NUMBERS)
        other = self.target.switch is not None or self.target.evaluate is not None
        self.has_mode = other or signature.has(MODES)
        self.mode_words = self.target.words[0]
        unsure = [n for n, role in signature.names.items() if role in ("either", "settings")]
        self.unsure, self.keeps, self.left = next(iter(unsure), None), False, signature.left
        self.backward = self._own(backward)
        self.words, self.notes = _words(layer, self.target), {}
        self.forms = forms_for(self.target.function, self.module)
        self.form = None
        self._in_place = False  # whether it returned nothing and changed its input instead
        self._last = self._rolled = None  # an input, and the gradients that are passed back for it
        self._settings = {}

    @property
    def tensors(self):
        """Whether the layer is given PyTorch's tensors."""
        return isinstance(self.form or self.forms[0], Tensors)

    def _own(self, backward):
        """Return ``backward``, or the copied object's method if it is a method of the layer."""
        owner, holder = getattr(backward, "__self__", None), self.target.holder
        if holder is not None and isinstance(owner, type(holder)):
            return getattr(holder, backward.__name__)
        return backward

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
        errors = []
        for form in [self.form] if self.form else self.forms:
            try:
                run = self._run(form, x, p, training, coarse)
            except UnusableLayerError as error:
                errors.append((form, error))
            except Exception as error:  # the layer may raise anything
                text = f"raised {type(error).__name__}: {error}"
                errors.append((form, UnusableLayerError("raises", text)))
            else:
                self.form = form
                return run
        raise _furthest(errors)

    def _run(self, form, x, p, training, coarse):
        leaf, given = form.give(x, coarse)
        before = _floats(form.read(given))
        values = self._values(form, x, p, training)
        result = self._call(given, values, training)
        mutated = not np.array_equal(before, _floats(form.read(given)))
        try:
            y, rest = output_of(result, self.target.holder, x, form, given)
        except UnusableLayerError:
            self._in_place = self._in_place or mutated
            if result is not None or not self._in_place:
                raise
            y, rest, mutated = given, [], False  # like list.sort: its input is its output
        mutated = mutated and not getattr(self.layer, "inplace", False)
        eps = form.eps(y, given)
        output = _floats(form.read(y))
        back = None
        if training:
            upstream = form.give(self._upstream(x), coarse)[0]
            back = self._gradient(form, leaf, given, y, rest, upstream, values)
        if back is None:
            return Run(output, None, None, eps, mutated)
        return Run(output, *(_floats(form.read(a)) for a in back), eps, mutated)

    def _upstream(self, x):
        if self._last is not x:
            self._last, self._rolled = x, np.roll(x, 1)
        return self._rolled

    def _call(self, given, values, training):
        signature, switch = self.target.signature, self.target.switch
        arguments = {name: values[role] for name, role in signature.names.items()}
        parts = [(m, m.training) for m in self.layer.modules()] if self.module else []
        if switch:
            switch.turn(training, self.mode_words)
        try:
            if self.target.evaluate and not training:
                return self.target.evaluate(given)
            if signature.x is None:
                return self.target.call(given, **arguments)
            return self.target.call(**{signature.x: given}, **arguments)
        finally:  # each part may have had its own mode
            for part, mode in parts:
                part.training = mode

    def _values(self, form, x, p, training):
        word = self.mode_words[not training]
        values = {
            "p": p,
            "keep": 1 - p,
            "either": 1 - p if self.keeps else p,
            "training": training,
            "evaluation": not training,
            "mode": word,
        }
        key = tuple(values.values())
        if key not in self._settings:
            named = {name: v for role, v in values.items() for name in ROLES[role]}
            self._settings[key] = named | {"p": values["either"]}
        if not self.target.signature.has({"mask", "rng", "seed"}):
            return values | {"settings": dict(self._settings[key])}
        rng = np.random.default_rng()
        return values | {
            "settings": dict(self._settings[key]),
            "mask": form.give(rng.random(x.shape) < 1 - p)[0],
            "rng": rng,
            "seed": int(rng.integers(2**31)),
        }

    def _gradient(self, form, leaf, given, y, rest, upstream, values):
        """Return (gradient, upstream), or None if the backward pass was not seen."""
        if self.backward is not None:
            return run_backward(self.backward, None, given, upstream, rest, values, form)
        back = next((item for item in rest if inspect.isfunction(item)), None)
        if back is not None:
            return run_backward(back, None, given, upstream, [], values, form)
        if self.target.backward is None or isinstance(form, Own):
            return form.gradient(leaf, y, upstream)
        if self.target.partner and not rest:
            return form.gradient(leaf, y, upstream)
        try:
            return run_backward(
                self.target.backward, self.target.holder, given, upstream, rest, values, form
            )
        except Exception as error:  # it may want anything, and forward can be judged without it
            name = self.target.backward.__name__
            self.notes["backward"] = (
                f"{name} raised {type(error).__name__}: {error}; so the backward pass was not seen"
            )
            return None


def _words(layer, target):
    """Return the names of a layer's function and classes, and "in" and those of their files."""
    parts = layer.modules() if is_module(layer) else [layer, target.holder]
    kinds = [base for part in parts for base in type(part).__mro__]
    files = {f"in {thing.__module__}" for thing in [*kinds, target.function]}
    if attributes(target.holder).get("batch_first") is False:
        files.add("time first")
    return files | {kind.__name__ for kind in kinds} | {getattr(target.function, "__name__", "")}


def _floats(a):
    return np.array(a, dtype=float)


def _furthest(errors):
    """Return the error of the first attempt that returned something; if none did, the first two."""
    returned = [error for _, error in errors if error.kind != "raises"]
    if returned:
        return returned[0]
    told = [error for form, error in errors if type(form).__name__ in ("Arrays", "Tensors")]
    first, *others = told or [error for _, error in errors]
    if others and str(others[0]) != str(first):
        return UnusableLayerError("raises", f"{first}; with tensors it {others[0]}")
    return first
