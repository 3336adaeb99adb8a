"""The five steps by which a dropout can be tested by hand, as one function.

They are fewer than the clauses of ``contract``, and ask one input of ones alone.
"""

import numpy as np

from dropout_scaling._arguments import check_p
from dropout_scaling.diagnose.call import Caller

STEPS = ("values", "eval", "masks", "gradient", "mean")
CALLS = 60


def first_failed(layer, p):
    """Return the number of the first of the five ``STEPS`` that ``layer`` fails, 6 if none.

    With ones for x: 1. outputs are 0 or the scale, and both occur; 2. evaluation gives the mean;
    3. rows differ, and calls; 4. the gradient has the output's zeros and scale; 5. the mean of 60
    calls is within 5 standard deviations of that. The layer is held against inverted dropout and
    against standard dropout; the later step counts.

    ``layer``: whatever ``diagnose`` takes. ``p``: the drop probability, in (0, 1). A right layer
    fails step 5 by chance in less than one of a million runs. Raises TypeError or ValueError for a
    bad ``p``, and as ``diagnose`` does for a layer that cannot be called.

    >>> first_failed(lambda x, p, training: x, 0.2)
    1
    """
    q = 1 - check_p(p)
    if not 0 < q < 1:
        raise ValueError(f"drop probability p must be in (0, 1), got {p}")
    call, ones = Caller(layer), np.ones((64, 32), dtype=np.float32)
    run = call(ones, p, True)
    y = np.stack([run.y, *(call(ones, p, True).y for _ in range(CALLS - 1))])
    off = call(ones, p, False).y
    stops = []
    for kept, mean in ((1 / q, 1), (1, q)):  # inverted, then standard
        passed = [
            (np.isclose(y, 0) | np.isclose(y, kept)).all() and np.ptp(y) > 0,
            np.isclose(off, mean).all(),
            (y != y[0]).any() and (y[0] != y[0][0]).any(),
            run.grad is None or np.allclose(run.grad, run.y * run.upstream),
            abs(y.mean() - mean) < 5 * kept * (p * q / y.size) ** 0.5,
        ]
        stops.append([*passed, False].index(False) + 1)
    return max(stops)
