"""Measure from outside what a dropout does: the facts that ``diagnose`` and the graders judge.

The module calls a layer with known inputs and divides each output by its input. These *multipliers*
show everything (``_multipliers``): the dropped values, the scale of the others, what rows, units
and calls share, what evaluation does, and what the backward pass does. The method, the order and
the seed of the layer's draws do not matter.

A run makes fewer than ten comparisons with chance (``_chance``), each with a false-alarm rate of
ALPHA at most. So the rate of a whole run stays below 1e-6.
"""

import math
import threading
import warnings
from numbers import Integral, Real
from typing import NamedTuple

import numpy as np

from dropout_scaling._arguments import check_p
from dropout_scaling._restore import as_found
from dropout_scaling.diagnose._approach import fitting, reading, settle_mode, shapes_for
from dropout_scaling.diagnose._chance import ALPHA
from dropout_scaling.diagnose._multipliers import backward_kind, mask_facts, near, scales
from dropout_scaling.diagnose._time_limit import within
from dropout_scaling.diagnose.call import Caller, UnusableLayerError

LOWEST_P, HIGHEST_P = 0.01, 0.99  # outside, too few values are dropped, or kept, to judge
TRAINING_CALLS = 40
GUARD = 1e-5  # people add this much, or less, to what they divide by


class Facts(NamedTuple):
    """The observed facts of a layer, a word or a set of words each; None if not observed.

    A set holds every name that fits a number, since a number can have several names: at p = 0.5,
    1/q and 1/p are equal.
    """

    error: str | None = None  # "raises", "hangs", "shape", "dtype"; all others are then None
    # "mask", "mask, scale varies", "gaussian", "mean 1", "relaxed", "noise", "alpha", "other" or
    # "not finite"
    kind: str | None = None
    rate: frozenset | None = None  # names of the share of kept values: "q", "p", "1/2" ...
    scale: frozenset | None = None  # names of the factor of kept values
    shared: tuple | None = None  # axes along which the mask is the same
    same: tuple | None = None  # the same, as numbers of the input's axes
    dims: int | None = None  # the number of the input's axes
    grouped: bool | None = None  # whether some neighbours along the last axis are always the same
    dependent: tuple | None = None  # further axes along which neighbours are not independent
    count: str | None = None  # "free", or "fixed" if each call keeps the same number
    evaluation: frozenset | None = None  # names of the factor at evaluation, "drops", "not finite"
    backward: str | None = None  # "same", "no mask", "no scale", "other mask", "other"
    at_zero: str | None = None  # at p = 0: "keeps all", "drops" a few, or "drops many"
    at_one: str | None = None  # at p = 1: "zeros", "nan" or "other"
    mutates: bool | None = None  # whether the input was written to


class Observation(NamedTuple):
    """``facts``, and ``evidence``: for each fact a sentence with the numbers and their bounds.

    ``notes``: how the layer was called, where there was a choice. ``words``: its names.
    """

    facts: Facts
    evidence: dict
    notes: tuple = ()
    words: frozenset = frozenset()


def observe(layer, p: float, *, backward=None, shape=None, limit: float = 20.0) -> Observation:
    """Return the ``Observation`` of a dropout layer that should drop with probability ``p``.

    Args:
        layer: an ``nn.Module``, an object with ``forward`` and ``backward``, or a function of x. It
            may also take p (or keep_prob), training (or mode) and rng, under their usual names.
            It may return y, or (y, cache).
        p: the probability of dropping, in [0.01, 0.99].
        backward: a function of (grad, cache), or of (grad, cache, p).
        shape: the shape of the inputs. The default is (64, 32), or (16, 32, ...) if the layer or a
            part of it is named ``Dropout1d``, ``Dropout2d`` or ``Dropout3d``, or (16, 32, 8) if it
            has an attribute ``batch_first``; if the layer takes none of these, a shape of one to
            five axes that it takes.
        limit: the number of seconds for all calls together.

    Returns:
        The facts and the evidence. An error or a hang of the layer is an observation, too. A
        module's modes, buffers and gradients, the random states and the warning filters are
        restored, even if the layer hangs.

    Raises:
        ValueError: for a bad ``p``, ``shape`` or ``limit``.
        TypeError: for a bad ``p``, or a layer that cannot be called.
    """
    if not LOWEST_P <= check_p(p) <= HIGHEST_P:
        raise ValueError(
            f"p must be in [{LOWEST_P}, {HIGHEST_P}] to be judged by sampling, got {p}"
        )
    if not isinstance(limit, Real) or not 0 < limit <= threading.TIMEOUT_MAX:
        rule = f"a number of seconds in (0, {threading.TIMEOUT_MAX:g}]"
        raise ValueError(f"limit must be {rule}, got {limit!r}")
    caller = Caller(layer, backward)
    shapes = shapes_for(caller) if shape is None else [_check_shape(shape)]
    # Here and not in the layer's thread, which may run for ever.
    with as_found(layer if caller.module else None), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return within(limit, _observation, caller, float(p), shapes)
        except TimeoutError:
            text = f"did not return within {limit:g} s"
            return Observation(Facts(error="hangs"), {"error": text})


def _check_shape(shape):
    sizes = tuple(shape) if isinstance(shape, tuple | list) else ()
    if not sizes or not all(isinstance(size, Integral) and size >= 1 for size in sizes):
        raise ValueError(f"shape must be a tuple of integers of at least 1, got {shape!r}")
    return sizes


@np.errstate(all="ignore")  # NumPy has this setting for each thread
def _observation(caller, p, shapes):
    words = frozenset(caller.words)
    try:
        x, run = fitting(caller, p, shapes)
        settle_mode(caller, p, x)
        notes = reading(caller, p, x)
        seen = _seen(caller, p, x, run)
    except UnusableLayerError as error:
        return Observation(Facts(error=error.kind), {"error": str(error)}, words=words)
    facts = {name: fact for name, (fact, _) in seen.items()}
    evidence = {name: sentence for name, (_, sentence) in seen.items() if sentence}
    notes = (*notes, *caller.notes.values())
    if len(shapes) > 1 and x.shape != shapes[0]:
        notes = (*notes, f"it was given inputs of shape {x.shape}")
    return Observation(Facts(**facts), evidence, notes, words)


def _seen(caller, p, x, run):
    """Return {name: (fact, evidence)}; the evidence is a sentence, or None. ``run``: the first."""
    runs = [] if caller.keeps else [run]  # what it was given was p
    runs += [caller(x, p, True) for _ in range(TRAINING_CALLS - len(runs))]
    # 1 - p, the quotient, the product and a cast each round by eps / 2 at most. The same four
    # round in the expected value.
    tolerance = max(4 * runs[0].eps, GUARD)
    factors = np.stack([run.y / x for run in runs])
    if (factors != 0).all() or (factors == 0).all():
        # Perhaps each call tosses one coin. Add calls until equal results would be improbable.
        more = math.ceil(math.log(ALPHA) / math.log(max(p, 1 - p)))
        factors = np.concatenate([factors, [caller(x, p, True).y / x for _ in range(more)]])
    seen = mask_facts(factors, x, p, tolerance)
    mutated = any(run.mutated for run in runs)
    seen["mutates"] = mutated, "the array passed in was changed by the call" if mutated else None
    # A call that drops everything may return a constant, which has no gradient.
    back = [i for i, run in enumerate(runs) if run.grad is not None]
    if back and seen["kind"][0] not in ("not finite", "alpha", "other"):
        gradients = np.stack([runs[i].grad / runs[i].upstream for i in back])
        kind = backward_kind(factors[back], gradients, tolerance)
        seen["backward"] = kind, BACKWARD[kind]
    if caller.has_mode:
        seen["evaluation"] = _evaluation(caller, x, p, tolerance)
    if caller.takes_p:
        seen["at_zero"], seen["at_one"] = _at_zero(caller, x), _at_one(caller, x)
    return seen


BACKWARD = {
    "same": "the gradient of each value is multiplied by the same number as the value",
    "no mask": "dropped values get a gradient too",
    "no scale": "the gradient is masked, but not scaled as the values were",
    "other mask": "the gradient is masked, but with another mask than the values",
    "other": "the gradient is multiplied by other numbers than the values",
}


def _evaluation(caller, x, p, tolerance):
    factors = np.stack([caller(x, p, False).y / x for _ in range(3)])
    if not np.isfinite(factors).all():
        return frozenset({"not finite"}), "in evaluation, finite inputs gave inf or nan"
    low, high = factors.min(), factors.max()
    if high - low > tolerance * max(abs(high), 1):
        said = f"in evaluation, values are multiplied by {low:.4g} to {high:.4g}"
        return frozenset({"drops"}), said
    fact = near(high, scales(p), tolerance)
    return fact, f"in evaluation, every value is multiplied by {high:.6g}"


# A layer may refuse p = 0 or p = 1: this gives evidence, but no fact.


def _at_zero(caller, x):
    try:
        run = caller(np.tile(x, (8,) + (1,) * (x.ndim - 1)), 0.0, True, coarse=True)
    except UnusableLayerError as error:
        return None, f"at p = 0 it {error}"
    if np.isnan(run.y).any():
        return None, "at p = 0 the outputs are nan"
    kept = (run.y != 0).mean()
    fact = "keeps all" if kept == 1 else "drops" if kept > 0.99 else "drops many"
    if not np.isfinite(run.y).all():
        return fact, "at p = 0 outputs are infinite"
    coarse = " of bfloat16" if caller.tensors and kept < 1 else ""
    return fact, f"at p = 0 it keeps {'all' if kept == 1 else f'{kept:.4%} of'} values{coarse}"


def _at_one(caller, x):
    try:
        y = caller(x, 1.0, True).y
    except UnusableLayerError as error:
        return None, f"at p = 1 it {error}"
    if np.isnan(y).any():
        return "nan", "at p = 1 the outputs are nan: 0 is divided by 0"
    zeros = (y == 0).all()
    said = "every output is 0" if zeros else "not every output is 0"
    return "zeros" if zeros else "other", f"at p = 1 {said}"
