"""Networks of both kinds of dropout, young, old, and in front of a norm: what tells them apart."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from dropout_scaling import plots
from dropout_scaling.claims import seed, seeds
from dropout_scaling.keyed import KeyedMasks
from dropout_scaling.nn import MLP, InvertedDropout, StandardDropout
from dropout_scaling.train import trained_on_digits
from dropout_scaling.train_together import trained_together


def networks(splits, p, kind, *, epochs):
    """Return a network for each split, trained with this kind of dropout."""
    return trained_together(
        lambda: MLP([64, 128, 128, 10], p=p, dropout=kind),
        splits,
        seeds=seeds(len(splits)),
        lr=5e-3,  # of Adam
        epochs=epochs,
        batch_size=128,
    )


def _ratio_in_front_of_norm(norm, kind):
    def make():
        layers = [nn.Linear(64, 64), nn.ReLU(), kind(0.5), norm(64)]
        return nn.Sequential(*layers, nn.Linear(64, 10))

    how = {"lr": 5e-3, "epochs": 7, "batch_size": 128}
    model, data, _ = trained_on_digits(make, seed=seed(0), **how)
    losses = []
    for other in (StandardDropout, InvertedDropout):
        model[2] = other(0.5)
        with torch.no_grad(), KeyedMasks(seed(99)):
            outputs = model.train()(data.x_train)
        losses.append(F.cross_entropy(outputs, data.y_train).item())
    return losses[0] / losses[1]


def ratios_in_front_of_norms():
    """Return the training loss, unscaled over divided, if dropout at p = 0.5 feeds a norm: (2, 2).

    Of a layer norm and a batch norm, each trained with standard and with inverted dropout.
    """
    kinds = StandardDropout, InvertedDropout
    norms = nn.LayerNorm, nn.BatchNorm1d
    return np.array([[_ratio_in_front_of_norm(norm, kind) for kind in kinds] for norm in norms])


@torch.no_grad()
def best_factor(net, data):
    """Return the factor after each dropout that gives the least test loss."""
    losses, first = {}, net.linears[0](data.x_test).relu()  # in front of all factors
    for factor in np.linspace(0.4, 2.5, 106):
        h = first * factor
        for linear in net.linears[1:-1]:
            h = linear(h).relu() * factor
        losses[factor] = F.cross_entropy(net.linears[-1](h), data.y_test).item()
    return min(losses, key=losses.get)


def draw_ratios(ratios):
    """Draw the loss unscaled over divided, a dot for each network.

    ``ratios``: {(p, "standard" or "inverted"): three ratios}.
    """
    _, ax = plots.subplots(2.7)
    styles = {"standard": plots.STANDARD, "inverted": plots.INVERTED}
    for place, p in enumerate((0.3, 0.5, 0.8)):
        for (name, style), aside in zip(styles.items(), (-0.12, 0.12), strict=True):
            look = {**style, "linestyle": "none", "markersize": 6}
            ax.plot(ratios[p, name], [place + aside] * 3, **look, alpha=0.8)
    ax.axvline(1, color=plots.INK, linewidth=1)
    ax.text(0.3, -0.45, "standard", color=plots.STANDARD["color"], ha="center")
    ax.text(2.4, -0.45, "inverted", color=plots.INVERTED["color"], ha="center")
    plots.log(ax, x=[0.1, 0.3, 1, 3])
    ax.set_yticks(range(3), ["p = 0.3", "p = 0.5", "p = 0.8"])
    ax.set(ylim=(2.4, -0.6), xlim=(0.09, 7))
    ax.set_title("training loss with dropout on, unscaled / divided")
