"""The digits: shapes, types, ranges, and a split that loses nothing."""

import numpy as np
import pytest
from helpers import says
from sklearn.datasets import load_digits

from dropout_scaling.data import digits
from dropout_scaling.masks import keyed_rng


@pytest.fixture(scope="module")
def split():
    return digits(rng=keyed_rng(0))


def test_shapes_and_types_are_those_that_torch_takes(split):
    assert split.x_train.shape == (1347, 64)
    assert split.x_test.shape == (450, 64)
    assert split.y_train.shape == (1347,)
    assert split.y_test.shape == (450,)
    assert split.x_train.dtype == split.x_test.dtype == np.float32
    assert split.y_train.dtype == split.y_test.dtype == np.int64


def test_pixels_fill_0_to_1_and_labels_0_to_9(split):
    x = np.concatenate([split.x_train, split.x_test])
    assert x.min() == 0
    assert x.max() == 1
    assert set(split.y_train.tolist()) == set(split.y_test.tolist()) == set(range(10))


def test_the_two_parts_hold_each_row_of_the_original_once_with_its_label(split):
    x, y = load_digits(return_X_y=True)
    original = sorted((row.tolist(), label) for row, label in zip(x / 16, y.tolist(), strict=True))
    rows = np.concatenate([split.x_train, split.x_test]).tolist()
    labels = np.concatenate([split.y_train, split.y_test]).tolist()
    assert sorted(zip(rows, labels, strict=True)) == original  # sixteenths are exact in float32


def test_the_same_generator_gives_the_same_split_and_another_another(split):
    again, other = digits(rng=keyed_rng(0)), digits(rng=keyed_rng(1))
    assert all((a == b).all() for a, b in zip(split, again, strict=True))
    assert (split.x_test != other.x_test).any()


@pytest.mark.parametrize("n_test", [1, 1796])
def test_either_part_may_be_a_single_row(n_test):
    got = digits(n_test=n_test, rng=keyed_rng(0))
    assert len(got.y_test) == n_test
    assert len(got.y_train) == 1797 - n_test


@pytest.mark.parametrize("n_test", [0, 1797, -1])
def test_a_split_that_leaves_a_part_empty_is_refused(n_test):
    with pytest.raises(ValueError, match=says(f"n_test must be in [1, 1796], got {n_test}")):
        digits(n_test=n_test, rng=keyed_rng(0))


def test_anything_but_a_generator_is_refused():
    with pytest.raises(TypeError, match=r"^rng must be a numpy\.random\.Generator"):
        digits(rng=0)
