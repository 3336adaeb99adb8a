"""The part of ``convert`` that reads a model's graph: find the weights that dropped units feed."""

import copy
import inspect
import math

import torch
from torch import fx, nn
from torch.nn import functional as F

from dropout_scaling._dropouts import ELEMENTWISE_LAYERS, LAYERS

WEIGHTED_MODULES = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
# These operations commute with a factor q > 0.
POOLS = ("AvgPool", "MaxPool", "AdaptiveAvgPool", "AdaptiveMaxPool")
PASSING_MODULES = (
    *(nn.ReLU, nn.LeakyReLU, nn.Identity, nn.Flatten),
    *(getattr(nn, f"{pool}{d}d") for pool in POOLS for d in (1, 2, 3)),
)
PASSING_FUNCTIONS = (F.relu, torch.relu, torch.flatten, torch.reshape)
PASSING_METHODS = ("relu", "flatten", "reshape", "view", "contiguous")
DROP_INSIDE = (nn.RNNBase, nn.MultiheadAttention)  # with the probability ``dropout``
HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class _Tracer(fx.Tracer):
    def is_leaf_module(self, module, name):
        return isinstance(module, LAYERS) or super().is_leaf_module(module, name)


def weights_fed_by(model, kinds):
    """Return {weight name: p} for the weights of ``model`` that layers of ``kinds`` feed.

    ``kinds``: some of ``ELEMENTWISE_LAYERS``. Two dropouts in a row count as one, with
    p = 1 - q1 q2. Raises ValueError, with the reason, if the weights cannot be converted, and
    TypeError if ``model`` is not a module.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    modules = dict(model.named_modules())
    # Both modes in one list: the checks of a weight must pass in both.
    nodes = [*_nodes(model, training=True), *_nodes(model, training=False)]
    _refuse_other_dropouts(modules, nodes, kinds)
    _refuse_written_over(modules, nodes, kinds)
    pending = {}  # for each node, the drop probabilities on the way to a weight
    fed = {}
    for node in nodes:
        incoming = next((pending[n] for n in node.all_input_nodes if pending[n]), ())
        module = modules[node.target] if node.op == "call_module" else None
        pending[node] = ()
        if (incoming or type(module) in kinds) and any(getattr(module, h, None) for h in HOOKS):
            raise ValueError(
                "model must have no hook on a dropout layer or where its units go, "
                f"got one on {node.target}"
            )
        if type(module) in kinds:
            pending[node] = (*incoming, module.p) if module.p else incoming
        elif isinstance(module, WEIGHTED_MODULES):
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


def _nodes(model, training):
    if isinstance(model, LAYERS):  # torch.fx would trace its inside, where nothing is a layer
        return []
    try:
        model = copy.deepcopy(model)  # tracing runs its code, which may change it
        model.train(training)
        defaults = {
            name: parameter.default
            for name, parameter in inspect.signature(model.forward).parameters.items()
            if parameter.default is not inspect.Parameter.empty
        }
        return list(_Tracer().trace(model, defaults).nodes)
    except Exception as error:  # that code may raise anything, since it gets no tensors
        raise ValueError(f"model must have a graph that torch.fx can trace: {error}") from error


def _passes(node, module):
    if module is not None:
        return type(module) in ELEMENTWISE_LAYERS or isinstance(module, PASSING_MODULES)
    if node.op == "call_function":
        return node.target in PASSING_FUNCTIONS
    return node.op == "call_method" and node.target in PASSING_METHODS


def _refuse_other_dropouts(modules, nodes, kinds):
    used = {modules[node.target] for node in nodes if node.op == "call_module"}
    unseen = [n or repr(m) for n, m in modules.items() if type(m) in kinds and m not in used]
    if unseen:
        raise ValueError(f"model must use each dropout layer in sight of torch.fx, got {unseen}")
    others = [
        f"{name} ({type(module).__name__})"
        for name, module in modules.items()
        if (isinstance(module, LAYERS) and type(module) not in ELEMENTWISE_LAYERS)
        or (isinstance(module, DROP_INSIDE) and module.dropout)
    ]
    others += sorted({n.name for n in nodes if "dropout" in getattr(n.target, "__name__", "")})
    if others:
        names = ", ".join(layer.__name__ for layer in ELEMENTWISE_LAYERS)
        raise ValueError(f"model must drop by {names} alone, got {others}")


def _refuse_written_over(modules, nodes, kinds):
    memory = {}  # for each node, the nodes that may share memory with it
    for place, node in enumerate(nodes):
        module = modules[node.target] if node.op == "call_module" else None
        memory[node] = {node}
        if module is None or not any(True for _ in module.parameters()):
            # Only a layer with weights surely returns new memory; the others may return a view.
            memory[node].update(*(memory[n] for n in node.all_input_nodes))
        if type(module) in kinds and module.inplace:
            for n in (n for later in nodes[place + 1 :] for n in later.all_input_nodes):
                if n is not node and n in memory and memory[n] & memory[node]:
                    raise ValueError(
                        "model must not use a value that an inplace dropout may have changed "
                        f"before, got {n.name}"
                    )


def _refuse_shared(model, fed, nodes):
    names = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        names.setdefault(parameter, []).append(name)
    parameters = dict(model.named_parameters(remove_duplicate=False))
    for name in fed:
        if name not in parameters:  # weight norm, for example, computes it from others
            raise ValueError(f"model must hold {name} as a parameter, got a computed one")
        if len(names[parameters[name]]) > 1:
            shared = names[parameters[name]]
            raise ValueError(f"model must not share a weight that dropped units feed, got {shared}")
        if any(node.op == "get_attr" and node.target == name for node in nodes):
            raise ValueError(f"model must use {name} through its layer alone, got a direct use")
