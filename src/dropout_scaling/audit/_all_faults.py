"""Find the faults of a model in what ``watch`` recorded of it in train and in eval mode."""

import functools

import torch
from torch import nn
from torch.utils._pytree import tree_leaves

from dropout_scaling._restore import as_found
from dropout_scaling.audit._example import arguments, batch_of
from dropout_scaling.audit._faults_in_evaluation import (
    after_evaluation,
    at_evaluation,
    by_chance,
    overwritten,
)
from dropout_scaling.audit._faults_in_training import idle, in_place, while_training
from dropout_scaling.audit._faults_without_a_run import standing
from dropout_scaling.audit._finding import Finding, check_ignore, grouped, ignoring
from dropout_scaling.audit._handmade import fixed_seed, handmade
from dropout_scaling.audit.watch import refuse, run, watch


def audit(model: nn.Module, example, *, ignore=None) -> list[Finding]:
    """Return the dropout faults of ``model``: a list of ``Finding``, empty if there are none.

    Pass the model in the mode in which you train it; in eval mode it gets a note. It runs on copies
    of its arguments: in train mode with a backward pass, in eval mode under two seeds, and in train
    mode again. What it holds and the random states are restored, even after an error.
    Not judged are a mask in training whose scale comes from other operations than a product with
    numbers, and what the example does not make the model do.

    Args:
        model: the module.
        example: its input: a tensor, a tuple of arguments, or a mapping of keyword arguments.
        ignore: {"kind:module": reason} of faults that are meant, such as ``{"active in
            eval:decoder.*": "it samples"}``; each becomes a note.

    Raises:
        TypeError: if ``model`` is not a module, or has a scripted or a lazy part, or an argument
            cannot be copied.
        ValueError: if ``ignore`` gives no reason.
        Exception: whatever the model itself raises.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    args, kwargs = arguments(example)
    return audit_call(model, args, kwargs, ignore or {})


def audit_call(model, args, kwargs, ignore):
    """The same for ``model(*args, **kwargs)``."""
    check_ignore(ignore)
    refuse(model)
    findings = [*standing(model)]
    trained, failing = _trained(model, args, kwargs)
    tensors = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor)]
    findings += in_place(trained.events) if failing else []
    findings += while_training(trained, tensors[0] if tensors else None)
    evaluated, again, error = _evaluated_and_trained(model, args, kwargs)
    findings += handmade(trained, evaluated, batch_of(args, kwargs))
    findings += fixed_seed(trained, again) if again else []
    findings += idle(model, trained, evaluated)
    drops = [*at_evaluation(model, evaluated)]
    once_more = functools.partial(watch, model, args, kwargs, training=False)
    findings += drops or by_chance(evaluated, once_more)
    findings += [*overwritten(trained), *after_evaluation(trained, again, error)]
    return grouped(ignoring(dict.fromkeys(findings), ignore))


def _trained(model, args, kwargs):
    """Return the watched run in train mode, and whether backward needs no dropout in place."""
    settings = {"seed": 0, "backward": True}
    try:
        return watch(model, args, kwargs, training=True, **settings), False
    except RuntimeError as error:
        if "modified by an inplace operation" not in str(error):
            raise
    with as_found(model) as snapshot:
        if not model.training:
            model.train()
        return run(model, args, kwargs, snapshot, outplace=True, **settings), True


def _evaluated_and_trained(model, args, kwargs):
    """Return a watched run in eval mode, one in train mode after it, and the latter's error."""
    with as_found(model) as snapshot:
        modes = [(part, part.training) for part in model.modules()]
        training = model.training
        model.eval()
        evaluated = run(model, args, kwargs, snapshot, seed=0)
        model.train()
        if training:
            for part, mode in modes:
                part.training = part.training and mode
        try:
            return evaluated, run(model, args, kwargs, snapshot, seed=1), None
        except Exception as error:  # the model's own, and a finding: before, it trained
            return evaluated, None, error


def check(model: nn.Module, example, *, ignore=None) -> None:
    """Raise AssertionError, with the findings as its text, if ``audit`` finds a fault: for tests.

    Takes the arguments of ``audit``, and raises its errors too. A note is no fault.
    """
    __tracebackhide__ = True  # pytest shows the line of the test instead
    findings = audit(model, example, ignore=ignore)
    if any(not finding.note for finding in findings):
        raise AssertionError("\n".join(map(str, findings)))
