"""Inverted dropout of NumPy arrays at a fraction of the usual cost, its mask kept as bits.

What makes the usual lesson, ``rng.random(x.shape) < q``, slow: 64 random bits for each element,
float64 in between, and passes over arrays that are larger than the cache. Here an element takes
one random byte, one in 256 takes a second number, and the work goes block by block.
"""

import numpy as np

from dropout_scaling._arguments import check_floats, check_rng, keep_probability

BLOCK = 2**18  # elements: their random bytes and what is made of them stay in a core's cache
WORD = {"low": 0, "high": 2**64 - 1, "dtype": np.uint64, "endpoint": True}


def threshold(q):
    """Return (byte, tail): an element is kept where B < byte, or where B = byte and T < tail.

    With B uniform on the integers [0, 2^8) and T on [0, 2^64),

        P(kept) = byte / 2^8 + tail / 2^72 = floor(2^72 q) / 2^72,

    so that it is q for each double q that is a multiple of 2^-72, as all from 2^-20 on are, and
    less than 2^-72 below it for a smaller one. T is drawn where B = byte alone.
    ``q``: a float in [0, 1].

    >>> threshold(0.75)
    (192, 0)
    """
    return divmod(int(q * 2.0**72), 2**64)  # exact: only the exponent changes


def draw_bits(n, q, *, rng):
    """Draw a mask of n elements, each kept with probability q (see ``threshold``), as bits.

    ``rng``: a ``numpy.random.Generator``, required. Returns ceil(n/8) bytes: eight elements each,
    the first in the highest bit, as ``np.packbits`` has it.

    >>> np.unpackbits(draw_bits(8, 1.0, rng=np.random.default_rng(0)))
    array([1, 1, 1, 1, 1, 1, 1, 1], dtype=uint8)
    """
    byte, tail = threshold(q)
    bits = np.empty(-(-n // 8), np.uint8)
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        drawn = rng.integers(**WORD, size=-(-(stop - start) // 8)).view(np.uint8)[: stop - start]
        kept = drawn < byte
        ties = np.flatnonzero(drawn == byte)
        kept[ties] = rng.integers(**WORD, size=ties.size) < tail
        bits[start // 8 : -(-stop // 8)] = np.packbits(kept)
    return bits


def clear_dropped(words, bits):
    """Set to 0, in place, the ``words`` whose bit is 0: floats, seen as integers of their width.

    An integer "and" with -1 leaves a float's bits as they are, and with 0 gives 0.0, whatever the
    float was. ``words``: shape (n,), signed integers. ``bits``: as from ``draw_bits``.

    >>> words = np.array([7, 7])
    >>> clear_dropped(words, np.array([0b10000000], np.uint8))
    >>> words
    array([7, 0])
    """
    for start in range(0, words.size, BLOCK):
        block = words[start : start + BLOCK]
        kept = np.unpackbits(bits[start // 8 :], count=block.size).view(np.int8)
        np.negative(kept, out=kept)
        np.bitwise_and(block, kept, out=block)  # widens int8 as it goes, -1 to -1


def _check(name, x):
    x = check_floats(name, x)
    if x.dtype not in (np.float16, np.float32, np.float64):
        raise TypeError(f"{name} must be float16, float32 or float64, got {x.dtype}")
    return x


def _drop(x, bits, q):
    if q == 0:
        return np.zeros(x.shape, x.dtype)
    y = np.asarray(np.divide(x, q, order="C"))  # the division that reference.inverted_train does
    clear_dropped(y.reshape(-1).view(f"i{y.itemsize}"), bits)
    return y


def packed_train(x, p, *, rng):
    """Inverted dropout while training; return y and the mask as bits, for ``packed_backward``.

    y = m x / q, m ~ Bernoulli(q) for each element, q = 1 - p; all zeros at p = 1.
    Shapes: x any, y as x, the bits ceil(size/8) bytes. ``p``: the probability of dropping an
    element. ``rng``: a ``numpy.random.Generator``, required. Raises TypeError or ValueError for a
    bad ``x`` (float16, float32 or float64), ``p`` or ``rng``.
    Source: Srivastava et al. 2014, section 10.

    >>> y, bits = packed_train(np.ones(4, np.float32), 0.0, rng=np.random.default_rng(0))
    >>> y, bits
    (array([1., 1., 1., 1.], dtype=float32), array([240], dtype=uint8))
    """
    x = _check("x", x)
    q = keep_probability(p, like=x)
    bits = draw_bits(x.size, q, rng=check_rng(rng))
    return _drop(x, bits, q), bits


def packed_backward(grad, bits, p):
    """Return the gradient on x of ``packed_train``: the same mask and the same 1/q once more.

    dL/dx = m dL/dy / q. ``grad``: dL/dy, of y's shape. ``bits``: as ``packed_train`` returned them.
    Raises TypeError or ValueError for a bad ``grad``, ``bits`` or ``p``.

    >>> packed_backward(np.array([3.0, 3.0]), np.array([0b10000000], np.uint8), 0.25)
    array([4., 0.])
    """
    grad = _check("grad", grad)
    q = keep_probability(p, like=grad)
    size = -(-grad.size // 8)
    if not isinstance(bits, np.ndarray) or bits.dtype != np.uint8 or bits.shape != (size,):
        got = f"{bits.dtype} {bits.shape}" if isinstance(bits, np.ndarray) else type(bits).__name__
        raise ValueError(
            f"bits must be the uint8 array of shape ({size},) that was drawn, got {got}"
        )
    return _drop(grad, bits, q)
