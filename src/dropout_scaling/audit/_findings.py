"""The faults of a model, from what ``watch`` saw of it in train and in eval mode."""

import re
from typing import NamedTuple

import torch
from torch import nn

from dropout_scaling._dropouts import CHANNEL_FUNCTIONS, LAYERS
from dropout_scaling.audit.watch import watch


class Finding(NamedTuple):
    """One fault. ``kind``: a word for tools; ``module``: the submodule's name, "" for the model;
    ``location``: ``file:line`` of the call, "" where the layer itself says it; ``message``: what is
    wrong and what to do."""

    kind: str
    module: str
    location: str
    message: str

    def __str__(self):
        place = " ".join(part for part in (self.module or "(model)", self.location) if part)
        return f"{place}: {self.message} [{self.kind}]"


def audit(model, example):
    """Return the dropout faults of ``model``, a list of ``Finding``, empty where there is none.

    ``example``: what the model is called with: a tensor, a tuple of arguments, or a dict of keyword
    arguments. Give the model as you would train it: one that is in eval mode is a finding.
    It is run twice, in train mode with a backward pass and in eval mode, each time on a copy of the
    example's tensors. Its modes, buffers, gradients and random states are put back, also where it
    raises; its error is then yours. Masks are seen if a dropout or ``bernoulli`` draws them: one
    made by hand, as with ``torch.rand``, is for ``diagnose``.
    Raises TypeError for what is not a module, and for one with a scripted part.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    args, kwargs = _arguments(example)
    findings = [*_standing(model)]
    trained = watch(model, args, kwargs, training=True, backward=True)
    findings += _while_training(trained)
    findings += _at_evaluation(watch(model, args, kwargs, training=False))
    return list(dict.fromkeys(findings))


def _arguments(example):
    if isinstance(example, dict):
        return (), example
    return (example if isinstance(example, tuple) else (example,)), {}


def _standing(model):
    """What can be told without a run: the modes, p = 0 and p = 1, and an LSTM's lost dropout."""
    layers = {name: m for name, m in model.named_modules() if isinstance(m, LAYERS)}
    dropping = [m for m in model.modules() if isinstance(m, LAYERS) or getattr(m, "dropout", 0)]
    if dropping and not model.training and not any(m.training for m in layers.values()):
        message = "the model is in eval mode, where nothing is dropped: call model.train() to train"
        yield Finding("eval mode", "", "", message)
    for name, layer in layers.items():
        if layer.training != model.training:
            own, others = ("train", "eval") if layer.training else ("eval", "train")
            message = f"this layer is in {own} mode and the model in {others} mode"
            yield Finding("mixed modes", name, "", f"{message}: call model.train() or model.eval()")
        if layer.p == 1:
            message = "p = 1 drops everything: p is the probability of dropping"
            yield Finding("p is 1", name, "", message)
        if layer.p == 0 and (len(layers) == 1 or _siblings_drop(name, layers)):
            message = "p = 0 never drops, though its like in this model do: is it meant?"
            if len(layers) == 1:
                message = "p = 0 never drops, and it is the model's only dropout: is it meant?"
            yield Finding("p is 0", name, "", message)
    for name, module in model.named_modules():
        if isinstance(module, nn.RNNBase) and module.dropout > 0 and module.num_layers == 1:
            message = (
                f"dropout={module.dropout} does nothing with num_layers=1: it stands between "
                "layers. Put a nn.Dropout behind it, or use two layers"
            )
            yield Finding("single-layer dropout", name, "", message)


def _siblings_drop(name, layers):
    """Whether a layer in the same role, the name but for its numbers, has p above 0."""
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
                "learns is larger than at evaluation. Put dropout behind the last batch norm"
            )
            yield Finding("dropout before batch norm", event.module, event.location, message)
        if event.kind != "dropout" or not detail["active"]:
            continue
        wanted = CHANNEL_FUNCTIONS.get(detail["function"])
        if wanted and detail["dim"] not in wanted:
            sizes = " or ".join(f"{size}-D" for size in wanted)
            message = (
                f"channel-wise dropout on a {detail['dim']}-D input: PyTorch takes {sizes} for a "
                "batch, and reads this as something else. Reshape, or use the one for your input"
            )
            yield Finding("wrong dimension", event.module, event.location, message)
        if detail["source"] is not None:
            message = (
                f"its input comes straight from the dropout of {_name(detail['source'])}: together "
                "they keep less than either says. Remove one"
            )
            yield Finding("double dropout", event.module, event.location, message)
    yield from _redrawn(events)
    last = watched.output
    if last is not None and last.detail["weighted"]:
        message = "the model's output is dropped out: in training a share p of it is 0. Remove it"
        yield Finding("dropout on the output", last.module, last.location, message)


def _redrawn(events):
    """A mask drawn in the backward pass, as by a checkpoint, that the forward pass had not."""
    draws = [event for event in events if event.kind == "draw"]
    for again in (event for event in draws if event.detail["backward"]):
        before = [
            event.detail["mask"]
            for event in draws
            if not event.detail["backward"]  # in any module: a recomputed method has lost its own
        ]
        if not any(torch.equal(mask, again.detail["mask"]) for mask in before):
            message = (
                "recomputed in the backward pass with another mask, so that the gradient is that "
                "of another network: use checkpoint(..., preserve_rng_state=True)"
            )
            yield Finding("redrawn mask", again.module, again.location, message)


def _at_evaluation(watched):
    for event in watched.events:
        if event.kind == "dropout" and event.detail["active"]:
            message = (
                f"drops in eval mode, with p = {event.detail['p']:g}: pass training=self.training, "
                "or use the module"
            )
        elif event.kind == "draw" and not event.detail["announced"]:
            message = (
                "draws a mask in eval mode. If it is dropout, draw only if self.training: "
                "scaled_dot_product_attention takes dropout_p=p if self.training else 0.0"
            )
        else:
            continue
        yield Finding("active in eval", event.module, event.location, message)


def _name(event):
    return event.module or event.location
