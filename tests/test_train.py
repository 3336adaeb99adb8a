"""The training loop: the same numbers again, a loss that falls, and masks by their coordinates."""

import math

import pytest
import torch
from helpers import bits, says
from torch import nn

from dropout_scaling.data import digits
from dropout_scaling.masks import bernoulli_mask, keyed_rng
from dropout_scaling.nn import MLP, InvertedDropout, StandardDropout
from dropout_scaling.train import accuracy, default_device, keyed_masks, train


@pytest.fixture(scope="module")
def split():
    return [torch.from_numpy(part) for part in digits(rng=keyed_rng(0))]


def trained(split, seed, *, mask_seed, epochs=1):
    torch.manual_seed(seed)
    model = MLP([64, 50, 10], p=0.2, p_input=0.1)
    losses = train(
        model,
        *split[:2],
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9),
        epochs=epochs,
        batch_size=64,
        generator=torch.Generator().manual_seed(seed),
        mask_seed=mask_seed,
    )
    return model, losses


@pytest.mark.parametrize("mask_seed", [None, 7])
def test_a_run_is_the_same_again_bit_for_bit(split, mask_seed, torch_seed):
    runs = [trained(split, torch_seed, mask_seed=mask_seed) for _ in range(2)]
    assert runs[0][1] == runs[1][1]
    for a, b in zip(runs[0][0].parameters(), runs[1][0].parameters(), strict=True):
        assert bits(a) == bits(b)


def test_with_keyed_masks_and_a_generator_the_global_generator_does_not_matter(split, torch_seed):
    # The only draw from it is the initial weights: what another use of it leaves is left alone.
    model = MLP([64, 50, 10])
    before = torch.get_rng_state()
    train(
        model,
        *split[:2],
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        epochs=1,
        batch_size=500,
        generator=torch.Generator().manual_seed(0),
        mask_seed=0,
    )
    assert torch.get_rng_state().equal(before)


def test_another_mask_seed_gives_another_run(split, torch_seed):
    first, second = (trained(split, torch_seed, mask_seed=seed)[1] for seed in (0, 1))
    assert first[0] != second[0]


# Ten classes: the loss begins near log 10 = 2.3, and one of ten is right by chance. Under 15 seeds
# the last epoch's loss was .32 to .52 and the accuracy .91 to .95, far from the limits here.
def test_the_loss_falls_below_1_and_the_accuracy_rises_above_08_in_five_epochs(split, torch_seed):
    model, losses = trained(split, torch_seed, mask_seed=3, epochs=5)
    steps = math.ceil(1347 / 64)
    assert len(losses) == 5 * steps
    assert abs(losses[0] - math.log(10)) < 0.5
    assert sum(losses[-steps:]) / steps < 1
    assert model.training
    assert accuracy(model.eval(), *split[2:]) > 0.8


def test_keyed_masks_are_those_of_seed_layer_and_step():
    model = MLP([4, 3, 2], p=0.5, p_input=0.2)
    masks = keyed_masks(model, 6, seed=9, step=5)
    for layer, (mask, shape, p) in enumerate(zip(masks, [(6, 4), (6, 3)], [0.2, 0.5], strict=True)):
        expected = bernoulli_mask(shape, p, rng=keyed_rng(9, layer=layer, step=5))
        assert mask.dtype == torch.bool
        assert mask.numpy().tolist() == expected.tolist()


def test_step_s_of_a_run_uses_the_masks_of_step_s():
    seen = []

    class Recorded(MLP):
        def forward(self, x, *, masks=None):
            seen.append(masks)
            return super().forward(x, masks=masks)

    model = Recorded([4, 3, 2], p=0.5, p_input=0.2)
    train(
        model,
        torch.ones(6, 4),
        torch.zeros(6, dtype=torch.int64),
        optimizer=torch.optim.SGD(model.parameters()),
        epochs=2,
        batch_size=4,
        generator=torch.Generator().manual_seed(0),
        mask_seed=9,
    )
    for step, rows in enumerate([4, 2, 4, 2]):  # the count goes on through the epochs
        expected = keyed_masks(model, rows, seed=9, step=step)
        assert all(a.equal(b) for a, b in zip(seen[step], expected, strict=True))


def test_two_models_of_one_shape_get_the_same_masks():
    models = [MLP([4, 3, 2], p=0.2, dropout=kind) for kind in (StandardDropout, InvertedDropout)]
    first, second = (keyed_masks(model, 6, seed=9, step=5) for model in models)
    assert all(a.equal(b) for a, b in zip(first, second, strict=True))


def test_training_takes_any_model_whose_layers_draw_for_themselves(split):
    model = nn.Sequential(nn.Linear(64, 10), nn.Dropout(0.0)).eval()
    losses = train(
        model,
        *split[:2],
        optimizer=torch.optim.SGD(model.parameters(), lr=0.1),
        epochs=2,
        batch_size=1000,
        generator=torch.Generator().manual_seed(0),
    )
    assert len(losses) == 4  # two batches an epoch, the last one smaller
    assert model.training


def test_accuracy_is_the_share_of_rows_whose_largest_output_is_the_label():
    x = torch.eye(4)
    assert accuracy(nn.Identity(), x, torch.tensor([0, 1, 2, 0])) == 0.75
    assert accuracy(nn.Identity(), x, torch.arange(4)) == 1.0


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (
            {"x": torch.ones(0, 4), "y": torch.ones(0, dtype=torch.int64)},
            ValueError,
            "x and y must hold the same number of rows, above 0, got 0 and 0",
        ),
        (
            {"y": torch.ones(2, dtype=torch.int64)},
            ValueError,
            "x and y must hold the same number of rows, above 0, got 3 and 2",
        ),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, got 0"),
        ({"batch_size": 0}, ValueError, "batch_size must be at least 1, got 0"),
        ({"batch_size": 2.0}, TypeError, "batch_size must be an integer, got 2.0"),
    ],
)
def test_bad_arguments_of_train_are_refused(change, error, text):
    model = MLP([4, 2])
    arguments = {
        "x": torch.ones(3, 4),
        "y": torch.ones(3, dtype=torch.int64),
        "optimizer": torch.optim.SGD(model.parameters()),
        "epochs": 1,
        "batch_size": 2,
        "generator": torch.Generator(),
    }
    with pytest.raises(error, match=says(text)):
        train(model, **arguments | change)


def test_no_rows_have_no_masks_and_no_accuracy():
    with pytest.raises(ValueError, match=says("rows must be at least 1, got 0")):
        keyed_masks(MLP([4, 2]), 0, seed=0, step=0)
    with pytest.raises(
        ValueError, match=says("x and y must hold the same number of rows, above 0, got 0 and 0")
    ):
        accuracy(nn.Identity(), torch.ones(0, 4), torch.ones(0))


def test_the_device_is_the_one_that_the_environment_names(monkeypatch):
    monkeypatch.delenv("DROPOUT_SCALING_DEVICE", raising=False)
    assert default_device() == torch.device("cpu")
    monkeypatch.setenv("DROPOUT_SCALING_DEVICE", "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert default_device() == torch.device("cuda")


def test_a_gpu_that_is_asked_for_and_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("DROPOUT_SCALING_DEVICE", "cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    text = "DROPOUT_SCALING_DEVICE must be cpu where PyTorch sees no GPU, got cuda"
    with pytest.raises(RuntimeError, match=says(text)):
        default_device()
