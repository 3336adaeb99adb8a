"""Small real data that ships with a library or with this package: nothing is downloaded."""

import functools
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


def digits(*, n_test: int = 450, rng: np.random.Generator) -> Split:
    """Return scikit-learn's 1797 handwritten digits, 8 x 8 pixels each, split at random.

    ``n_test``: the size of the test set. ``rng``: a ``numpy.random.Generator`` for the shuffle.
    Returns ``Split``: inputs float32 in [0, 1], shape (rows, 64), labels int64, shape (rows,).
    Raises ValueError if ``n_test`` would leave either part empty, TypeError for another kind of
    ``rng``.

    Source: Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits (UCI).
    """
    x, y = _all_digits()
    return _split((x / 16).astype(np.float32), y.astype(np.int64), n_test, rng)


def patients(*, n_test: int = 242, rng: np.random.Generator) -> Split:
    """Return scikit-learn's 442 diabetes patients, ten measurements each, split at random.

    A label is 1 if the disease progressed more in a year than in the median patient, and else 0.
    ``n_test``, ``rng``: as for ``digits``. Returns ``Split``: inputs float32 with mean 0 and
    variance 1 over all patients, shape (rows, 10), labels int64, shape (rows,). Errors as
    ``digits``.

    Source: Efron et al. 2004, Least Angle Regression, section 1.
    """
    x, progress = _all_patients()
    return _split(
        x.astype(np.float32), (progress > np.median(progress)).astype(np.int64), n_test, rng
    )


def _split(x, y, n_test, rng):
    n_test = check_count("n_test", n_test, 1, len(x) - 1)
    order = check_rng(rng).permutation(len(x))
    x, y = x[order], y[order]
    return Split(x[n_test:], y[n_test:], x[:n_test], y[:n_test])


def diabetes(*, n_test: int = 100, rng: np.random.Generator) -> Split:
    """Return the patients of ``patients`` as a regression: how far the disease progressed.

    ``n_test``, ``rng``: as for ``digits``. Returns ``Split``: inputs as those of ``patients``, but
    float64. The targets are in standard deviations of the training targets, from their mean:
    float64, shape (rows, 1). Raises ValueError if ``n_test`` would leave fewer than one row to
    test on or two to train on, TypeError for another kind of ``rng``.

    Source: as ``patients``.
    """
    x, progress = _all_patients()
    check_count("n_test", n_test, 1, len(x) - 2)
    split = _split(x, progress[:, np.newaxis], n_test, rng)
    mean, spread = split.y_train.mean(), split.y_train.std()
    targets = [(y - mean) / spread for y in (split.y_train, split.y_test)]
    return split._replace(y_train=targets[0], y_test=targets[1])


@functools.cache  # reading them takes longer than shuffling them, and a chapter does it often
def _all_digits():
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


def _all_patients():
    from sklearn.datasets import load_diabetes

    x, progress = load_diabetes(return_X_y=True, scaled=False)
    return (x - x.mean(axis=0)) / x.std(axis=0), progress


def timings(file=None) -> tuple[dict, list[dict]]:
    """Return the times that `make bench` measured on one machine: (machine, rows).

    ``machine``: a dictionary with the processor, the versions and the date. ``rows``: a list of
    dictionaries. "ms_25", "ms_50" and "ms_75" are the quartiles of a call's time in milliseconds;
    "ratio_25" and so on are quartiles of F.dropout's time divided by the call's time. "faults" is
    the number of page faults: memory pages that the call was newly given. "turns" counts the
    undisturbed turns: a turn is one call, or several calls below 2^17 elements. Values are None if
    there was no undisturbed turn. ``file``: the output of `make bench`; the package's own run if
    not given.
    """
    run = _committed("timings.json", file)
    return run["machine"], [dict(zip(run["columns"], row, strict=True)) for row in run["rows"]]


def vector_timings(file=None) -> tuple[dict, list[dict]]:
    """Return what `make bench` measured under each set of vector instructions: (machine, rows).

    ``machine``: as in ``timings``. ``rows``: a dictionary for each set, size, p and name, forward
    and backward, float32. "vectors" is PyTorch's name of the set. "per_copies" is the processor
    time of one thread divided by that of two copies: of two clones, or, for "FastDropout's loop",
    of two copies into memory at hand. "per_F.dropout" is the same with F.dropout. ``file``: another
    output of it; the package's own run if not given.
    """
    run = _committed("vectors.json", file)
    return run["machine"], [dict(zip(run["columns"], row, strict=True)) for row in run["rows"]]


def seed_run(file=None) -> tuple[dict, list[dict]]:
    """Return what `make seeds WRITE=yes` last wrote for the chapters' claims: (run, rows).

    ``run``: a dictionary with the date and the machine. ``rows``: a dictionary for each claim.
    "page" is its page and "claim" its sentence; it "held" in so many shifts "of" so many.
    "nearest" is its smallest margin divided by the median margin, or None.
    ``file``: another output of it; the package's own run if not given.
    """
    found = _committed("claims.json", file)
    return found["run"], found["claims"]


def frameworks(file=None) -> tuple[dict, list[dict]]:
    """Return what the dropouts of other libraries do, as `make frameworks` found it: (run, rows).

    ``run``: a dictionary with the date, the system and its Python. ``rows``: a dictionary for each
    dropout. "how" says whether it was "run", was "read" in its documentation, or was "not run",
    with a "reason". Of one that was run, "means" says what its number "argument" is the
    probability of. With 0.2 for that number, "kept" is what ones become in training that are not
    dropped, and "evaluation" what they become at evaluation. "code" holds the lines that were run.
    ``file``: the output of `make frameworks`; the package's own run if not given.
    """
    found = _committed("frameworks.json", file)
    return found["run"], found["rows"]


def audited_models(file=None) -> tuple[dict, list[dict]]:
    """Return what ``audit`` said of models that other people wrote, as `make wild` last found it.

    Returns (run, rows). ``run``: a dictionary with the date, the system and its Python. ``rows``: a
    dictionary for each model, the most telling first. "model", "package" and "version" name it,
    and "rates" says which rates it was given, "" for its own. "findings" holds a dictionary for
    each finding: its "kind", the "module", the number of "others", its "location" in the package
    and its "message"; "says" has kinds and places in a line. "code" says in a sentence what a
    person read in the model's code.
    ``file``: another output of it; the package's own run if not given.
    """
    found = _committed("audited.json", file)
    return found["run"], found["rows"]


def _committed(name, file):
    """Return what ``file`` holds, or, if it is None, the package's own file ``name``."""
    file = resources.files("dropout_scaling") / name if file is None else Path(file)
    return json.loads(file.read_text("utf8"))
