"""Errors while networks learn: on the rows that they learn from, and on new ones."""

import numpy as np
import torch

from dropout_scaling._arguments import check_count
from dropout_scaling.stacked_networks import Stacked, train_stacked
from dropout_scaling.train import float64_weights


def learning_curves(make, splits, *, seeds, turns, epochs, batch_size, lr):
    """Train a network on each split with Adam, and count its errors after each turn of epochs.

    Each ends where ``trained`` takes it in ``turns * epochs`` epochs; they are trained together.

    Args:
        make: a function without arguments that returns a model, such as an ``MLP``, whose
            ``forward`` takes ``masks``.
        splits: a ``Split`` of tensors for each network, all of the same sizes.
        seeds: for each network, what fixes its initial weights, its batches and its masks.
        turns: how often errors are counted.
        epochs: the number of passes over the data in each turn.
        batch_size: the number of rows in a batch.
        lr: the learning rate.

    Returns:
        The errors per 100 rows, a NumPy array of shape (turns, 2, networks), first those on the
        training rows and then those on the test rows, and the networks, a list, in eval mode.
        The global generator is unchanged.

    Raises:
        ValueError: for another number of seeds than of splits, and as ``train_stacked``.
    """
    if len(seeds) != len(splits):
        raise ValueError(
            f"seeds must hold one for each of the {len(splits)} splits, got {len(seeds)}"
        )
    check_count("turns", turns, 1)
    x, y, x_test, y_test = (torch.stack(part) for part in zip(*splits, strict=True))
    networks = Stacked([float64_weights(make, seed) for seed in seeds])
    settings = {
        "optimizer": torch.optim.Adam(networks.parameters(), lr=lr, fused=True),
        "epochs": epochs,
        "batch_size": batch_size,
        "generators": [torch.Generator().manual_seed(seed) for seed in seeds],
        "mask_seeds": seeds,
    }
    steps, errors = 0, []
    for _ in range(turns):
        losses = train_stacked(networks, x, y, first_step=steps, **settings)
        steps += losses.shape[1]
        networks.eval()
        errors.append([_errors(networks, x, y), _errors(networks, x_test, y_test)])
    return np.array(errors), networks.unstack()


@torch.no_grad()
def _errors(networks, x, y):
    return 100 * (networks(x).argmax(dim=-1) != y).double().mean(dim=1).numpy()
