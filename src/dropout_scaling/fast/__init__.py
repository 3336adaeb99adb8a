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
from torch.compiler import is_dynamo_compiling

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
    return torch.empty_like(_blank(device)).random_(-(2**63), None, generator=generator)


@cache
def _blank(device):  # what is to be like it is made sooner than by a type and a device
    return torch.empty(DRAWN, dtype=torch.int64, device=device)


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
    def forward(ctx, x, mask, inplace):  # few arguments: each takes time in each call
        drawn, *ctx.rest = mask
        ctx.save_for_backward(drawn)
        y = _dropped(x, *mask)
        if inplace:
            ctx.mark_dirty(x)
            return x.copy_(y)
        return y

    @staticmethod
    def backward(ctx, grad):
        mask = *ctx.saved_tensors, *ctx.rest
        # What goes through the class can be differentiated again, and takes longer.
        y = _Drop.apply(grad, mask, False) if grad.requires_grad else _dropped(grad, *mask)
        return y, None, None


# What _Drop.apply ends with. Before, it asks in Python what _pays has asked.
_apply = super(torch.autograd.Function, _Drop).apply


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
        if drawn and type(input) in TENSORS and not is_dynamo_compiling():
            smallest = self.smallest
            if smallest is None:
                smallest = _smallest.get(input.device, _crossover.FEWEST)
            # Few elements meet no more questions than these: PyTorch's call is as short.
            if (
                input.numel() >= smallest
                and self._pays(input)
                and (generator is None or isinstance(generator, torch.Generator))
            ):
                strides = input.stride()
                if not input.is_contiguous():
                    strides = torch.empty_like(input, device="meta").stride()
                write = _writer(input.dtype, 1 - self.p, input.device)
                mask = _draw(generator, input.device), write, strides
                return _apply(input, mask, self.inplace)
            if generator is None and input.is_floating_point():
                # F.dropout calls this too, after checks that would cost much here.
                return (torch.dropout_ if self.inplace else torch.dropout)(input, self.p, True)
        return super().forward(input, mask=mask, generator=generator)

    def _pays(self, x):
        return (
            x.numel() > 0
            and x.dtype in DTYPES
            and (x.is_cpu or _triton.suits(x))
            and x.layout is torch.strided
            and not torch._C._are_functorch_transforms_active()
            and not torch._C._functorch.is_functorch_wrapped_tensor(x)  # one that has outlived them
            and (self.smallest is not None or x.numel() >= _measured_smallest(x.device))
        )


_smallest = {}  # for each device, once it is measured


def _measured_smallest(device):
    if device not in _smallest:
        layer = FastDropout(_crossover.P)
        layer.smallest = 0
        _smallest[device] = _crossover.measured(layer, device)
    return _smallest[device]
