"""What ``_law.drop`` computes, as a kernel for a GPU. PyTorch for CUDA brings the Triton it needs.

With TRITON_INTERPRET=1 in the environment Triton runs the same code on a CPU, slowly.
"""

import contextlib
import warnings
from functools import cache

import torch

from dropout_scaling.fast import _law

try:
    import triton
    import triton.language as tl
except ImportError:
    triton = None

ROWS, TILES = 8, 4  # a program works on so many rows at once, so many times: it loads the key once

if triton:
    LANES, WORDS = tl.constexpr(_law.LANES), tl.constexpr(_law.WORDS)

    @triton.jit
    def mix(h):
        h = (h ^ (h >> 16)) * 0x21F0AAAD  # uint32: what is above 2^32 is lost
        h = (h ^ (h >> 15)) * 0xD35A2D97
        return h ^ (h >> 15)

    @triton.jit
    def drop(x, y, n, drawn, high, low, scale, ROWS: tl.constexpr, TILES: tl.constexpr):
        pair = tl.arange(0, WORDS)
        words = (drawn + LANES).to(tl.pointer_type(tl.uint32))
        row_key, key = tl.load(words), tl.load(words + 1 + pair)
        # U of the elements 2j and 2j + 1, which take the halves of word j.
        limit_0 = high + (tl.load(drawn + 2 * pair) < low).to(tl.int32)
        limit_1 = high + (tl.load(drawn + 2 * pair + 1) < low).to(tl.int32)
        # As PyTorch multiplies: 16 bits are widened, and the product is rounded once.
        wide = tl.float64 if x.dtype.element_ty == tl.float64 else tl.float32
        by = tl.load(scale).to(wide)
        for tile in range(TILES):
            row = (tl.program_id(0).to(tl.int64) * TILES + tile) * ROWS + tl.arange(0, ROWS)
            b = mix(row.to(tl.uint32) ^ row_key)[:, None]
            word = mix(b + key[None, :]) ^ b
            kept_0 = (word & 0xFFFF).to(tl.int32) < limit_0[None, :]
            kept_1 = (word >> 16).to(tl.int32) < limit_1[None, :]
            kept = tl.interleave(kept_0.to(tl.int8), kept_1.to(tl.int8)) != 0
            at = row[:, None] * LANES + tl.arange(0, LANES)[None, :]
            value = tl.load(x + at, mask=at < n).to(wide) * by
            value = tl.where(kept, value, 0.0).to(y.dtype.element_ty)
            tl.store(y + at, value, mask=at < n)


def write(x, y, drawn, high, low, scale):
    """Write dropout of x into y, as ``_law.drop`` computes it.

    Args:
        x: the input, in memory without gaps.
        y: the output, of x's shape and strides.
        drawn: as in ``_law.limits``.
        high: as from ``_law.threshold``.
        low: the same.
        scale: as in ``_law.drop``.
    """
    programs = -(-x.numel() // (_law.LANES * ROWS * TILES))
    # Triton launches on the current device, whatever the arguments'.
    with torch.cuda.device(x.device) if x.is_cuda else contextlib.nullcontext():
        drop[(programs,)](x, y, x.numel(), drawn, high, low, scale, ROWS, TILES)


def suits(x):
    """Say whether the kernel can be used for x: on its GPU it computes what it has to."""
    # While a CUDA graph is captured, nothing can be compiled, measured or compared.
    return x.is_cuda and not torch.cuda.is_current_stream_capturing() and _works(x.dtype, x.device)


@cache
def _works(dtype, device):
    why = "it computes something else"
    if not triton:
        return False
    try:
        if _law.computed_by(write, dtype, device):
            return True
    except Exception as error:  # Triton's own, its compiler's, the driver's
        why = f"{type(error).__name__}: {error}".splitlines()[0]
    text = f"FastDropout uses PyTorch's own dropout on {device}, since its kernel fails: {why}"
    warnings.warn(text, RuntimeWarning, stacklevel=2)
    return False
