"""Dropout masks: draw them, draw the same one again, list them all, and give their probabilities.

A mask is a boolean array in which True means *kept*. ``p`` is the probability of dropping a
unit, as in ``torch.nn.Dropout``, and q = 1 - p that of keeping it. (The paper's letter p is
our q.)
"""

from fractions import Fraction

import numpy as np

from dropout_scaling._arguments import check_count, check_mask, check_p, check_rng

MAX_UNITS = 20  # 2**20 masks of 20 units take 21 MB; each further unit doubles that


def bernoulli_mask(shape, p, *, rng):
    """Draw a mask whose entries are True independently, each with probability q = 1 - p.

    keep = (u < q), with u uniform on [0, 1). u is never 1, so p = 0 keeps everything. The test
    ``u > p`` would drop a unit whenever the generator returns exactly 0.

    ``shape``: an int or a tuple of ints. ``p``: the probability of dropping a unit. ``rng``: a
    ``numpy.random.Generator``. It is required, so that every draw has a known seed. Returns a
    boolean array of that shape. Raises TypeError or ValueError for a bad ``p``, TypeError for
    another kind of ``rng``.

    Source: Srivastava et al. 2014, section 4, r ~ Bernoulli(p_paper).

    >>> bernoulli_mask(5, 0.2, rng=keyed_rng(0))
    array([ True,  True,  True,  True,  True])
    """
    p = check_p(p)
    if shape is None:
        raise TypeError("shape must be an int or a tuple of ints, got None")
    return check_rng(rng).random(shape) < float(1 - p)


def keyed_rng(seed, *, layer=0, step=0):
    """Return the generator at coordinates (seed, layer, step): it always draws the same mask.

    Philox is a counter-based generator: block n depends only on the key and on n. Here the key is
    (seed, layer), and ``step`` is the third of the counter's four 64-bit words. So two steps are
    2^128 blocks apart and never overlap.

    ``seed``, ``layer``, ``step``: integers in [0, 2^64). Raises TypeError or ValueError otherwise.

    Source: Salmon et al. 2011, section 2.

    >>> a, b = keyed_rng(7, layer=2, step=30), keyed_rng(7, layer=2, step=30)
    >>> bool((a.random(4) == b.random(4)).all())
    True
    """
    top = 2**64 - 1
    key = [check_count("seed", seed, 0, top), check_count("layer", layer, 0, top)]
    counter = [0, 0, check_count("step", step, 0, top), 0]
    words = {"key": np.array(key, np.uint64), "counter": np.array(counter, np.uint64)}
    return np.random.Generator(np.random.Philox(**words))


def all_masks(n):
    """Return every mask of ``n`` units: a boolean array of shape (2^n, n).

    Row k holds the binary digits of k; the last unit changes fastest.
    Raises TypeError if ``n`` is not an integer, ValueError if it is not in [0, 20].

    >>> all_masks(2).astype(int).tolist()
    [[0, 0], [0, 1], [1, 0], [1, 1]]
    """
    n = check_count("n, the number of units,", n, 0, MAX_UNITS)
    if n == 0:
        return np.zeros((1, 0), dtype=bool)
    rows = np.arange(2**n, dtype=np.uint32)
    masks = np.empty((2**n, n), dtype=bool)
    for unit in range(n):
        masks[:, unit] = rows >> (n - 1 - unit) & 1
    return masks


def mask_probabilities(masks, p):
    """Return the probability of each mask: q^k p^(n-k) if it keeps k of its n units.

    ``masks``: boolean, shape (m, n). ``p``: the probability of dropping a unit. Returns shape (m,):
    float64, or exact ``Fraction`` objects if ``p`` is a Fraction. Raises TypeError or ValueError
    for a bad ``masks`` or ``p``.

    >>> mask_probabilities(all_masks(1), Fraction(1, 5))
    array([Fraction(1, 5), Fraction(4, 5)], dtype=object)
    """
    p = check_p(p)
    if not isinstance(masks, np.ndarray) or masks.ndim != 2:
        shape = masks.shape if isinstance(masks, np.ndarray) else type(masks).__name__
        raise ValueError(f"masks must be an array of shape (m, n), one mask a row, got {shape}")
    n = masks.shape[1]
    check_mask(masks, (n,))
    by_kept = [(1 - p) ** kept * p ** (n - kept) for kept in range(n + 1)]
    return np.array(by_kept, object if isinstance(p, Fraction) else float)[masks.sum(axis=1)]
