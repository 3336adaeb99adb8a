"""What the check of two lines says of trained models, faulty and right, and the tables of it."""

import copy
import linecache
from functools import partial

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from dropout_scaling.keyed import KeyedMasks
from dropout_scaling.tables import Markdown
from dropout_scaling.train import accuracy, trained_on_digits


def learn(make, *, seed, epochs=6):
    """Return a trained model, its data and its losses; ``make()`` gives the model."""
    torch.manual_seed(seed)  # masks that are drawn by hand come from the global generator
    return trained_on_digits(make, seed=seed, epochs=epochs, batch_size=128, lr=0.01)


def told(findings):
    """Return what ``audit`` found as a list: the line of code or the submodule, and the message."""
    lines = []
    for finding in findings:
        path, _, line = finding.location.rpartition(":")  # of the model's cell
        called = linecache.getline(path, int(line)) if line else finding.module
        called = called.partition("  #")[0].strip()
        lines.append(f"- `{called}`: {finding.message}.")
    return Markdown("\n".join(lines))


@torch.no_grad()
def loss(model, x, y, training):
    """Return the log-loss in train mode or in eval mode."""
    model = copy.deepcopy(model)  # train mode moves a batch norm's averages
    return F.cross_entropy(model.train(training)(x), y).item()


def measure(make, *, seeds):
    """Return the training loss in both modes, the test loss and the accuracy: (seeds, 4)."""
    rows = []
    for s in seeds:
        model, data, _ = learn(make, seed=s)
        train, test = data[:2], data[2:]
        torch.manual_seed(s)
        with KeyedMasks(s, step=1000):  # masks that no training step had
            right = accuracy(model.eval(), *test)
            both = [loss(model, *train, training) for training in (True, False)]
            rows.append([*both, loss(model, *test, False), right])
    return np.array(rows)


class _WrongScale(nn.Module):
    def __init__(self, train, evaluation):
        super().__init__()
        self.scales = evaluation, train

    def forward(self, x):
        y = x * self.scales[self.training]
        return y * (torch.rand_like(x) < 0.9) if self.training else y


def _two_layers(scales):
    layers = [nn.Linear(64, 64), nn.ReLU(), _WrongScale(*scales)]
    layers += [nn.Linear(64, 64), nn.ReLU(), _WrongScale(*scales)]
    return nn.Sequential(*layers, nn.Linear(64, 10))


def measure_wrong_scale(train, evaluation, *, seeds):
    """Return the training loss in both modes of networks that drop at p = 0.1: (seeds, 2).

    ``train``, ``evaluation``: what their dropout multiplies kept values by, in each mode.
    """
    return measure(partial(_two_layers, (train, evaluation)), seeds=seeds)[:, :2]


def _with_batch_norm():
    layers = nn.Linear(64, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2)
    return nn.Sequential(*layers, nn.Linear(64, 10))


@torch.no_grad()
def _caught_up(model, batches, anew=False):
    """Return a copy whose averages have seen more batches, dropout off."""
    model = copy.deepcopy(model).eval()
    norm = model[1].train()
    if anew:
        norm.reset_running_stats()
        norm.momentum = None
    for batch in batches:
        model(batch)
    return model


def measure_young(*, seeds):
    """Return training losses with batch norm, after one epoch: (seeds, 4).

    In train mode, in eval mode, in eval mode five batches later, and in eval mode with averages
    taken anew over all rows.
    """
    young = []
    for s in seeds:
        model, data, _ = learn(_with_batch_norm, seed=s, epochs=1)
        rows, rng = data[:2], torch.Generator().manual_seed(s)
        with KeyedMasks(s, step=1000):
            both = [loss(model, *rows, training) for training in (True, False)]
        five = rows[0][torch.randint(len(rows[0]), (5, 128), generator=rng)]
        later = _caught_up(model, five), _caught_up(model, rows[:1], anew=True)
        young.append([*both, *(loss(each, *rows, False) for each in later)])
    return np.array(young)


def splits_and_mean(losses, split, mean):
    """Return rows of ``table``: one for each split, and one for the mean of ``losses``.

    ``split``, ``mean``: their names, the first with ``{}`` in place of the number.
    """
    rows = [(split.format(n), *row) for n, row in enumerate(losses, 1)]
    return [*rows, (mean, *losses.mean(axis=0))]


def table(head, rows):
    """Return a table of a name and numbers or texts in each row; in a row of means all is bold."""
    lines = [head, "|---" + "|--:" * (head.count("|") - 2) + "|"]
    for name, *values in rows:
        texts = [name, *(v if isinstance(v, str) else f"{v:.2f}" for v in values)]
        texts = [f"**{t}**" for t in texts] if "mean" in name else texts
        lines.append(f"| {' | '.join(texts)} |")
    return Markdown("\n".join(lines))
