"""Digits and patients: types, ranges, a split that loses nothing. The timings: all are told."""

from itertools import product

import numpy as np
import pytest
from helpers import says

from dropout_scaling.data import (
    audited_models,
    diabetes,
    digits,
    frameworks,
    patients,
    seed_run,
    timings,
    vector_timings,
)
from dropout_scaling.masks import keyed_rng


@pytest.fixture(scope="module")
def scikit_learn():
    """What it has. Here, as each worker reads this file, and it takes long to import."""
    from sklearn import datasets

    return datasets


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


def test_the_two_parts_hold_each_row_of_the_original_once_with_its_label(split, scikit_learn):
    x, y = scikit_learn.load_digits(return_X_y=True)
    original = sorted((row.tolist(), label) for row, label in zip(x / 16, y.tolist(), strict=True))
    rows = np.concatenate([split.x_train, split.x_test]).tolist()
    labels = np.concatenate([split.y_train, split.y_test]).tolist()
    assert sorted(zip(rows, labels, strict=True)) == original  # sixteenths are exact in float32


def test_the_same_generator_gives_the_same_split_and_another_another(split):
    again, other = digits(rng=keyed_rng(0)), digits(rng=keyed_rng(1))
    assert all((a == b).all() for a, b in zip(split, again, strict=True))
    assert (split.x_test != other.x_test).any()


def test_the_patients_are_all_there_and_the_training_targets_set_the_scale(scikit_learn):
    split = diabetes(rng=keyed_rng(0))
    assert split.x_train.shape == (342, 10)
    assert split.y_test.shape == (100, 1)
    assert abs(split.y_train.mean()) < 1e-12  # 342 sums, each rounded by less than 1e-15
    assert abs(split.y_train.std() - 1) < 1e-12
    x, y = scikit_learn.load_diabetes(return_X_y=True)
    mine = np.concatenate([split.x_train, split.x_test])
    targets = np.concatenate([split.y_train, split.y_test])[:, 0]
    # scikit-learn's columns have mean 0 and length 1, so the two differ by a factor.
    order, theirs = np.lexsort(mine.T.round(9)), np.lexsort((x * 442**0.5).T.round(9))
    np.testing.assert_allclose(mine[order], x[theirs] * 442**0.5, atol=1e-12)
    assert np.corrcoef(targets[order], y[theirs])[0, 1] > 1 - 1e-12


@pytest.mark.parametrize("n_test", [0, 441])
def test_too_few_patients_in_a_part_are_refused(n_test):
    with pytest.raises(ValueError, match=says(f"n_test must be in [1, 440], got {n_test}")):
        diabetes(n_test=n_test, rng=keyed_rng(0))


@pytest.mark.parametrize("n_test", [1, 1796])
def test_either_part_may_be_a_single_row(n_test):
    got = digits(n_test=n_test, rng=keyed_rng(0))
    assert len(got.y_test) == n_test
    assert len(got.y_train) == 1797 - n_test


# The median progress lies between 140 and 141, so the labels halve the 442.
def test_each_patient_is_in_one_part_once_labelled_by_the_median(scikit_learn):
    x_train, y_train, x_test, y_test = patients(rng=keyed_rng(0))
    assert (x_train.shape, y_train.shape) == ((200, 10), (200,))
    assert (x_test.shape, y_test.shape) == ((242, 10), (242,))
    assert x_train.dtype == np.float32
    assert y_train.dtype == np.int64
    x, progress = scikit_learn.load_diabetes(return_X_y=True, scaled=False)
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    original = zip(standard.astype(np.float32).tolist(), (progress > 140.5).tolist(), strict=True)
    rows = np.concatenate([x_train, x_test]).tolist()
    labels = np.concatenate([y_train, y_test]).tolist()
    assert sum(labels) == 221
    assert sorted(zip(rows, labels, strict=True)) == sorted(original)


@pytest.mark.parametrize("n_test", [0, 1797, -1])
def test_a_split_that_leaves_a_part_empty_is_refused(n_test):
    with pytest.raises(ValueError, match=says(f"n_test must be in [1, 1796], got {n_test}")):
        digits(n_test=n_test, rng=keyed_rng(0))


def test_anything_but_a_generator_is_refused():
    with pytest.raises(TypeError, match=r"^rng must be a numpy\.random\.Generator"):
        digits(rng=0)


def test_the_timings_that_come_with_the_package_hold_each_setting_and_say_where():
    machine, rows = timings()
    assert {"processor", "threads", "date", "versions"} <= set(machine)
    assert {"torch", "numpy", "python", "jax"} == set(machine["versions"])
    sizes, types = [2**k for k in range(10, 27, 2)], ("float32", "bfloat16")
    names = {"F.dropout", "FastDropout", "torch.compile", "JAX", "clone"}
    for size, dtype, p, direction in product(sizes, types, (0.1, 0.3, 0.5), ("forward", "both")):
        wanted = {"size": size, "dtype": dtype, "p": p, "direction": direction, "pages": "small"}
        found = {row["name"]: row for row in rows if wanted.items() <= row.items()}
        assert names <= set(found)
        assert all(found[name]["turns"] >= 3 for name in names)
        for row in found.values():
            if row["turns"]:
                assert 0 < row["ms_25"] <= row["ms_50"] <= row["ms_75"]


def test_the_timings_of_each_set_of_vectors_hold_each_setting():
    machine, rows = vector_timings()
    assert machine["processor"]
    found = {(row["vectors"], row["size"], row["p"], row["name"]) for row in rows}
    kinds, names = {row["vectors"] for row in rows}, {row["name"] for row in rows}
    assert len(kinds) >= 2
    assert names == {"F.dropout", "FastDropout", "FastDropout's loop"}
    settings = product(kinds, (2**k for k in (8, 10, 13, 15, 17, 20, 22)), (0.1, 0.3, 0.5, 0.9))
    assert found == {(*setting, name) for setting in settings for name in names}
    assert all(row["per_copies"] > 0 for row in rows)
    assert all((row["name"] == "F.dropout") <= (row["per_F.dropout"] == 1) for row in rows)


def test_timings_of_another_machine_are_read_from_the_file_that_is_given(tmp_path):
    file = tmp_path / "timings.json"
    file.write_text('{"machine": {"threads": 1}, "columns": ["name", "size"], "rows": [["a", 2]]}')
    assert timings(file) == ({"threads": 1}, [{"name": "a", "size": 2}])
    with pytest.raises(FileNotFoundError):
        timings(tmp_path / "another.json")


def test_the_run_of_the_claims_that_comes_with_the_package_says_of_each_how_often_it_held():
    run, rows = seed_run()
    assert {"date", "machine"} <= set(run)
    for row in rows:
        assert 0 <= row["held"] <= row["of"]
        assert row["of"] >= 50
        # The nearest margin of one that held everywhere is above 0, of another it is not.
        assert row["nearest"] is None or (row["nearest"] > 0) == (row["held"] == row["of"])


def test_a_run_of_the_claims_is_read_from_the_file_that_is_given(tmp_path):
    file = tmp_path / "claims.json"
    file.write_text('{"run": {"date": "today"}, "claims": [{"claim": "It is so.", "held": 2}]}')
    assert seed_run(file) == ({"date": "today"}, [{"claim": "It is so.", "held": 2}])
    with pytest.raises(FileNotFoundError):
        seed_run(tmp_path / "another.json")


def test_the_frameworks_that_come_with_the_package_say_how_each_is_known():
    run, rows = frameworks()
    assert {"date", "system", "machine", "python"} == set(run)
    assert {row["how"] for row in rows} <= {"run", "read", "not run"}
    for row in rows:
        assert row["layer"]
        assert row["how"] == "not run" or row["means"] in ("drop", "keep")


def test_a_table_of_frameworks_is_read_from_the_file_that_is_given(tmp_path):
    file = tmp_path / "frameworks.json"
    file.write_text('{"run": {"date": "today"}, "rows": [{"layer": "Another"}]}')
    assert frameworks(file) == ({"date": "today"}, [{"layer": "Another"}])
    with pytest.raises(FileNotFoundError):
        frameworks(tmp_path / "another.json")


def test_the_audited_models_that_come_with_the_package_say_what_was_found_in_each():
    run, rows = audited_models()
    assert {"date", "system", "machine", "python"} == set(run)
    assert len({row["model"] for row in rows}) == len(rows) >= 5
    facts = {"kind", "module", "others", "location", "message"}
    assert all(set(finding) == facts for row in rows for finding in row["findings"])


def test_a_table_of_audited_models_is_read_from_the_file_that_is_given(tmp_path):
    file = tmp_path / "audited.json"
    file.write_text('{"run": {"date": "today"}, "rows": [{"model": "Another"}]}')
    assert audited_models(file) == ({"date": "today"}, [{"model": "Another"}])
    with pytest.raises(FileNotFoundError):
        audited_models(tmp_path / "another.json")
