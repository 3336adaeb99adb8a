"""How an object is told that it trains: by a method, or by an attribute."""

import inspect

from dropout_scaling.diagnose._roles import role_of, words_of

SETTERS = (
    "set_mode", "set_phase", "set_training", "set_train", "set_training_mode", "set_train_mode",
    "set_is_training", "set_train_flg",
)  # fmt: skip
ON = (
    "train_mode", "training_mode", "set_train", "set_training", "to_train", "train_phase",
    "enable_training", "enable", "train_on",
)  # fmt: skip
OFF = (
    "eval_mode", "test_mode", "inference_mode", "set_eval", "set_test", "set_inference", "to_eval",
    "to_test", "test_phase", "disable_training", "disable", "evaluation_mode", "predict_mode",
)  # fmt: skip


def mode_switch(layer):
    """Return a function of one boolean that puts an object in training or evaluation, or None.

    PyTorch's pair ``train`` and ``eval`` comes first, then a setter, then two methods, then the
    attributes whose names are those of a mode.
    """
    train, evaluate = _method(layer, "train"), _method(layer, "eval")
    if train and _takes(train) == 0 and evaluate:
        return lambda training: train() if training else evaluate()
    if train and _takes(train) == 1:
        return lambda training: train(training)
    for name in SETTERS:
        setter = _method(layer, name)
        if setter and _takes(setter, required=True) == 1:
            return lambda training, name=name, setter=setter: setter(
                _value(training, layer, name, next(iter(inspect.signature(setter).parameters)))
            )
    on, off = (next(filter(None, (_method(layer, n) for n in names)), None) for names in (ON, OFF))
    if on and off:
        return lambda training: on() if training else off()
    return _attribute_switch(layer)


def _attribute_switch(layer):
    found = [
        (name, role_of(name))
        for name, value in vars(layer).items()
        if role_of(name) in ("training", "evaluation", "mode")
        and name.strip("_") not in ("trainable", "fit")
        and isinstance(value, bool | int | str)
    ]
    if not found:
        return None

    def switch(training):
        for name, role in found:
            if role == "mode" or isinstance(getattr(layer, name), str):
                value = words_of(*_methods(layer))[not training]
                value = training if isinstance(getattr(layer, name), bool) else value
            else:
                value = training if role == "training" else not training
            setattr(layer, name, value)

    return switch


def _value(training, layer, name, argument):
    """Return what a setter is given: a word, if its name or its argument's says mode."""
    word = "mode" in (role_of(argument), role_of(name.removeprefix("set_")))
    return words_of(*_methods(layer))[not training] if word else training


def _methods(layer):
    return [f for base in type(layer).__mro__ for f in vars(base).values() if callable(f)]


def _method(layer, name):
    method = getattr(layer, name, None)
    return method if inspect.ismethod(method) else None


def _takes(method, required=False):
    """Return how many arguments a method can be given by position, or has to be."""
    parameters = inspect.signature(method).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p for p in positional if p.default is p.empty]
    if required:
        return len(positional) if len(needed) <= 1 else len(needed)
    return len(needed) if len(needed) > 1 else min(len(positional), 1)
