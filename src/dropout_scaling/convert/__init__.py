"""Convert standard to inverted dropout and back: weights, optimiser settings, and whole models.

A layer y = W (m x) trained with standard dropout and a layer y = W' (m x / q) trained with inverted
dropout are the same function for every mask, if W' = q W. Then dL/dW' = (1/q) dL/dW. From this
follow the optimiser settings that keep W' = q W true after every step. Only weights fed by dropped
units are converted; biases and other layers keep their settings.

Source: Srivastava et al. 2014, section 10, "equivalent ... with appropriate scaling of the learning
rate and weight initializations at each layer".
"""

import copy

from dropout_scaling._arguments import check_p_below_1


def inverted_weight(w, p):
    """Return the inverted network's weight for a standard network's ``w``: W' = q W.

    ``w``: array or tensor, any shape, fed by units dropped with probability ``p``.
    Raises TypeError or ValueError for a bad ``p``, ValueError for p = 1.

    >>> inverted_weight(2.0, 0.25)
    1.5
    """
    return w * (1 - check_p_below_1(p))


def standard_weight(w, p):
    """Return the standard network's weight for an inverted network's ``w``: W = W' / q.

    Arguments and errors as ``inverted_weight``.

    >>> standard_weight(1.5, 0.25)
    2.0
    """
    return w / (1 - check_p_below_1(p))


def inverted_sgd(lr, weight_decay, p):
    """Return the settings of ``torch.optim.SGD`` that keep W' = q W true, as a dict.

    lr' = q^2 lr; weight_decay' = weight_decay / q^2 (it is added to the gradient). Momentum,
    dampening and Nesterov do not change, since they are linear in the gradient.
    ``p``: the drop probability of the units that feed the weight. Errors as ``inverted_weight``.

    >>> inverted_sgd(0.4, 0.01, 0.5)
    {'lr': 0.1, 'weight_decay': 0.04}
    """
    q = 1 - check_p_below_1(p)
    return {"lr": q**2 * lr, "weight_decay": weight_decay / q**2}


def inverted_adam(lr, eps, weight_decay, p, *, decoupled=False):
    """Return the settings of Adam or AdamW that keep W' = q W true.

    lr' = q lr; eps' = eps / q. Adam adds weight decay to the gradient: weight_decay' =
    weight_decay / q^2. AdamW decouples it from the gradient: weight_decay' = weight_decay / q.

    Args:
        lr: the learning rate of the standard network.
        eps: its small constant.
        weight_decay: its weight decay.
        p: the drop probability of the units that feed the weight.
        decoupled: True for AdamW, False for Adam.

    Returns:
        A dict of keyword arguments for the optimiser.

    Raises:
        TypeError: for a bad ``p``.
        ValueError: for a bad ``p``, or p = 1.

    >>> inverted_adam(0.002, 1e-8, 0.01, 0.5, decoupled=True)
    {'lr': 0.001, 'eps': 2e-08, 'weight_decay': 0.02}
    """
    q = 1 - check_p_below_1(p)
    decay = weight_decay / (q if decoupled else q**2)
    return {"lr": q * lr, "eps": eps / q, "weight_decay": decay}


def dropped_weights(model):
    """Return {parameter name: p} for the weights of ``model`` that dropped units feed.

    ``torch.fx`` traces the graph of a copy, in train and in eval mode. The dropout layers are
    ``nn.Dropout``, ``StandardDropout``, ``InvertedDropout`` and ``FastDropout``. The values are
    followed from each to the next linear or convolution layers. On the way they may pass only
    operations that commute with a factor q > 0: ReLU, reshaping, pooling.

    Raises TypeError if ``model`` is not a module. Raises ValueError, with the place, if

    - the values meet another operation or a hook, or leave the model;
    - a weight is fed in two ways, is shared, or is used directly;
    - an inplace dropout may change a value that is used elsewhere;
    - the model has other dropouts, or ``torch.fx`` cannot trace it.

    >>> from dropout_scaling.nn import MLP
    >>> dropped_weights(MLP([4, 3, 2], p=0.5))
    {'linears.1.weight': 0.5}
    """
    from dropout_scaling._dropouts import ELEMENTWISE_LAYERS
    from dropout_scaling.convert._graph import weights_fed_by

    return weights_fed_by(model, ELEMENTWISE_LAYERS)


def inverted_model(model):
    """Return a copy of ``model`` with inverted instead of standard dropout: the same function.

    Each ``StandardDropout`` becomes an ``InvertedDropout``, and each weight W that it feeds becomes
    q W. The outputs are equal in eval mode, and in train mode with the same masks, up to rounding.
    Errors as ``dropped_weights``, and ValueError for p = 1.
    """
    from dropout_scaling.nn import InvertedDropout, StandardDropout

    return _converted(model, (StandardDropout,), InvertedDropout, inverted_weight)


def standard_model(model):
    """Return a copy of ``model`` with standard instead of inverted dropout: the same function.

    Each ``InvertedDropout``, ``FastDropout`` or ``nn.Dropout`` becomes a ``StandardDropout``, and
    each weight W that it feeds becomes W / q. Errors as ``inverted_model``.
    """
    from torch import nn

    from dropout_scaling.fast import FastDropout
    from dropout_scaling.nn import InvertedDropout, StandardDropout

    inverted = (InvertedDropout, FastDropout, nn.Dropout)
    return _converted(model, inverted, StandardDropout, standard_weight)


def _converted(model, old, new, convert):
    import torch

    from dropout_scaling.convert._graph import weights_fed_by

    fed = weights_fed_by(model, old)
    model = copy.deepcopy(model)
    with torch.no_grad():
        for name, p in fed.items():
            weight = model.get_parameter(name)
            weight.copy_(convert(weight, p))
    layers = {}  # a layer used in several places stays one layer
    for name, module in list(model.named_modules(remove_duplicate=False)):
        if type(module) in old:
            if module not in layers:
                layers[module] = new(module.p, module.inplace).train(module.training)
            model.set_submodule(name, layers[module])
    return model
