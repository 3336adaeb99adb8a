"""A short training loop that gives the same numbers on every machine, and the accuracy it reaches.

The last bits of a sum of floats depend on the processor, and training amplifies the difference. So
the chapters train in float64: there the difference stays below the printed digits. Initial weights,
batches and masks come from streams that are the same on every processor.
"""

import contextlib
import os
from typing import NamedTuple

import torch
from torch.nn import functional as F

from dropout_scaling._arguments import check_count
from dropout_scaling.data import Split, digits
from dropout_scaling.keyed import KeyedMasks
from dropout_scaling.masks import bernoulli_mask, keyed_rng


def default_device() -> torch.device:
    """Return the device that ``DROPOUT_SCALING_DEVICE`` names, or the CPU if it is not set.

    Raises RuntimeError if it names a GPU and PyTorch sees none.
    """
    device = torch.device(os.environ.get("DROPOUT_SCALING_DEVICE", "cpu"))
    if device.type == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("DROPOUT_SCALING_DEVICE must be cpu if PyTorch sees no GPU, got cuda")
    return device


def tensors(split: Split, *, device="cpu") -> Split:
    """Return a ``Split`` of arrays as a ``Split`` of tensors, with inputs in float64."""
    x_train, y_train, x_test, y_test = (torch.from_numpy(part).to(device) for part in split)
    return Split(x_train.double(), y_train, x_test.double(), y_test)


def digit_tensors(*, seed, rows=None, device="cpu") -> Split:
    """Return ``data.digits`` as tensors, with inputs in float64.

    Args:
        seed: fixes which digits are for testing.
        rows: the number of digits to train on; if not given, all that are not for testing.
        device: where they lie.

    Returns:
        A ``Split`` of tensors.

    Raises:
        TypeError: if ``rows`` is not an integer.
        ValueError: if ``rows`` is below 1 or more than there are.
    """
    data = tensors(digits(rng=keyed_rng(seed)), device=device)
    rows = check_count("rows", len(data.x_train) if rows is None else rows, 1, len(data.x_train))
    return data._replace(x_train=data.x_train[:rows], y_train=data.y_train[:rows])


def keyed_masks(model, rows, *, seed, step) -> list[torch.Tensor]:
    """Return the masks of one training step of an ``MLP``, one for each dropout layer.

    They are the masks of ``KeyedMasks(seed, step=step)``: the l-th layer that drops gets the mask
    at the coordinates (seed, l, step). So two models of the same shape get the same masks.

    Args:
        model: the ``MLP``.
        rows: the size of the batch.
        seed: the first coordinate.
        step: the third coordinate.

    Returns:
        A list of boolean tensors of shape (rows, units).

    Raises:
        ValueError: if ``rows`` < 1.
    """
    check_count("rows", rows, 1)
    masks, drawn = [], 0
    for dropout, linear in zip(model.dropouts, model.linears, strict=True):
        shape = (rows, linear.in_features)
        if 0 < dropout.p < 1:
            rng = keyed_rng(seed, layer=drawn, step=step)
            mask = torch.from_numpy(bernoulli_mask(shape, dropout.p, rng=rng))
            drawn += 1
        else:
            mask = torch.full(shape, dropout.p == 0)
        masks.append(mask.to(linear.weight.device))
    return masks


def train(
    model, x, y, *, optimizer, epochs, batch_size, generator, mask_seed=None, loss=F.cross_entropy
) -> list[float]:
    """Train ``model`` over shuffled batches; return the losses.

    Args:
        model: a module; it is left in train mode.
        x: the inputs, shape (rows, features).
        y: the class labels, shape (rows,), or what else ``loss`` takes.
        optimizer: an optimiser over the model's parameters.
        epochs: the number of passes over the data.
        batch_size: the number of rows in a batch.
        generator: a CPU ``torch.Generator`` to shuffle the rows.
        mask_seed: if given, step s takes its masks from ``KeyedMasks(mask_seed, step=s)``.
            Otherwise each dropout layer draws its own.
        loss: a function of the outputs and of their rows of y: the mean over a batch.

    Returns:
        The loss at every step, a list of floats.

    Raises:
        ValueError: for an empty x, labels of another length, or ``epochs`` or ``batch_size``
            below 1.
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
            with _mask_context(mask_seed, step=len(losses)):
                value = loss(model(x[rows]), y[rows])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            losses.append(value.item())
    return losses


def _mask_context(seed, *, step):
    return contextlib.nullcontext() if seed is None else KeyedMasks(seed, step=step)


def float64_weights(make, seed):
    """Return ``make()``, its weights drawn in float64 from ``seed``.

    The global generator is unchanged.
    """
    with torch.random.fork_rng([]), _float64():
        torch.manual_seed(seed)
        return make()


def trained(
    make, data, *, seed, epochs, batch_size, lr, optimizer=torch.optim.Adam, loss=F.cross_entropy
):
    """Make a model in float64, train it with ``train``, and return it with its losses.

    Args:
        make: a function without arguments that returns the model.
        data: a ``Split`` of tensors.
        seed: fixes the initial weights, the order of the rows and the masks.
        epochs: as in ``train``.
        batch_size: as in ``train``.
        lr: the learning rate.
        optimizer: a class of ``torch.optim`` with the option ``fused``, such as SGD or Adam.
        loss: as in ``train``.

    Returns:
        The model, in eval mode, and the losses of ``train``. The global generator is unchanged.

    Raises:
        ValueError: as ``train``.
    """
    model = float64_weights(make, seed).to(data.x_train.device)
    losses = train(
        model,
        data.x_train,
        data.y_train,
        # Fused: one call, not one for each tensor.
        optimizer=optimizer(model.parameters(), lr=lr, fused=True),
        epochs=epochs,
        batch_size=batch_size,
        generator=torch.Generator().manual_seed(seed),
        mask_seed=seed,
        loss=loss,
    )
    return model.eval(), losses


class Learned(NamedTuple):
    """A network that has learned digits: the model, its ``Split`` of tensors, its losses."""

    model: torch.nn.Module
    data: Split
    losses: list


def trained_on_digits(make, *, seed, rows=None, device="cpu", **settings):
    """Make a model, train it on digits with ``trained``, and return it as ``Learned``.

    Args:
        make: as in ``trained``.
        seed: as in ``trained``. It also fixes which digits are for testing.
        rows: as in ``digit_tensors``.
        device: where the data and the model lie.
        settings: ``epochs``, ``batch_size``, ``lr`` and ``optimizer``, as in ``trained``.

    Returns:
        The model, in eval mode, with its data and its losses.

    Raises:
        TypeError: if ``rows`` is not an integer.
        ValueError: if ``rows`` is below 1 or more than there are, and as ``trained``.
    """
    data = digit_tensors(seed=seed, rows=rows, device=device)
    model, losses = trained(make, data, seed=seed, **settings)
    return Learned(model, data, losses)


@contextlib.contextmanager
def _float64():
    # Weights drawn in float32 would differ between processors before any training.
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@torch.no_grad()
def accuracy(model, x, y) -> float:
    """Return the share of rows of x whose largest output is at the label y, a float in [0, 1].

    The model runs in its current mode. Raises ValueError for an empty x or labels of another
    length.
    """
    if len(x) == 0 or len(x) != len(y):
        rows = f"{len(x)} and {len(y)}"
        raise ValueError(f"x and y must hold the same number of rows, above 0, got {rows}")
    return (model(x).argmax(dim=-1) == y).double().mean().item()


class Scores(NamedTuple):
    """``errors`` per 100 rows, ``log_loss`` a row, and ``sureness``, the mean top probability."""

    errors: float
    log_loss: float
    sureness: float


def scores(outputs, y) -> Scores:
    """Return how good and how sure the answers softmax(``outputs``) are, as ``Scores``.

    ``outputs``: shape (rows, classes), logits or log-probabilities. ``y``: the labels, shape
    (rows,). Raises ValueError for no rows or labels of another number.
    """
    if len(outputs) == 0 or len(outputs) != len(y):
        rows = f"{len(outputs)} and {len(y)}"
        raise ValueError(f"outputs and y must hold the same number of rows, above 0, got {rows}")
    wrong = (outputs.argmax(dim=-1) != y).double().mean()
    sure = outputs.softmax(dim=-1).amax(dim=-1).mean()
    return Scores(100 * wrong.item(), F.cross_entropy(outputs, y).item(), sure.item())
