"""Facts from the multipliers of a dropout: its rate and scale, shared masks, and the backward pass.

A *multiplier* is an output divided by its input. This module only reads arrays; ``observe`` makes
the calls.
"""

import math

import numpy as np

from dropout_scaling.diagnose._chance import ALPHA, LIMIT, agrees

AXES = ("call", "row", "unit", "position")
# SELU's scale times its alpha: alpha dropout sets a dropped unit to -SELU.
SELU = 1.7580993408473766


def _names(fits):
    """Return the names whose value fits, or {"other"} if none fits."""
    return frozenset(name for name, fit in fits.items() if fit) or frozenset({"other"})


def near(value, names, tolerance):
    """Return the names whose number is close to ``value``, or {"other"}.

    ``names``: {name: number}. ``tolerance``: the largest allowed relative difference.
    """
    return _names({name: abs(value - v) <= tolerance * abs(v) for name, v in names.items()})


def scales(p):
    """Return {name: value} of the factors that a dropout may multiply by."""
    q = 1 - p
    return {
        "1/q": 1 / q, "1": 1.0, "q": q, "1/p": 1 / p, "p": p,
        "1/q^2": 1 / q**2, "q^2": q**2, "1/sqrt(q)": q**-0.5, "1/2": 0.5, "2": 2.0,
    }  # fmt: skip


def _rates(p):
    q = 1 - p
    return {"q": q, "p": p, "q^2": q**2, "1/2": 0.5, "1": 1.0, "0": 0.0}


def mask_facts(factors, x, p, tolerance):
    """Return {name: (fact, evidence)} for what the training calls show; names as in ``Facts``.

    ``factors``: the multipliers, shape (calls, *shape), for inputs ``x`` of shape ``shape``. ``p``:
    the probability of dropping a unit. ``tolerance``: the relative precision of the factors. The
    evidence of a fact is a sentence, or None.
    """
    if not np.isfinite(factors).all():
        return {"kind": ("not finite", "finite inputs gave inf or nan")}
    kept = factors != 0
    nonzero = factors[kept]
    low, high = (nonzero.min(), nonzero.max()) if nonzero.size else (0.0, 0.0)
    constant = high - low <= tolerance * abs(high)
    if not constant:
        noise = _continuous(factors, kept, x, p, tolerance)
        if noise:
            return {"kind": noise}

    seen = {"kind": ("mask", None)}
    if constant:
        name = near(high, scales(p), tolerance) if nonzero.size else None
        seen["scale"] = name, f"while training, every kept value is multiplied by {_number(high)}"
    elif _shares_out(factors, kept, tolerance):
        seen["kind"] = ("mask, scale varies", None)
        seen["scale"] = (
            frozenset({"n/K"}),
            f"kept values are multiplied by {low:.4g} to {high:.4g}: by the number of all values "
            "over the number of those that were kept",
        )
    else:
        seen["kind"] = ("mask, scale varies", None)
        seen["scale"] = (
            frozenset({"other"}),
            f"kept values are multiplied by {low:.4g} to {high:.4g}, not by one number",
        )
    if kept.all() or not kept.any():
        rate = frozenset({"1" if kept.all() else "0"})
        word = "every value was" if kept.all() else "no value was"
        return seen | {"rate": (rate, f"while training, {word} kept")}
    return seen | _facts_of_draws(kept, p)


def _number(value):
    return f"{value:.6g}"


def _continuous(factors, kept, x, p, tolerance):
    """Return (kind, evidence) of multipliers that are no mask with scales, or None."""
    if kept.all():
        alpha = _alpha_evidence(factors, x, p, tolerance)
        if alpha:
            return "alpha", alpha
    relaxed = _relaxed(factors, p)
    if relaxed:
        return "relaxed", relaxed
    return _noise(factors, p, x) if kept.all() else None


def _shares_out(factors, kept, tolerance):
    """Return whether kept values are multiplied by n/K: of n values of a call, or a row, K kept."""
    for axes in (tuple(range(1, factors.ndim)), tuple(range(2, factors.ndim))):
        if axes:
            n = math.prod(factors.shape[a] for a in axes)
            share = np.maximum(kept.sum(axis=axes, keepdims=True), 1) / n
            if (abs(factors * share - kept) <= 100 * tolerance).all():
                return True
    return False


def _relaxed(factors, p):
    """Return a sentence if the multipliers are those of a relaxed (concrete) mask, else None.

    There (1 - z)/q takes the place of mask/q, with z = sigmoid((logit p + logit u)/t). At any
    temperature t, 1 - z exceeds a half with probability q. Source: Gal, Hron and Kendall 2017.
    """
    kept = factors * (1 - p)
    if kept.min() < 0 or kept.max() > 1 + 1e-3:
        return None
    between = ((kept > 0.25) & (kept < 0.75)).mean()
    # Of a mask, nothing lies between; of uniform noise, a half does.
    if not 0.001 < between < 0.3 or not agrees(int((kept > 0.5).sum()), kept.size, 1 - p):
        return None
    return (
        f"values are multiplied by anything from 0 to {1 / (1 - p):.4g}, mostly by nearly one of "
        f"the two: {(kept > 0.5).mean():.4f} of them by more than half of that"
    )


def _facts_of_draws(kept, p):
    """Return the facts of the masks alone: what is shared, how many are kept, and the rate."""
    axes = range(kept.ndim)
    same = {a for a in axes if kept.shape[a] > 1 and (kept == kept.take([0], a)).all()}
    shared = tuple(sorted({AXES[min(a, 3)] for a in same}))
    drawn = kept[tuple(slice(0, 1) if a in same else slice(None) for a in axes)]
    units, drawn = drawn.shape[-1], _one_of_each_group(drawn)
    grouped = drawn.shape[-1] < units
    totals = kept.reshape(len(kept), -1).sum(axis=1)
    fixed = "call" not in shared and drawn[0].size > 1 and len(set(totals)) == 1
    count, n = int(drawn.sum()), drawn.size
    rates = _names({name: agrees(count, n, v) for name, v in _rates(p).items()})
    of_all = f"of {kept[0].size} values"
    dependent = ((), None) if fixed else _dependent(drawn)
    if grouped:
        told = (
            f"the {units} values along the last axis have {drawn.shape[-1]} decisions: some "
            "neighbours are always kept, or dropped, together"
        )
        last = AXES[min(kept.ndim - 1, 3)]
        dependent = (*(axis for axis in dependent[0] if axis != last), last), told
    if fixed:  # the nearest whole number is all that can be asked for
        rows = kept.reshape(*kept.shape[:2], -1).sum(axis=2)
        of, number = (
            (kept[0, 0].size, rows.max()) if np.ptp(rows) == 0 else (kept[0].size, totals[0])
        )
        rates = _names({name: abs(number - of * v) < 1 for name, v in _rates(p).items()})
    return {
        "shared": (shared, None if grouped and not same else _sharing(same)),
        "same": (tuple(sorted(a - 1 for a in same if a)), None),
        "dims": (kept.ndim - 1, None),
        "grouped": (grouped, None),
        "count": (
            "fixed" if fixed else "free",
            f"each call keeps exactly {totals[0]} {of_all}"
            if fixed
            else f"a call keeps {totals.min()} to {totals.max()} {of_all}",
        ),
        "dependent": dependent,
        "rate": (
            rates,
            f"{count} of {n} independent draws were kept, a share of {count / n:.4f}: chance alone "
            f"{'may' if agrees(count, n, 1 - p) else 'cannot'} explain the distance from "
            f"q = {1 - p:.4g} (false alarms: one in {1e-6 / ALPHA:.0f} million at most)",
        ),
    }


def _one_of_each_group(drawn):
    """Return the draws with one of each group of neighbours along the last axis that always agree.

    If all draws were independent, some neighbours would agree in all rows with probability ALPHA at
    most; if there are too few rows for that, nothing is grouped.
    """
    units = drawn.shape[-1]
    rows = drawn.reshape(-1, units)
    agree = _agreement(drawn.mean(), drawn.size)[1]
    if units < 2 or units * agree ** len(rows) > ALPHA:
        return drawn
    new = np.append(True, (rows[:, 1:] != rows[:, :-1]).any(axis=0))
    return drawn[..., new]


def _sharing(same):
    """Return a sentence on the axes, the calls first, along which a mask is the same."""
    if not same:
        return "each value has a decision of its own"
    places = [f"axis {a - 1}" for a in sorted(same) if a]
    places = [f"along {' and '.join(places)}"] if places else []
    return f"the mask is the same {' and '.join((['in every call'] if 0 in same else []) + places)}"


def _dependent(drawn):
    """Return (axes, evidence): axes along which neighbours agree too often or too rarely.

    The neighbours form disjoint pairs. The evidence is that of the last axis, or None.
    """
    share = drawn.mean()
    found, evidence = [], None
    for axis in range(drawn.ndim):
        pairs = drawn.shape[axis] // 2
        if pairs == 0:
            continue
        first, second = (drawn.take(range(k, 2 * pairs, 2), axis) for k in (0, 1))
        equal, n = int((first == second).sum()), first.size
        low, high = _agreement(share, drawn.size)
        nearest = min(max(equal / n, low), high)
        if not agrees(equal, n, nearest):
            found.append(AXES[min(axis, 3)])
            evidence = (
                f"{equal} of {n} neighbours along {found[-1]} agree, "
                f"{low:.3f} to {high:.3f} expected"
            )
    return tuple(found), evidence


def _agreement(share, n):
    """Return bounds of r^2 + (1 - r)^2, the probability that two draws agree.

    r runs over the rates that allow this ``share`` of ``n`` draws. It need not be q, since another
    check compares r with q. |r - share| > e has probability ALPHA at most (Hoeffding).
    """
    e = math.sqrt(LIMIT / (2 * n))
    slack = 2 * abs(2 * share - 1) * e + 2 * e**2
    expected = share**2 + (1 - share) ** 2
    return max(expected - slack, 0.0), min(expected + slack, 1.0)


def _alpha_evidence(factors, x, p, tolerance):
    """Return a sentence if each output is one of the two outputs of alpha dropout, else None.

    Kept: a (x + SELU p). Dropped: a (-SELU + SELU p). With a^2 = 1 / ((1 + SELU^2 p) q).
    Source: Klambauer et al. 2017.
    """
    a = ((1 + SELU**2 * p) * (1 - p)) ** -0.5
    high, low = a * (x + SELU * p), a * (SELU * p - SELU)
    y, slack = factors * x, tolerance * a * (abs(x).max() + SELU)  # relative to the largest sum
    if (np.minimum(abs(y - high), abs(y - low)) > slack).any():
        return None
    return f"x becomes {a:.4g} x + {a * SELU * p:.4g}, or {low:.4g}: alpha dropout"


def _noise(factors, p, x=None):
    """Return the kind of a noise that drops nothing, and the evidence.

    The kind is "gaussian" if the factors have mean 1 and variance p/q, "mean 1" if they have mean 1
    and another variance, else "noise" if none is negative, else "other". ``x``: the inputs; if the
    spread of the factors depends on them, the kind is "other".
    """
    n, variance = factors.size, p / (1 - p)
    mean, squares = factors.mean(dtype=float), ((factors - 1) ** 2).mean(dtype=float)
    ratio = squares / variance
    evidence = (
        f"no value is dropped: each is multiplied by another number, {mean:.4f} on average, with a "
        f"variance of {squares:.4g} (p/q is {variance:.4g})"
    )
    if x is not None and _depends_on_size(factors, x):
        return "other", "no value is dropped: something is added that does not depend on the value"
    right = n * (mean - 1) ** 2 / (2 * variance) <= LIMIT
    right = right and n / 2 * (ratio - 1 - math.log(ratio)) <= LIMIT  # Chernoff for chi-squared
    if right:
        return "gaussian", evidence
    # |sum| > t sqrt(sum of squares) has probability 2 exp(-t^2/2) at most, if f - 1 is symmetric.
    if n * (mean - 1) ** 2 / 2 <= LIMIT * squares:
        return "mean 1", evidence
    return "noise" if factors.min() >= 0 else "other", evidence


def _depends_on_size(factors, x):
    """Return whether small values are multiplied by numbers that vary much more than others do."""
    sizes = np.unique(abs(x))
    spread = [factors[:, abs(x) == size].var() for size in (sizes[0], sizes[-1])]
    return len(sizes) > 1 and spread[0] > 2 * spread[1]


def backward_kind(factors, gradients, tolerance):
    """Return a word for the gradient's multipliers, compared with those of the forward pass.

    ``factors``, ``gradients``: the forward and backward multipliers of the same calls, of one
    shape. ``Facts`` lists the words.
    """

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
    scaled = np.where(gradients != 0, top, 0)
    return "other mask" if close(gradients, scaled) else "other"
