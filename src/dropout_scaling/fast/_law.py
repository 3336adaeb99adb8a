"""Which elements are kept: a function of a key and of the element's position, in plain operations.

Every loop of this package computes the same: `loop.cpp` on a CPU, `_triton` on a GPU.
"""

import torch

LANES = 256  # elements in a row: few enough for a core's L1 cache to hold their keys and words
WORDS = LANES // 2  # each word of 32 bits decides on two elements
DRAWN = LANES + WORDS // 2 + 1  # the random int64 numbers of a mask: U, then the key


def threshold(q):
    """Split q into two integers (high, low), to be compared with random integers H and U.

    An element is kept if H < high + [U < low]. H is uniform on the integers [0, 2^16) and belongs
    to the element. U is uniform on [-2^63, 2^63) and belongs to its lane (see ``limits``). With
    t = floor(2^80 q) = 2^64 high + (low + 2^63),

        P(kept) = high / 2^16 + (low + 2^63) / 2^80 = t / 2^80.

    This is exactly q if q is 0 or at least 2^-28, since such a double is a multiple of 2^-80. For a
    smaller q it is too small by less than 2^-80. ``q``: a float in [0, 1].

    >>> threshold(0.5)
    (32768, -9223372036854775808)
    """
    t = int(q * 2.0**80)  # exact: only the exponent changes
    return t >> 64, (t & (2**64 - 1)) - 2**63


def mix(h):
    """Return the int32 tensor h with the bits of each entry mixed: a bijection.

    Each step can be undone: both h ^ (h >> k) and the product with an odd number modulo 2^32.
    Source: C. Wellons, hash-prospector, the function with multipliers 21f0aaad, d35a2d97.
    """
    h = (h ^ (h >> 16 & 0xFFFF)) * 0x21F0AAAD  # >> copies the sign bit; the mask removes the copies
    h = (h ^ (h >> 15 & 0x1FFFF)) * (0xD35A2D97 - 2**32)
    return h ^ (h >> 15 & 0x1FFFF)


def key(drawn):
    """Return the key for ``words``, of shape (1 + WORDS,), of the random numbers of a mask."""
    return drawn[LANES:].view(torch.int32)[: 1 + WORDS]


def words(rows, key):
    """Return 32 random bits for each pair of neighbours: an int32 tensor of shape (rows, WORDS).

    With b = mix(row ^ key[0]), word j is mix(b + key[1 + j]) ^ b.
    ``rows``: the row numbers, int32. ``key``: an int32 tensor of shape (1 + WORDS,).

    In one row this maps the key to the words one to one: key[1 + j] = mix^-1(word ^ b) - b. So if
    the key is uniform, the words of a row are exactly uniform and independent. The independence of
    different rows is not proved; the tests check it. Without the last "^ b" the words of a column
    would be a permutation, and no value would occur twice.
    """
    b = mix(rows ^ key[0])[:, None]
    return mix(b + key[1:]) ^ b


def halves(rows, key):
    """Return the number H of each element, int32 of shape (rows, LANES), from 0 to 2^16 - 1.

    The elements 2j and 2j + 1 of a row take the low and the high half of word j. Both halves of a
    uniform word are uniform and independent, so a row's 256 numbers are too.
    """
    word = words(rows, key)
    return torch.stack([word & 0xFFFF, word >> 16 & 0xFFFF], dim=-1).flatten(1)


def limits(q, drawn):
    """Return the limits of the lanes, an int32 tensor of shape (LANES,): high or high + 1.

    An element is kept if its H is below its lane's limit; see ``threshold`` for high.
    ``drawn``: the random numbers of a mask, int64, uniform, of shape (DRAWN,).

    Two elements of one lane share U. Given U they are independent, so their covariance is that of
    their limits, Var([U < low]) / 2^32 <= 2^-34. Elements of different lanes share nothing.
    """
    high, low = threshold(q)
    return high + (drawn[:LANES] < low).int()


def drop(x, drawn, q, scale):
    """Return x times ``scale`` where an element is kept, else 0: what each loop has to compute.

    Args:
        x: the input, shape (n,).
        drawn: as in ``limits``.
        q: the probability of keeping an element.
        scale: 1/q, 0-dimensional, of x's dtype.
    """
    rows = torch.arange(-(-x.numel() // LANES), dtype=torch.int32, device=x.device)
    kept = halves(rows, key(drawn)) < limits(q, drawn)
    return torch.where(kept.flatten()[: x.numel()], x * scale, 0)


def computed_by(write, dtype, device):
    """Say whether ``write(x, y, drawn, high, low, scale)`` writes into y what ``drop`` computes.

    It is tried on two full rows and one that is not full.
    """
    n = 2 * LANES + 3
    # Of different values, so that none can stand in for another.
    drawn = torch.arange(1, 1 + DRAWN, device=device) * -0x61C8864680B583EB  # mod 2^64
    drawn[0] = 0  # as low is below: the limit is not one more
    x = torch.linspace(-2, 2, n, dtype=torch.float64, device=device).to(dtype)
    y, scale = torch.full_like(x, torch.nan), x.new_full((), 1.25)
    first = halves(torch.zeros(1, dtype=torch.int32, device=device), key(drawn))[0]
    for half in first[:8].tolist():
        q = (half + 0.5) / 2**16  # so that this element's U decides on it
        write(x, y, drawn, *threshold(q), scale)
        if not y.equal(drop(x, drawn, q, scale)):
            return False
    return True
