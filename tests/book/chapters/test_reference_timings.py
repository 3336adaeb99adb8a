"""What the page of timings says of all rows of its run."""

import pytest
from said import made_by, stands

from dropout_scaling.data import vector_timings
from dropout_scaling.fast import FastDropout
from dropout_scaling.lab.timings import one, over_p

PAGE = "reference/timings"
_, BY_VECTORS = vector_timings()


@pytest.fixture(scope="module")
def pick():
    return made_by(PAGE, "code-01").pick


def test_from_where_on_it_is_faster_is_measured_on_each_machine():
    stands(PAGE, "it measures once on a machine from where on it is faster")
    assert FastDropout.smallest is None


def test_from_4096_values_on_it_is_the_fastest_for_each_p(pick):
    stands(PAGE, "From $2^{12}$ on it wins")
    stands(PAGE, "they are slower than `FastDropout` in each row of the run")
    fast = [row for p in (0.1, 0.3, 0.5) for row in pick(p=p, name="FastDropout")]
    fast = [row for row in fast if row["size"] >= 2**12]
    assert len(fast) > 20
    for row in fast:
        assert row["ratio_25"] > 1  # in three turns of four
        same = pick(p=row["p"], size=row["size"], dtype=row["dtype"])
        for rival in ("torch.compile", "JAX"):
            assert row["ratio_50"] > one(same, name=rival)["ratio_50"]


@pytest.mark.parametrize("name", ["clone", "FastDropout"])
def test_two_new_arrays_fault_once_a_page(pick, name):
    stands(PAGE, "Two arrays of 64 MiB have 32 768 pages. `FastDropout` needs the same pages")
    pages = 2 * 2**24 * 4 // 4096
    row = one(pick(dtype="float32", size=2**24), name=name)
    assert pages == 32_768
    assert 0 <= row["faults"] - pages < 10


@pytest.mark.parametrize("vectors", ["AVX512", "AVX2"])
def test_below_the_crossover_pytorch_s_own_is_faster(vectors):
    stands(PAGE, "Below, it calls PyTorch's own")
    assert over_p(BY_VECTORS, vectors, 2**10, "FastDropout", "per_F.dropout")[0] > 1
