"""Inverted dropout on the CPU at a few times the cost of copying the array: ``FastDropout``.

PyTorch's own layer draws one number after another and keeps its noise, as large as the input, for
backward. Here an element's random number is a function of the call's key and of the element's
position alone, so that all can be computed at once, by any number of threads, and once more in
backward: nothing is kept but the key. ``torch.compile`` makes one loop of that, where there is a
C++ compiler. Where there is none, ``packed`` does the same with NumPy, and keeps a bit an element.
"""

import warnings

import numpy as np
import torch
from torch.nn import functional as F

from dropout_scaling import packed
from dropout_scaling.nn import InvertedDropout

INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # of a float's width
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_compiled = {}  # for each dtype the compiled loop, or None where it cannot be had


def threshold(q):
    """Return (high, low): an element is kept if (a, b) comes before it in lexicographic order.

    With a and b uniform on the integers from -2^31 to 2^31 - 1, and t = floor(2^64 q),

        P((a, b) < (high, low)) = t / 2^64,   t = 2^32 (high + 2^31) + (low + 2^31),

    so that it is q for each double q that is a multiple of 2^-64, as all from 2^-12 on are, and
    less than 2^-64 below it for a smaller one. At q = 1, which ``1 - p`` rounds to for the
    smallest p, t = 2^64 - 1. ``q``: a float in [0, 1].

    >>> threshold(0.5)
    (0, -2147483648)
    """
    t = min(int(q * 2.0**64), 2**64 - 1)  # exact: only the exponent changes
    return (t >> 32) - 2**31, (t & (2**32 - 1)) - 2**31


def mix(h):
    """Return h with its bits mixed: a bijection of the 32-bit integers, for an int32 tensor.

    Each step can be undone: h ^ (h >> k), and a product with an odd number modulo 2^32.
    Source: C. Wellons, hash-prospector, the function with multipliers 21f0aaad, d35a2d97.
    """
    h = (h ^ (h >> 16 & 0xFFFF)) * 0x21F0AAAD  # >> copies the sign; the mask takes the copies off
    h = (h ^ (h >> 15 & 0x1FFFF)) * (0xD35A2D97 - 2**32)
    return h ^ (h >> 15 & 0x1FFFF)


def words(position, key):
    """Return (a, b), int32 tensors: the 64 random bits of each position under ``key``.

    b = mix(i ^ k0), a = mix(b + k1) ^ b. At each position i, (k0, k1) -> (a, b) is a bijection:
    k0 = i ^ mix^-1(b), k1 = mix^-1(a ^ b) - b. So (a, b) is exactly uniform if the key is. That
    positions and keys look independent of each other is no theorem: it is tested. Without the last
    "^ b", a would be a permutation of the positions, in which no value comes twice.
    ``position``: int32. ``key``: an int32 tensor of shape (2,).
    """
    b = mix(position ^ key[0])
    return mix(b + key[1]) ^ b, b


def drop(x, y, key, limit, scale):
    """Write into y x times ``scale`` where (a, b) of the position comes before ``limit``, else 0.

    ``x``, ``y``: shape (n,), not the same. ``limit``: a ``threshold``, an int32 tensor.
    ``scale``: 0-dimensional, of x's dtype.
    """
    a, b = words(torch.arange(x.numel(), dtype=torch.int32), key)
    kept = (a < limit[0]) | ((a == limit[0]) & (b < limit[1]))
    y.copy_(torch.where(kept, x * scale, 0))


def _compiled_drop(dtype):
    """Return ``drop``, compiled for ``dtype``, or None, and a warning once, where that fails."""
    if dtype not in _compiled:
        integers = torch.zeros(2, dtype=torch.int32, device="cpu")
        floats = torch.zeros(64, dtype=dtype, device="cpu")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of torch.compile's own making
                compiled = torch.compile(drop, dynamic=True)  # for inputs of any length
                compiled(floats, floats.clone(), integers, integers, floats[0])
        except torch._dynamo.exc.TorchDynamoException as error:
            why = " ".join(str(error).partition("Set TORCHDYNAMO")[0].split())
            warnings.warn(
                f"FastDropout uses NumPy, since torch.compile fails: {why}",
                RuntimeWarning,
                stacklevel=2,
            )
            compiled = None
        _compiled[dtype] = compiled
    return _compiled[dtype]


def _draw(x, q, generator):
    """Return what a mask is made of: a key of 64 bits, or without a compiler the mask as bits."""
    key = torch.empty(2, dtype=torch.int32, device="cpu").random_(
        -(2**31), 2**31, generator=generator
    )
    if _compiled_drop(x.dtype):
        return key
    rng = np.random.default_rng(key.numpy().view(np.uint32))
    return torch.from_numpy(packed.draw_bits(x.numel(), q, rng=rng))


def _write(x, y, drawn, q):
    """Write into y the x with dropout, both of shape (n,). ``drawn``: what ``_draw`` returned."""
    scale = torch.ones((), dtype=x.dtype, device="cpu").div_(q)  # rounded as PyTorch rounds it
    if drawn.dtype == torch.int32:
        limit = torch.tensor(threshold(q), dtype=torch.int32, device="cpu")
        _compiled[x.dtype](x, y, drawn, limit, scale)
    else:
        torch.mul(x, scale, out=y)
        packed.clear_dropped(y.view(INTEGERS[y.itemsize]).numpy(), drawn.numpy())


def _flat(x):
    return x.as_strided((x.numel(),), (1,))  # in the order of the memory, which has no gaps


class _Drop(torch.autograd.Function):
    """y = m x / q, laid out by ``strides``: linear in x, so that backward is the same once more."""

    @staticmethod
    def forward(ctx, x, drawn, q, strides, inplace):
        ctx.save_for_backward(drawn)
        ctx.q, ctx.strides = q, strides
        y = torch.empty_strided(x.shape, strides, dtype=x.dtype, device="cpu")
        dense = x.detach()  # so that what is compiled never sees one that requires a gradient
        if x.stride() != strides:
            dense = torch.empty_like(y).copy_(dense)
        _write(_flat(dense), _flat(y), drawn, q)
        if inplace:
            ctx.mark_dirty(x)
            return x.copy_(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        (drawn,) = ctx.saved_tensors
        return _Drop.apply(grad, drawn, ctx.q, ctx.strides, False), None, None, None, None


class FastDropout(InvertedDropout):
    """Inverted dropout, drop-in for ``nn.Dropout`` and ``InvertedDropout``: the same law, faster.

    train: y = m x / q; eval: y = x, with q = 1 - p and m ~ Bernoulli(q) for each element, to within
    2^-64. Kept values have the bits that ``nn.Dropout`` gives them; the masks of a seed are others.
    ``p``: the probability of dropping an element, in [0, 1]. ``inplace``: write the result into x.
    Raises TypeError or ValueError for a bad ``p``.

    Each call draws a key of 64 bits from torch's generator: ``torch.manual_seed`` repeats it,
    checkpoints redraw it, and workers and ranks have streams of their own where their seeds
    differ. The result is the same for any number of threads. The first call compiles, in seconds.
    PyTorch's own layer is called for inputs below ``smallest`` elements or above 2^31, on a GPU,
    and inside ``torch.func`` transforms: there a dropped inf or nan is nan. ``torch.compile``
    takes ``InvertedDropout``'s operations instead.

    >>> FastDropout(p=0.2).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    smallest = 2**16  # elements from which on it is faster: measured by `make bench`

    def forward(self, input, *, mask=None, generator=None):
        """Return y for x = ``input``; arguments and errors as ``StandardDropout.forward``."""
        drawn = mask is None and self.training and 0 < self.p < 1
        if (
            drawn
            and not torch.compiler.is_compiling()
            and type(input) in (torch.Tensor, torch.nn.Parameter)
        ):
            if self._suits(input) and isinstance(generator, torch.Generator | None):
                strides = torch.empty_like(input, device="meta").stride()
                q = 1 - self.p
                return _Drop.apply(input, _draw(input, q, generator), q, strides, self.inplace)
            if generator is None and input.is_floating_point():
                return F.dropout(input, self.p, True, self.inplace)
        return super().forward(input, mask=mask, generator=generator)

    def _suits(self, x):
        return (
            max(self.smallest, 1) <= x.numel() < 2**31
            and x.dtype in DTYPES
            and x.device.type == "cpu"
            and x.layout == torch.strided
            and not torch._C._are_functorch_transforms_active()
        )
