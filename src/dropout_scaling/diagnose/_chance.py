"""Decide whether a count agrees with a probability, with a known rate of false alarms.

A count K of n independent draws agrees with a rate r if n KL(K/n || r) <= ln(2 / ALPHA). By the
Chernoff bound, a true rate is rejected with probability ALPHA at most, for any n and r.
"""

import math

ALPHA = 1e-7
LIMIT = math.log(2 / ALPHA)


def divergence(share, rate) -> float:
    """Return KL(share || rate) of two coins, in nats; inf if ``rate`` makes ``share`` impossible.

    Raises ValueError for a ``share`` or ``rate`` outside [0, 1].

    >>> round(divergence(0.5, 0.25), 3)
    0.144
    """
    for name, value in (("share", share), ("rate", rate)):
        if not 0 <= value <= 1:  # also catches nan
            raise ValueError(f"{name} must be in [0, 1], got {value}")
    total = 0.0
    for a, b in ((share, rate), (1 - share, 1 - rate)):
        if a > 0:
            total += a * math.log(a / b) if b > 0 else math.inf
    return total


def agrees(count, n, rate) -> bool:
    """Return whether n KL(count/n || rate) <= ln(2/ALPHA): ``count`` agrees with ``rate``.

    ``count``: successes in ``n`` draws. Raises ValueError for ``n`` below 1, ``count`` outside
    [0, n] or ``rate`` outside [0, 1].
    """
    if not n >= 1:
        raise ValueError(f"n must be at least 1, got {n}")
    if not 0 <= count <= n:
        raise ValueError(f"count must be in [0, n] with n = {n}, got {count}")
    return n * divergence(count / n, rate) <= LIMIT
