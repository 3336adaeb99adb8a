"""FastDropout's kernel: its arithmetic on a CPU, by Triton's interpreter, and itself on a GPU."""

import os
import subprocess
import sys

import pytest
import torch

from dropout_scaling import fast
from dropout_scaling.fast import DRAWN, LANES, FastDropout, _law, _triton, drop, threshold

needs_triton = pytest.mark.skipif(
    not _triton.triton, reason="no Triton here: PyTorch for CUDA brings it"
)
SIZES = [1, LANES - 1, LANES, LANES + 1, LANES * _triton.ROWS * _triton.TILES + LANES + 3]
QS = [2.0**-20, 0.3, 0.9, 1 - 2.0**-17]

# By 2 no product is rounded: to bfloat16 the interpreter rounds down, unlike a GPU.
INTERPRETED = f"""
import torch
from dropout_scaling.fast import DRAWN, DTYPES, INTEGERS, _triton, drop, threshold
torch.manual_seed({{seed}})
for dtype in DTYPES:
    for n in {SIZES}:
        for q in {QS}:
            x = torch.randn(n, dtype=torch.float64).to(dtype)
            x[:4] = torch.tensor([torch.inf, -torch.inf, -0.0, 0.0]).to(dtype)[:n]
            drawn = torch.empty(DRAWN, dtype=torch.int64).random_(-2**63, None)
            scale = torch.tensor(2 if dtype == torch.bfloat16 else 1.7, dtype=dtype)
            y, bits = torch.full_like(x, torch.nan), INTEGERS[x.itemsize]
            _triton.write(x, y, drawn, *threshold(q), scale)
            assert y.view(bits).equal(drop(x, drawn, q, scale).view(bits)), (dtype, n, q)
print("the same")
"""


@needs_triton
def test_interpreted_the_bits_are_those_of_the_plain_operations(torch_seed):
    done = subprocess.run(
        [sys.executable, "-c", INTERPRETED.format(seed=torch_seed)],
        capture_output=True,
        text=True,
        env=os.environ | {"TRITON_INTERPRET": "1"},
    )
    assert done.stdout.strip() == "the same", done.stderr


def test_what_a_check_compares_is_seen_to_be_wrong():
    def write(x, y, drawn, high, low, scale):
        y.copy_(drop(x, drawn, (high * 2**64 + low + 2**63) / 2**80, scale))

    def wrong(x, y, drawn, high, low, scale):
        write(x, y, drawn, high, low ^ 1 << 62, scale)

    assert _law.computed_by(write, torch.float32, "cpu")
    assert not _law.computed_by(wrong, torch.float32, "cpu")


def test_a_kernel_that_fails_is_not_used_and_it_says_why(monkeypatch):
    monkeypatch.setattr(_triton, "triton", True)
    works = _triton._works.__wrapped__

    def breaks(*_):
        raise OSError("no compiler\nand more")

    for write, why in ((breaks, "OSError: no compiler$"), (lambda *_: None, "something else$")):
        monkeypatch.setattr(_triton, "write", write)
        with pytest.warns(RuntimeWarning, match=f"uses PyTorch's own dropout on cpu.*: .*{why}"):
            assert not works(torch.float32, torch.device("cpu"))
    monkeypatch.setattr(_triton, "triton", None)
    assert not works(torch.float32, torch.device("cpu"))  # nothing to warn of: there is no Triton


@pytest.mark.gpu
@needs_triton
@pytest.mark.parametrize("dtype", fast.DTYPES)
@pytest.mark.parametrize("q", QS)
def test_on_a_gpu_the_kernel_has_the_bits_of_the_plain_operations_on_a_cpu(
    dtype, q, cuda, torch_seed
):
    for n in [*SIZES, 2**20 + 1]:
        x = torch.randn(n, dtype=torch.float64).to(dtype)
        drawn = torch.empty(DRAWN, dtype=torch.int64).random_(-(2**63), None)
        scale = torch.tensor(1.7, dtype=dtype)
        there = [t.to(cuda) for t in (x, torch.full_like(x, torch.nan), drawn, scale)]
        _triton.write(*there[:3], *threshold(q), there[3])
        bits = fast.INTEGERS[x.itemsize]
        assert there[1].cpu().view(bits).equal(drop(x, drawn, q, scale).view(bits))


@pytest.mark.gpu
@needs_triton
def test_on_a_gpu_backward_has_forwards_mask_and_nothing_but_the_key_is_kept(
    cuda, torch_seed, monkeypatch
):
    monkeypatch.setattr(FastDropout, "smallest", 0)
    kept = []

    def pack(tensor):
        kept.append(tensor.untyped_storage().nbytes())
        return tensor

    x = torch.ones(1000, 300, device=cuda).transpose(0, 1).requires_grad_()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        torch.manual_seed(torch_seed)
        y = FastDropout(0.5)(x)
    assert kept == [8 * DRAWN]
    y.sum().backward()
    assert x.grad.equal(y)
    assert 0 < y.count_nonzero() < y.numel()
    torch.manual_seed(torch_seed)
    assert FastDropout(0.5)(x).equal(y)
