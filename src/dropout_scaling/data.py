"""Small real data that ships with a library or with this package: nothing is fetched."""

import json
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dropout_scaling._arguments import check_count, check_rng


class Split(NamedTuple):
    """Inputs and labels for training and for testing."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def digits(*, n_test=450, rng):
    """Return scikit-learn's 1797 handwritten digits, 8 x 8 pixels each, split at random.

    ``n_test``: how many go to the test set. ``rng``: a ``numpy.random.Generator`` to shuffle them.
    Returns ``Split``: inputs float32 in [0, 1], shape (rows, 64), labels int64, shape (rows,).
    Raises ValueError if ``n_test`` would leave either part empty, TypeError for another kind of
    ``rng``.

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits (UCI).
    """
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    n_test = check_count("n_test", n_test, 1, len(x) - 1)
    order = check_rng(rng).permutation(len(x))
    x, y = (x[order] / 16).astype(np.float32), y[order].astype(np.int64)
    return Split(x[n_test:], y[n_test:], x[:n_test], y[:n_test])


def timings(file=None):
    """Return what `make bench` measured of dropout on one machine: (machine, rows).

    ``machine``: a dictionary with the processor, the versions and the date. ``rows``: a list of
    dictionaries; "ms_25", "ms_50" and "ms_75" are the quartiles of a call's milliseconds,
    "ratio_25" and so on those of F.dropout's time over it, "faults" the pages of memory that it
    was newly given, "turns" how many turns count: a turn is one call, or below 2^17 elements
    several. They are None where no turn was undisturbed.
    ``file``: what `make bench` wrote, the package's own run if not given.
    """
    file = resources.files("dropout_scaling") / "timings.json" if file is None else Path(file)
    run = json.loads(file.read_text("utf8"))
    return run["machine"], [dict(zip(run["columns"], row, strict=True)) for row in run["rows"]]


def seed_run(file=None):
    """Return what the last `make seeds` found of the chapters' claims: (run, rows).

    ``run``: a dictionary with the number of shifts, the date and the machine. ``rows``: one
    dictionary a claim: "page", "claim", its sentence, "held" in how many shifts "of" how many, and
    "nearest", its smallest margin as a share of the median one (None where it has no margin).
    ``file``: what `make seeds` wrote, the package's own run if not given.
    """
    file = resources.files("dropout_scaling") / "claims.json" if file is None else Path(file)
    found = json.loads(file.read_text("utf8"))
    return found["run"], found["claims"]
