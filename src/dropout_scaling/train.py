"""One short training loop, the masks of any of its steps, and the accuracy that it reaches."""

import os

import torch
from torch.nn import functional as F

from dropout_scaling.checks import check_count
from dropout_scaling.masks import bernoulli_mask, keyed_rng


def default_device():
    """Return the device that ``DROPOUT_SCALING_DEVICE`` names, the CPU if it is not set.

    Raises RuntimeError if it names a GPU and PyTorch sees none.
    """
    device = torch.device(os.environ.get("DROPOUT_SCALING_DEVICE", "cpu"))
    if device.type == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("DROPOUT_SCALING_DEVICE must be cpu where PyTorch sees no GPU, got cuda")
    return device


def keyed_masks(model, rows, *, seed, step):
    """Return the masks of one training step of an ``MLP``, one a dropout layer.

    The mask of layer l at step s is drawn at the coordinates (seed, l, s): two models of the same
    shape get the same masks, in any order of calls. ``rows``: the size of the batch. Returns
    boolean tensors of shape (rows, units). Raises ValueError if ``rows`` < 1.
    """
    shapes = [(check_count("rows", rows, 1), linear.in_features) for linear in model.linears]
    return [
        torch.from_numpy(
            bernoulli_mask(shape, d.p, rng=keyed_rng(seed, layer=layer, step=step))
        ).to(model.linears[layer].weight.device)
        for layer, (d, shape) in enumerate(zip(model.dropouts, shapes, strict=True))
    ]


def train(model, x, y, *, optimizer, epochs, batch_size, generator, mask_seed=None):
    """Train ``model`` on inputs x, shape (rows, features), and class labels y, shape (rows,).

    Minimises the mean cross-entropy over shuffled batches and returns its value at every step, as
    a list of floats. ``generator``: a CPU ``torch.Generator`` to shuffle the rows. ``mask_seed``:
    if given, step s of an ``MLP`` uses ``keyed_masks(..., seed=mask_seed, step=s)``; otherwise each
    dropout layer draws its own.
    Leaves the model in train mode. Raises ValueError for an empty x, labels of another length, or
    ``epochs`` or ``batch_size`` below 1.
    """
    if len(x) == 0 or len(x) != len(y):
        raise ValueError(
            f"x and y must hold the same number of rows, above 0, got {len(x)} and {len(y)}"
        )
    check_count("epochs", epochs, 1)
    check_count("batch_size", batch_size, 1)
    model.train()
    losses = []
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).to(x.device).split(batch_size):
            given = {}
            if mask_seed is not None:
                given["masks"] = keyed_masks(model, len(rows), seed=mask_seed, step=len(losses))
            loss = F.cross_entropy(model(x[rows], **given), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return losses


@torch.no_grad()
def accuracy(model, x, y):
    """Return the share of rows of x whose largest output is at the label y, a float in [0, 1].

    The model runs in the mode in which it is. Raises ValueError for an empty x or labels of another
    length.
    """
    if len(x) == 0 or len(x) != len(y):
        rows = f"{len(x)} and {len(y)}"
        raise ValueError(f"x and y must hold the same number of rows, above 0, got {rows}")
    return (model(x).argmax(dim=-1) == y).double().mean().item()
