"""The training loop: the same numbers again, a loss that falls, and masks by their coordinates."""

import copy
import functools
import math

import pytest
import torch
from helpers import bits, says
from torch import nn
from torch.nn.functional import cross_entropy

from dropout_scaling.data import Split, digits
from dropout_scaling.masks import bernoulli_mask, keyed_rng
from dropout_scaling.nn import MLP, InvertedDropout, StandardDropout
from dropout_scaling.train import (
    accuracy,
    default_device,
    digit_tensors,
    keyed_masks,
    scores,
    tensors,
    train,
    trained,
    trained_on_digits,
)


@pytest.fixture(scope="module")
def split():
    return [torch.from_numpy(part) for part in digits(rng=keyed_rng(0))]


def sgd_run(split, seed, *, mask_seed, epochs=1):
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
    runs = [sgd_run(split, torch_seed, mask_seed=mask_seed) for _ in range(2)]
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
    first, second = (sgd_run(split, torch_seed, mask_seed=seed)[1] for seed in (0, 1))
    assert first[0] != second[0]


# Ten classes: the loss begins near log 10 = 2.3, and one of ten is right by chance. Under 15 seeds
# the last epoch's loss was .32 to .52 and the accuracy .91 to .95, far from the limits here.
def test_the_loss_falls_below_1_and_the_accuracy_rises_above_08_in_five_epochs(split, torch_seed):
    model, losses = sgd_run(split, torch_seed, mask_seed=3, epochs=5)
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
    ones = torch.ones(6, 50)
    seen = []

    class Recorded(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(50, 2)

        def forward(self, x):
            seen.append(torch.nn.functional.dropout(x, 0.2) != 0)
            return self.linear(x)

    model = Recorded()
    train(
        model,
        ones,
        torch.zeros(6, dtype=torch.int64),
        optimizer=torch.optim.SGD(model.parameters()),
        epochs=2,
        batch_size=4,
        generator=torch.Generator().manual_seed(0),
        mask_seed=9,
    )
    for step, rows in enumerate([4, 2, 4, 2]):  # the count goes on through the epochs
        rng = keyed_rng(9, layer=0, step=step)
        assert torch.equal(seen[step], torch.from_numpy(bernoulli_mask((rows, 50), 0.2, rng=rng)))


def test_an_mlp_is_trained_with_the_masks_that_keyed_masks_lists():
    x = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    y = torch.tensor([0, 1, 0, 1, 1, 0])
    model = MLP([4, 8, 2], p=0.5)
    by_hand = copy.deepcopy(model)

    settings = {"epochs": 3, "batch_size": 6, "mask_seed": 9}
    sgd = torch.optim.SGD(model.parameters(), lr=0.5)
    train(model, x, y, optimizer=sgd, generator=torch.Generator().manual_seed(1), **settings)

    sgd = torch.optim.SGD(by_hand.parameters(), lr=0.5)
    shuffle = torch.Generator().manual_seed(1)
    for step in range(3):
        order = torch.randperm(6, generator=shuffle)
        masks = keyed_masks(by_hand, 6, seed=9, step=step)
        sgd.zero_grad()
        cross_entropy(by_hand(x[order], masks=masks), y[order]).backward()
        sgd.step()
    for a, b in zip(model.parameters(), by_hand.parameters(), strict=True):
        assert bits(a) == bits(b)


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
    text = "DROPOUT_SCALING_DEVICE must be cpu if PyTorch sees no GPU, got cuda"
    with pytest.raises(RuntimeError, match=says(text)):
        default_device()


def test_tensors_are_the_arrays_with_inputs_in_float64(split):
    data = digits(rng=keyed_rng(0))
    made = tensors(data)
    assert made.x_train.dtype == made.x_test.dtype == torch.float64
    assert torch.equal(made.x_train.float(), split[0])
    assert torch.equal(made.x_test.float(), split[2])
    assert torch.equal(made.y_train, split[1])
    assert torch.equal(made.y_test, split[3])


def small(p=0.2, dropout=torch.nn.Dropout):
    return lambda: MLP([64, 20, 10], p=p, dropout=dropout)


def runs(make, seed, **settings):
    settings = {"epochs": 1, "batch_size": 128, "lr": 0.01} | settings
    model, losses = trained(make, tensors(digits(rng=keyed_rng(0))), seed=seed, **settings)
    return model, losses, [bits(parameter) for parameter in model.parameters()]


def test_a_trained_model_is_a_function_of_its_seed(torch_seed):
    model, losses, weights = runs(small(), 4)
    torch.rand(3)  # whatever the global generator does
    _, again, weights_again = runs(small(), 4)
    _, other, weights_other = runs(small(), 5)
    assert losses == again
    assert weights == weights_again
    assert not model.training
    assert losses != other
    assert weights != weights_other


def test_its_start_its_rows_and_its_masks_all_hang_on_the_seed(monkeypatch):
    from dropout_scaling import train as module

    seen = []
    monkeypatch.setattr(module, "train", lambda model, *data, **given: seen.append((model, given)))
    for seed in (4, 5):
        trained(small(), tensors(digits(rng=keyed_rng(0))), seed=seed, epochs=1, batch_size=9, lr=1)
    (first, given), (second, other) = seen
    assert not torch.equal(first.linears[0].weight, second.linears[0].weight)
    assert [g["mask_seed"] for g in (given, other)] == [4, 5]
    assert [g["generator"].initial_seed() for g in (given, other)] == [4, 5]


def test_the_start_is_drawn_in_float64_and_the_defaults_are_put_back(torch_seed):
    state, default = torch.get_rng_state(), torch.get_default_dtype()
    model, _, _ = runs(small(), 4)
    assert torch.get_rng_state().equal(state)
    assert torch.get_default_dtype() == default == torch.float32
    assert all(parameter.dtype == torch.float64 for parameter in model.parameters())
    with torch.random.fork_rng([]):
        torch.manual_seed(4)
        torch.set_default_dtype(torch.float64)
        start = small()()
        torch.set_default_dtype(default)
    untrained, _ = trained(
        small(), tensors(digits(rng=keyed_rng(0))), seed=4, epochs=1, batch_size=2000, lr=0.0
    )
    assert bits(untrained.linears[0].weight) == bits(start.linears[0].weight)


def test_it_is_trained_with_adam_or_with_what_it_is_given():
    _, adam, _ = runs(small(), 4)
    _, sgd, _ = runs(small(), 4, optimizer=torch.optim.SGD)
    _, longer, _ = runs(small(), 4, lr=0.02)
    assert adam[0] == sgd[0] == longer[0]
    assert adam[1] != sgd[1]
    assert adam[1] != longer[1]


def test_on_digits_it_learns_from_the_first_rows_of_the_split_of_its_seed():
    settings = {"epochs": 1, "batch_size": 32, "lr": 0.01}
    model, data, losses = trained_on_digits(small(), seed=4, rows=96, **settings)
    split = tensors(digits(rng=keyed_rng(4)))
    assert (len(data.x_train), len(data.y_train), len(losses)) == (96, 96, 3)
    assert torch.equal(data.x_train, split.x_train[:96])
    assert torch.equal(data.y_train, split.y_train[:96])
    assert torch.equal(data.x_test, split.x_test)
    again, others = trained(small(), data, seed=4, **settings)
    assert losses == others
    for a, b in zip(model.parameters(), again.parameters(), strict=True):
        assert bits(a) == bits(b)


def test_on_digits_it_learns_from_all_that_are_not_for_testing_unless_told_otherwise():
    settings = {"epochs": 1, "batch_size": 2000, "lr": 0.01}
    assert len(trained_on_digits(small(), seed=4, **settings).data.x_train) == 1347
    for rows in (0, 1348):
        with pytest.raises(ValueError, match=says(f"rows must be in [1, 1347], got {rows}")):
            trained_on_digits(small(), seed=4, rows=rows, **settings)


def test_another_loss_is_minimised_where_one_is_given():
    x = torch.linspace(-1, 1, 64, dtype=torch.float64)[:, None]
    data = Split(x, 3 * x, x, 3 * x)
    make = functools.partial(MLP, [1, 1], p=0)
    settings = {"seed": 0, "epochs": 200, "batch_size": 64, "lr": 0.1}
    model, losses = trained(make, data, loss=torch.nn.functional.mse_loss, **settings)
    # 200 steps of at most 0.1 each reach a slope of 3 from any start in [-1, 1].
    assert losses[-1] < 1e-3 < losses[0]
    assert abs(model(torch.ones(1, 1, dtype=torch.float64)).item() - 3) < 0.1


# --- scores ---


def test_scores_count_errors_and_measure_surprise_and_sureness():
    probabilities = torch.tensor([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]], dtype=torch.float64)
    errors, log_loss, sureness = scores(probabilities.log(), torch.tensor([0, 2]))
    assert errors == 50
    assert log_loss == pytest.approx((math.log(2) + math.log(4)) / 2, rel=1e-12)
    assert sureness == pytest.approx(0.5, rel=1e-12)


@pytest.mark.parametrize("rows", [0, 2])
def test_scores_need_a_label_for_each_row(rows):
    said = "outputs and y must hold the same number of rows, above 0"
    with pytest.raises(ValueError, match=says(f"{said}, got {rows} and {rows // 2}")):
        scores(torch.zeros(rows, 3), torch.zeros(rows // 2, dtype=torch.long))


# --- digit_tensors ---


def test_digits_as_tensors_are_those_of_the_seed_and_the_first_rows_of_them():
    all_of_them, few = digit_tensors(seed=3), digit_tensors(seed=3, rows=5)
    assert all_of_them.x_train.numpy().tolist() == digits(rng=keyed_rng(3)).x_train.tolist()
    assert few.x_train.dtype == torch.float64
    assert torch.equal(few.x_train, all_of_them.x_train[:5])
    assert torch.equal(few.y_train, all_of_them.y_train[:5])
    assert torch.equal(few.x_test, all_of_them.x_test)
