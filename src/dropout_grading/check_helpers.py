"""What the checks of more than one assignment use.

A statement about a sample is wrong once in 10^9 runs at most (Hoeffding).
"""

import numpy as np

from dropout_grading.checks import NOT_WRITTEN_YET, WrongAnswerError
from dropout_grading.execution.calls import StudentError
from dropout_grading.execution.values import RNG, Opaque

FALSE_ALARM_RATE = 1e-9


def seed(rng):
    """Return an ``RNG``, from which the student's process makes a random generator."""
    return RNG(int(rng.integers(2**31)))


def written(name, value):
    """Raise WrongAnswerError if a value is None: an unwritten function returns that."""
    if value is None:
        raise WrongAnswerError(f"{name} is None: {NOT_WRITTEN_YET}")


def holds(check, student, rng):
    """Whether a check is met.

    A hidden check asks it of a public one, so that a mistake costs once.
    """
    try:
        check(student, rng)
    except (WrongAnswerError, StudentError):
        return False
    return True


def array_of(name, value, shape, kinds="f", *, finite=True):
    """Return the value if it is an array of this shape and kind.

    Args:
        name: what a message calls the value.
        value: what the student's code returned.
        shape: the shape that it should have.
        kinds: the kinds of dtype that are right: "f", "b" or "biuf". Floats are returned in double
            precision.
        finite: whether nan and inf are wrong.

    Raises:
        WrongAnswerError: if the value is anything else; the text says what it is.
    """
    words = {"f": "floats", "b": "booleans (True = kept)", "biuf": "numbers"}
    written(name, value)
    if not isinstance(value, np.ndarray):
        kind = value.type if isinstance(value, Opaque) else type(value).__name__
        raise WrongAnswerError(f"{name} should be a NumPy array, and is {kind}")
    if value.shape != tuple(shape):
        raise WrongAnswerError(f"{name} should have shape {tuple(shape)}, and has {value.shape}")
    if value.dtype.kind not in kinds:
        raise WrongAnswerError(f"{name} should hold {words[kinds]}, and holds {value.dtype}")
    if finite and not np.isfinite(value).all():
        raise WrongAnswerError(f"{name} should be finite, and holds nan or inf")
    return value.astype(float) if kinds == "f" else value


def close(a, b, dtype=np.float32):
    """Whether each value of a is that of b, up to the rounding of a few operations in ``dtype``."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    tolerance = 16 * np.finfo(dtype).eps * np.maximum(np.abs(a), np.abs(b))
    return bool(np.all(np.abs(a - b) <= tolerance))  # False for nan


def kept_share(kept, p, what):
    """Raise WrongAnswerError if the share of kept values is not 1 - p, but for chance."""
    share, reach = kept.mean(), np.sqrt(np.log(2 / FALSE_ALARM_RATE) / (2 * kept.size))
    if abs(share - (1 - p)) <= reach:
        return
    if share in (0, 1):
        raise WrongAnswerError(
            f"{what}: {'nothing is kept' if share == 0 else 'nothing is dropped'}, p = {p}"
        )
    if abs(share - p) <= reach:
        raise WrongAnswerError(
            f"{what}: at p = {p} a share of {share:.2f} is kept, which is p. Of the two "
            "probabilities, of dropping and of keeping, which is p, and which do you need here?"
        )
    raise WrongAnswerError(
        f"{what}: at p = {p} a share of {share:.2f} is kept, and should be {1 - p:.2f}"
    )
