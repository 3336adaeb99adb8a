"""What an argument or an attribute of a dropout means, by the name that people give it.

Names are compared in small letters and without underscores: ``isTraining`` is ``is_training``.
"""

import enum
import inspect
import re
from typing import Any, NamedTuple

ROLES = {
    # The probability of dropping.
    "p": (
        "p", "rate", "drop", "drop_prob", "drop_rate", "drop_ratio", "drop_p", "drop_probability",
        "dropout", "dropout_p", "dropout_rate", "dropout_ratio", "dropout_prob",
        "dropout_probability", "dropout_frac", "dropout_fraction", "dropout_percent", "p_drop",
        "p_dropout", "prob_drop", "prob_dropout", "drop_path", "drop_path_rate", "drop_path_prob",
        "drop_chance", "dropping_rate", "dropping_prob", "pd", "dp", "dr", "corruption",
        "corruption_level",
    ),
    # The probability of keeping.
    "keep": (
        "q", "keep", "keep_prob", "keep_probability", "keep_rate", "keep_ratio", "keep_p",
        "keeping_prob", "keeping_probability", "kp", "p_keep", "prob_keep", "dropout_keep_prob",
        "retain", "retain_prob", "retain_rate", "retain_p", "retain_probability", "p_retain",
        "retention", "retention_prob", "survival", "survival_prob", "survival_rate", "p_survive",
    ),
    # One of the two: what comes out tells which.
    "either": (
        "prob", "probability", "proba", "ratio", "fraction", "frac", "percent", "percentage",
        "level", "probs", "pct", "threshold",
    ),
    # True while training.
    "training": (
        "training", "train", "is_training", "is_train", "train_flg", "train_flag", "training_flag",
        "training_mode", "train_mode", "in_training", "in_train", "trainable", "training_phase",
        "train_phase", "phase_train", "is_train_mode", "learning", "is_learning", "learn",
        "use_dropout", "apply_dropout", "do_dropout", "use_noise", "noise", "enabled", "active",
        "on", "fit", "stochastic",
    ),
    # True in evaluation.
    "evaluation": (
        "evaluation", "evaluating", "eval", "evaluate", "is_eval", "eval_mode", "test", "testing",
        "is_test", "is_testing", "test_mode", "test_flag", "inference", "is_inference", "infer",
        "inference_mode", "inferring", "predict", "predicting", "prediction", "is_predict",
        "deterministic", "validation", "validate", "val", "ignore", "skip", "bypass", "disable",
        "disabled", "off",
    ),
    # A word such as "train".
    "mode": ("mode", "phase", "stage", "state", "run_mode", "net_mode"),
    # All of it in one dictionary.
    "settings": (
        "dropout_param", "dropout_params", "drop_param", "param", "params", "config", "cfg",
        "settings", "options", "hyperparameters", "hparams",
    ),
    "mask": ("mask", "keep_mask", "dropout_mask"),
    "rng": ("rng", "generator", "random_state"),
    "seed": ("seed", "random_seed"),
}  # fmt: skip
NUMBERS, MODES = {"p", "keep", "either", "settings"}, {"training", "evaluation", "mode", "settings"}
TRAIN_WORDS = ("train", "training", "fit", "learn", "learning")
TEST_WORDS = (
    "test", "eval", "testing", "evaluate", "evaluation", "val", "valid", "validation", "validate",
    "inference", "infer", "predict", "prediction",
)  # fmt: skip


def plain(name) -> str:
    """Return ``name`` as names are compared."""
    return name.replace("_", "").lower()


_ROLE_OF = {plain(name): role for role, names in ROLES.items() for name in names}
# What longer names hold, in the order in which they are tried.
_BEFORE, _AFTER = "(is|in|for|at)?", "(ing|mode|flag|flg|phase|time|state|now|on)?"
_PARTS = (
    (r"mask|dim|axis|shape|last|seed|type|name", None),
    (r"keep|retain|retention|surviv", "keep"),
    (r"drop", "p"),
    (rf"^{_BEFORE}(train|training|learning){_AFTER}$", "training"),
    (
        rf"^{_BEFORE}(test|testing|eval|evaluation|inference|predict|prediction){_AFTER}$",
        "evaluation",
    ),
)


def role_of(name, default=inspect.Parameter.empty):
    """Return the role of an argument or an attribute of this name, or None.

    ``default``: its default, or its value: a boolean is no probability, and a number no mode. A
    mode whose default is a boolean is True while training.
    """
    name = plain(name)
    role = _ROLE_OF.get(name)
    if role is None:
        role = next((role for part, role in _PARTS if re.search(part, name)), None)
    switch = isinstance(default, bool)
    if role == "mode" and switch:
        return "training"
    if role in ("p", "keep", "either") and switch:
        return "training" if name in ("dropout", "drop", "dropping") else None
    number = isinstance(default, float)
    return None if role in ("training", "evaluation") and number else role


class Signature(NamedTuple):
    """How a dropout is called.

    ``x``: the name of its input, or None if it is to be given by position. ``names``: {name: role}
    of the arguments that are given. ``left``: {name: value} of those left at their defaults.
    ``missing``: the required ones whose names say nothing.
    """

    x: str | None
    names: dict
    left: dict
    missing: tuple

    def has(self, roles):
        """Return whether an argument of one of these roles is given."""
        return not roles.isdisjoint(self.names.values())


def signature_of(parameters, bound=()) -> Signature:
    """Return the ``Signature`` for the parameters of a function, without those that are bound.

    ``parameters``: those of ``inspect``, without self. ``bound``: the names that a partial has set.
    The input is the first one, or, if the name of that says what it is, the first whose name says
    nothing.
    """
    kinds = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    single = [p for p in parameters if p.kind not in kinds and p.name not in bound]
    if not single:
        return Signature(None, {}, {}, ())
    x = single[0]
    if role_of(x.name):
        x = next((p for p in single if _required(p) and role_of(p.name) is None), x)
    names: dict[str, Any] = {}
    left, missing = {}, []
    for parameter in single:
        if parameter is x:
            continue
        role = role_of(parameter.name, parameter.default)
        if role in NUMBERS | MODES or (role and _required(parameter)):
            names[parameter.name] = role
        elif _required(parameter):
            missing.append(parameter.name)
        else:
            left[parameter.name] = parameter.default
    if NUMBERS.isdisjoint(names.values()):
        shares = [
            name for name, value in left.items() if isinstance(value, float) and 0 < value < 1
        ]
        if len(shares) == 1:  # the only number that can be a rate
            names[shares[0]] = "either"
            del left[shares[0]]
    return Signature(None if x is single[0] else x.name, names, left, tuple(missing))


def _required(parameter):
    return parameter.default is inspect.Parameter.empty


def members_of(kind):
    """Return (member while training, member in evaluation) of an enum by their names, or None."""
    if not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        return None
    by_name = {plain(name): member for name, member in kind.__members__.items()}
    pairs = ((TRAIN_WORDS, by_name), (TEST_WORDS, by_name))
    found = [next((names[w] for w in words if w in names), None) for words, names in pairs]
    return None if None in found else tuple(found)


def words_of(*functions):
    """Return [(word while training, word in evaluation)]: what functions may want as a mode.

    The first pair has the words that the functions compare with, as far as these are known ones,
    or the members of an enum that is a default of theirs.
    """
    for function in functions:
        for default in getattr(function, "__defaults__", None) or ():
            if members := members_of(type(default)):
                return [members]
    found = {word for function in functions for word in _words_in(function)}
    pairs = ((TRAIN_WORDS, "train"), (TEST_WORDS, "test"))
    first = tuple(next((w for w in words if w in found), usual) for words, usual in pairs)
    known = not found.isdisjoint(TRAIN_WORDS + TEST_WORDS)
    return (
        [first] if known else [first, (True, False), ("train", "eval"), ("training", "inference")]
    )


def _words_in(function, depth=1):
    """Yield the strings in a function's code, and in that of the functions that it calls."""
    code = getattr(function, "__code__", None)
    yield from _constants(code)
    for name in getattr(code, "co_names", ()) if depth else ():
        yield from _words_in(function.__globals__.get(name), depth - 1)


def _constants(code):
    """Yield the strings among the constants of a code object, also inside of tuples."""
    for constant in getattr(code, "co_consts", ()):
        if isinstance(constant, tuple | frozenset):
            yield from (c for c in constant if isinstance(c, str))
        elif isinstance(constant, str):
            yield constant
        else:
            yield from _constants(constant)
