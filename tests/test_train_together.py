"""Errors while networks learn: those of the networks that one training of as many epochs gives."""

import numpy as np
import pytest
import torch
from helpers import says
from torch.nn import functional as F

from dropout_scaling.data import Split
from dropout_scaling.masks import bernoulli_mask, keyed_rng
from dropout_scaling.nn import MLP, InvertedDropout, StandardDropout
from dropout_scaling.stacked_networks import Stacked, train_stacked
from dropout_scaling.train import accuracy, float64_weights, trained
from dropout_scaling.train_together import errors_at_the_end, learning_curves, trained_together

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
            # The same sums in another order: what rounding, 2**-53, becomes in 18 steps of 0.01.
            # A wrong mask, batch or gradient moves weights by some 1e-2.
            torch.testing.assert_close(weight, other, rtol=0, atol=1e-10)


@pytest.mark.parametrize("p", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("dropout", [InvertedDropout, StandardDropout])
@pytest.mark.parametrize("loss", [F.cross_entropy, F.mse_loss])
def test_each_is_the_network_that_trained_makes_alone(p, dropout, loss, torch_seed):
    data = splits()
    if loss is F.mse_loss:
        data = [s._replace(y_train=torch.randn(16, 3, dtype=torch.float64)) for s in data]
    settings = {"epochs": 3, "loss": loss, **SETTINGS}

    def make():
        return MLP([6, 9, 7, 3], p=p, p_input=p / 2, dropout=dropout)

    together = trained_together(make, data, seeds=SEEDS, **settings)
    for seed, split, model in zip(SEEDS, data, together, strict=True):
        alone, _ = trained(make, split, seed=seed, **settings)
        assert not model.training
        for weight, other in zip(model.parameters(), alone.parameters(), strict=True):
            # As above. At p = 1 a gradient that is 0 for the one is 0 for the other.
            torch.testing.assert_close(weight, other, rtol=0, atol=1e-10)


def test_standard_dropout_multiplies_where_errors_are_counted(torch_seed):
    data = splits()
    how = {"seeds": SEEDS, "turns": 1, "epochs": 4, **SETTINGS}
    errors, networks = learning_curves(
        lambda: MLP([6, 9, 3], p=0.9, dropout=StandardDropout), data, **how
    )
    right = [accuracy(n, s.x_test, s.y_test) for n, s in zip(networks, data, strict=True)]
    assert errors[0, 1].tolist() == [100 * (1 - share) for share in right]


def test_another_loss_is_refused(torch_seed):
    with pytest.raises(
        ValueError, match=says("loss must be F.cross_entropy or F.mse_loss, got l1_loss")
    ):
        trained_together(make, splits(), seeds=SEEDS, epochs=1, loss=F.l1_loss, **SETTINGS)


def test_the_global_generator_is_left_as_it_was(torch_seed):
    data, before = splits(), torch.get_rng_state()
    learning_curves(make, data, seeds=SEEDS, turns=1, epochs=1, **SETTINGS)
    errors_at_the_end(data, 9, 0.5, seeds=SEEDS, steps=1)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"seeds": [4]}, "seeds must hold one for each of the 2 networks, got 1"),
        ({"turns": 0}, "turns must be at least 1, got 0"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
    ],
)
def test_bad_arguments_are_refused(change, text, torch_seed):
    given = {"seeds": SEEDS, "turns": 1, "epochs": 1, **SETTINGS}
    with pytest.raises(ValueError, match=says(text)):
        learning_curves(make, splits(), **given | change)


# --- errors at the end alone -------------------------------------------------------------------


def errors_of_one(data, units, p, seed, *, steps, rows):
    """The same training of one network with an ``MLP``, a step after another."""
    generator, rng = torch.Generator().manual_seed(seed), keyed_rng(seed, layer=1)
    model = MLP([6, units, units, 3], p=p).double()
    with torch.no_grad():
        for linear in model.linears:
            n_out, n_in = linear.weight.shape
            draw = torch.rand(n_in, n_out, generator=generator, dtype=torch.float64)
            linear.weight.copy_((2 * draw - 1).T / n_in**0.5)
            linear.bias.zero_()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for pick in torch.randint(rows, (steps, 8), generator=generator):
        masks = [torch.ones(8, 6, dtype=torch.bool), *torch.ones(2, 8, units, dtype=torch.bool)]
        if p > 0:
            masks[1:] = torch.from_numpy(bernoulli_mask((2, 8, units), p, rng=rng))
        loss = F.cross_entropy(model(data.x_train[pick], masks=masks), data.y_train[pick])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    wrong = (model.eval()(data.x_test).argmax(dim=-1) != data.y_test).sum()
    return 100 * wrong.item() / len(data.y_test)


@pytest.mark.parametrize("p", [0.0, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("rows", [5, 16])
def test_each_network_ends_where_it_does_alone(p, rows, torch_seed):
    data = splits()
    for split in data:
        split.y_train[0] = split.y_test[0] = 2  # of three classes
    settings = {"seeds": SEEDS, "batch_size": 8, "lr": 0.01, "rows": rows}
    alone = [
        [
            errors_of_one(one, 9, p, s, steps=steps, rows=rows)
            for one, s in zip(data, SEEDS, strict=True)
        ]
        for steps in (20, 60)
    ]
    assert np.array_equal(errors_at_the_end(data, 9, p, steps=60, **settings), alone[1])
    assert np.array_equal(errors_at_the_end(data, 9, p, steps=[20, 60], **settings), alone)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"seeds": [4]}, "seeds must hold one for each of the 2 networks, got 1"),
        ({"p": 1.2}, "drop probability p must be in [0, 1], got 1.2"),
        ({"units": 0}, "units must be at least 1, got 0"),
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"steps": [9, 9]}, "steps must grow from number to number, got [9, 9]"),
        ({"rows": 17}, "rows must be in [1, 16], got 17"),
        ({"batch_size": 0}, "batch_size must be at least 1, got 0"),
    ],
)
def test_bad_arguments_are_refused_at_the_end_too(change, text, torch_seed):
    given = {"units": 9, "p": 0.5, "seeds": SEEDS, "steps": 1, **change}
    with pytest.raises(ValueError, match=says(text)):
        errors_at_the_end(splits(), **given)
