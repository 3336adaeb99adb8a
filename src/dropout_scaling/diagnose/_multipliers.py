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
        "1/q^2": 1 / q**2, "q^2": q**2, "1/sqrt(q)": q**-0.5, "1/2": 0.5,
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
    if not constant and kept.all():
        alpha = _alpha_evidence(factors, x, p, tolerance)
        return {"kind": ("alpha", alpha) if alpha else _noise(factors, p)}

    seen = {"kind": ("mask", None)}
    if constant:
        seen["scale"] = (
            near(high, scales(p), tolerance) if nonzero.size else None,
            f"every kept value is multiplied by {high:.6g}, relative precision {tolerance:.1g}",
        )
    else:
        seen["kind"] = ("mask, scale varies", None)
        seen["scale"] = (None, f"kept values are multiplied by {low:.4g} to {high:.4g}")
    if kept.all() or not kept.any():
        rate = frozenset({"1" if kept.all() else "0"})
        return seen | {"rate": (rate, f"{kept.sum()} of {kept.size} values were kept")}
    return seen | _facts_of_draws(kept, p)


def _facts_of_draws(kept, p):
    """Return the facts of the masks alone: what is shared, how many are kept, and the rate."""
    axes = range(kept.ndim)
    same = {a for a in axes if kept.shape[a] > 1 and (kept == kept.take([0], a)).all()}
    shared = tuple(sorted({AXES[min(a, 3)] for a in same}))
    drawn = kept[tuple(slice(0, 1) if a in same else slice(None) for a in axes)]
    totals = kept.reshape(len(kept), -1).sum(axis=1)
    fixed = "call" not in shared and drawn[0].size > 1 and len(set(totals)) == 1
    count, n = int(drawn.sum()), drawn.size
    rates = _names({name: agrees(count, n, v) for name, v in _rates(p).items()})
    return {
        "shared": (shared, f"the mask is the same along: {', '.join(shared) or 'nothing'}"),
        "count": (
            "fixed" if fixed else "free",
            f"a call keeps {totals.min()} to {totals.max()} of {kept[0].size} values",
        ),
        "dependent": ((), None) if fixed else _dependent(drawn),
        "rate": (
            rates,
            f"{count} of {n} independent draws were kept, a share of {count / n:.4f}: chance alone "
            f"{'explains' if agrees(count, n, 1 - p) else 'does not explain'} the distance from "
            f"q = {1 - p:.4g} (false alarms: one in {1e-6 / ALPHA:.0f} million at most)",
        ),
    }


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


def _noise(factors, p):
    """Return the kind of a noise that drops nothing, and the evidence.

    The kind is "gaussian" if the factors have mean 1 and variance p/q, else "noise" if none is
    negative, else "other".
    """
    n, variance = factors.size, p / (1 - p)
    mean = factors.mean(dtype=float)
    ratio = ((factors - 1) ** 2).mean(dtype=float) / variance
    evidence = f"no value is dropped; mean factor {mean:.4f}, variance {ratio:.3f} p/q"
    right = n * (mean - 1) ** 2 / (2 * variance) <= LIMIT
    right = right and n / 2 * (ratio - 1 - math.log(ratio)) <= LIMIT  # Chernoff for chi-squared
    if right:
        return "gaussian", evidence
    return "noise" if factors.min() >= 0 else "other", evidence


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
    return "other mask"
