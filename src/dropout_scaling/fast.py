"""``FastDropout``: inverted dropout of large arrays on the CPU, at one to three times a copy.

PyTorch's own layer draws its random numbers one after another. It stores a mask as large as the
input for backward. Here an element's random number depends only on the call's key and on the
element's position. So threads can compute the numbers in parallel, and backward can compute them
again: only the key, 2 KiB, is stored. ``torch.compile`` turns this into one loop if there is a C++
compiler. Otherwise the key is the seed of NumPy's generator, and ``bit_masks`` draws the mask.
"""

import re
import warnings

import numpy as np
import torch

from dropout_scaling import bit_masks
from dropout_scaling.nn import InvertedDropout

INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}  # by a float's width in bytes
TENSORS = (torch.Tensor, torch.nn.Parameter)  # no subclass: it may redefine "+"
DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
# torch.compile may find code on disk that was made for a processor with wider vectors. Naming the
# width in bits keeps the two versions separate.
VECTOR_BITS = {"AVX2": 256, "AVX512": 512}
LANES = 256  # elements in a row: few enough for a core's L1 cache to hold their keys
_compiled = {}  # for each dtype the compiled loop, or None if compiling failed


def threshold(q):
    """Split q into two int32 numbers (high, low), to be compared with random integers W and U.

    If U < low, an element is kept if W < high + 1. Otherwise it is kept if W < high. W and U are
    uniform on the integers from -2^31 to 2^31 - 1. W belongs to the element, U to its lane (see
    ``limits``). With t = floor(2^64 q) = 2^32 (high + 2^31) + (low + 2^31),

        P(kept) = P(W < high + [U < low]) = (high + 2^31) / 2^32 + (low + 2^31) / 2^64 = t / 2^64.

    This is exactly q if q is 0 or at least 2^-12, since such a double is a multiple of 2^-64. For a
    smaller q it is too small by less than 2^-64. ``q``: a float in [0, 1 - 2^-32).

    >>> threshold(0.5)
    (0, -2147483648)
    """
    t = int(q * 2.0**64)  # exact: only the exponent changes
    return (t >> 32) - 2**31, (t & (2**32 - 1)) - 2**31


def mix(h):
    """Return the int32 tensor h with the bits of each entry mixed: a bijection.

    Each step can be undone: both h ^ (h >> k) and the product with an odd number modulo 2^32.
    Source: C. Wellons, hash-prospector, the function with multipliers 21f0aaad, d35a2d97.
    """
    h = (h ^ (h >> 16 & 0xFFFF)) * 0x21F0AAAD  # >> copies the sign bit; the mask removes the copies
    h = (h ^ (h >> 15 & 0x1FFFF)) * (0xD35A2D97 - 2**32)
    return h ^ (h >> 15 & 0x1FFFF)


def words(rows, key):
    """Return 32 random bits for each element: an int32 tensor of shape (rows, LANES).

    With b = mix(row ^ key[0]), the word of lane l is mix(b + key[1 + l]) ^ b.
    ``rows``: the row numbers, int32. ``key``: an int32 tensor of shape (1 + LANES,).

    In one row this maps the lanes' keys to the words one to one: key[1 + l] = mix^-1(word ^ b) - b.
    So if the key is uniform, the words of a row are exactly uniform and independent. The
    independence of different rows is not proved; the tests check it. Without the last "^ b" the
    words of a lane would be a permutation, and no value would occur twice.
    """
    b = mix(rows ^ key[0])[:, None]
    return mix(b + key[1:]) ^ b


def limits(q, drawn):
    """Return the limits of the lanes, an int32 tensor of shape (LANES,): high or high + 1.

    An element is kept if its word is below its lane's limit; see ``threshold`` for high.
    ``drawn``: the numbers U, int32, uniform, of shape (LANES,). Two elements of one lane share U,
    so they have a covariance: Var([U < low]) / 2^64 <= 2^-66.
    """
    high, low = threshold(q)
    return high + (drawn < low).int()


def drop(x, y, rows, key, limit, scale):
    """Write into y: x times ``scale`` if the element's word is below its lane's limit, else 0.

    Args:
        x: the input, shape (n,), with n = LANES for each row.
        y: the output, shape (n,), in other memory than x.
        rows: as in ``words``.
        key: as in ``words``.
        limit: as from ``limits``.
        scale: 1/q, 0-dimensional, of x's dtype.
    """
    kept = words(rows, key) < limit
    y.view(-1, LANES).copy_(torch.where(kept, x.view(-1, LANES) * scale, 0))


def _compiled_drop(dtype):
    """Return ``drop`` compiled for ``dtype``; if that fails, warn once and return None."""
    if dtype not in _compiled:
        # With few rows torch.compile would make a loop for one thread. With as many rows as lanes
        # it would make a loop for that number only.
        n_rows = 2 * LANES
        # Of different values, so that none can stand in for another.
        rows, key, limit = (
            torch.arange(n, dtype=torch.int32, device="cpu") * 0x9E3779B  # mod 2^32
            for n in (n_rows, 1 + LANES, LANES)
        )
        x = torch.linspace(-2, 2, n_rows * LANES, dtype=torch.float64, device="cpu").to(dtype)
        y, expected = torch.empty_like(x), torch.empty_like(x)
        scale = x.new_full((), 1.25)
        bits = VECTOR_BITS.get(torch.backends.cpu.get_cpu_capability())
        why = None
        try:
            with warnings.catch_warnings(), torch.no_grad():  # as in later calls
                warnings.simplefilter("ignore", DeprecationWarning)  # torch.compile's own
                # The compiler reports it too.
                warnings.filterwarnings("ignore", "Can't find Python.h")
                # For any number of rows.
                compiled = torch.compile(drop, dynamic=True, options={"cpp.simdlen": bits})
                for function, out in ((compiled, y), (drop, expected)):
                    function(x, out, rows, key, limit, scale)
            if not y.equal(expected):
                why = "its loop is wrong"
        except torch._dynamo.exc.TorchDynamoException as error:
            # Cut the compiler's command, which is longer than its message.
            why = re.sub(r"Command:.*?Output:|Set TORCHDYNAMO.*", "", str(error), flags=re.DOTALL)
            why = " ".join(why.split())
        if why:
            text = f"FastDropout uses NumPy, since torch.compile fails: {why}"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
            compiled = None
        _compiled[dtype] = compiled
    return _compiled[dtype]


def _draw(generator):
    """Draw the random numbers of one mask: the key, and the numbers U for ``limits``."""
    drawn = torch.empty(1 + 2 * LANES, dtype=torch.int32, device="cpu")
    return drawn.random_(-(2**31), 2**31, generator=generator)


def _write(x, y, drawn, q):
    """Write dropout of x into y, both of shape (n,). ``drawn``: as ``_draw`` returned it."""
    scale = torch.ones((), dtype=x.dtype, device="cpu").div_(q)  # rounded as PyTorch rounds it
    compiled = _compiled_drop(x.dtype)
    if compiled is None:
        rng = np.random.default_rng(drawn[:4].numpy().view(np.uint32))
        bits = bit_masks.draw_bits(x.numel(), q, rng=rng)
        torch.mul(x, scale, out=y)
        bit_masks.clear_dropped(y.view(INTEGERS[y.itemsize]).numpy(), bits)
        return
    key, limit = drawn[: 1 + LANES], limits(q, drawn[1 + LANES :])
    n_rows, rest = divmod(x.numel(), LANES)
    rows = torch.arange(n_rows + 1, dtype=torch.int32, device="cpu")
    if n_rows:
        whole = slice(n_rows * LANES)
        # ".data": for a view, torch.compile would look at the base too. It would compile again for
        # another number of the base's dimensions, or if two sizes happen to be equal.
        compiled(*(tensor.data for tensor in (x[whole], y[whole], rows[:-1], key)), limit, scale)
    if rest:
        last = x.new_zeros(2, LANES)  # x and y of the last row, filled up with zeros
        last[0, :rest] = x[-rest:]
        drop(*last, rows[-1:], key, limit, scale)
        y[-rest:] = last[1, :rest]


def _flat(x):
    return x.as_strided((x.numel(),), (1,))  # in memory order; the memory has no gaps


class _Drop(torch.autograd.Function):
    """y = m x / q with the given ``strides``: linear in x, so backward does the same to grad."""

    @staticmethod
    def forward(ctx, x, drawn, q, strides, inplace):
        ctx.save_for_backward(drawn)
        ctx.q, ctx.strides = q, strides
        y = torch.empty_strided(x.shape, strides, dtype=x.dtype, device="cpu")
        dense = x.detach()  # the compiled loop must not see a tensor that requires a gradient
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
    """Inverted dropout that can replace ``nn.Dropout`` and ``InvertedDropout``: same law, faster.

    train: y = m x / q; eval: y = x, with q = 1 - p and m ~ Bernoulli(q) for each element, to within
    2^-64. Kept values have the same bits as in ``nn.Dropout``; the masks of a seed differ.
    ``p``: the probability of dropping an element, in [0, 1]. ``inplace``: write the result into x.
    Raises TypeError or ValueError for a bad ``p``.

    Each call draws a key of 2 KiB from torch's generator. So ``torch.manual_seed`` repeats it, a
    checkpoint draws it again, and workers or ranks with different seeds get different keys. The
    result does not depend on the number of threads. The first call compiles, in seconds.

    PyTorch's own layer is called for inputs below ``smallest`` elements or above 2^31, on a GPU,
    for p <= 2^-32, and inside ``torch.func`` transforms; it turns a dropped inf or nan into nan.
    ``torch.compile`` uses the operations of ``InvertedDropout`` instead.

    >>> FastDropout(p=0.2).eval()(torch.ones(3))
    tensor([1., 1., 1.])
    """

    smallest = 2**17  # elements; from here on it is faster, as `make bench` measured

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
                # F.dropout calls this too; for few elements its checks would cost much.
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
