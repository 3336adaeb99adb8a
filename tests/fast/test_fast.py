"""FastDropout's own: its law, its key, what it keeps, and both ways of computing it.

Its behaviour as a layer is in test_nn.py, whose suite it runs through.
"""

import ctypes
import os
import subprocess
import sys
import warnings
from fractions import Fraction

import numpy as np
import pytest
import torch
from helpers import needs_compiler
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from dropout_scaling import fast
from dropout_scaling.fast import (
    DRAWN,
    LANES,
    WORDS,
    FastDropout,
    _crossover,
    _law,
    _loop,
    drop,
    halves,
    limits,
    mix,
    threshold,
    words,
)

QS = [5e-324, 1e-30, 2.0**-28, 0.1, 1 - 0.9, 0.3, 0.5, 0.7, 0.9, 1 - 2.0**-17, 1 - 2.0**-53]
N = 2**17  # elements of several tasks, so of several threads
DTYPES = fast.DTYPES
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def nothing_measured(monkeypatch):
    """How fast this machine is decides in no test. What one test replaces, others do not see."""
    monkeypatch.setattr(FastDropout, "smallest", N)
    fast._writer.cache_clear()
    yield
    fast._writer.cache_clear()


@pytest.fixture(params=[pytest.param("compiled", marks=needs_compiler), "NumPy"])
def engine(request, monkeypatch):
    if request.param == "NumPy":
        monkeypatch.setattr(_loop, "_checked", dict.fromkeys(DTYPES))
    return request.param


# The law


@pytest.mark.parametrize("q", [0.0, *QS, 1.0])
def test_the_threshold_gives_q_to_2_to_the_minus_80_and_exactly_from_2_to_the_minus_28_on(q):
    high, low = threshold(q)
    assert 0 <= high <= 2**16
    assert -(2**63) <= low < 2**63
    kept = Fraction(high, 2**16) + Fraction(low + 2**63, 2**80)
    assert 0 <= Fraction(q) - kept < Fraction(1, 2**80)
    assert kept == Fraction(q) or q < 2.0**-28


@pytest.mark.parametrize("q", QS)
def test_a_limit_is_one_more_where_what_was_drawn_is_below_the_second_number(q):
    high, low = threshold(q)
    around = [max(low - 1, -(2**63)), low, min(low + 1, 2**63 - 1)]
    drawn = torch.zeros(DRAWN, dtype=torch.int64)
    drawn[:3] = torch.tensor(around)
    assert limits(q, drawn)[:3].tolist() == [high + (u < low) for u in around]
    assert limits(q, drawn).shape == (LANES,)


@pytest.mark.parametrize("q", [0.0, *QS, 1.0])
def test_two_elements_of_a_lane_have_a_covariance_of_at_most_2_to_the_minus_34(q):
    high, low = threshold(q)
    one_more = Fraction(low + 2**63, 2**64)  # the probability of a limit of high + 1
    kept = {high: 1 - one_more, high + 1: one_more}
    mean = sum(weight * Fraction(limit, 2**16) for limit, weight in kept.items())
    both = sum(weight * Fraction(limit, 2**16) ** 2 for limit, weight in kept.items())
    assert mean == Fraction(q) or q < 2.0**-28
    assert 0 <= both - mean**2 <= Fraction(1, 2**34)


def unsigned(h):
    return h.numpy().view(np.uint32).astype(np.uint64)


def unmix(h):
    """Undo ``mix``, on uint64 numbers below 2^32."""
    word = np.uint64(2**32 - 1)

    def unshift(h, k):
        out = h
        for _ in range(32 // k):
            out = h ^ (out >> np.uint64(k))
        return out

    h = unshift(h, 15) * np.uint64(pow(0xD35A2D97, -1, 2**32)) & word
    return unshift(unshift(h, 15) * np.uint64(pow(0x21F0AAAD, -1, 2**32)) & word, 16)


def random_key(rng):
    return torch.from_numpy(rng.integers(-(2**31), 2**31, 1 + WORDS).astype(np.int32))


def random_drawn(rng):
    return torch.from_numpy(rng.integers(-(2**63), 2**63, DRAWN))


def test_the_key_of_any_words_in_any_row_is_the_one_of_the_proof(rng):
    # Given the row, every choice of words has a key; there are as many: a bijection.
    rows = torch.from_numpy(rng.integers(-(2**31), 2**31, 100).astype(np.int32))
    key = random_key(rng)
    b = unsigned(mix(rows ^ key[0]))[:, None]
    assert ((unmix(unsigned(words(rows, key)) ^ b) - b) % 2**32 == unsigned(key[1:])).all()


def test_mix_is_the_published_function():
    # h ^= h >> 16; h *= 0x21f0aaad; h ^= h >> 15; h *= 0xd35a2d97; h ^= h >> 15, on uint32
    for start in (0, 1, 2, 0x80000000, 0xDEADBEEF, 0xFFFFFFFF):
        h = start
        for shift, factor in ((16, 0x21F0AAAD), (15, 0xD35A2D97), (15, 1)):
            h = (h ^ h >> shift) * factor % 2**32
        signed = torch.tensor([start], dtype=torch.int64).to(torch.int32)
        assert unsigned(mix(signed)).tolist() == [h]


def test_a_word_decides_on_two_neighbours_with_its_halves(rng):
    rows, key = torch.arange(3, dtype=torch.int32), random_key(rng)
    low, high = halves(rows, key).view(3, WORDS, 2).unbind(-1)
    assert (unsigned(low) + (unsigned(high) << np.uint64(16)) == unsigned(words(rows, key))).all()


def test_an_element_is_kept_where_its_half_word_is_below_the_limit_of_its_lane(rng):
    q, x, drawn = 0.3, torch.full((2 * LANES - 1,), 3.0), random_drawn(rng)
    y = drop(x, drawn, q, torch.tensor(2.0))
    half = halves(torch.arange(2, dtype=torch.int32), _law.key(drawn)).flatten().tolist()
    limit = 2 * limits(q, drawn).tolist()
    assert y.tolist() == [6.0 * (h < at) for h, at in zip(half[:-1], limit[:-1], strict=True)]


def run(function, x, drawn, q, scale):
    """Call what ``_loop.compiled`` returned."""
    y = torch.full_like(x, torch.nan)
    addresses = (x.data_ptr(), y.data_ptr(), x.numel(), drawn.data_ptr())
    function(*addresses, *threshold(q), scale.data_ptr())
    return y


SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-45, -1e-40, 6e-8, 65504.0, 3.39e38, 1e308]


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, LANES - 1, LANES, LANES + 1, 2 * LANES, N - 1, N])
@pytest.mark.parametrize("q", [0.3, 1 - 2.0**-17])
def test_compiled_the_bits_are_those_of_the_plain_operations(dtype, n, q, rng):
    function = _loop.compiled(dtype)
    assert function is not None
    x = torch.from_numpy(rng.normal(size=n)).to(dtype)
    special = torch.tensor(SPECIAL, dtype=torch.float64).to(dtype)[:n]
    x[: special.numel()] = special
    drawn, scale = random_drawn(rng), torch.tensor(1.7, dtype=dtype)
    mine, plain = run(function, x, drawn, q, scale), drop(x, drawn, q, scale)
    assert mine.isnan().equal(plain.isnan())  # a nan has many bit patterns, and no one is promised
    mine, plain = (y.nan_to_num(nan=7).view(fast.INTEGERS[y.itemsize]) for y in (mine, plain))
    assert mine.equal(plain)  # the bits, so that -0.0 is not 0.0


@needs_compiler
@pytest.mark.parametrize("rest", [0, 1, LANES - 1])
def test_a_last_row_that_is_not_full_has_the_mask_of_a_full_one(rest, monkeypatch, torch_seed):
    monkeypatch.setattr(FastDropout, "smallest", 0)
    n = 3 * LANES
    torch.manual_seed(torch_seed)
    whole = FastDropout(0.3)(torch.ones(n))
    torch.manual_seed(torch_seed)
    assert FastDropout(0.3)(torch.ones(n - rest)).equal(whole[: n - rest])


# Sampled: the mask of one call, pairs within it, and pairs across calls whose keys are close.
# All counts of one test share its rate of false alarms; a bias of .01 is missed in less than
# one run in a million.

SAMPLE = 2**20
COUNT = 2**18  # pairs in it at each distance
CLOSE = [1, -(2**31), 1 << 15]  # what two keys differ by


def kept(q, key, n=SAMPLE):
    """Which are kept, if all lanes have the limit high."""
    return (halves(torch.arange(n // LANES, dtype=torch.int32), key) < threshold(q)[0]).flatten()


def test_an_element_is_kept_with_probability_q(engine, torch_seed, sampled):
    n, p = 2**22, 0.3
    count = (FastDropout(p)(torch.ones(n)) != 0).sum().item()
    sampled.assert_binomial(count, n, 1 - p, told_from=0.705, beta=1e-6)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_elements_at_any_distance_are_kept_independently(q, rng, sampled):
    both = []
    for distance in (1, 2, 3, 64, WORDS, LANES - 1, LANES, LANES + 1, 4096, 2**15, 2**16, 2**19):
        mask = kept(q, random_key(rng))
        pairs = mask[: -(-COUNT // distance) * 2 * distance].view(-1, 2, distance)  # do not overlap
        both.append((pairs[:, 0] & pairs[:, 1]).flatten()[:COUNT].sum().item())
    sampled.assert_binomial(both, COUNT, q * q, told_from=q * q + 0.01, beta=1e-6)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("part", [slice(1), slice(1, None)], ids=["rows", "lanes"])
def test_keys_that_differ_in_a_bit_give_masks_that_are_independent(q, part, rng, sampled):
    both = []
    for difference in CLOSE:
        key = random_key(rng)
        other = key.clone()
        other[part] ^= difference
        both.append((kept(q, key) & kept(q, other)).sum().item())
    sampled.assert_binomial(both, SAMPLE, q * q, told_from=q * q + 0.01, beta=1e-6)


# The layer


@pytest.mark.parametrize("dtype", DTYPES)
def test_kept_values_have_the_bits_of_nn_dropout_and_dropped_ones_are_0(engine, dtype, torch_seed):
    x = torch.randn(N).to(dtype)
    for p in (k / 50 for k in range(1, 50)):  # 1/q in double would differ at some of them
        y = FastDropout(p)(x)
        assert y.equal(torch.where(y != 0, x * torch.ones(N, dtype=dtype).div_(1 - p), 0))
        assert 0 < y.count_nonzero() < N
    x = torch.full((N,), float("inf"), dtype=dtype)
    assert FastDropout(p)(x).isnan().sum() == 0


def test_a_seed_repeats_its_mask_and_another_call_or_seed_has_another(engine, torch_seed):
    layer, x = FastDropout(0.5), torch.ones(N)
    first, second = layer(x), layer(x)
    torch.manual_seed(torch_seed)
    assert layer(x).equal(first)
    assert not second.equal(first)
    torch.manual_seed(torch_seed ^ 1)
    assert not layer(x).equal(first)


@needs_compiler
def test_any_number_of_threads_gives_the_same_mask(torch_seed):
    code = f"""
import torch
from dropout_scaling.fast import FastDropout
FastDropout.smallest = 0
for threads in (1, 2, 3, 1):
    torch.set_num_threads(threads)
    for n in (2**17, 2**17 + 3, 2**20):
        torch.manual_seed({torch_seed})
        x = torch.ones(n, requires_grad=True)
        y = FastDropout(.3)(x)
        y.sum().backward()
        assert x.grad.equal(y)
        print(y.nonzero().sum().item())
    print()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    masks = done.stdout.strip().split("\n\n")
    assert len(masks) == 4
    assert len(set(masks)) == 1


# How the loop is made and kept


@pytest.fixture
def nothing_made(monkeypatch, tmp_path):
    """As on a machine where nothing was compiled yet."""
    monkeypatch.setattr(_loop, "_checked", {})
    monkeypatch.setattr(_loop, "folder", lambda: tmp_path)
    monkeypatch.setattr(_loop, "library", _loop.library.__wrapped__)
    return tmp_path


@needs_compiler
def test_what_was_compiled_is_kept_and_used_again(nothing_made, monkeypatch):
    asked = []
    really = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: asked.append(a) or really(*a, **k))
    for _ in range(2):
        library, why = _loop.library()
        assert (library is None, why) == (False, None)
        assert len(asked) == 2  # one to compile and one to link, both the first time
        assert [file.name for file in nothing_made.iterdir()] == [f"{_loop.name()}.so"]


def test_the_kept_file_is_another_for_other_vectors_compilers_and_versions(monkeypatch):
    names = {_loop.name()}
    for capability in ("DEFAULT", "AVX2", "AVX512"):
        monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda c=capability: c)
        flags = {flag for flag in _loop.commands("out")[0] if str(flag).startswith("-mavx")}
        assert flags == {flag for flag in _loop.VECTORS.get(capability, []) if "avx" in flag}
        names.add(_loop.name())
    assert len(names) == 3
    monkeypatch.setenv("CXX", "another c++")
    names.add(_loop.name())
    monkeypatch.setattr(torch, "__version__", "0.0")
    names.add(_loop.name())
    assert len(names) == 5


@pytest.mark.skipif(os.name != "posix", reason="elsewhere each process has a folder of its own")
def test_a_folder_that_others_can_write_to_is_not_used(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    folder = _loop.folder.__wrapped__
    path = folder()
    assert path.parent == tmp_path
    assert folder() == path
    path.chmod(0o777)
    with pytest.raises(PermissionError, match="not a folder that only this user can write to"):
        folder()
    path.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError):
        folder()


def plainly(change):
    """Return a stand-in for the compiled function that computes from changed arguments."""

    def function(x, y, n, drawn, high, low, scale):
        as_array = ctypes.POINTER(ctypes.c_float), ctypes.POINTER(ctypes.c_int64)
        x, y, scale = (
            torch.from_numpy(np.ctypeslib.as_array(ctypes.cast(at, as_array[0]), (size,)))
            for at, size in ((x, n), (y, n), (scale, 1))
        )
        drawn = torch.from_numpy(np.ctypeslib.as_array(ctypes.cast(drawn, as_array[1]), (DRAWN,)))
        q = (high * 2**64 + low + 2**63) / 2**80
        given = {"x": x, "drawn": drawn, "q": q, "scale": scale[0]}
        y[:] = drop(**(given | change(**given)))

    return function


WRONG = {
    "nothing": lambda **_: {},
    "x": lambda x, **_: {"x": x.roll(1)},
    "limits": lambda drawn, **_: {"drawn": torch.cat([drawn[:LANES].flip(0), drawn[LANES:]])},
    "key": lambda drawn, **_: {"drawn": torch.cat([drawn[:LANES], drawn[LANES:].flip(0)])},
    "q": lambda q, **_: {"q": 1 - q},
    "scale": lambda scale, **_: {"scale": scale / scale},
}


@pytest.mark.parametrize("part", WRONG)
def test_a_loop_that_computes_something_else_is_not_used(part, monkeypatch):
    class Library:
        drop_float32 = staticmethod(plainly(WRONG[part]))

    monkeypatch.setattr(_loop, "_checked", {})
    monkeypatch.setattr(_loop, "library", lambda: (Library, None))
    if part == "nothing":
        assert _loop.compiled(torch.float32) is Library.drop_float32
        return
    with pytest.warns(RuntimeWarning, match="could not compile its loop: its loop is wrong"):
        assert FastDropout(0.5)(torch.ones(N)).count_nonzero() > 0


# From which size on


def clocked(monkeypatch, ours, theirs):
    """Let a call of each function take so many ns, and return ``first_faster`` of them."""
    now = [0]
    monkeypatch.setattr("time.perf_counter_ns", lambda: now[0])

    def takes(ns):
        def function(x):
            now[0] += ns(x.numel())

        return function

    return _crossover.first_faster(takes(ours), takes(theirs), CPU)


def test_it_is_used_from_the_first_size_at_which_it_is_faster_by_a_tenth(monkeypatch):
    assert clocked(monkeypatch, lambda n: 9_000 + n, lambda n: 10 * n) == 2**11  # 1.85 times
    assert clocked(monkeypatch, lambda n: n, lambda n: 2 * n) == _crossover.FEWEST
    assert clocked(monkeypatch, lambda n: 20 * n, lambda n: 21 * n) == sys.maxsize


def test_a_measured_size_is_kept_for_other_processes_and_leaves_the_generator(
    nothing_made, monkeypatch, torch_seed
):
    monkeypatch.setattr(_loop, "_checked", dict.fromkeys(DTYPES))
    found = iter([2**12, 2**13])

    def first_faster(ours, theirs, device):
        for function in (ours, theirs):
            function(torch.ones(1000))
        return next(found)

    monkeypatch.setattr(_crossover, "first_faster", first_faster)
    layer = FastDropout(0.1)
    layer.smallest = 0
    before = torch.get_rng_state()
    assert [_crossover.measured(layer, CPU) for _ in range(2)] == [2**12, 2**12]
    assert torch.get_rng_state().equal(before)
    (kept,) = nothing_made.iterdir()
    assert kept.name == f"{_loop.name()}-NumPy-from"


def test_a_mode_of_the_caller_does_not_see_what_is_measured(nothing_made, monkeypatch):
    monkeypatch.setattr(_loop, "_checked", dict.fromkeys(DTYPES))
    seen = []

    class Mode(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            seen.append(function)
            return function(*args, **(kwargs or {}))

    with Mode():
        assert _crossover.measured(lambda x: x * 1, CPU) >= _crossover.FEWEST
    assert seen == []


def test_where_nothing_is_set_the_size_is_the_measured_one(monkeypatch, torch_seed):
    measured = []
    monkeypatch.setattr(FastDropout, "smallest", None)
    monkeypatch.setattr(fast, "_smallest", {})
    monkeypatch.setattr(
        _crossover, "measured", lambda layer, device: measured.append(device) or 2**12
    )
    for n in (1, _crossover.FEWEST - 1, _crossover.FEWEST, 2**12 - 1, 2**12):
        torch.manual_seed(torch_seed)
        theirs = F.dropout(torch.ones(n), 0.3)
        torch.manual_seed(torch_seed)
        assert FastDropout(0.3)(torch.ones(n)).equal(theirs) == (n < 2**12)
        assert measured == ([CPU] if n >= _crossover.FEWEST else [])  # once, and not for few


# The layer in use


class Dropped(torch.utils.data.Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, _):
        return FastDropout(0.5)(torch.ones(N))


def test_the_workers_of_a_data_loader_have_streams_of_their_own(engine, torch_seed):
    def masks():
        return list(torch.utils.data.DataLoader(Dropped(), num_workers=2))

    torch.manual_seed(torch_seed)
    first, second = masks()
    assert not first.equal(second)
    torch.manual_seed(torch_seed)
    assert all(mask.equal(again) for mask, again in zip((first, second), masks(), strict=True))


def test_what_is_kept_for_backward_weighs_2_and_a_half_kib_for_any_size(engine):
    weights = []

    def pack(tensor):
        weights.append(tensor.untyped_storage().nbytes())
        return tensor

    x = torch.ones(N, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        FastDropout(0.3)(x)
        assert weights == [8 * DRAWN]
        assert 8 * DRAWN <= 2.51 * 2**10
        F.dropout(x, 0.3)
    assert weights[1:] == [4 * N]


LAYOUTS = {
    "as it is": lambda x: x,
    "transposed": lambda x: x.transpose(0, 1),
    "channels last": lambda x: x.to(memory_format=torch.channels_last),
    "with gaps": lambda x: x.repeat_interleave(2, dim=1)[:, ::2],
    "expanded": lambda x: x[:1].expand(x.shape),
    "memory of -x": lambda x: torch._neg_view(-x),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("inplace", [False, True])
def test_the_gradient_takes_the_mask_of_forward_whatever_the_layouts(
    engine, layout, inplace, torch_seed
):
    if inplace and layout is LAYOUTS["expanded"]:
        inplace = False  # writing to it is an error of torch's own
    x = layout(torch.randn(4, 4, N // 64, 4)).requires_grad_()
    y = FastDropout(0.5, inplace)(x * 1)
    mask = y != 0
    assert y.equal(torch.where(mask, 2 * x, 0))
    for grad_layout in LAYOUTS.values():
        given = grad_layout(torch.randn(x.shape))
        (grad,) = torch.autograd.grad(y, x, given, retain_graph=True)
        assert grad.equal(torch.where(mask, 2 * given, 0))


@pytest.mark.parametrize("inplace", [False, True])
def test_first_and_second_derivatives_of_a_drawn_mask_are_right(
    engine, inplace, torch_seed, monkeypatch
):
    monkeypatch.setattr(FastDropout, "smallest", 0)

    def forward(x):
        torch.manual_seed(torch_seed)  # the same mask at each evaluation
        return FastDropout(0.3, inplace)(x**3)

    x = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(forward, x)
    assert torch.autograd.gradgradcheck(forward, x)


def test_what_comes_after_may_work_in_place(engine):
    x = torch.ones(N, requires_grad=True)
    y = FastDropout(0.5)(x).relu_()
    y.sum().backward()
    assert x.grad.equal(y)


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_checkpoint_computes_the_same_mask_again(engine, reentrant):
    x = torch.ones(N, requires_grad=True)
    y = checkpoint(FastDropout(0.5), x, use_reentrant=reentrant)
    y.sum().backward()
    assert x.grad.equal(y)


def test_for_small_sizes_and_under_vmap_it_is_pytorchs_own(torch_seed):
    for n in (1, N - 1):
        torch.manual_seed(torch_seed)
        theirs = nn.Dropout(0.3)(torch.ones(n))
        kept = torch.get_rng_state()
        torch.manual_seed(torch_seed)
        assert FastDropout(0.3)(torch.ones(n)).equal(theirs)
        assert torch.get_rng_state().equal(kept)
    y = torch.func.vmap(FastDropout(0.3), randomness="different")(torch.ones(2, N))
    assert 0 < (y != 0).sum() < 2 * N


def test_a_tensor_that_has_outlived_its_transform_is_dropped_too(torch_seed):
    kept = []
    torch.func.grad(lambda x: kept.append(2 * x) or x.sum())(torch.ones(N))
    assert FastDropout(0.5)(kept[0]).unique().tolist() == [0, 4]


BROKEN = """#!/bin/sh
echo "In file included from somewhere:" >&2
echo "loop.cpp:3:10: fatal error: ATen/Parallel.h: No such file or directory" >&2
exit 1
"""


@pytest.mark.parametrize(
    ("compiler", "why"), [(None, "no-such-compiler"), (BROKEN, "fatal error: ATen/Parallel.h")]
)
def test_without_a_compiler_that_works_it_says_so_once_and_uses_numpy(
    nothing_made, torch_seed, monkeypatch, compiler, why
):
    path = nothing_made / "no-such-compiler"
    if compiler:
        path.write_text(compiler)
        path.chmod(0o755)
    monkeypatch.setenv("CXX", str(path))
    x = torch.ones(N)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        assert all(FastDropout(0.5)(x).unique().tolist() == [0, 2] for _ in range(2))
    (line,) = [str(warning.message) for warning in said]
    assert line.startswith("FastDropout uses NumPy, since it could not compile its loop: ")
    assert why in line
