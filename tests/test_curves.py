"""Errors while networks learn: those of the networks that one training of as many epochs gives."""

import pytest
import torch
from helpers import bits, says

from dropout_scaling.curves import learning_curves
from dropout_scaling.data import Split
from dropout_scaling.nn import MLP
from dropout_scaling.stacked_networks import Stacked, train_stacked
from dropout_scaling.train import float64_weights

SEEDS = [4, 7]
SETTINGS = {"batch_size": 8, "lr": 0.01}


def make():
    return MLP([6, 9, 3], p=0.5)


def splits():
    def rows(n):
        return torch.randn(n, 6, dtype=torch.float64), torch.randint(3, (n,))

    return [Split(*rows(16), *rows(32)) for _ in SEEDS]  # shares of so many are exact


def trained_at_once(data, epochs):
    """Return the networks after so many epochs without a stop."""
    networks = Stacked([float64_weights(make, seed) for seed in SEEDS])
    train_stacked(
        networks,
        torch.stack([split.x_train for split in data]),
        torch.stack([split.y_train for split in data]),
        optimizer=torch.optim.Adam(networks.parameters(), lr=0.01, fused=True),
        epochs=epochs,
        batch_size=8,
        generators=[torch.Generator().manual_seed(seed) for seed in SEEDS],
        mask_seeds=SEEDS,
    )
    return networks.eval().unstack()


def test_the_turns_come_to_one_training_and_the_errors_are_those_of_its_networks(torch_seed):
    data = splits()
    errors, networks = learning_curves(make, data, seeds=SEEDS, turns=3, epochs=3, **SETTINGS)
    assert errors.shape == (3, 2, 2)
    for turn in range(3):
        at_once = trained_at_once(data, 3 * (turn + 1))
        for s, (model, (x, y, x_test, y_test)) in enumerate(zip(at_once, data, strict=True)):
            wrong = [(model(a).argmax(dim=-1) != b).sum() for a, b in ((x, y), (x_test, y_test))]
            assert errors[turn, :, s].tolist() == [100 * (wrong[0] / 16), 100 * (wrong[1] / 32)]
    for ours, model in zip(networks, at_once, strict=True):
        assert not ours.training
        for weight, other in zip(ours.parameters(), model.parameters(), strict=True):
            assert bits(weight) == bits(other)


def test_the_global_generator_is_left_as_it_was(torch_seed):
    data, before = splits(), torch.get_rng_state()
    learning_curves(make, data, seeds=SEEDS, turns=1, epochs=1, **SETTINGS)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"seeds": [4]}, "seeds must hold one for each of the 2 splits, got 1"),
        ({"turns": 0}, "turns must be at least 1, got 0"),
    ],
)
def test_bad_arguments_are_refused(change, text, torch_seed):
    given = {"seeds": SEEDS, "turns": 1, "epochs": 1, **SETTINGS}
    with pytest.raises(ValueError, match=says(text)):
        learning_curves(make, splits(), **given | change)
