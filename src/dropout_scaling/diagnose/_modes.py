"""How an object is told that it trains: by a method, or by an attribute."""

import inspect
from typing import Any, NamedTuple

from dropout_scaling.diagnose._roles import (
    TEST_WORDS,
    TRAIN_WORDS,
    members_of,
    plain,
    role_of,
)

SETTERS = (
    "set_mode", "set_phase", "set_training", "set_train", "set_training_mode", "set_train_mode",
    "set_is_training", "set_train_flg", "set_train_flag",
)  # fmt: skip
ON = (
    "train_mode", "training_mode", "set_train", "set_training", "to_train", "train_phase",
    "enable_training", "enable", "train_on", "training", "train",
)  # fmt: skip
OFF = (
    "eval_mode", "test_mode", "inference_mode", "set_eval", "set_test", "set_inference", "to_eval",
    "to_test", "test_phase", "disable_training", "disable", "evaluation_mode", "predict_mode",
    "evaluate", "eval", "test", "inference",
)  # fmt: skip
# What does the same as forward, but in evaluation.
EVALUATE = (
    "forward_eval", "forward_test", "forward_inference", "forward_predict", "eval_forward",
    "test_forward", "inference_forward", "evaluate", "predict", "inference", "infer", "test",
)  # fmt: skip


class Switch(NamedTuple):
    """How an object is put in a mode: ``turn(training, words)``.

    ``words``: whether it wants words for the modes. ``doubtful``: whether it may mean something
    else, by the names of its attributes.
    """

    turn: Any
    words: bool = False
    doubtful: bool = False


def mode_switch(layer):
    """Return the ``Switch`` of an object, or None if it has none.

    PyTorch's pair ``train`` and ``eval`` comes first, then a setter, then two methods, then the
    attributes whose names are those of a mode.
    """
    train, evaluate = _method(layer, "train"), _method(layer, "eval")
    if train and _takes(train) == (0, 0) and evaluate:
        return Switch(lambda training, words: train() if training else evaluate())
    if train and _takes(train)[0] <= 1 <= _takes(train)[1]:
        return Switch(lambda training, words: train(training))
    setter = next((m for name in SETTERS if (m := _method(layer, name)) and _takes(m)[1]), None)
    if setter:
        argument = next(iter(inspect.signature(setter).parameters))
        name = plain(setter.__name__).removeprefix("set")
        word = "mode" in (role_of(argument), role_of(name))
        turn = lambda training, words: setter(words[not training] if word else training)  # noqa: E731
        return Switch(turn, words=word)
    on, off = (_first(layer, names, (0, 0)) for names in (ON, OFF))
    if on and off:
        return Switch(lambda training, words: on() if training else off())
    return _attribute_switch(layer)


def evaluation_method(layer):
    """Return the method that is ``forward`` in evaluation, of one argument, or None."""
    return next((m for n in EVALUATE if (m := _method(layer, n)) and _takes(m)[0] == 1), None)


def method_names(layer):
    """Return {plain name: name} of what an object has, first what is defined last."""
    return {plain(name): name for name in reversed(dir(layer)) if name[:2] != "__"}


def attributes(layer):
    """Return {name: value} of an object's own attributes and slots."""
    slots = [n for base in type(layer).__mro__ for n in getattr(base, "__slots__", ())]
    values = {name: getattr(layer, name) for name in slots if hasattr(layer, name)}
    return values | getattr(layer, "__dict__", {})


def _attribute_switch(layer):
    found = {}
    for name, value in attributes(layer).items():
        role = role_of(name, value)
        if role not in ("training", "evaluation", "mode") or plain(name) in NO_MODE:
            continue
        members = members_of(type(value))
        word = isinstance(value, str) and (not value or plain(value) in TRAIN_WORDS + TEST_WORDS)
        if members or word:
            found[name] = members or "mode"
        elif isinstance(value, bool) or (isinstance(value, int) and value in (0, 1)):
            found[name] = role
    if not found:
        return None

    def turn(training, words):
        values = {"training": training, "evaluation": not training, "mode": words[not training]}
        for name, role in found.items():
            members = None if isinstance(role, str) else role
            setattr(layer, name, members[not training] if members else values[role])

    doubtful = set(map(plain, found)) <= DOUBTFUL
    return Switch(turn, words="mode" in found.values(), doubtful=doubtful)


NO_MODE = {"fit", "learning", "skip", "noise", "val", "state"}
DOUBTFUL = {"trainable", "active", "enabled", "on"}


def _first(layer, names, takes):
    return next((m for n in names if (m := _method(layer, n)) and _takes(m) == takes), None)


def _method(layer, name):
    method = getattr(layer, method_names(layer).get(plain(name), ""), None)
    return method if inspect.ismethod(method) else None


def _takes(method):
    """Return (least, most): how many arguments a method can be given by position."""
    parameters = inspect.signature(method).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return sum(p.default is p.empty for p in positional), len(positional)
