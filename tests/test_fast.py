"""FastDropout's own: its law, its key, what it keeps, and both ways of computing it.

Its behaviour as a layer is in test_nn.py, whose suite it runs through.
"""

import os
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch
from helpers import bits, needs_compiler
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from dropout_scaling import fast
from dropout_scaling.fast import LANES, FastDropout, drop, limits, mix, threshold, words

QS = [5e-324, 1e-30, 2.0**-12, 0.1, 1 - 0.9, 0.3, 0.5, 0.7, 0.9, 1 - 2.0**-32 - 2.0**-53]
N = FastDropout.smallest
DTYPES = fast.DTYPES


@pytest.fixture(params=[pytest.param("compiled", marks=needs_compiler), "NumPy"])
def engine(request, monkeypatch):
    if request.param == "NumPy":
        monkeypatch.setattr(fast, "_compiled", dict.fromkeys(DTYPES))
    return request.param


# The law


@pytest.mark.parametrize("q", QS)
def test_the_threshold_gives_q_to_2_to_the_minus_64_and_exactly_from_2_to_the_minus_12_on(q):
    high, low = threshold(q)
    assert -(2**31) <= min(high, low) <= max(high + 1, low) < 2**31  # high + 1 is a limit too
    kept = Fraction((high + 2**31) * 2**32 + low + 2**31, 2**64)
    assert 0 <= Fraction(q) - kept < Fraction(1, 2**64)
    assert kept == Fraction(q) or q < 2.0**-12


@pytest.mark.parametrize("q", QS)
def test_a_limit_is_one_more_where_what_was_drawn_is_below_the_second_number(q):
    high, low = threshold(q)
    around = [max(low - 1, -(2**31)), low, min(low + 1, 2**31 - 1)]
    drawn = torch.tensor(around, dtype=torch.int32)
    assert limits(q, drawn).tolist() == [high + (u < low) for u in around]


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
    return torch.from_numpy(rng.integers(-(2**31), 2**31, 1 + LANES).astype(np.int32))


def test_the_key_of_any_words_in_any_row_is_the_one_of_the_proof(rng):
    # Given the row, every choice of words has keys of the lanes; there are as many: a bijection.
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


def test_an_element_is_kept_where_its_word_is_below_the_limit_of_its_lane(rng):
    rows, key = torch.arange(2, dtype=torch.int32), random_key(rng)
    word = words(rows, key)
    x, y = torch.full((2 * LANES,), 3.0), torch.empty(2 * LANES)
    drop(x, y, rows, key, word[0], torch.tensor(2.0))
    assert not y[:LANES].any()  # none is below itself
    assert (y[LANES:] == 6 * (word[1] < word[0])).all()
    drop(x, y, rows, key, word[0] + 1, torch.tensor(2.0))
    assert (y[:LANES] == 6).all()


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n_rows", [1, 2, 100, LANES, LANES + 1])
def test_compiled_the_bits_are_those_of_the_plain_operations(dtype, n_rows, torch_seed, rng):
    compiled = fast._compiled_drop(dtype)
    assert compiled is not None
    x, key = torch.randn(n_rows * LANES).to(dtype), random_key(rng)
    rows, limit = torch.arange(n_rows, dtype=torch.int32), random_key(rng)[1:]
    mine, plain = torch.empty_like(x), torch.empty_like(x)
    for out, function in ((mine, compiled), (plain, drop)):
        function(x, out, rows, key, limit, torch.tensor(1.7, dtype=dtype))
    assert bits(mine) == bits(plain)


@needs_compiler
@pytest.mark.parametrize("rest", [0, 1, LANES - 1])
def test_a_last_row_that_is_not_full_has_the_words_of_a_full_one(rest, monkeypatch, torch_seed):
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
    y, rows = torch.empty(n), torch.arange(n // LANES, dtype=torch.int32)
    limit = torch.full((LANES,), threshold(q)[0], dtype=torch.int32)
    drop(torch.ones(n), y, rows, key, limit, torch.ones(()))
    return y != 0


def test_an_element_is_kept_with_probability_q(engine, torch_seed, sampled):
    n, p = 2**22, 0.3
    count = (FastDropout(p)(torch.ones(n)) != 0).sum().item()
    sampled.assert_binomial(count, n, 1 - p, told_from=0.705, beta=1e-6)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_elements_at_any_distance_are_kept_independently(q, rng, sampled):
    both = []
    for distance in (1, 2, 3, 64, LANES - 1, LANES, LANES + 1, 4096, 2**15, 2**16, 2**19):
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
def test_any_number_of_threads_gives_the_same_mask_and_any_size_takes_the_same_loop():
    code = """
import torch
from torch._dynamo.utils import counters
from dropout_scaling.fast import FastDropout
for threads in (1, 2, 3, 1):
    torch.set_num_threads(threads)
    for shape in ([2**17], [2**17 + 3], [512, 512], [4, 16, 64, 64]):
        torch.manual_seed(0)
        x = torch.ones(shape, requires_grad=True)
        y = FastDropout(.3)(x)
        y.sum().backward()
        assert x.grad.equal(y)
    print(y.flatten().nonzero().sum().item(), threads, counters["stats"]["unique_graphs"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    masks, *compiled = zip(*(line.split() for line in done.stdout.splitlines()), strict=True)
    assert len(set(masks)) == 1
    # One compilation for each number of threads, none for a shape or for gradients on or off.
    assert compiled == [("1", "2", "3", "1"), ("1", "2", "3", "3")]


@pytest.mark.parametrize(("capability", "bits"), [("AVX2", 256), ("AVX512", 512), ("NEON", None)])
def test_the_key_of_what_is_compiled_names_the_width_of_the_vectors(monkeypatch, capability, bits):
    # torch.compile's key on disk leaves out the processor; its options are part of the key.
    asked = []
    monkeypatch.setattr(fast, "_compiled", {})
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    monkeypatch.setattr(torch, "compile", lambda f, **given: asked.append(given["options"]) or f)
    FastDropout(0.5)(torch.ones(N))
    assert asked == [{"cpp.simdlen": bits}]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda x, y, rows, key, limit, scale: y.zero_(),
        lambda x, y, rows, key, limit, scale: drop(x, y, rows, key, limit.roll(1), scale),
        lambda x, y, rows, key, limit, scale: drop(x, y, rows, key.roll(1), limit, scale),
        lambda x, y, rows, key, limit, scale: drop(x, y, rows.roll(1), key, limit, scale),
        lambda x, y, rows, key, limit, scale: drop(x.roll(1), y, rows, key, limit, scale),
        lambda x, y, rows, key, limit, scale: drop(x, y, rows, key, limit, scale / scale),
    ],
)
def test_a_loop_that_computes_something_else_is_not_used(wrong, monkeypatch):
    monkeypatch.setattr(fast, "_compiled", {})
    monkeypatch.setattr(torch, "compile", lambda *_, **__: wrong)
    with pytest.warns(RuntimeWarning, match="torch.compile fails: its loop is wrong"):
        assert FastDropout(0.5)(torch.ones(N)).count_nonzero() > 0


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


def test_what_is_kept_for_backward_weighs_2_kib_for_any_size(engine):
    weights = []

    def pack(tensor):
        weights.append(tensor.untyped_storage().nbytes())
        return tensor

    x = torch.ones(N, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        FastDropout(0.3)(x)
        assert weights == [4 * (1 + 2 * LANES)]
        F.dropout(x, 0.3)
    assert weights[1:] == [4 * N]


LAYOUTS = {
    "as it is": lambda x: x,
    "transposed": lambda x: x.transpose(0, 1),
    "channels last": lambda x: x.to(memory_format=torch.channels_last),
    "with gaps": lambda x: x.repeat_interleave(2, dim=1)[:, ::2],
    "expanded": lambda x: x[:1].expand(x.shape),
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


def test_for_small_sizes_or_p_and_under_vmap_it_is_pytorchs_own(torch_seed):
    for n, p in ((1, 0.3), (N - 1, 0.3), (N, 2.0**-32)):
        torch.manual_seed(torch_seed)
        theirs = nn.Dropout(p)(torch.ones(n))
        kept = torch.get_rng_state()
        torch.manual_seed(torch_seed)
        assert FastDropout(p)(torch.ones(n)).equal(theirs)
        assert torch.get_rng_state().equal(kept)
    y = torch.func.vmap(FastDropout(0.3), randomness="different")(torch.ones(2, N))
    assert 0 < (y != 0).sum() < 2 * N


NO_HEADERS = """#!/bin/sh
[ "$1" = --version ] && echo "g++ (GCC) 14.2.0" && exit
echo "main.cpp:118:10: fatal error: Python.h: No such file or directory" >&2
exit 1
"""


@pytest.mark.parametrize(
    ("compiler", "why"), [(None, "no-such-compiler"), (NO_HEADERS, "fatal error: Python.h")]
)
def test_without_a_compiler_that_works_it_says_so_once_and_uses_numpy(tmp_path, compiler, why):
    code = (
        "import torch; from dropout_scaling.fast import FastDropout; x = torch.ones(2**17);"
        "print([FastDropout(.5)(x).count_nonzero().item() < 2**17 for _ in range(2)])"
    )
    path = tmp_path / "no-such-compiler"
    if compiler:
        path.write_text(compiler)
        path.chmod(0o755)
    environment = os.environ | {"CXX": str(path), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "[True, True]"
    (line,) = [line for line in done.stderr.splitlines() if "Warning" in line]
    assert "FastDropout uses NumPy, since torch.compile fails: " in line
    assert why in line
    assert "-fPIC" not in line
