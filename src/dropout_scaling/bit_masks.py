"""Fast inverted dropout of NumPy arrays that stores the mask as bits.

The usual code, ``rng.random(x.shape) < q``, is slow for three reasons. It draws 64 random bits for
each element, it makes float64 numbers, and it passes over arrays larger than the cache. Here each
element takes one random byte, one element in 256 takes a second number, and the code works in
blocks.
"""

import numpy as np

from dropout_scaling._arguments import check_floats, check_rng, keep_probability

BLOCK = 2**18  # elements: few enough for a core's cache to hold their bytes and results
WORD = {"low": 0, "high": 2**64 - 1, "dtype": np.uint64, "endpoint": True}


def threshold(q):
    """Split q into two integers (byte, tail), to be compared with random integers B and T.

    Keep an element if B < byte, or if B = byte and T < tail. B is uniform on the integers
    [0, 2^8), T on [0, 2^64). Then

        P(kept) = byte / 2^8 + tail / 2^72 = floor(2^72 q) / 2^72.

    This is exactly q if q is 0 or at least 2^-20, since such a double is a multiple of 2^-72. For a
    smaller q it is too small by less than 2^-72. T is needed only if B = byte.
    ``q``: the probability of keeping an element, a float in [0, 1].

    >>> threshold(0.75)
    (192, 0)
    """
    return divmod(int(q * 2.0**72), 2**64)  # exact: only the exponent changes


def draw_bits(n, q, *, rng):
    """Draw a mask of n elements as bits; each element is kept with probability q.

    ``rng``: a ``numpy.random.Generator``. Returns ceil(n/8) bytes in the format of ``np.packbits``:
    eight elements in a byte, the first in the highest bit. See ``threshold`` for the rounding of q.

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
    """Set each of ``words`` to 0, in place, if its bit is 0.

    ``words``: shape (n,), floats viewed as signed integers of the same width. ``bits``: as from
    ``draw_bits``. A bitwise "and" with -1 leaves a float's bits unchanged; with 0 it gives 0.0,
    even for inf and nan.

    >>> words = np.array([7, 7])
    >>> clear_dropped(words, np.array([0b10000000], np.uint8))
    >>> words
    array([7, 0])
    """
    for start in range(0, words.size, BLOCK):
        block = words[start : start + BLOCK]
        kept = np.unpackbits(bits[start // 8 :], count=block.size).view(np.int8)
        np.negative(kept, out=kept)
        np.bitwise_and(block, kept, out=block)  # NumPy widens the int8: -1 stays -1


def _check(name, x):
    x = check_floats(name, x)
    if x.dtype not in (np.float16, np.float32, np.float64):
        raise TypeError(f"{name} must be float16, float32 or float64, got {x.dtype}")
    return x


def _drop(x, bits, q):
    if q == 0:
        return np.zeros(x.shape, x.dtype)
    y = np.asarray(np.divide(x, q, order="C"))  # the same division as in reference.inverted_train
    clear_dropped(y.reshape(-1).view(f"i{y.itemsize}"), bits)
    return y


def packed_train(x, p, *, rng) -> tuple[np.ndarray, np.ndarray]:
    """Apply inverted dropout while training; return y and, for backward, the mask as bits.

    y = m x / q, m ~ Bernoulli(q) for each element, q = 1 - p; all zeros at p = 1.
    Shapes: x any, y as x, the bits ceil(size/8) bytes. ``p``: the probability of dropping an
    element. ``rng``: a ``numpy.random.Generator``. Raises TypeError for an ``x`` that is not
    float16, float32 or float64, TypeError or ValueError for a bad ``p`` or ``rng``.
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
    """Return the gradient on x of ``packed_train``: multiply by the same mask and the same 1/q.

    dL/dx = m dL/dy / q. ``grad``: dL/dy, of y's shape. ``bits``: as ``packed_train`` returned them.
    ``p``: the same as in ``packed_train``. Raises TypeError or ValueError for a bad argument.

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
