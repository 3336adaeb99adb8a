"""Networks trained as one: each ends where `train` alone takes it, and none sees another."""

import copy

import numpy as np
import pytest
import torch
from helpers import bits, says
from torch import nn

from dropout_scaling.nn import MLP, InvertedDropout, StandardDropout
from dropout_scaling.stacked_networks import Stacked, train_stacked
from dropout_scaling.train import train

N, ROWS, SIZES = 3, 21, [6, 5, 4, 3]
DROPOUTS = [nn.Dropout, InvertedDropout, StandardDropout]
OPTIMIZERS = {
    "SGD": lambda weights: torch.optim.SGD(weights, lr=0.1, momentum=0.9, weight_decay=0.01),
    "Adam": lambda weights: torch.optim.Adam(weights, lr=0.01),
}


def networks(p, dropout=InvertedDropout):
    return [MLP(SIZES, p=p, p_input=p, dropout=dropout) for _ in range(N)]


def data():
    return torch.randn(N, ROWS, SIZES[0]), torch.randint(SIZES[-1], (N, ROWS))


def settings():
    """Two epochs of three steps, the last of five rows, each network with its own shuffle."""
    shuffles = [torch.Generator().manual_seed(seed) for seed in range(N)]
    return {"epochs": 2, "batch_size": 8, "generators": shuffles}


def together(models, x, y, optimizer, *, mask_seeds=None):
    """Return the losses, then each parameter, as arrays whose first axis is the network."""
    model = Stacked(models)
    trained = {"optimizer": optimizer(model.parameters()), "mask_seeds": mask_seeds}
    losses = train_stacked(model, x, y, **trained, **settings())
    return [losses, *(value.detach().numpy() for value in model.parameters())]


def alone(models, x, y, optimizer, *, mask_seeds=None):
    """Return what ``together`` does, from ``train`` on one network after the other."""
    losses = []
    for s, model in enumerate(models):
        shared = settings()
        trained = {
            "optimizer": optimizer(model.parameters()),
            "generator": shared.pop("generators")[s],
        }
        trained["mask_seed"] = None if mask_seeds is None else mask_seeds[s]
        losses.append(train(model, x[s], y[s], **trained, **shared))
    parameters = zip(*(model.parameters() for model in models), strict=True)
    return [np.array(losses), *(torch.stack(values).detach().numpy() for values in parameters)]


# Both compute the same sums, in another order, so that they differ by rounding alone. What rounding
# does to such a run is seen from the same run in float32: to first order its error is linear in the
# roundoff, which is 2^29 times as large there as in float64, and the orders of the sums are but two
# of the many ways to round. So float64 runs may be 2^-29 of that error apart; we allow 2^6 times as
# much, as one run's roundings may happen to cancel and another's to add up.
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(
    ("dropout", "p", "mask_seeds"),
    [
        *((dropout, 0.0, None) for dropout in DROPOUTS),
        *((dropout, 0.5, [7, 1, 9]) for dropout in DROPOUTS[1:]),  # nn.Dropout takes no mask
    ],
)
def test_each_network_ends_where_it_would_alone(dropout, p, mask_seeds, optimizer, torch_seed):
    x, y = data()
    how = {"optimizer": OPTIMIZERS[optimizer], "mask_seeds": mask_seeds}
    single = networks(p, dropout)
    double = [copy.deepcopy(model).double() for model in single]
    coarse = alone(single, x, y, **how)
    stacked = together(double, x.double(), y, **how)  # before `alone` trains them
    exact = alone(double, x.double(), y, **how)
    for ours, one_by_one, rounded in zip(stacked, exact, coarse, strict=True):
        limit = 2**-23 * abs(rounded - one_by_one).max()
        assert limit < 1e-9  # far below what another mask, batch or mean would change
        assert abs(ours - one_by_one).max() <= limit


@pytest.mark.parametrize("dropout", DROPOUTS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_another_start_and_other_data_of_one_network_change_no_other_bit(
    dropout, optimizer, torch_seed
):
    models, (x, y), runs = networks(0.5, dropout), data(), []
    for change in (False, True):
        if change:
            x[1] += 1
            y[1] = 0
            models[1].linears[0].weight.data *= 2
        torch.manual_seed(torch_seed)
        runs.append(together(models, x, y, OPTIMIZERS[optimizer]))
    for before, after in zip(*runs, strict=True):
        assert bits(before[[0, 2]]) == bits(after[[0, 2]])
        assert bits(before[1]) != bits(after[1])


def kept_by_three(dropout, p, n):
    """Return the masks, shape (3, n), that three stacked dropout layers draw for ones."""
    kept = 1 if dropout is StandardDropout else 1 / (1 - p)
    y = Stacked([nn.Sequential(dropout(p)) for _ in range(3)])(torch.ones(3, n))
    assert ((y == 0) | (y == kept)).all()
    return (y != 0).numpy()


@pytest.mark.parametrize("dropout", DROPOUTS)
def test_every_network_keeps_a_unit_with_probability_q(dropout, sampled, torch_seed):
    kept = kept_by_three(dropout, 0.25, 10_000).sum(axis=1)
    sampled.assert_binomial(kept, 10_000, 0.75, told_from=0.7, beta=1e-6)


# Kept by both of two networks: q² for masks of their own, q for one that they share.
@pytest.mark.parametrize("dropout", DROPOUTS)
def test_two_networks_draw_masks_of_their_own(dropout, sampled, torch_seed):
    a, b, c = kept_by_three(dropout, 0.5, 10_000)
    both = np.array([(a & b).sum(), (a & c).sum(), (b & c).sum()])
    sampled.assert_binomial(both, 10_000, 0.25, told_from=0.5, beta=1e-6)


def whole(model):
    """Give the model small whole numbers for weights: its sums are exact in any order."""
    for value in model.parameters():
        value.data = torch.randint(-4, 5, value.shape).float()
    return model


def test_network_s_runs_on_x_s_bit_for_bit_where_sums_are_exact(torch_seed):
    models = [whole(MLP(SIZES)).eval() for _ in range(3)]
    x = torch.randint(-4, 5, (3, ROWS, SIZES[0])).float()
    stacked = Stacked(models)
    assert not stacked.each.training
    for y, model, own in zip(stacked(x), models, x, strict=True):
        assert y.equal(model(own))


def test_training_leaves_the_given_models_and_unstack_returns_the_trained_ones(torch_seed):
    models, (x, y) = networks(0.5), data()
    before = [bits(value) for model in models for value in model.parameters()]
    stacked = Stacked(models)
    optimizer = torch.optim.SGD(stacked.parameters(), lr=0.1)
    losses = train_stacked(stacked.eval(), x, y, optimizer=optimizer, **settings())
    assert losses.shape == (3, 6)
    assert stacked.training
    assert [bits(value) for model in models for value in model.parameters()] == before
    for s, network in enumerate(stacked.unstack()):
        assert network.training
        values = zip(network.parameters(), stacked.parameters(), strict=True)
        assert all(bits(own) == bits(all_three[s]) for own, all_three in values)
        next(network.parameters()).data.zero_()
    assert all(value.any() for value in stacked.parameters())  # unstack copies


# Four whole numbers have an exact mean, and momentum 1/2 halves it exactly.
def test_each_network_has_the_running_mean_of_its_own_batch_norm(torch_seed):
    models = [nn.Sequential(nn.BatchNorm1d(2, momentum=0.5)) for _ in range(3)]
    x = torch.randint(-4, 5, (3, 4, 2)).float()
    stacked = Stacked(models)
    stacked(x)
    for network, own in zip(stacked.unstack(), x, strict=True):
        assert network[0].running_mean.equal(own.mean(dim=0) / 2)
        assert network[0].num_batches_tracked == 1


def test_a_weight_under_two_names_stays_one(torch_seed):
    def tied():
        model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
        model[1].weight = model[0].weight
        return whole(model)

    models, x = [tied() for _ in range(2)], torch.randint(-4, 5, (2, 3, 2)).float()
    stacked = Stacked(models)
    assert len(list(stacked.parameters())) == 1
    assert all(y.equal(m(own)) for y, m, own in zip(stacked(x), models, x, strict=True))


@pytest.mark.parametrize(
    ("models", "text"),
    [
        ([], "the number of models must be at least 1, got 0"),
        *(
            (
                [MLP([4, 3, 2]), other],
                "models must differ in nothing but the values of their parameters and buffers, "
                "got another kind at index 1",
            )
            for other in (
                MLP([4, 3, 2], p=0.4),
                MLP([4, 5, 2]),
                MLP([4, 3, 2], dropout=StandardDropout),
                MLP([4, 3, 2]).double(),
                MLP([4, 3, 2]).eval(),
            )
        ),
    ],
)
def test_models_that_cannot_be_stacked_are_refused(models, text):
    with pytest.raises(ValueError, match=says(text)):
        Stacked(models)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (
            {"x": torch.ones(2, 3, 4)},
            ValueError,
            "x must hold one for each of the 3 networks, got 2",
        ),
        (
            {"y": torch.ones(4, 3, dtype=torch.int64)},
            ValueError,
            "y must hold one for each of the 3 networks, got 4",
        ),
        (
            {"generators": [torch.Generator()]},
            ValueError,
            "generators must hold one for each of the 3 networks, got 1",
        ),
        (
            {"mask_seeds": [1, 2]},
            ValueError,
            "mask_seeds must hold one for each of the 3 networks, got 2",
        ),
        (
            {"x": torch.ones(3, 0, 4), "y": torch.ones(3, 0, dtype=torch.int64)},
            ValueError,
            "x and y must hold the same number of rows a network, above 0, got 0 and 0",
        ),
        (
            {"y": torch.ones(3, 2, dtype=torch.int64)},
            ValueError,
            "x and y must hold the same number of rows a network, above 0, got 3 and 2",
        ),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an integer, got 2.0"),
    ],
)
def test_bad_arguments_of_train_stacked_are_refused(change, error, text):
    model = Stacked([MLP([4, 2]) for _ in range(3)])
    arguments = {
        "x": torch.ones(3, 3, 4),
        "y": torch.ones(3, 3, dtype=torch.int64),
        "optimizer": torch.optim.SGD(model.parameters()),
        "epochs": 1,
        "batch_size": 2,
        "generators": [torch.Generator() for _ in range(3)],
    }
    with pytest.raises(error, match=says(text)):
        train_stacked(model, **arguments | change)


def test_an_x_for_another_number_of_networks_is_refused():
    with pytest.raises(ValueError, match=says("x must hold one for each of the 2 networks, got 1")):
        Stacked([MLP([4, 2]) for _ in range(2)])(torch.ones(1, 3, 4))
