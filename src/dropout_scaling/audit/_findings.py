"""Find the faults of a model in the events that ``watch`` recorded in train and in eval mode."""

import functools
import re
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from dropout_scaling._dropouts import CHANNEL_FUNCTIONS, LAYERS
from dropout_scaling.audit.watch import watch


class Finding(NamedTuple):
    """One fault, or a note on what is no fault by itself.

    ``kind``: a word for tools. ``module``: the submodule's name, "" for the model. ``location``:
    ``file:line`` of the call, "" if the layer itself is the fault. ``message``: the fault and its
    cure. ``note``: whether it is a note.
    """

    kind: str
    module: str
    location: str
    message: str
    note: bool = False

    def __str__(self):
        place = " ".join(part for part in (self.module or "(model)", self.location) if part)
        return f"{'note: ' if self.note else ''}{place}: {self.message} [{self.kind}]"


def audit(model: nn.Module, example) -> list[Finding]:
    """Return the dropout faults of ``model``: a list of ``Finding``, empty if there are none.

    ``example``: the model's input: a tensor, a tuple of arguments, or a dict of keyword arguments.
    A model in eval mode gets a note. Pass it in the mode in which you train it.
    The model runs on copies of the tensors: in train mode with a backward pass, then in eval mode
    under two seeds. Its modes, buffers and gradients and the random states are restored, even after
    an error. In train mode only masks drawn by a dropout or by ``bernoulli`` are seen. For a mask
    made by other means, such as ``torch.rand``, use ``diagnose``.
    Raises TypeError if ``model`` is not a module, or has a scripted part, and the model's own
    errors.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    args, kwargs = _arguments(example)
    findings = [*_standing(model)]
    trained = watch(model, args, kwargs, training=True, seed=0, backward=True)
    findings += _while_training(trained)
    evaluated = functools.partial(watch, model, args, kwargs, training=False)
    first = evaluated(seed=0)
    drops = [*_at_evaluation(first)]
    findings += drops or _by_chance(first, evaluated)
    return list(dict.fromkeys(findings))


def _arguments(example):
    if isinstance(example, dict):
        return (), example
    return (example if isinstance(example, tuple) else (example,)), {}


def _standing(model):
    """Yield the faults that need no run: wrong modes, p = 0, p = 1, an LSTM's ignored dropout."""
    layers = {name: m for name, m in model.named_modules() if isinstance(m, LAYERS)}
    dropping = [m for m in model.modules() if isinstance(m, LAYERS) or getattr(m, "dropout", 0)]
    if dropping and not model.training and not any(m.training for m in layers.values()):
        message = (
            "the model is in eval mode, where nothing is dropped. To evaluate, that is right; "
            "before you train, call model.train()"
        )
        yield Finding("eval mode", "", "", message, note=True)
    for name, layer in layers.items():
        if layer.training != model.training:
            own, others = ("train", "eval") if layer.training else ("eval", "train")
            message = f"this layer is in {own} mode and the model in {others} mode"
            yield Finding("mixed modes", name, "", f"{message}: call model.train() or model.eval()")
        if layer.p == 1:
            message = "p = 1 drops everything: p is the probability of dropping"
            yield Finding("p is 1", name, "", message)
        if layer.p == 0 and (len(layers) == 1 or _siblings_drop(name, layers)):
            message = "p = 0 never drops, but similar layers of this model do: is this intended?"
            if len(layers) == 1:
                message = "p = 0 never drops, and it is the model's only dropout: is this intended?"
            yield Finding("p is 0", name, "", message)
    for name, module in model.named_modules():
        if isinstance(module, nn.RNNBase) and module.dropout > 0 and module.num_layers == 1:
            message = (
                f"dropout={module.dropout} does nothing with num_layers=1: it stands between "
                "layers. Put a nn.Dropout after it, or use two layers"
            )
            yield Finding("single-layer dropout", name, "", message)


def _siblings_drop(name, layers):
    """Return whether a layer with the same name, except for numbers, has p above 0."""
    role = re.sub(r"\d+", "#", name)
    return any(re.sub(r"\d+", "#", other) == role and m.p > 0 for other, m in layers.items())


def _while_training(watched):
    events = watched.events
    for event in events:
        detail = event.detail
        if event.kind == "batch norm":
            source = detail["source"]
            message = (
                f"the dropout of {_name(source)} feeds this batch norm: the variance that it "
                "learns is larger than at evaluation. Put dropout after the last batch norm"
            )
            yield Finding("dropout before batch norm", event.module, event.location, message)
        if event.kind != "dropout" or not detail["active"]:
            continue
        wanted = CHANNEL_FUNCTIONS.get(detail["function"])
        if wanted and detail["dim"] not in wanted:
            sizes = " or ".join(f"{size}-D" for size in wanted)
            message = (
                f"channel-wise dropout on a {detail['dim']}-D input: PyTorch takes {sizes} for a "
                "batch, and drops other parts of this one. Reshape it, or use the dropout for its "
                "dimension"
            )
            if detail["function"] is F.dropout2d and detail["dim"] == 3:
                message = (
                    "Dropout2d on a 3-D input does what Dropout1d does, and PyTorch warns that a "
                    "later version will not. Use Dropout1d, or an input with four axes"
                )
            yield Finding("wrong dimension", event.module, event.location, message)
        if detail["source"] is not None:
            message = (
                f"its input comes straight from the dropout of {_name(detail['source'])}: together "
                "they keep less than each alone. Remove one"
            )
            yield Finding("double dropout", event.module, event.location, message)
    yield from _redrawn(events)
    last = watched.output
    if last is not None and last.detail["weighted"]:
        message = "the model's output passes dropout: in training a share p of it is 0. Remove it"
        yield Finding("dropout on the output", last.module, last.location, message)


def _redrawn(events):
    """Yield masks drawn in the backward pass, as by a checkpoint, that forward did not draw."""
    draws = [event for event in events if event.kind == "draw"]
    for again in (event for event in draws if event.detail["backward"]):
        # In any module: a recomputed method is outside its module.
        before = [event.detail["mask"] for event in draws if not event.detail["backward"]]
        if not any(torch.equal(mask, again.detail["mask"]) for mask in before):
            message = (
                "recomputed in the backward pass with another mask, so the gradient belongs to "
                "another network: use checkpoint(..., preserve_rng_state=True)"
            )
            yield Finding("redrawn mask", again.module, again.location, message)


def _at_evaluation(watched):
    for event in watched.events:
        if event.kind == "dropout" and event.detail["active"]:
            cure = "pass training=self.training, or use nn.Dropout"
            if event.detail["layer"]:
                cure = (
                    "model.eval() does not reach this layer. A plain list hides it (take "
                    "nn.ModuleList), or the model's own code puts it back into train mode"
                )
            message = f"drops in eval mode, with p = {event.detail['p']:g}: {cure}"
        elif event.kind == "attention":
            message = (
                f"drops in eval mode, with p = {event.detail['p']:g}: pass "
                "dropout_p=p if self.training else 0.0"
            )
        elif event.kind == "draw" and not event.detail["announced"]:
            message = (
                "draws a mask in eval mode. If it is dropout, draw only if self.training, or use "
                "nn.Dropout"
            )
        else:
            continue
        yield Finding("active in eval", event.module, event.location, message)


def _by_chance(first, evaluated):
    """Yield what makes the output in eval mode another one under another seed.

    ``first``: the watched run under the seed 0. ``evaluated``: runs the model once more.
    """
    if _same(first, evaluated(seed=1)) or not _same(first, evaluated(seed=0)):
        return  # no seed matters, or something else does
    message = (
        "in eval mode two seeds give two outputs{}. If it is dropout, draw only if self.training, "
        "or use nn.Dropout"
    )
    drawn = [event for event in first.events if event.kind == "random"]
    for event in drawn:
        text = message.format(", and random numbers are drawn here")
        yield Finding("random in eval", event.module, event.location, text)
    if not drawn:
        yield Finding("random in eval", "", "", message.format(", though PyTorch draws nothing"))


def _same(one, other):
    """Whether two runs have the same output, to more than rounding differs on a GPU."""
    try:  # knows sparse, boolean and quantized outputs, and None
        torch.testing.assert_close(one.value, other.value, rtol=1e-3, atol=1e-5, equal_nan=True)
    except AssertionError:
        return False
    return True


def _name(event):
    return event.module or event.location
