"""Run a model and record each of its dropouts: the place, the input, and the use of its output.

The model keeps no change: what it holds, and the random states, are restored even after an error.
It gets copies of its arguments. The hooks are global, so the model's own hooks are untouched.
"""

import contextlib
import random
import warnings
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.modules import module as module_hooks
from torch.nn.parameter import is_lazy

from dropout_scaling._restore import as_found
from dropout_scaling.audit._draws import draws_into
from dropout_scaling.audit._events import Record
from dropout_scaling.audit._example import copied
from dropout_scaling.audit._masks import Masks
from dropout_scaling.audit._output import differentiate, main_tensor
from dropout_scaling.audit._recorded_functions import Functions, scripted


class Watch(NamedTuple):
    """The record of one run.

    ``events``: a list of ``Event``, in order. ``output``: the event of the dropout that produced
    the model's output, or None. ``value``: a copy of that output, or None. ``called``: the names of
    the modules that ran. ``factors``: {module: the numbers that values were multiplied by}.
    ``weights``: the trainable parameters in which the run put zeros. ``elsewhere``: whether random
    numbers were drawn outside PyTorch.
    """

    events: list
    output: Any
    value: Any
    called: set
    factors: dict
    weights: list
    elsewhere: bool


def watch(model, args, kwargs, *, training: bool, seed: int, backward: bool = False) -> Watch:
    """Run ``model(*args, **kwargs)`` on copies of its arguments, and record its dropouts.

    ``model``: a ``torch.nn.Module``. ``training``: whether to run it in train mode; one that is in
    train mode already is run as it is, so that parts kept in eval mode stay there. ``backward``:
    whether to differentiate the sum of the output, too. ``seed``: that of all random numbers in
    this run. Returns a ``Watch``. Raises TypeError if the model has a scripted part, whose calls
    cannot be seen, or a lazy one, or an argument that cannot be copied; and the model's own errors.
    """
    refuse(model)
    with as_found(model) as snapshot:
        if not (training and model.training):
            model.train(training)
        return run(model, args, kwargs, snapshot, seed=seed, backward=backward)


def run(model, args, kwargs, snapshot, *, seed, backward=False, outplace=False) -> Watch:
    """Run a model in the mode that it is in, and leave it as the run leaves it.

    ``snapshot``: what it held before. ``outplace``: whether to let no dropout work in place.
    """
    args, kwargs = copied(args, kwargs)
    record, called = Record(), set()
    names = {module: name for name, module in model.named_modules()}

    def entered(module, inputs):
        if module in names:
            record.stack.append(names[module])
            called.add(names[module])

    def left(module, inputs, output):
        if module in names:
            record.stack.pop()

    with contextlib.ExitStack() as undo:
        _seed(seed, snapshot.generators)
        seeded = _states()
        draws, masks = draws_into(record), Masks(record)
        functions = Functions(record, draws, masks, outplace=outplace)
        handles = [
            module_hooks.register_module_forward_pre_hook(entered),
            module_hooks.register_module_forward_hook(functions.entered_layer, with_kwargs=True),
            # Even if a module raises: a checkpoint ends its recomputation by an exception.
            module_hooks.register_module_forward_hook(left, always_call=True),
        ]
        for handle in handles:
            undo.callback(handle.remove)
        # PyTorch leaves the second one's mark, and torch.compile would warn of hooks ever after.
        undo.callback(module_hooks._global_forward_hooks_with_kwargs.pop, handles[1].id, None)
        undo.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        with functions, draws, torch.enable_grad():
            whole = model(*args, **kwargs)
            output = main_tensor(whole)
            functions.after_forward()
            if backward:
                draws.backward = True
                differentiate(output)
        value = None if output is None else output.detach().clone()
        source = None if output is None else functions.sources.get(output)
        zeroed = snapshot.differing_weights(lambda old, new: bool(((new == 0) & (old != 0)).any()))
        elsewhere = seeded != _states()
        return Watch(record, source, value, called, masks.factors, zeroed, elsewhere)


def _states():
    name, key, *rest = np.random.get_state()  # noqa: NPY002
    return random.getstate(), name, key.tobytes(), rest


def _seed(seed, generators):
    """Seed all generators that a model may draw from: the global ones and its own."""
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    for generator in generators:
        if isinstance(generator, torch.Generator):
            generator.manual_seed(seed)
        elif isinstance(generator, np.random.Generator):
            kind = type(generator.bit_generator)
            generator.bit_generator.state = kind(seed).state
        else:
            generator.seed(seed)


def refuse(model):
    """Raise TypeError if a model holds what cannot be watched, or cannot be put back."""
    if name := scripted(model):
        text = "model must hold no torch.jit.ScriptModule, whose calls cannot be seen"
        raise TypeError(f"{text}, got one at {name}")
    lazy = [name for name, parameter in model.named_parameters() if is_lazy(parameter)]
    if lazy:
        text = "model must hold no lazy layer: run it once, which gives its weights a shape"
        raise TypeError(f"{text}, got one at {lazy[0].rpartition('.')[0]}")
