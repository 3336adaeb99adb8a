"""Faults that show while a model trains: in the order, the place and the masks of its dropouts."""

from torch import nn
from torch.nn import functional as F

from dropout_scaling._dropouts import CHANNEL_FUNCTIONS, LAYERS
from dropout_scaling.audit._faults_without_a_run import layers_of, rates_of
from dropout_scaling.audit._finding import Finding
from dropout_scaling.audit._names_read import names_read

# Their backward pass reads their output, which an in-place dropout has overwritten.
READ_OUTPUT = ("Sigmoid", "Tanh", "Relu", "Softmax", "Exp", "Sqrt", "Elu", "Leaky", "Hardtanh")


def while_training(watched, example):
    """Yield the findings on one run in train mode with a backward pass."""
    for event in watched.events:
        if event.kind == "batch norm":
            message = (
                f"the dropout of {_name(event.detail['source'])} feeds this batch norm: the "
                "variance that it learns is larger than at evaluation. Put dropout after the last "
                "batch norm"
            )
            yield Finding("dropout before batch norm", event.module, event.location, message)
        if event.kind == "dropout" and event.detail["active"]:
            yield from _of_a_call(event)
    yield from _under_no_grad(watched.events)
    yield from _redrawn(watched.events)
    yield from _on_the_output(watched, example)


def _of_a_call(event):
    detail = event.detail
    axes = len(detail["sizes"])
    wanted = CHANNEL_FUNCTIONS.get(detail["function"])
    if wanted and axes not in wanted:
        sizes = " or ".join(f"{size}-D" for size in wanted)
        message = (
            f"channel-wise dropout on a {axes}-D input: PyTorch takes {sizes} for a batch, and "
            "drops other parts of this one. Reshape it, or use the dropout for its dimension"
        )
        if detail["function"] is F.dropout2d and axes == 3:
            message = (
                "Dropout2d on a 3-D input does what Dropout1d does, and PyTorch warns that a "
                "later version will not. Use Dropout1d, or an input with four axes"
            )
        yield Finding("wrong dimension", event.module, event.location, message)
    if detail["function"] is F.dropout1d and axes == 2:
        message = (
            "Dropout1d on a 2-D input drops whole rows: right for one example of (channels, "
            "length), wrong for a batch of (examples, features), which needs nn.Dropout"
        )
        yield Finding("wrong dimension", event.module, event.location, message, note=True)
    # If other operations take the same values, as beside a low-rank adapter, each has a purpose.
    if detail["source"] is not None and not detail["source"].detail["elsewhere"]:
        message = (
            f"its input comes straight from the dropout of {_name(detail['source'])}: together "
            "they keep less than each alone. Remove one"
        )
        yield Finding("double dropout", event.module, event.location, message)
    if not detail["used"]:
        message = "what this dropout returns is never used: write x = dropout(x)"
        yield Finding("result unused", event.module, event.location, message)


def _under_no_grad(events):
    """Yield dropouts that drop where nothing learns, as in a teacher that gives the targets."""
    again = {event.location for event in events if event.detail.get("backward")}
    for event in events:
        if event.kind != "dropout" or not event.detail["active"] or not event.detail["no_grad"]:
            continue
        if event.location not in again:
            message = (
                "drops under no_grad in training. If this part gives targets, as a teacher does, "
                "put it into eval mode"
            )
            yield Finding("drops under no_grad", event.module, event.location, message, note=True)


def _redrawn(events):
    """Yield masks drawn in the backward pass, as by a checkpoint, that forward did not draw."""
    draws = [e for e in events if e.kind in ("draw", "random") and e.detail["mask"]]
    # In any module: a recomputed method is outside its module.
    before = {event.detail["digest"] for event in draws if not event.detail["backward"]}
    for event in draws:
        if event.detail["backward"] and event.detail["digest"] not in before:
            cure = (
                "keep torch.get_rng_state() in front of the forward pass, and set it again, "
                "inside torch.random.fork_rng(), where you recompute"
            )
            if event.detail["checkpoint"]:
                cure = "use checkpoint(..., preserve_rng_state=True)"
            message = (
                "recomputed in the backward pass with another mask, so the gradient belongs to "
                f"another network: {cure}"
            )
            yield Finding("redrawn mask", event.module, event.location, message)


def _on_the_output(watched, example):
    last = watched.output
    if last is None or not last.detail["weighted"]:
        return
    message = "the model's output passes dropout: in training a share p of it is 0. Remove it"
    block = example is not None and watched.value.shape == example.shape
    block = block and example.is_floating_point()
    if block:
        message = (
            "the output, which has the shape of the input, passes dropout: right for a block of a "
            "larger model, wrong if this is all of it"
        )
    yield Finding("dropout on the output", last.module, last.location, message, note=block)


def in_place(events):
    """Yield the in-place dropouts that a failed backward pass is due to."""
    suspects = [e for e in events if e.kind == "dropout" and e.detail["inplace"]]
    surely = [e for e in suspects if e.detail["behind"].startswith(READ_OUTPUT)]
    for event in surely or suspects:
        message = (
            "inplace=True overwrites what the layer in front of it needs for its gradient, and "
            "the backward pass fails: use inplace=False"
        )
        yield Finding("in-place dropout", event.module, event.location, message)


def idle(model, trained, evaluated):
    """Yield what could drop and does not: layers never called, and rates that nobody uses."""
    called = trained.called | evaluated.called
    forgotten = [name for name in layers_of(model) if _forgotten(model, name, called)]
    for name in forgotten:
        message = "this layer is never called: call it in forward, or remove it"
        yield Finding("never called", name, "", message)
    if forgotten or trained.elsewhere or _drops(trained.events):
        return
    rates = [
        f"{name}.{rate} = {value:g}".lstrip(".")
        for name, part in model.named_modules()
        for held, prefix in ((part, ""), (getattr(part, "config", None), "config."))
        if hasattr(held, "__dict__") and not isinstance(part, nn.RNNBase)
        for rate, value in ((prefix + each, value) for each, value in rates_of(held))
        if not isinstance(part, LAYERS)  # a branch that was not taken has one
    ]
    if rates:
        shown = ", ".join(dict.fromkeys(rates[:3]))
        message = f"nothing drops in training, though there is {shown}: is that rate used?"
        yield Finding("nothing drops", "", "", message, note=True)


def _drops(events):
    for event in events:
        if event.kind in ("attention", "draw", "mask", "branch"):
            return True
        if event.kind == "dropout" and event.detail["active"]:
            return True
    return False


def _forgotten(model, name, called):
    """Whether a layer was not called, its part was, and no code of the parts above names it."""
    layer, (above, _, attribute) = model.get_submodule(name), name.rpartition(".")
    if layer.p == 0 or name in called or above not in called or attribute.isdigit():
        return False
    if any(other is layer for other_name, other in model.named_modules() if other_name in called):
        return False
    names = set()
    while True:
        names |= names_read(model.get_submodule(above))
        if not above:
            return attribute not in names
        above = above.rpartition(".")[0]


def _name(event):
    return event.module or event.location
