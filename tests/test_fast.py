"""FastDropout's own: its law, its key, what it keeps, and both ways of computing it.

Its behaviour as a layer is in test_nn.py, whose suite it runs through.
"""

import os
import shutil
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch
from helpers import bits
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from dropout_scaling import fast
from dropout_scaling.fast import FastDropout, drop, mix, threshold, words

QS = [5e-324, 1e-30, 2.0**-12, 0.1, 1 - 0.9, 0.3, 0.5, 0.7, 0.9, 1 - 2.0**-53, 1.0]
N = FastDropout.smallest
DTYPES = fast.DTYPES
needs_compiler = pytest.mark.skipif(
    not shutil.which("g++") or " " in sys.prefix,
    reason="inductor needs a C++ compiler, and a path without a space",
)


@pytest.fixture(params=[pytest.param("compiled", marks=needs_compiler), "NumPy"])
def engine(request, monkeypatch):
    if request.param == "NumPy":
        monkeypatch.setattr(fast, "_compiled", dict.fromkeys(DTYPES))
    return request.param


# The law


@pytest.mark.parametrize("q", QS)
def test_the_threshold_gives_q_to_2_to_the_minus_64_and_exactly_from_2_to_the_minus_12_on(q):
    high, low = threshold(q)
    assert -(2**31) <= min(high, low) <= max(high, low) < 2**31
    kept = Fraction((high + 2**31) * 2**32 + low + 2**31, 2**64)
    if q == 1:
        assert kept == 1 - Fraction(1, 2**64)
    else:
        assert 0 <= Fraction(q) - kept < Fraction(1, 2**64)
        assert kept == Fraction(q) or q < 2.0**-12


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


def test_the_key_of_any_two_words_at_any_position_is_the_one_of_the_proof(rng):
    # Every (a, b) has a key, given position i; there are as many keys as words: a bijection.
    i, k0, k1 = (rng.integers(-(2**31), 2**31, 10_000).astype(np.int32) for _ in range(3))
    a, b = words(*(torch.from_numpy(array) for array in (i, np.stack([k0, k1]))))
    a, b = unsigned(a), unsigned(b)
    i, k0, k1 = (array.view(np.uint32).astype(np.uint64) for array in (i, k0, k1))
    assert (unmix(b) ^ i == k0).all()
    assert ((unmix(a ^ b) - b) % 2**32 == k1).all()


def test_mix_is_the_published_function():
    # h ^= h >> 16; h *= 0x21f0aaad; h ^= h >> 15; h *= 0xd35a2d97; h ^= h >> 15, on uint32
    for start in (0, 1, 2, 0x80000000, 0xDEADBEEF, 0xFFFFFFFF):
        h = start
        for shift, factor in ((16, 0x21F0AAAD), (15, 0xD35A2D97), (15, 1)):
            h = (h ^ h >> shift) * factor % 2**32
        signed = torch.tensor([start], dtype=torch.int64).to(torch.int32)
        assert unsigned(mix(signed)).tolist() == [h]


def test_an_element_is_kept_where_its_two_words_come_before_the_limit():
    position, key = torch.arange(1000, dtype=torch.int32), torch.tensor([3, 4], dtype=torch.int32)
    a, b = (word.tolist() for word in words(position, key))
    x, y = torch.ones(1000), torch.empty(1000)
    for k in (0, 500):  # limits at which the second word decides: b, and just above it
        for low in (b[k], b[k] + 1):
            drop(x, y, key, torch.tensor([a[k], low], dtype=torch.int32), torch.tensor(2.0))
            expected = [(a[i], b[i]) < (a[k], low) for i in range(1000)]
            assert y.tolist() == [2.0 * kept for kept in expected]
            assert expected[k] == (low > b[k])


@needs_compiler
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [1, 63, 64, 1000, N + 1])
def test_compiled_the_bits_are_those_of_the_plain_operations(dtype, n, torch_seed):
    compiled = fast._compiled_drop(dtype)
    assert compiled is not None
    x, key = torch.randn(n).to(dtype), torch.tensor([-5, 2**30], dtype=torch.int32)
    limit, scale = torch.tensor(threshold(0.3), dtype=torch.int32), torch.tensor(1.7, dtype=dtype)
    mine, plain = torch.empty_like(x), torch.empty_like(x)
    compiled(x, mine, key, limit, scale)
    drop(x, plain, key, limit, scale)
    assert bits(mine) == bits(plain)


# Sampled: the mask of one call, pairs within it, and pairs across calls whose keys are close.
# All counts of one test share its rate of false alarms; a bias of .01 is missed in less than
# one run in a million.

SAMPLE = 2**20
COUNT = 2**18  # pairs in it at each distance
CLOSE = [(0, 0), (0, 1), (1, 0), (0, -(2**31)), (-(2**31), 0), (0, 1 << 15), (1 << 15, 0), (1, 1)]


def kept(q, k0, k1, n=SAMPLE):
    y = torch.empty(n)
    key, limit = (torch.tensor(pair, dtype=torch.int32) for pair in ((k0, k1), threshold(q)))
    drop(torch.ones(n), y, key, limit, torch.ones(()))
    return y != 0


def test_an_element_is_kept_with_probability_q(engine, torch_seed, sampled):
    n, p = 2**22, 0.3
    count = (FastDropout(p)(torch.ones(n)) != 0).sum().item()
    sampled.assert_binomial(count, n, 1 - p, told_from=0.705, beta=1e-6)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_elements_at_any_distance_are_kept_independently(q, rng, sampled):
    both = []
    for distance in (1, 2, 3, 4, 7, 8, 16, 64, 256, 1024, 4096, 2**15, 2**16, 2**19):
        mask = kept(q, *rng.integers(-(2**31), 2**31, 2).tolist())
        pairs = mask[: -(-COUNT // distance) * 2 * distance].view(-1, 2, distance)  # do not overlap
        both.append((pairs[:, 0] & pairs[:, 1]).flatten()[:COUNT].sum().item())
    sampled.assert_binomial(both, COUNT, q * q, told_from=q * q + 0.01, beta=1e-6)


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_keys_that_differ_in_a_bit_give_masks_that_are_independent(q, rng, sampled):
    both = []
    for d0, d1 in CLOSE[1:]:
        k0, k1 = rng.integers(-(2**30), 2**30, 2).tolist()
        both.append((kept(q, k0, k1) & kept(q, k0 ^ d0, k1 ^ d1)).sum().item())
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


def test_the_mask_is_the_same_for_any_number_of_threads():
    code = (
        "import torch; from dropout_scaling.fast import FastDropout; torch.set_num_threads({});"
        "torch.manual_seed(0); y = FastDropout(.3)(torch.ones(2**17 + 3));"
        "print(torch.arange(y.numel())[y != 0].sum().item(), torch.get_num_threads())"
    )
    printed = [
        subprocess.run(
            [sys.executable, "-c", code.format(n)], capture_output=True, text=True, check=True
        ).stdout.split()
        for n in (1, 2, 3)
    ]
    assert [threads for _, threads in printed] == ["1", "2", "3"]
    assert len({mask for mask, _ in printed}) == 1


def test_what_is_kept_for_backward_weighs_1_bit_an_element_or_8_bytes_in_all(engine):
    weights = []

    def pack(tensor):
        weights.append(tensor.untyped_storage().nbytes())
        return tensor

    x = torch.ones(N, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        FastDropout(0.3)(x)
        assert weights == [8 if engine == "compiled" else N // 8]
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


def test_below_the_smallest_size_and_under_vmap_it_is_pytorchs_own(torch_seed):
    for n in (1, N - 1):
        torch.manual_seed(torch_seed)
        theirs = nn.Dropout(0.3)(torch.ones(n))
        torch.manual_seed(torch_seed)
        assert FastDropout(0.3)(torch.ones(n)).equal(theirs)
    y = torch.func.vmap(FastDropout(0.3), randomness="different")(torch.ones(2, N))
    assert 0 < (y != 0).sum() < 2 * N


def test_without_a_compiler_it_says_so_once_and_uses_numpy(tmp_path):
    code = (
        "import torch; from dropout_scaling.fast import FastDropout; x = torch.ones(2**16);"
        "print([FastDropout(.5)(x).count_nonzero().item() < 2**16 for _ in range(2)])"
    )
    environment = os.environ | {"CXX": "no-such-compiler", "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert done.stdout.strip() == "[True, True]"
    assert done.stderr.count("FastDropout uses NumPy, since torch.compile fails: ") == 1
    assert "no-such-compiler" in done.stderr
