"""Standard to inverted dropout and back: weights, optimiser settings, and whole models.

A layer y = W (m x) trained with standard dropout and a layer y = W' (m x / q) with inverted
dropout are the same function, mask by mask, if W' = q W. Then dL/dW' = (1/q) dL/dW, and the rest
follows: what an optimiser must be told so that W' = q W still holds after every step. Only the
weights that dropped units feed are converted; biases and other layers keep their settings.

The sentence that this works out: Srivastava et al. 2014, section 10, "equivalent ... with
appropriate scaling of the learning rate and weight initializations at each layer".
"""

import copy

from dropout_scaling._arguments import check_p


def _keep_probability(p):
    q = 1 - check_p(p)
    if q == 0:
        raise ValueError(f"drop probability p must be below 1 to convert, since q = 0, got p = {p}")
    return q


def inverted_weight(w, p):
    """Return the inverted network's weight for a standard network's ``w``: W' = q W.

    ``w``: array or tensor, any shape, fed by units dropped with probability ``p``.
    Raises TypeError, ValueError for a bad ``p`` or p = 1.

    >>> inverted_weight(2.0, 0.25)
    1.5
    """
    return w * _keep_probability(p)


def standard_weight(w, p):
    """Return the standard network's weight for an inverted network's ``w``: W = W' / q.

    Arguments and errors as ``inverted_weight``.

    >>> standard_weight(1.5, 0.25)
    2.0
    """
    return w / _keep_probability(p)


def inverted_sgd(lr, weight_decay, p):
    """Return the settings of ``torch.optim.SGD`` under which W' = q W stays true, as a dict.

    lr' = q^2 lr; weight_decay' = weight_decay / q^2 (it is added to the gradient). Momentum,
    dampening and Nesterov stay as they are: they are linear in the gradient.
    ``p`` is the drop probability of the units that feed the weight. Errors as ``inverted_weight``.

    >>> inverted_sgd(0.4, 0.01, 0.5)
    {'lr': 0.1, 'weight_decay': 0.04}
    """
    q = _keep_probability(p)
    return {"lr": q**2 * lr, "weight_decay": weight_decay / q**2}


def inverted_adam(lr, eps, weight_decay, p, *, decoupled=False):
    """Return the settings of Adam, or AdamW if ``decoupled``, under which W' = q W stays true.

    lr' = q lr; eps' = eps / q; weight_decay' = weight_decay / q^2 where it is added to the
    gradient (Adam), weight_decay / q where it is decoupled from it (AdamW). A dict of keyword
    arguments; ``p`` and errors as ``inverted_sgd``.

    >>> inverted_adam(0.002, 1e-8, 0.01, 0.5, decoupled=True)
    {'lr': 0.001, 'eps': 2e-08, 'weight_decay': 0.02}
    """
    q = _keep_probability(p)
    decay = weight_decay / (q if decoupled else q**2)
    return {"lr": q * lr, "eps": eps / q, "weight_decay": decay}


def dropped_weights(model):
    """Return {parameter name: p} for the weights of ``model`` that dropped units feed.

    The graph of a copy is traced with ``torch.fx``, in train and in eval mode. A dropout layer is a
    ``nn.Dropout``, ``StandardDropout``, ``InvertedDropout`` or ``FastDropout``. From each, the
    values are followed to the next linear or convolution layer, through operations that a factor
    q > 0 passes unchanged: ReLU, reshaping, pooling.

    Raises TypeError for anything but a module. Raises ValueError, which names the place, if the
    values meet any other operation or a hook, or leave the model; if a weight is fed in two ways,
    shared, or used directly; if an inplace dropout may change what is used elsewhere; for other
    dropouts; and if there is no graph.

    >>> from dropout_scaling.nn import MLP
    >>> dropped_weights(MLP([4, 3, 2], p=0.5))
    {'linears.1.weight': 0.5}
    """
    from dropout_scaling._dropouts import ELEMENTWISE_LAYERS
    from dropout_scaling.convert._graph import weights_fed_by

    return weights_fed_by(model, ELEMENTWISE_LAYERS)


def inverted_model(model):
    """Return a copy of ``model`` with inverted in place of standard dropout: the same function.

    Each ``StandardDropout`` becomes an ``InvertedDropout``, and the weights that it feeds q W: the
    outputs agree in eval mode, and in train mode under the same masks. Errors as
    ``dropped_weights``, and for p = 1.
    """
    from dropout_scaling.nn import InvertedDropout, StandardDropout

    return _converted(model, (StandardDropout,), InvertedDropout, inverted_weight)


def standard_model(model):
    """Return a copy of ``model`` with standard in place of inverted dropout: the same function.

    Each ``InvertedDropout``, ``FastDropout`` or ``nn.Dropout`` becomes a ``StandardDropout``, and
    the weights that it feeds W / q. Errors as ``inverted_model``.
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
    layers = {}  # a layer that is used in several places stays one layer
    for name, module in list(model.named_modules(remove_duplicate=False)):
        if type(module) in old:
            if module not in layers:
                layers[module] = new(module.p, module.inplace).train(module.training)
            model.set_submodule(name, layers[module])
    return model
