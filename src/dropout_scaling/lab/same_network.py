"""Two kinds of dropout at the same learning rate and at the converted one: units and networks."""

import copy

import numpy as np
import torch

from dropout_scaling import plots
from dropout_scaling.claims import seed
from dropout_scaling.convert import dropped_weights
from dropout_scaling.train import train

STEPS, UNITS = 40, 4


def losses(kind, q, rate):
    """Return a linear unit's loss at evaluation, before the first step of SGD and after each.

    ``kind``: "standard" or "inverted". The examples and masks are the slider's on the site.
    """
    numbers = _park_miller()
    inputs, drawn = np.fromiter(numbers, float, 2 * STEPS * UNITS).reshape(2, STEPS, UNITS)
    inputs, masks = inputs + 0.5, drawn < q
    targets = inputs @ [1, 0.5, 0.25, 0.25]
    in_training, at_evaluation = (1 / q, 1) if kind == "inverted" else (1, q)
    weights = [np.zeros(UNITS)]
    for x, mask, target in zip(inputs, masks, targets, strict=True):
        x = np.where(mask, x * in_training, 0)
        error = x @ weights[-1] - target
        weights.append(weights[-1] - rate * error * x)
    errors = at_evaluation * inputs @ np.transpose(weights) - targets[:, None]
    return (errors**2).mean(axis=0) / 2


def _park_miller(state=1):
    """Yield a fixed sequence of numbers in [0, 1)."""
    while True:
        state = state * 48271 % (2**31 - 1)
        yield state / (2**31 - 1)


def draw_losses(q, rate):
    """Draw both units' losses, the inverted one at ``rate`` above and at q² times it below."""
    hollow = {**plots.STANDARD, "markersize": 8, "fillstyle": "none"}
    titles = {1: "the same learning rate: two networks"}
    titles[q**2] = "q² times it: one network"
    _, axes = plots.subplots(4.8, 2, 1, sharex=True)
    for ax, (factor, title) in zip(axes, titles.items(), strict=True):
        inverted = ("inverted", factor * rate, plots.INVERTED, -4)
        for kind, lr, style, up in (inverted, ("standard", rate, hollow, 9)):
            look, x = {"style": style, "offset": (8, up)}, range(STEPS + 1)
            plots.labelled_line(ax, x, losses(kind, q, lr), kind, every=4, **look)
        ax.set(title=title, ylim=(0, 2.4), yticks=[0, 1, 2], ylabel="loss")
    axes[1].set(xlabel="steps", xlim=(-1, 52), xticks=[0, 20, 40])


def run(model, data, lr, lr_behind_dropout, *, epochs=6, batch_size=64, momentum=0.5):
    """Train a copy of the model with SGD; return it, and each epoch's mean loss.

    ``lr_behind_dropout``: the learning rate of the weights that dropped units feed.
    """
    behind = dropped_weights(model)
    model = copy.deepcopy(model)
    groups = [
        {"params": [weight], "lr": lr_behind_dropout if name in behind else lr}
        for name, weight in model.named_parameters()
    ]
    optimizer = torch.optim.SGD(groups, momentum=momentum)
    how = {"epochs": epochs, "batch_size": batch_size, "mask_seed": seed(5)}
    how["generator"] = torch.Generator().manual_seed(seed(1))
    found = train(model, data.x_train, data.y_train, optimizer=optimizer, **how)
    return model, np.reshape(found, (epochs, -1)).mean(axis=1)
