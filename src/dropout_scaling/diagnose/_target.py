"""What is to be called: a function, a module, or the methods of an object."""

import contextlib
import copy
import inspect
import sys
from functools import partial
from typing import Any, NamedTuple

from dropout_scaling.diagnose._modes import Switch, evaluation_method, method_names, mode_switch
from dropout_scaling.diagnose._roles import MODES, Signature, plain, signature_of, words_of

FORWARD = (
    "forward", "forward_pass", "forward_propagation", "forward_propagate", "forward_prop",
    "forwardprop", "feed_forward", "feedforward", "forwards", "fprop", "propagate", "call",
    "update_output", "apply_dropout", "apply", "activate", "transform", "run", "compute",
)  # fmt: skip
BACKWARD = (
    "backward", "backward_pass", "backward_propagation", "backward_propagate", "backward_prop",
    "back_propagation", "back_propagate", "backpropagation", "backpropagate", "back_prop",
    "backprop", "update_grad_input", "backwards", "bprop", "propagate_backward", "back", "gradient",
    "get_gradient", "grad", "compute_gradient", "input_grad", "derivative",
)  # fmt: skip
# The name of a function's backward, by that of the function.
PARTNERS = (("forward", "backward"), ("fwd", "bwd"), ("fw", "bw"), ("fprop", "bprop"))
ADDED = ("{}_backward", "{}_bwd", "{}_back", "{}_grad", "backward_{}", "d{}", "d_{}")


class Target(NamedTuple):
    """A layer, ready to be called.

    ``call``: call(x, **arguments). ``signature``: its arguments. ``holder``: the object on which
    results may be left, or None. ``switch``: the ``Switch`` that puts the object in a mode, or
    None. ``evaluate``: what is called in evaluation instead, or None.
    ``backward``: its method or partner, or None. ``partner``: whether that was found by the
    function's name. ``words``: the pairs of words for training and evaluation that it may want.
    ``function``: what was written, without a partial around it.
    """

    call: Any
    signature: Signature
    holder: Any = None
    switch: Any = None
    evaluate: Any = None
    backward: Any = None
    partner: bool = False
    words: list = [("train", "test")]  # noqa: RUF012 - never written to
    function: Any = None


def is_module(layer):
    """Return whether ``layer`` is a ``torch.nn.Module``."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(layer, torch.nn.Module)


def target_of(layer) -> Target:
    """Return the ``Target`` of a layer. Raises TypeError if it is a class or cannot be called.

    An object is copied if it can be, so that what its methods write stays off the original.
    """
    if isinstance(layer, type):
        raise TypeError(f"layer must be an instance, got the class {layer.__name__}")
    if is_module(layer):
        return _module(layer)
    owner = getattr(layer, "__self__", None)
    if (
        inspect.ismethod(layer)
        and plain(layer.__name__) in _plain(FORWARD)
        and not isinstance(owner, type)
    ):
        layer = owner
        if is_module(layer):
            return _module(layer)
    if isinstance(layer, partial):
        return _function(layer, layer.func, layer.keywords)
    if inspect.isroutine(layer):
        return _function(layer, layer)
    return _object(layer)


def _module(layer):
    with contextlib.suppress(Exception):  # not everything can be copied
        layer = copy.deepcopy(layer)
    forward = type(layer).forward
    parameters = _parameters(layer.forward)
    if all(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
        parameters = _parameters(getattr(layer, "call", layer.forward))  # a Keras layer's own
    signature = signature_of(parameters)
    own = mode_switch(_Attributes(layer))
    own = None if own is None or own.doubtful else own

    def turn(training, words):
        layer.train(training)
        if own:
            own.turn(training, words)

    switch = Switch(turn, words=own is not None and own.words)
    words = words_of(forward)
    return Target(layer, signature, layer, switch, words=words, function=forward)


class _Attributes:
    """A module's own plain attributes, seen as those of an object, and written through to it."""

    def __init__(self, module):
        plain = {k: v for k, v in vars(module).items() if k != "training" and k[0] != "_"}
        self.__dict__.update(plain)
        self.__dict__["_module"] = module

    def __setattr__(self, name, value):
        setattr(self._module, name, value)


def _object(layer):
    made = _copy(layer)
    names = method_names(made)
    forward, backward = (
        next(
            (f for n in _plain(some) if callable(f := getattr(made, names.get(n, ""), None))), None
        )
        for some in (FORWARD, BACKWARD)
    )
    forward = forward or (made.__call__ if callable(made) else None)
    if forward is None:
        raise TypeError(f"layer must be callable, got {type(layer).__name__}")
    methods = [f for base in type(made).__mro__ for f in vars(base).values() if callable(f)]
    signature = signature_of(_parameters(forward))
    switch = evaluate = None
    if not signature.has(MODES):
        switch = mode_switch(made)
        evaluate = None if switch else evaluation_method(made)
    words = words_of(*methods)
    return Target(forward, signature, made, switch, evaluate, backward, False, words, forward)


def _plain(names):
    return [plain(name) for name in names]


def _copy(layer):
    for copied in (copy.deepcopy, copy.copy):
        with contextlib.suppress(Exception):  # not everything can be copied
            return copied(layer)
    return layer


def _function(layer, plain, bound=()):
    owner = getattr(plain, "__self__", None)
    torch = sys.modules.get("torch")
    if torch and isinstance(owner, type) and issubclass(owner, torch.autograd.Function):
        return _autograd(layer, owner)
    try:
        parameters = _parameters(plain)
    except (TypeError, ValueError):  # a built-in, such as torch.dropout
        names = {"p": "p", "training": "training"}
        signature = Signature(None, names, {}, ())
        return Target(lambda x, p, training: layer(x, p, training), signature, function=plain)
    signature = signature_of(parameters, bound)
    backward = _partner(plain)
    return Target(
        layer, signature, backward=backward, partner=True, words=words_of(plain), function=plain
    )


def _autograd(layer, kind):
    parameters = _parameters(kind.forward)
    takes_context = "setup_context" not in vars(kind)
    signature = signature_of(parameters[1:] if takes_context else parameters)

    def call(x, **arguments):  # apply takes no keywords
        return layer(x, *arguments.values())

    return Target(call, signature, words=words_of(kind.forward), function=kind.forward)


def _parameters(function):
    return list(inspect.signature(function).parameters.values())


def _partner(function):
    """Return the function whose name says that it is this one's backward, or None."""
    name, space = getattr(function, "__name__", ""), getattr(function, "__globals__", {})
    names = [name.replace(old, new) for old, new in PARTNERS if old in name]
    names += [form.format(name) for form in ADDED]
    return next((f for n in names if n != name and inspect.isfunction(f := space.get(n))), None)
