"""Faults that show in eval mode, where nothing may be random, and after it."""

from torch import nn

from dropout_scaling.audit._finding import Finding
from dropout_scaling.audit._output import same


def at_evaluation(model, watched):
    """Yield the dropouts that drop in eval mode."""
    for event in watched.events:
        if event.kind == "dropout" and event.detail["active"]:
            cure = _cure(model, event.detail["layer"])
        elif event.kind == "attention":
            cure = f"pass {event.detail['cure']}"
        else:
            continue
        message = f"drops in eval mode, with p = {event.detail['p']:g}: {cure}"
        yield Finding("active in eval", event.module, event.location, message)


def _cure(model, layer):
    if layer is None:
        return "pass training=self.training, or use nn.Dropout"
    if any(part is layer for part in model.modules()):
        return (
            "model.eval() does not reach this layer: the model's own code puts it back into train "
            "mode"
        )
    if holder := _holder(model, layer):
        return (
            f"model.eval() does not reach this layer, which stands in the plain {holder}: take "
            "nn.ModuleList or nn.ModuleDict"
        )
    return (
        "model.eval() does not reach this layer, which is no part of the model: if it is made at "
        "each call, make it in __init__"
    )


def _holder(model, layer):
    """Say in which list, tuple or dict of which attribute a layer is hidden, "" if in none."""
    for name, part in model.named_modules():
        for attribute, held in vars(part).items():
            inside = held.values() if isinstance(held, dict) else held
            if attribute.startswith("_") or not isinstance(held, list | tuple | dict):
                continue
            if any(
                layer is m for each in inside if isinstance(each, nn.Module) for m in each.modules()
            ):
                return f"{type(held).__name__} {f'{name}.{attribute}'.lstrip('.')}"
    return ""


def by_chance(first, evaluated):
    """Yield what makes the output in eval mode another one under another seed.

    ``first``: the watched run under the seed 0. ``evaluated``: runs the model once more. A mask is
    a fault; other random numbers, as a variational autoencoder draws them, are a note.
    """
    if same(first.value, evaluated(seed=1).value):
        return  # no seed matters
    if not same(first.value, evaluated(seed=0).value):
        return  # something else does
    drawn = [e for e in first.events if e.kind in ("draw", "random") and not e.detail["announced"]]
    masks = [e for e in drawn if e.detail["mask"] and not e.detail["varies"]]
    for event in masks or drawn:
        if event.kind == "draw":
            text = "draws a mask in eval mode. "
        else:
            text = "in eval mode two seeds give two outputs, and random numbers are drawn here. "
        note = event not in masks
        kind = "active in eval" if event.kind == "draw" else "random in eval"
        cure = "If it is dropout, draw only if self.training, or use nn.Dropout"
        yield Finding(kind, event.module, event.location, text + cure, note)
    if not drawn:
        message = (
            "in eval mode two seeds give two outputs, though PyTorch draws nothing. If it is "
            "dropout, draw only if self.training, or use nn.Dropout"
        )
        yield Finding("random in eval", "", "", message)


def after_evaluation(trained, again, error):
    """Yield what a training run after an evaluation has lost.

    ``trained``, ``again``: the watched runs before and after it. ``error``: why there is no second.
    """
    if error is not None:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        message = f"after a run in eval mode the model cannot train again: {reason}"
        yield Finding("differs after eval", "", "", message)
        return
    dropped = {_place(e) for e in trained.events if e.kind == "dropout" and e.detail["active"]}
    for event in again.events:
        if event.kind == "dropout" and not event.detail["active"] and _place(event) in dropped:
            message = "drops in training, and no more after a run in eval mode"
            yield Finding("differs after eval", *_place(event), message)


def overwritten(watched):
    """Yield the trainable weights in which one run has put zeros for good."""
    for name in watched.weights:
        module, _, weight = name.rpartition(".")
        message = f"a run sets values of {weight} to 0 for good: drop them in a copy of it"
        yield Finding("weights overwritten", module, "", message)


def _place(event):
    return event.module, event.location
