"""How a layer is to be called, where that is open: shapes, words for the modes, a number's sense.

Each is tried, and what comes out decides.
"""

import contextlib
import math
from numbers import Integral

import numpy as np

from dropout_scaling.diagnose._modes import attributes
from dropout_scaling.diagnose._results import UnusableLayerError

READING_CALLS = 120
# The shapes that are tried, one after the other, if the layer takes only some.
SEQUENCES = (16, 32, 8)
TRIED = ((64, 32), SEQUENCES, (16, 16, 8, 8), (8, 16, 4, 4, 4), (2048,))
SHAPES = {"Dropout1d": (16, 32, 4), "Dropout2d": (16, 32, 2, 2), "Dropout3d": (16, 32, 2, 2, 2)}


def shapes_for(caller):
    """Return the shapes to try: by the layer's name, then ``TRIED``, then by its own sizes."""
    words = {word.lower() for word in caller.words}
    named = [SHAPES[name] for name in SHAPES if name.lower() in words]
    own = []
    for name, value in attributes(caller.target.holder).items():
        if any(word in name.lower() for word in ("shape", "size", "dim", "units")):
            if isinstance(value, Integral) and not isinstance(value, bool):
                value = (value,)
            if (
                isinstance(value, tuple | list)
                and value
                and all(isinstance(size, Integral) and size > 0 for size in value)
            ):
                own += [(64, *value), (*value, 64), tuple(value)]
    if "batch_first" in attributes(caller.target.holder):  # it is made for sequences
        named.append(SEQUENCES)
    return [*named, *TRIED, *own]


def inputs_of(shape):
    """Return powers of two of both signs: division by them causes no rounding."""
    i = np.arange(math.prod(shape))
    return (np.where(i % 2, 1.0, -1.0) * 2.0 ** (i % 3 - 1)).reshape(shape).astype(np.float32)


def fitting(caller, p, shapes):
    """Return inputs of the first shape that the layer takes, and that call's ``Run``."""
    first = None
    for shape in shapes:
        x = inputs_of(shape)
        try:
            return x, caller(x, p, True)
        except UnusableLayerError as error:
            first = first or error
    raise first


def settle_mode(caller, p, x):
    """Choose words for the modes, if it is open what the layer wants: the first that matter.

    They matter if training drops something, and evaluation gives the same twice. An attribute that
    may mean another thing is taken for the mode only then.
    """
    switch = caller.target.switch
    doubtful = switch is not None and switch.doubtful
    by_words = caller.target.signature.has({"mode", "settings"}) or (switch and switch.words)
    if not doubtful and not (by_words and len(caller.target.words) > 1):
        return
    for words in caller.target.words:
        caller.mode_words = words
        with contextlib.suppress(UnusableLayerError):
            kept = caller(x, p, True).y
            first, second = (caller(x, p, False).y for _ in range(2))
            if (kept == 0).any() and np.array_equal(first, second):
                return
    caller.mode_words = caller.target.words[0]
    if doubtful:
        caller.has_mode = False


def reading(caller, p, x):
    """Decide what a number of two possible meanings is given, and return notes on that.

    It is read as the probability of dropping, unless the layer then keeps a share nearer to p than
    to q, and drops as it should if it is given q. With one decision for each of 64 rows, these are
    7680 draws. A share that is 0.05 off, as it must be to mislead, has probability 1e-16 at most
    (Hoeffding): nearer to p = 0.5 ``diagnose`` takes another p.
    """
    left = [f"{name} = {value!r}" for name, value in caller.left.items()]
    notes = [f"left at its default: {', '.join(left)}"] if left else []
    if caller.unsure is None:
        return notes
    for caller.keeps in (False, True):
        kept = np.mean([(caller(x, p, True).y != 0).mean() for _ in range(READING_CALLS)])
        if abs(kept - (1 - p)) < abs(kept - p):
            break
    else:
        caller.keeps = False
    meaning = "keeping" if caller.keeps else "dropping"
    number = caller.unsure
    if caller.target.signature.names[number] == "settings":
        number = f"the p of {number}"
    return [*notes, f"{number} was taken for the probability of {meaning}"]
