"""Faults that need no run of the model: its modes, its rates, and what a change of mode changes."""

from torch import nn

from dropout_scaling._dropouts import LAYERS
from dropout_scaling._restore import as_found
from dropout_scaling.audit._finding import Finding, role


def standing(model):
    """Yield the findings on a model as it stands."""
    changed, kept = _there_and_back(model)
    yield from _modes(model, kept)
    yield from _rates(model)
    for name, module in model.named_modules():
        if isinstance(module, nn.RNNBase) and module.dropout > 0 and module.num_layers == 1:
            message = (
                f"dropout={module.dropout} does nothing with num_layers=1: it stands between "
                "layers. Put a nn.Dropout after it, or use two layers"
            )
            yield Finding("single-layer dropout", name, "", message)
    for name in changed:
        module, _, attribute = name.rpartition(".")
        message = (
            f"{attribute} is not what it was after {_calls(model)}: what train() changes in "
            "one mode it must undo in the other"
        )
        yield Finding("differs after eval", module, "", message)


def layers_of(model):
    """{name: layer} of the dropout layers."""
    return {name: m for name, m in model.named_modules() if isinstance(m, LAYERS)}


def _calls(model):
    return "model.eval() and model.train()" if model.training else "model.train() and model.eval()"


def _there_and_back(model):
    """Return what a change of mode and back changes, and the parts that train() leaves in eval."""
    with as_found(model) as snapshot:
        model.train(not model.training)
        model.train(not model.training)
        changed = snapshot.differences()
        model.train()
        kept = {name for name, part in model.named_modules() if not part.training}
    return changed, kept


def _modes(model, kept):
    layers = layers_of(model)
    dropping = [m for m in model.modules() if isinstance(m, LAYERS) or _rate(m)]
    if dropping and not model.training and not any(m.training for m in layers.values()):
        message = (
            "the model is in eval mode, where nothing is dropped. To evaluate, that is right; "
            "before you train, call model.train()"
        )
        yield Finding("eval mode", "", "", message, note=True)
    for name, layer in layers.items():
        if layer.training == model.training:
            continue
        if not layer.training and (name in kept or _frozen(model, name)):
            continue  # kept in eval on purpose
        own, others = ("train", "eval") if layer.training else ("eval", "train")
        message = f"this layer is in {own} mode and the model in {others} mode"
        yield Finding("mixed modes", name, "", f"{message}: call model.train() or model.eval()")


def _rate(module):
    rate = getattr(module, "dropout", 0)
    return isinstance(rate, int | float) and rate > 0


def _frozen(model, name):
    """Whether a layer lies in a part that is in eval mode as a whole, and learns nothing."""
    while name := name.rpartition(".")[0]:
        part = model.get_submodule(name)
        weights = list(part.parameters())
        if any(each.training for each in part.modules()):
            return False
        if weights and not any(weight.requires_grad for weight in weights):
            return True
    return False


def _rates(model):
    layers = layers_of(model)
    for name, layer in layers.items():
        if layer.p == 1:
            message = "p = 1 drops everything: p is the probability of dropping"
            yield Finding("p is 1", name, "", message)
        if layer.p == 0 and any(role(other) == role(name) and m.p for other, m in layers.items()):
            message = "p = 0 never drops, but similar layers of this model do: is this intended?"
            yield Finding("p is 0", name, "", message, note=True)
        elif layer.p == 0 and len(layers) == 1 and not _drops(model):
            message = "p = 0 never drops, and it is the model's only dropout: is this intended?"
            yield Finding("p is 0", name, "", message, note=True)


def _drops(model):
    """Whether any part has a rate above 0: also those that drop paths, under names of their own."""
    return any(value for part in model.modules() for _, value in rates_of(part))


def rates_of(thing):
    """Yield (name, value) of the attributes that are rates of a dropout by their names."""
    is_layer = isinstance(thing, LAYERS) or "drop" in type(thing).__name__.lower()
    for name, value in vars(thing).items():
        named = "drop" in name.lower() or (is_layer and name in ("p", "prob", "rate"))
        number = isinstance(value, float | int) and not isinstance(value, bool)
        if named and number and 0 < value <= 1:
            yield name, value
