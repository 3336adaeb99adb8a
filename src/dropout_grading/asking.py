"""What the checks of more than one assignment ask with; put into the notebook with them.

Sampled statements are wrong once in 10^9 runs at most (Hoeffding).
"""

import numpy as np

from dropout_grading.checks import Wrong
from dropout_grading.student import StudentError
from dropout_grading.wire import RNG, Opaque

ALARM = 1e-9


def seed(rng):
    """Return a generator for the student, as the marker sends it."""
    return RNG(int(rng.integers(2**31)))


def written(name, value):
    """Say so if a value is None: that is what a function returns whose body is still to come."""
    if value is None:
        raise Wrong(f"{name} is None: it is not written yet, or a return is missing")


def holds(check, student, rng):
    """Whether a check is met: what a public one has charged, a hidden one does not charge again."""
    try:
        check(student, rng)
    except (Wrong, StudentError):
        return False
    return True


def array_of(name, value, shape, kinds="f", *, finite=True):
    """Return the value if it is an array of this shape and kind; say what it is if not.

    Floats are returned in double precision, whatever the student's. ``finite=False``: where a
    slip in one thing makes nan, and the check is about another.
    """
    words = {"f": "floats", "b": "booleans (True = kept)", "biuf": "numbers"}
    written(name, value)
    if not isinstance(value, np.ndarray):
        kind = value.type if isinstance(value, Opaque) else type(value).__name__
        raise Wrong(f"{name} should be a NumPy array, and is {kind}")
    if value.shape != tuple(shape):
        raise Wrong(f"{name} should have shape {tuple(shape)}, and has {value.shape}")
    if value.dtype.kind not in kinds:
        raise Wrong(f"{name} should hold {words[kinds]}, and holds {value.dtype}")
    if finite and not np.isfinite(value).all():
        raise Wrong(f"{name} should be finite, and holds nan or inf")
    return value.astype(float) if kinds == "f" else value


def close(a, b, dtype=np.float32):
    """Whether all of a agrees with b to the rounding of a few operations in ``dtype``."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    most = 16 * np.finfo(dtype).eps * np.maximum(np.abs(a), np.abs(b))
    return bool(np.all(np.abs(a - b) <= most))  # False for nan


def kept_share(kept, p, what):
    """Say what is wrong with the share of kept values, if it is not 1 - p."""
    share, reach = kept.mean(), np.sqrt(np.log(2 / ALARM) / (2 * kept.size))
    if abs(share - (1 - p)) <= reach:
        return
    if share in (0, 1):
        raise Wrong(f"{what}: {'nothing is kept' if share == 0 else 'nothing is dropped'}, p = {p}")
    if abs(share - p) <= reach:
        raise Wrong(
            f"{what}: at p = {p} a share of {share:.2f} is kept, which is p. Of the two "
            "probabilities, of dropping and of keeping, which is p, and which do you need here?"
        )
    raise Wrong(f"{what}: at p = {p} a share of {share:.2f} is kept, and should be {1 - p:.2f}")
