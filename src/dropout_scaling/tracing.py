"""Which weights do dropped units feed? The part of ``convert`` that reads a model's graph."""

import inspect
import math

import torch
from torch import fx, nn
from torch.nn import functional as F

from dropout_scaling.nn import InvertedDropout, StandardDropout

LAYERS = (nn.Dropout, StandardDropout, InvertedDropout)  # these very classes: no subclasses
WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
# What a factor q > 0 passes unchanged.
POOLS = ("AvgPool", "MaxPool", "AdaptiveAvgPool", "AdaptiveMaxPool")
PASSING_MODULES = (
    *(nn.ReLU, nn.LeakyReLU, nn.Identity, nn.Flatten),
    *(getattr(nn, f"{pool}{d}d") for pool in POOLS for d in (1, 2, 3)),
)
PASSING_FUNCTIONS = (F.relu, torch.relu, torch.flatten, torch.reshape)
PASSING_METHODS = ("relu", "flatten", "reshape", "view", "contiguous")
OTHER_DROPOUTS = (
    F.dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.alpha_dropout, F.feature_alpha_dropout,
    torch.dropout,
)  # fmt: skip


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module, name):
        return type(module) in LAYERS or super().is_leaf_module(module, name)


def weights_fed_by(model, kinds):
    """Return {weight name: p} for the weights of ``model`` that layers of ``kinds`` feed.

    ``kinds``: some of ``LAYERS``. Two dropouts in a row count as one, with 1 - q1 q2.
    Raises ValueError for a model whose weights cannot be converted, and says why.
    """
    modules = dict(model.named_modules())
    nodes = _nodes(model)
    _refuse_other_dropouts(modules, nodes, kinds)
    pending = {}  # for each node, the drop probabilities that no weight has taken up yet
    fed = {}
    for node in nodes:
        incoming = next((pending[n] for n in node.all_input_nodes if pending[n]), ())
        module = modules[node.target] if node.op == "call_module" else None
        pending[node] = ()
        if type(module) in kinds:
            pending[node] = (*incoming, module.p) if module.p else incoming
        elif isinstance(module, WEIGHTED):
            name = f"{node.target}.weight"
            if fed.setdefault(name, incoming) != incoming:
                raise ValueError(f"model must feed {name} in one way, got {fed[name]}, {incoming}")
        elif incoming and _passes(node, module):
            pending[node] = incoming
        elif incoming:
            raise ValueError(
                "model must lead each dropout layer to linear or convolution layers through "
                f"ReLU, reshaping or pooling alone, got {module or node.target} ({node.name})"
            )
    fed = {name: ps for name, ps in fed.items() if ps}
    _refuse_shared(model, fed, nodes)
    return {
        name: ps[0] if len(ps) == 1 else 1 - math.prod(1 - p for p in ps)
        for name, ps in fed.items()
    }


def _nodes(model):
    if type(model) in LAYERS:  # it would be traced into: nothing in its graph is a layer
        return []
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(model.forward).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    try:
        return list(_Tracer().trace(model, defaults).nodes)
    except fx.proxy.TraceError as error:
        raise ValueError(f"model must have a graph that torch.fx can trace: {error}") from error


def _passes(node, module):
    if module is not None:
        return type(module) in LAYERS or isinstance(module, PASSING_MODULES)
    if node.op == "call_function":
        return node.target in PASSING_FUNCTIONS
    return node.op == "call_method" and node.target in PASSING_METHODS


def _refuse_other_dropouts(modules, nodes, kinds):
    used = {modules[node.target] for node in nodes if node.op == "call_module"}
    unseen = [n for n, m in modules.items() if type(m) in kinds and m not in used]
    if unseen:
        raise ValueError(f"model must use each dropout layer in sight of torch.fx, got {unseen}")
    others = [
        f"{name} ({type(module).__name__})"
        for name, module in modules.items()
        if isinstance(module, nn.modules.dropout._DropoutNd) and type(module) not in LAYERS
    ]
    others += [node.name for node in nodes if node.target in OTHER_DROPOUTS]
    if others:
        names = ", ".join(layer.__name__ for layer in LAYERS)
        raise ValueError(f"model must drop by {names} alone, got {others}")


def _refuse_shared(model, fed, nodes):
    names = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(parameter, []).append(name)
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for name in fed:
        if name not in parameters:  # weight norm and its like compute it from others
            raise ValueError(f"model must hold {name} as a parameter, got a computed one")
        if len(names[parameters[name]]) > 1:
            shared = names[parameters[name]]
            raise ValueError(f"model must not share a weight that dropped units feed, got {shared}")
        if any(node.op == "get_attr" and node.target == name for node in nodes):
            raise ValueError(f"model must use {name} through its layer alone, got a direct use")
