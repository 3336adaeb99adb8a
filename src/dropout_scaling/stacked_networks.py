"""Stack networks that differ only in their seed, and train them as one batched model.

A step of a small network takes much of its time for function calls, not for arithmetic. Ten stacked
networks take a step with the calls of one. So an experiment can be repeated cheaply, and its
numbers get intervals.
"""

import copy

import torch
from torch import nn
from torch.func import functional_call, vmap
from torch.nn import functional as F

from dropout_scaling._arguments import check_count, check_one_each
from dropout_scaling.train import keyed_masks


def _tensors(model):
    return dict(model.named_parameters()) | dict(model.named_buffers())


class Stacked(nn.Module):
    """Networks of one shape as one module: network s runs on x[s] with its own weights and masks.

    y[s] = models[s](x[s]), by ``torch.vmap`` over s. The parameters are copies of those of
    ``models``, stacked along a new first axis.
    ``models``: modules that differ only in the values of their parameters and buffers. So the p of
    a dropout layer is the same in all. Raises ValueError for no models, or for models that
    differ in anything else.

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
            # A repr names the layers and their p. The rest checks what a repr does not show.
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

        ``given``: further arguments of a network's ``forward``, stacked in the same way, such as
        ``masks`` of an ``MLP``. Raises ValueError if x does not hold one entry for each network.
        """
        check_one_each("x", x, self.n_networks)

        def one(state, x, given):
            return functional_call(self.each, state, (x,), given)

        # "different": each network draws its own mask; "same" would share one mask.
        return vmap(one, randomness="different")(_tensors(self.each), x, given)

    def unstack(self):
        """Return a list of the networks: modules with copies of their weights, in the same mode."""
        networks = [copy.deepcopy(self.each) for _ in range(self.n_networks)]
        for s, network in enumerate(networks):
            for tensor in _tensors(network).values():
                tensor.data = tensor[s].detach().clone()  # a view would keep the whole stack
        return networks


def train_stacked(
    model, x, y, *, optimizer, epochs, batch_size, generators, mask_seeds=None, first_step=0
):
    """Train each network of ``model`` as ``train`` would train it alone; return the losses.

    Each step minimises the sum of the networks' mean cross-entropies. A network's weights affect
    only its own loss, so its gradient is the gradient of that loss.

    Args:
        model: a ``Stacked``; it is left in train mode.
        x: the inputs, shape (networks, rows, features).
        y: the class labels, shape (networks, rows).
        optimizer: an optimiser over ``model.parameters()`` that treats each element separately,
            as SGD and Adam do. L-BFGS, or clipping the gradient's norm, would mix the networks.
        epochs: the number of passes over the data.
        batch_size: the number of rows in a batch.
        generators: for each network, a CPU ``torch.Generator`` to shuffle its rows.
        mask_seeds: if given, a ``mask_seed`` for each network, as in ``train``.
        first_step: the number of steps already taken, so that no mask comes again.

    Returns:
        Each network's loss at every step, a NumPy array of shape (networks, steps).

    Raises:
        ValueError: if x, y, ``generators`` or ``mask_seeds`` do not hold one entry for each
            network; for no rows, or labels of another number; for ``epochs`` or ``batch_size``
            below 1.
    """
    n = model.n_networks
    one_each = {"x": x, "y": y, "generators": generators}
    if mask_seeds is not None:
        one_each["mask_seeds"] = mask_seeds
    for name, values in one_each.items():
        check_one_each(name, values, n)
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
                step = first_step + len(losses)
                own = [
                    keyed_masks(model.each, rows.shape[1], seed=seed, step=step)
                    for seed in mask_seeds
                ]
                given["masks"] = [torch.stack(layer) for layer in zip(*own, strict=True)]
            loss = vmap(F.cross_entropy)(model(x[network, rows], **given), y[network, rows])
            optimizer.zero_grad()
            loss.sum().backward()
            optimizer.step()
            losses.append(loss.detach())
    return torch.stack(losses, dim=1).cpu().numpy()
