"""Networks that differ by their seed, stacked and trained as one batched model.

Much of a small network's step is the calls around its sums. Stacked, ten networks take a step
with the calls of one, so that an experiment can be repeated, and its numbers get intervals.
"""

import copy

import torch
from torch import nn
from torch.func import functional_call, vmap
from torch.nn import functional as F

from dropout_scaling._arguments import check_count
from dropout_scaling.train import keyed_masks


def _tensors(model):
    return dict(model.named_parameters()) | dict(model.named_buffers())


def _check_one_each(name, values, n):
    if len(values) != n:
        raise ValueError(f"{name} must hold one for each of the {n} networks, got {len(values)}")


class Stacked(nn.Module):
    """Networks of one shape as one module: network s runs on x[s], with its own weights and masks.

    y[s] = models[s](x[s]), by ``torch.vmap`` over s. Its parameters are those of ``models``,
    stacked along a new first axis, and copied: ``models`` stay as they are.
    ``models``: modules that differ in nothing but the values of their parameters and buffers: a
    dropout layer's p is the same in all. Raises ValueError for no models, or for unlike ones.

    >>> from dropout_scaling.nn import MLP
    >>> stacked = Stacked([MLP([64, 100, 10]) for _ in range(3)])
    >>> stacked(torch.zeros(3, 5, 64)).shape
    torch.Size([3, 5, 10])
    """

    def __init__(self, models):
        super().__init__()
        models = list(models)
        self.n_networks = check_count("the number of models", len(models), 1)
        states = [_tensors(model) for model in models]
        kinds = [
            # A repr names the layers and their p; what it leaves out must not differ silently.
            (repr(m), m.training, [(n, t.shape, t.dtype) for n, t in state.items()])
            for m, state in zip(models, states, strict=True)
        ]
        for index, kind in enumerate(kinds):
            if kind != kinds[0]:
                raise ValueError(
                    "models must differ in nothing but the values of their parameters and buffers, "
                    f"got another kind at index {index}"
                )
        self.each = copy.deepcopy(models[0])
        for name, tensor in _tensors(self.each).items():
            tensor.data = torch.stack([state[name].detach() for state in states])

    def forward(self, x, **given):
        """Return the outputs, shape (networks, ...), of x, shape (networks, ...).

        ``given``: further arguments of a network's ``forward``, stacked in the same way: ``masks``
        of an ``MLP``. Raises ValueError for an x that is not one for each network.
        """
        _check_one_each("x", x, self.n_networks)

        def one(state, x, given):
            return functional_call(self.each, state, (x,), given)

        # "different": a mask of its own for each network, where "same" would share one.
        return vmap(one, randomness="different")(_tensors(self.each), x, given)

    def unstack(self):
        """Return the networks one by one: modules with copies of their weights, in this mode."""
        networks = [copy.deepcopy(self.each) for _ in range(self.n_networks)]
        for s, network in enumerate(networks):
            for tensor in _tensors(network).values():
                tensor.data = tensor[s].detach().clone()  # a view would keep the whole stack
        return networks


def train_stacked(model, x, y, *, optimizer, epochs, batch_size, generators, mask_seeds=None):
    """Train each network of ``model``, a ``Stacked``, as ``train`` would train it alone.

    Network s learns from inputs x[s] and class labels y[s]: x has shape (networks, rows, features),
    y (networks, rows). The sum of the networks' mean cross-entropies is minimised, and each
    network's own is returned at every step: a NumPy array of shape (networks, steps).
    ``optimizer``: one over ``model.parameters()`` that treats each element by itself, as SGD and
    Adam do: a network's gradient is that of its own loss, since no other loss depends on its
    weights. (L-BFGS, or clipping the gradient's norm, would mix the networks.)
    ``generators``: a CPU ``torch.Generator`` a network, to shuffle its rows. ``mask_seeds``: if
    given, a ``mask_seed`` a network, as in ``train``.
    Leaves the model in train mode. Raises ValueError where x, y, ``generators`` or ``mask_seeds``
    do not hold one for each network, for no rows, labels of another number, or ``epochs`` or
    ``batch_size`` below 1.
    """
    n = model.n_networks
    one_each = {"x": x, "y": y, "generators": generators}
    if mask_seeds is not None:
        one_each["mask_seeds"] = mask_seeds
    for name, values in one_each.items():
        _check_one_each(name, values, n)
    rows_of_x, rows_of_y = x.shape[1], y.shape[1]
    if rows_of_x == 0 or rows_of_x != rows_of_y:
        raise ValueError(
            "x and y must hold the same number of rows a network, above 0, "
            f"got {rows_of_x} and {rows_of_y}"
        )
    check_count("epochs", epochs, 1)
    check_count("batch_size", batch_size, 1)
    model.train()
    network = torch.arange(n, device=x.device)[:, None]
    losses = []
    for _ in range(epochs):
        order = torch.stack([torch.randperm(rows_of_x, generator=g) for g in generators])
        for rows in order.to(x.device).split(batch_size, dim=1):
            given = {}
            if mask_seeds is not None:
                own = [
                    keyed_masks(model.each, rows.shape[1], seed=seed, step=len(losses))
                    for seed in mask_seeds
                ]
                given["masks"] = [torch.stack(layer) for layer in zip(*own, strict=True)]
            loss = vmap(F.cross_entropy)(model(x[network, rows], **given), y[network, rows])
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()
            losses.append(loss.detach())
    return torch.stack(losses, dim=1).cpu().numpy()
