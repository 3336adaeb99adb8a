"""Faults of masks that a program draws by hand: their scale, their rows and their seeds."""

import math

from dropout_scaling.audit._finding import Finding

CLOSE = 1e-6
CHANCE = 1e-6  # that two masks agree though they were drawn apart


def handmade(trained, evaluated, batch):
    """Yield the findings on masks in a run in train mode; ``evaluated``: one in eval mode."""
    masks = [event for event in trained.events if event.kind == "mask"]
    used = {(id(event.detail["draw"]), event.detail["flipped"]) for event in masks}
    for event in masks:
        draw = event.detail["draw"]
        if draw.detail["backward"] or (id(draw), not event.detail["flipped"]) in used:
            continue  # where the complement has values of its own, as in zoneout, nothing is lost
        if not event.detail["hidden"]:
            continue  # an augmentation of the input, which nobody scales
        keep = event.detail["keep"]
        if keep is not None and CLOSE < keep < 1 - CLOSE:
            yield from _scale(event, keep, trained, evaluated)
        if event.detail["shared"]:
            yield from _shared(event, batch)


def _scale(event, keep, trained, evaluated):
    scales, module = event.detail["scales"], event.module
    at_evaluation = _has(evaluated.factors.get(module, ()), keep)
    at_both = at_evaluation and not _has(trained.factors.get(module, ()), keep)
    p = 1 - keep
    if _has(scales, 1 / keep):
        if at_both:
            message = f"divides by {keep:g} in training and multiplies by it in eval: do one"
            yield Finding("wrong scale", module, event.location, message)
    elif _has(scales, 1 / p) and not math.isclose(p, keep):
        message = f"divides what it keeps by {p:g}, the share that it drops: divide by {keep:g}"
        yield Finding("wrong scale", module, event.location, message)
    elif _has(scales, keep):
        message = f"multiplies what it keeps by {keep:g}: divide by it"
        yield Finding("wrong scale", module, event.location, message)
    elif all(math.isclose(scale, 1) for scale in scales) and not at_evaluation:
        message = (
            f"drops a share of {p:.3g} and scales nothing, in neither mode: divide by {keep:.3g} "
            "in training"
        )
        sizes = event.detail["sizes"]
        rows = len(sizes) > 1 and event.detail["drawn"] == sizes[0]
        if rows:
            message += ". If this is a condition that some examples go without, it is right"
        yield Finding("unscaled mask", module, event.location, message, note=rows)


def _has(values, wanted):
    return any(math.isclose(value, wanted, rel_tol=CLOSE) for value in values)


def _shared(event, batch):
    sizes = event.detail["sizes"]
    if len(sizes) == 2 and sizes[0] == batch:
        message = (
            "one mask for the whole batch: draw it in the shape of the values, as rand_like does"
        )
        yield Finding("shared mask", event.module, event.location, message)
    elif len(sizes) > 2:
        message = (
            "its mask is the same along axis 0: right if that is time, wrong if it is the batch"
        )
        yield Finding("shared mask", event.module, event.location, message, note=True)


def fixed_seed(trained, again):
    """Yield masks that two training runs under two seeds draw alike."""
    draws = {}
    for event in _drawn(again.events):
        draws.setdefault(event.location, []).append(event.detail["digest"])
    alike = {}
    for event in _drawn(trained.events):
        detail = event.detail
        same = detail["digest"] in draws.get(event.location, ())
        if detail["doubt"] < CHANCE and detail["digest"] is not None:
            alike.setdefault((event.module, event.location), []).append(same)
    for place, found in alike.items():
        if all(found):
            message = (
                "draws the same mask at each call, under any seed: seed once, before training, "
                "and not in forward"
            )
            yield Finding("fixed seed", *place, message)


def _drawn(events):
    return [
        event
        for event in events
        if event.kind in ("draw", "random")
        if event.detail["mask"] and not event.detail["backward"]
    ]
