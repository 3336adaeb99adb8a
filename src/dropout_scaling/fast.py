"""Inverted dropout on the CPU, for large arrays at one to three times a copy: ``FastDropout``.

PyTorch's own layer draws one number after another and keeps its noise, as large as the input, for
backward. Here an element's random number is a function of the call's key and of the element's
position alone, so that all can be computed at once, by any number of threads, and once more in
backward: nothing is kept but the key, 2 KiB. ``torch.compile`` makes one loop of that, where there
is a C++ compiler. Where there is none, the key is the seed from which ``packed`` draws with NumPy.
"""

import re
import warnings

import numpy as np
import torch

from dropout_scaling import packed
from dropout_scaling.nn import InvertedDropout

INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # of a float's width
TENSORS = (torch.Tensor, torch.nn.Parameter)  # no subclass: it may mean something else by "+"
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
# What torch.compile finds on disk may have been made for a processor with wider vectors: to name
# the width in bits keeps the two apart.
WIDTHS = {"AVX2": 256, "AVX512": 512}
LANES = 256  # elements that share a row's number: their keys stay in a core's first cache
_compiled = {}  # for each dtype the compiled loop, or None where it cannot be had


def threshold(q):
    """Return (high, low): an element is kept if its word is below high, or below high + 1.

    The latter where a number U is below low: ``limits`` draws it. With a word W and U uniform on
    the integers from -2^31 to 2^31 - 1, and t = floor(2^64 q) = 2^32 (high + 2^31) + (low + 2^31),

        P(W < high + [U < low]) = (high + 2^31) / 2^32 + (low + 2^31) / 2^64 = t / 2^64,

    so that it is q for each double q that is a multiple of 2^-64, as all from 2^-12 on are, and
    less than 2^-64 below it for a smaller one. ``q``: a float in [0, 1 - 2^-32).

    >>> threshold(0.5)
    (0, -2147483648)
    """
    t = int(q * 2.0**64)  # exact: only the exponent changes
    return (t >> 32) - 2**31, (t & (2**32 - 1)) - 2**31


def mix(h):
    """Return h with its bits mixed: a bijection of the 32-bit integers, for an int32 tensor.

    Each step can be undone: h ^ (h >> k), and a product with an odd number modulo 2^32.
    Source: C. Wellons, hash-prospector, the function with multipliers 21f0aaad, d35a2d97.
    """
    h = (h ^ (h >> 16 & 0xFFFF)) * 0x21F0AAAD  # >> copies the sign; the mask takes the copies off
    h = (h ^ (h >> 15 & 0x1FFFF)) * (0xD35A2D97 - 2**32)
    return h ^ (h >> 15 & 0x1FFFF)


def words(rows, key):
    """Return an int32 tensor of shape (rows, LANES): 32 random bits for each element of the rows.

    With b = mix(row ^ key[0]), that of lane l is mix(b + key[1 + l]) ^ b. For each row this maps
    the lanes' keys to its words one to one: key[1 + l] = mix^-1(word ^ b) - b. So, if the key is
    uniform, the words of a row are exactly uniform and independent of each other. That rows look
    independent of each other is no theorem: it is tested. Without the last "^ b" a lane's words
    would be a permutation, in which no value comes twice.
    ``rows``: the numbers of the rows, int32. ``key``: an int32 tensor of shape (1 + LANES,).
    """
    b = mix(rows ^ key[0])[:, None]
    return mix(b + key[1:]) ^ b


def limits(q, drawn):
    """Return an int32 tensor of shape (LANES,): the elements of a lane are kept below its limit.

    It is high or high + 1 of ``threshold``. ``drawn``: int32, uniform, of shape (LANES,). Two
    elements of one lane share U, and so have a covariance: Var([U < low]) / 2^64 <= 2^-66.
    """
    high, low = threshold(q)
    return high + (drawn < low).int()


def drop(x, y, rows, key, limit, scale):
    """Write into y x times ``scale`` where the element's word is below its lane's limit, else 0.

    ``x``, ``y``: shape (n,), not the same, n = LANES for each of the ``rows``, which with ``key``
    are as in ``words``. ``limit``: as from ``limits``. ``scale``: 0-dimensional, of x's dtype.
    """
    kept = words(rows, key) < limit
    y.view(-1, LANES).copy_(torch.where(kept, x.view(-1, LANES) * scale, 0))


def _compiled_drop(dtype):
    """Return ``drop``, compiled for ``dtype``, or None, and a warning once, where that fails."""
    if dtype not in _compiled:
        # Enough rows to be worth a second thread, or the loop is made for one, and not as many as
        # there are lanes, or it is made for just that.
        n_rows = 2 * LANES
        key, limit = (torch.zeros(n, dtype=torch.int32, device="cpu") for n in (1 + LANES, LANES))
        rows = torch.arange(n_rows, dtype=torch.int32, device="cpu")
        x = torch.ones(n_rows * LANES, dtype=dtype, device="cpu")
        y, expected = torch.empty_like(x), torch.empty_like(x)
        width = WIDTHS.get(torch.backends.cpu.get_cpu_capability())
        try:
            with warnings.catch_warnings(), torch.no_grad():  # as it will be called
                warnings.simplefilter("ignore", DeprecationWarning)  # of torch.compile's own making
                warnings.filterwarnings("ignore", "Can't find Python.h")  # the compiler says it too
                # For any number of rows.
                compiled = torch.compile(drop, dynamic=True, options={"cpp.simdlen": width})
                for function, out in ((compiled, y), (drop, expected)):
                    function(x, out, rows, key, limit, x.new_ones(()))
            if not y.equal(expected):
                raise RuntimeError("its loop is wrong")
        except (torch._dynamo.exc.TorchDynamoException, RuntimeError) as error:
            # Without the compiler's command, which is longer than what the compiler says.
            why = re.sub(r"Command:.*?Output:|Set TORCHDYNAMO.*", "", str(error), flags=re.DOTALL)
            why = " ".join(why.split())
            warnings.warn(
                f"FastDropout uses NumPy, since torch.compile fails: {why}",
                RuntimeWarning,
                stacklevel=2,
            )
            compiled = None
        _compiled[dtype] = compiled
    return _compiled[dtype]


def _draw(generator):
    """Return what a mask is made of: the key, and what the limits are drawn from."""
    drawn = torch.empty(1 + 2 * LANES, dtype=torch.int32, device="cpu")
    return drawn.random_(-(2**31), 2**31, generator=generator)


def _write(x, y, drawn, q):
    """Write into y the x with dropout, both of shape (n,). ``drawn``: what ``_draw`` returned."""
    scale = torch.ones((), dtype=x.dtype, device="cpu").div_(q)  # rounded as PyTorch rounds it
    compiled = _compiled_drop(x.dtype)
    if compiled is None:
        rng = np.random.default_rng(drawn[:4].numpy().view(np.uint32))
        bits = packed.draw_bits(x.numel(), q, rng=rng)
        torch.mul(x, scale, out=y)
        packed.clear_dropped(y.view(INTEGERS[y.itemsize]).numpy(), bits)
        return
    key, limit = drawn[: 1 + LANES], limits(q, drawn[1 + LANES :])
    n_rows, rest = divmod(x.numel(), LANES)
    rows = torch.arange(n_rows + 1, dtype=torch.int32, device="cpu")
    if n_rows:
        whole = slice(n_rows * LANES)
        # ".data": of a view torch.compile would look at the base too, and compile once more for
        # the base's number of dimensions, or where two sizes happen to be the same.
        compiled(*(tensor.data for tensor in (x[whole], y[whole], rows[:-1], key)), limit, scale)
    if rest:
        last = x.new_zeros(2, LANES)  # x and y of a row that is filled up
        last[0, :rest] = x[-rest:]
        drop(*last, rows[-1:], key, limit, scale)
        y[-rest:] = last[1, :rest]


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

    Each call draws a key of 2 KiB from torch's generator: ``torch.manual_seed`` repeats it,
    checkpoints redraw it, and workers and ranks have streams of their own where their seeds
    differ. The result is the same for any number of threads. The first call compiles, in seconds.
    PyTorch's own layer is called for inputs below ``smallest`` elements or above 2^31, on a GPU,
    for p <= 2^-32, and inside ``torch.func`` transforms: there a dropped inf or nan is nan.
    ``torch.compile`` takes ``InvertedDropout``'s operations instead.

    >>> FastDropout(p=0.2).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    smallest = 2**17  # elements from which on it is faster: measured by `make bench`

    def forward(self, input, *, mask=None, generator=None):
        """Return y for x = ``input``; arguments and errors as ``StandardDropout.forward``."""
        drawn = mask is None and self.training and 0 < self.p < 1
        if drawn and type(input) in TENSORS and not torch.compiler.is_compiling():
            large = input.numel() >= max(self.smallest, 1)
            if large and self._suits(input) and isinstance(generator, torch.Generator | None):
                strides = torch.empty_like(input, device="meta").stride()
                q = 1 - self.p
                return _Drop.apply(input, _draw(generator), q, strides, self.inplace)
            if generator is None and input.is_floating_point():
                # What F.dropout calls: for few elements its own checks would be felt.
                return (torch.dropout_ if self.inplace else torch.dropout)(input, self.p, True)
        return super().forward(input, mask=mask, generator=generator)

    def _suits(self, x):
        return (
            x.numel() < 2**31
            and self.p > 2**-32
            and x.dtype in DTYPES
            and x.device.type == "cpu"
            and x.layout == torch.strided
            and not torch._C._are_functorch_transforms_active()
        )
