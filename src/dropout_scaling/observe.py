"""What a dropout does, measured from outside: the facts that ``diagnose`` and the graders judge.

A layer is called with known inputs, and each output is divided by its input. These *multipliers*
tell everything: which values were dropped, by what the others were scaled, what is shared between
rows, units and calls, what evaluation does, and what the backward pass does. Nothing depends on
how, in which order or from which seed the layer draws.

A run makes fewer than ten comparisons with chance (``chernoff``), each with false-alarm rate ALPHA
at most, so that the run's stays below 1e-6.
"""

import math
import warnings
from typing import NamedTuple

import numpy as np

from dropout_scaling.calling import Caller, Unusable, within
from dropout_scaling.checks import check_p
from dropout_scaling.chernoff import ALPHA, LIMIT, agrees

LEAST, MOST = 0.01, 0.99  # beyond, too few values are dropped, or kept, to judge by
CALLS = 40
SHAPES = {"Dropout1d": (16, 32, 4), "Dropout2d": (16, 32, 2, 2), "Dropout3d": (16, 32, 2, 2, 1)}
AXES = ("call", "row", "unit", "position")


class Facts(NamedTuple):
    """What was seen of a layer, a word or a number each; None where it could not be seen.

    A number can have several names, as 1/q and 1/p do at p = 0.5: a frozenset holds all that fit.
    """

    error: str | None = None  # "raises", "hangs", "shape", "dtype"; the rest is then None
    kind: str | None = None  # "mask", "mask, scale varies", "gaussian", "noise", "other"
    rate: frozenset | None = None  # what the share of kept values may be: "q", "p", "1/2" ...
    scale: frozenset | None = None  # what kept values are multiplied by, named likewise
    shared: tuple | None = None  # axes along which the mask is the same
    dependent: tuple | None = None  # further axes along which neighbours are not independent
    count: str | None = None  # "free", or "fixed" where each call keeps the same number
    evaluation: frozenset | None = None  # what evaluation multiplies by, or "drops"
    backward: str | None = None  # "same", "no mask", "no scale", "other mask", "other"
    at_zero: str | None = None  # at p = 0: "keeps all" or "drops"
    at_one: str | None = None  # at p = 1: "zeros", "nan" or "other"
    mutates: bool | None = None  # whether the input was written to


class Observation(NamedTuple):
    """``facts``, and the evidence for each: sentences with the numbers seen and their bounds."""

    facts: Facts
    evidence: dict


def observe(layer, p, *, backward=None, shape=None, limit=20.0):
    """Return the ``Observation`` of a dropout layer said to drop with probability ``p``.

    ``layer``: an ``nn.Module``; an object with ``forward`` and ``backward``; or a function of x
    and, under their usual names, of p (or keep_prob), training (or mode), rng. It may return y, or
    (y, cache). ``backward``: a function of (grad, cache), or of (grad, mask, p).
    ``shape``: of the inputs, (64, 32) where the layer is not known to want another. ``limit``:
    seconds for all calls together.
    Raises ValueError or TypeError for a bad ``p`` (to be judged, it must be in [0.01, 0.99]) or a
    layer that cannot be called; whatever the layer itself does is an observation.
    """
    if not LEAST <= check_p(p) <= MOST:
        raise ValueError(f"p must be in [{LEAST}, {MOST}] to be judged by sampling, got {p}")
    caller = Caller(layer, backward)
    if shape is None:
        names = [base.__name__ for base in type(layer).__mro__]
        shape = next((SHAPES[name] for name in names if name in SHAPES), (64, 32))
    try:
        return within(limit, _look, caller, float(p), tuple(shape))
    except TimeoutError:
        text = f"did not return within {limit:g} s"
        return Observation(Facts(error="hangs"), {"error": text})


def _look(caller, p, shape):
    """Make all the calls, with their warnings silenced, and return what they show."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return _observation(caller, p, shape)


def _observation(caller, p, shape):
    x = _inputs(shape)
    try:
        runs = [caller(x, p, True) for _ in range(CALLS)]
    except Unusable as unusable:
        return Observation(Facts(error=unusable.kind), {"error": str(unusable)})
    facts, evidence = {}, {}
    tolerance = 4 * runs[0].eps
    factors = np.stack([run.y / x for run in runs])
    if (factors != 0).all() or (factors == 0).all():
        # Perhaps one coin for a whole call: as many calls as make that improbable.
        more = math.ceil(math.log(ALPHA) / math.log(max(p, 1 - p)))
        factors = np.concatenate([factors, [caller(x, p, True).y / x for _ in range(more)]])
    _note_mask(facts, evidence, factors, p, tolerance)
    facts["mutates"] = any(run.mutated for run in runs)
    if facts["mutates"]:
        evidence["mutates"] = "the array passed in was changed by the call"
    if runs[0].grad is not None:
        gradients = np.stack([run.grad / run.upstream for run in runs])
        facts["backward"] = _backward(factors[:CALLS], gradients, tolerance)
        evidence["backward"] = f"gradient against forward multipliers: {facts['backward']}"
    try:
        _note_evaluation(facts, evidence, caller, x, p, tolerance)
        _note_ends(facts, evidence, caller, x)
    except Unusable as unusable:
        return Observation(Facts(error=unusable.kind), {"error": str(unusable)})
    return Observation(Facts(**facts), evidence)


def _inputs(shape):
    """Powers of two of both signs: dividing an output by them rounds nothing."""
    i = np.arange(math.prod(shape))
    return (np.where(i % 2, 1.0, -1.0) * 2.0 ** (i % 3 - 1)).reshape(shape).astype(np.float32)


def _names(fits):
    """Return the names whose value fits, {"other"} if none does."""
    return frozenset(name for name, fit in fits.items() if fit) or frozenset({"other"})


def _near(value, names, tolerance):
    return _names({name: abs(value - v) <= tolerance * abs(v) for name, v in names.items()})


def _scales(p):
    q = 1 - p
    return {
        "1/q": 1 / q, "1": 1.0, "q": q, "1/p": 1 / p, "p": p,
        "1/q^2": 1 / q**2, "q^2": q**2, "1/sqrt(q)": q**-0.5, "1/2": 0.5,
    }  # fmt: skip


def _rates(p):
    q = 1 - p
    return {"q": q, "p": p, "q^2": q**2, "1/2": 0.5, "1": 1.0, "0": 0.0}


def _note_mask(facts, evidence, factors, p, tolerance):
    """Note what the training calls show: ``factors`` has shape (calls, *shape)."""
    if not np.isfinite(factors).all():
        facts["kind"] = "not finite"
        evidence["kind"] = "finite inputs gave inf or nan"
        return
    kept = factors != 0
    scales = factors[kept]
    low, high = (scales.min(), scales.max()) if scales.size else (0.0, 0.0)
    constant = high - low <= tolerance * abs(high)
    if not constant and kept.all():
        facts["kind"] = _noise(factors, p, evidence)
        return

    facts["kind"] = "mask"
    if constant:
        facts["scale"] = _near(high, _scales(p), tolerance) if scales.size else None
        evidence["scale"] = f"every kept value is multiplied by {high:.6g}"
    else:
        facts["kind"] = "mask, scale varies"
        evidence["scale"] = f"kept values are multiplied by {low:.4g} to {high:.4g}"
    if kept.all() or not kept.any():
        facts["rate"] = frozenset({"1" if kept.all() else "0"})
        evidence["rate"] = f"{kept.sum()} of {kept.size} values were kept"
        return

    axes = range(kept.ndim)
    same = {a for a in axes if kept.shape[a] > 1 and (kept == kept.take([0], a)).all()}
    facts["shared"] = tuple(sorted({AXES[min(a, 3)] for a in same}))
    drawn = kept[tuple(slice(0, 1) if a in same else slice(None) for a in axes)]
    evidence["shared"] = f"the mask is the same along: {', '.join(facts['shared']) or 'nothing'}"
    totals = kept.reshape(len(kept), -1).sum(axis=1)
    fixed = "call" not in facts["shared"] and drawn[0].size > 1 and len(set(totals)) == 1
    facts["count"] = "fixed" if fixed else "free"
    evidence["count"] = f"a call keeps {totals.min()} to {totals.max()} of {kept[0].size} values"

    facts["dependent"] = () if fixed else _dependent(drawn, p, evidence)
    count, n = int(drawn.sum()), drawn.size
    facts["rate"] = _names({name: agrees(count, n, v) for name, v in _rates(p).items()})
    evidence["rate"] = (
        f"{count} of {n} independent draws were kept, {count / n:.4f}; q = {1 - p:.4g} is "
        f"{'within' if agrees(count, n, 1 - p) else 'outside'} the bound n KL <= ln(2/{ALPHA:g})"
    )


def _dependent(drawn, p, evidence):
    """Return the axes along which disjoint pairs of neighbours agree too often or too seldom."""
    share = drawn.mean()
    found = []
    for axis in range(drawn.ndim):
        pairs = drawn.shape[axis] // 2
        if pairs == 0 or drawn.size < 200:
            continue
        first, second = (drawn.take(range(k, 2 * pairs, 2), axis) for k in (0, 1))
        equal, n = int((first == second).sum()), first.size
        low, high = _agreement(share, drawn.size)
        nearest = min(max(equal / n, low), high)
        if not agrees(equal, n, nearest):
            found.append(AXES[min(axis, 3)])
            evidence["dependent"] = (
                f"{equal} of {n} neighbours along {found[-1]} agree, "
                f"{low:.3f} to {high:.3f} expected"
            )
    return tuple(found)


def _agreement(share, n):
    """Return the bounds of r^2 + (1 - r)^2 over the rates r that allow this share of n draws.

    The rate is the layer's own: whether it is q is judged apart. It is further than e from the
    share with probability ALPHA at most (Hoeffding).
    """
    e = math.sqrt(LIMIT / (2 * n))
    slack = 2 * abs(2 * share - 1) * e + 2 * e**2
    expected = share**2 + (1 - share) ** 2
    return max(expected - slack, 0.0), min(expected + slack, 1.0)


def _noise(factors, p, evidence):
    """Name what drops nothing: "gaussian" with mean 1 and variance p/q, else "noise", "other"."""
    n, variance = factors.size, p / (1 - p)
    mean = factors.mean(dtype=float)
    ratio = ((factors - 1) ** 2).mean(dtype=float) / variance
    evidence["kind"] = f"no value is dropped; mean factor {mean:.4f}, variance {ratio:.3f} p/q"
    right = n * (mean - 1) ** 2 / (2 * variance) <= LIMIT
    right = right and n / 2 * (ratio - 1 - math.log(ratio)) <= LIMIT  # Chernoff for chi-squared
    if right:
        return "gaussian"
    return "noise" if factors.min() >= 0 else "other"


def _note_evaluation(facts, evidence, caller, x, p, tolerance):
    if not caller.has_mode:
        return
    factors = np.stack([caller(x, p, False).y / x for _ in range(3)])
    low, high = factors.min(), factors.max()
    if not high - low <= tolerance * max(abs(high), 1):
        facts["evaluation"] = frozenset({"drops"})
        evidence["evaluation"] = f"evaluation multiplies by {low:.4g} to {high:.4g}"
        return
    facts["evaluation"] = _near(high, _scales(p), tolerance)
    evidence["evaluation"] = f"evaluation multiplies every value by {high:.6g}"


def _note_ends(facts, evidence, caller, x):
    """Note what p = 0 and p = 1 do. A layer may refuse either: that is no fact, but evidence."""
    if not caller.takes_p:
        return
    try:
        run = caller(np.tile(x, (8,) + (1,) * (x.ndim - 1)), 0.0, True, coarse=True)
        kept = (run.y != 0).mean()
        facts["at_zero"] = "keeps all" if kept == 1 else "drops"
        evidence["at_zero"] = f"at p = 0 a share of {kept:.6f} is kept"
    except Unusable as unusable:
        evidence["at_zero"] = f"at p = 0 it {unusable}"
    try:
        y = caller(x, 1.0, True).y
        facts["at_one"] = "zeros" if (y == 0).all() else "nan" if np.isnan(y).any() else "other"
        evidence["at_one"] = f"at p = 1 the outputs are {facts['at_one']}"
    except Unusable as unusable:
        evidence["at_one"] = f"at p = 1 it {unusable}"


def _backward(factors, gradients, tolerance):
    """Compare the multipliers of the gradient with those of the same call's forward pass."""

    def close(a, b):
        return np.abs(a - b).max() <= tolerance * max(np.abs(b).max(), 1)

    if close(gradients, factors):
        return "same"
    kept = factors != 0
    top = np.abs(factors).max()
    if kept.any() and (close(gradients, np.full_like(factors, top)) or close(gradients, 1.0)):
        return "no mask"
    if ((gradients != 0) == kept).all():
        return "no scale" if close(gradients, kept.astype(float)) else "other"
    return "other mask"
