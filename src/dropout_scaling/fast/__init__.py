"""``FastDropout``: inverted dropout that takes about as long as a copy of the array, on the CPU.

PyTorch's own layer draws its random numbers one after another. It stores a mask as large as the
input for backward. Here an element's random number depends only on the call's key and on the
element's position. So threads can compute the numbers in parallel, and backward can compute them
again: only the key, 2.5 KiB, is stored. A C++ compiler makes one loop of this. Without one, the key
is the seed of NumPy's generator, and ``bit_masks`` draws the mask. On a GPU it is a kernel.

``_law`` says what is computed, `loop.cpp` is the loop, ``_loop`` makes it, ``_triton`` has the
kernel, and ``_crossover`` finds from how many elements on they pay.
"""

from functools import cache, lru_cache

import numpy as np
import torch
from torch.compiler import is_compiling

from dropout_scaling import bit_masks
from dropout_scaling.fast import _crossover, _loop, _triton
from dropout_scaling.fast._law import (
    DRAWN,
    LANES,
    WORDS,
    drop,
    halves,
    limits,
    mix,
    threshold,
    words,
)
from dropout_scaling.nn import InvertedDropout

__all__ = [
    "DRAWN",
    "LANES",
    "WORDS",
    "FastDropout",
    "drop",
    "halves",
    "limits",
    "mix",
    "threshold",
    "words",
]

INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # by a float's width in bytes
TENSORS = (torch.Tensor, torch.nn.Parameter)  # no subclass: it may redefine "+"
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)


def _draw(generator, device):
    """Draw the random numbers of one mask: as ``limits`` and ``words`` take them."""
    drawn = torch.empty(DRAWN, dtype=torch.int64, device=device)
    return drawn.random_(-(2**63), None, generator=generator)


@lru_cache(256)  # what is the same at each call of a layer
def _writer(dtype, q, device):
    """Return the function of x, y and what ``_draw`` returned that writes dropout of x into y.

    Both have no gaps, and the same strides.
    """
    scale = torch.ones((), dtype=dtype, device=device).div_(q)  # rounded as PyTorch rounds it
    high, low = threshold(q)
    if device.type == "cuda":
        return lambda x, y, drawn: _triton.write(x, y, drawn, high, low, scale)
    loop = _loop.compiled(dtype)

    def with_loop(x, y, drawn):
        addresses = x.data_ptr(), y.data_ptr(), x.numel(), drawn.data_ptr()
        loop(*addresses, high, low, scale.data_ptr())

    def with_numpy(x, y, drawn):
        rng = np.random.default_rng(drawn[:2].numpy().view(np.uint32))
        bits = bit_masks.draw_bits(x.numel(), q, rng=rng)
        x, y = (t.as_strided((t.numel(),), (1,)) for t in (x, y))  # in memory order
        torch.mul(x, scale, out=y)
        bit_masks.clear_dropped(y.view(INTEGERS[y.itemsize]).numpy(), bits)

    return with_loop if loop else with_numpy


def _dropped(x, drawn, write, strides):
    """Return dropout of x, with the given ``strides`` and without gaps."""
    if x.stride() != strides or x.is_neg():  # memory that holds -x would be read as it is
        x = torch.empty_strided(x.shape, strides, dtype=x.dtype, device=x.device).copy_(x)
    y = torch.empty_like(x)
    write(x, y, drawn)
    return y


class _Drop(torch.autograd.Function):
    """y = m x / q: linear in x, so backward does the same to grad."""

    @staticmethod
    def forward(ctx, x, drawn, write, strides, inplace):
        ctx.save_for_backward(drawn)
        ctx.rest = write, strides
        y = _dropped(x, drawn, write, strides)
        if inplace:
            ctx.mark_dirty(x)
            return x.copy_(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        rest = *ctx.saved_tensors, *ctx.rest
        # What goes through the class can be differentiated again, and takes longer.
        y = _Drop.apply(grad, *rest, False) if grad.requires_grad else _dropped(grad, *rest)
        return y, None, None, None, None


class FastDropout(InvertedDropout):
    """Inverted dropout that can replace ``nn.Dropout`` and ``InvertedDropout``: same law, faster.

    train: y = m x / q; eval: y = x, with q = 1 - p and m ~ Bernoulli(q) for each element, to within
    2^-80. Kept values have the same bits as in ``nn.Dropout``; the masks of a seed differ. Two
    elements have a covariance of at most 2^-34 (``limits``), and most have none.
    ``p``: the probability of dropping an element, in [0, 1]. ``inplace``: write the result into x.
    Raises TypeError or ValueError for a bad ``p``.

    Each call draws a key of 2.5 KiB from torch's generator. So ``torch.manual_seed`` repeats it, a
    checkpoint draws it again, and workers or ranks with different seeds get different keys. The
    result does not depend on the number of threads. The first call on a machine compiles, in
    seconds.

    PyTorch's own layer is called for inputs below ``smallest`` elements, inside ``torch.func``
    transforms, on a GPU without Triton and while a CUDA graph is captured; it turns a dropped inf
    or nan into nan. ``torch.compile`` uses the operations of ``InvertedDropout`` instead. If
    ``smallest`` is None, it is the size from which on this layer is faster; that is measured once
    on a machine, in a second.

    >>> FastDropout(p=0.2).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    smallest = None

    def forward(self, input, *, mask=None, generator=None):
        """Return y for x = ``input``; arguments and errors as ``StandardDropout.forward``."""
        drawn = mask is None and self.training and 0 < self.p < 1
        if drawn and type(input) in TENSORS and not is_compiling():
            if self._pays(input) and (generator is None or isinstance(generator, torch.Generator)):
                strides = input.stride()
                if not input.is_contiguous():
                    strides = torch.empty_like(input, device="meta").stride()
                write = _writer(input.dtype, 1 - self.p, input.device)
                drawn = _draw(generator, input.device)
                return _Drop.apply(input, drawn, write, strides, self.inplace)
            if generator is None and input.is_floating_point():
                # F.dropout calls this too; for few elements its checks would cost much.
                return (torch.dropout_ if self.inplace else torch.dropout)(input, self.p, True)
        return super().forward(input, mask=mask, generator=generator)

    def _pays(self, x):
        measured = self.smallest is None
        return (
            x.numel() >= (_crossover.FEWEST if measured else max(self.smallest, 1))
            and x.dtype in DTYPES
            and (x.is_cpu or _triton.suits(x))
            and x.layout is torch.strided
            and not torch._C._are_functorch_transforms_active()
            and (not measured or x.numel() >= _measured_smallest(x.device))
        )


@cache
def _measured_smallest(device):
    layer = FastDropout(_crossover.P)
    layer.smallest = 0
    return _crossover.measured(layer, device)
