"""Submissions to assignment 2 whose points are known: {old: new} on the code of source.ipynb.

Each ``old`` occurs once in it, on one line. ``expected``: the points of q1 to q6. A slip that a
public check names costs that check alone, here as in the rest of the assignment.
"""

ONE = "    return softmax(hidden_units(x, w1, b1) @ ((1 - p) * w2) + b2)"
MASKS = "    return (np.arange(2**n)[:, None] >> np.arange(n)) % 2 == 1"
CHANCES = "    return np.where(masks, 1 - p, p).prod(axis=1)"
ALL_KEPT = "    kept = hidden_units(x, w1, b1) * masks[:, None, :]"
AVERAGE = "    return np.tensordot(mask_probabilities(masks, p), softmax(kept @ w2 + b2), 1)"
DRAWN = "    masks = rng.random((k, len(b1))) < 1 - p"
PROBS = "    probs = softmax((hidden_units(x, w1, b1) * masks[:, None, :]) @ w2 + b2)"
MEAN = "    return probs.mean(axis=0), probs.std(axis=0, ddof=1) / np.sqrt(k)"
PRODUCT = "    product = np.exp(np.tensordot(weights, np.log(probs), 1))"
NORMAL = "    return product / product.sum(axis=-1, keepdims=True)"
FOUND = "    found = None"
WORSE = "        if error > one + within:"

# Parts of answers
TWICE = "return softmax(q * hidden_units(x, q * w1, b1) @ w2 + b2)"
ERROR = "probs.std(axis=0, ddof=1) / np.sqrt(k)"
FOUND_PLACE = (
    "    bad = np.flatnonzero(np.asarray(errors) > one + within)\n"
    "    first = int(bad[-1]) + 1 if len(bad) else 0\n"
    "    return first if first < len(counts) else None\n"
)

FULL = {"q1": 3, "q2": 3, "q3": 3, "q4": 3, "q5": 2, "q6": 2}


def _wrong(name, old, new, **points):
    return name, {old: new}, FULL | points


def _mean(new):
    return f"    return {new}"


BANK = [
    ("reference", {}, FULL),
    # --- wrong -----------------------------------------------------------------------------------
    _wrong("scaled by p", ONE, ONE.replace("(1 - p)", "p"), q1=1),
    _wrong("not scaled", ONE, ONE.replace("((1 - p) * w2)", "w2"), q1=1),
    _wrong("divided by q", ONE, ONE.replace("(1 - p) * w2", "w2 / (1 - p)"), q1=1),
    _wrong("bias scaled", ONE, ONE.replace("+ b2", "+ (1 - p) * b2"), q1=2),
    _wrong(
        "first layer scaled without its bias",
        ONE,
        "    return softmax(hidden_units(x, (1 - p) * w1, b1) @ w2 + b2)",
        q1=1,
    ),
    _wrong("logits", ONE, ONE.replace("softmax(", "("), q1=1),
    _wrong(
        "probabilities scaled",
        ONE,
        "    return (1 - p) * softmax(hidden_units(x, w1, b1) @ w2 + b2)",
        q1=1,
    ),
    _wrong(
        "weights changed in place",
        ONE,
        "    w2 *= 1 - p\n    return softmax(hidden_units(x, w1, b1) @ w2 + b2)",
        q1=2,
    ),
    _wrong("masks of integers", MASKS, MASKS.replace(" == 1", ""), q2=2),
    _wrong("a mask is missing", MASKS, MASKS.replace("arange(2**n)", "arange(1, 2**n)"), q2=2),
    _wrong(
        "masks transposed",
        MASKS,
        "    return (np.arange(2**n) >> np.arange(n)[:, None]) % 2 == 1",
        q2=2,
    ),
    _wrong(
        "masks drawn", MASKS, "    return np.random.default_rng().random((2**n, n)) < 0.5", q2=2
    ),
    _wrong("p for q in the mask", CHANCES, CHANCES.replace("1 - p, p", "p, 1 - p"), q2=2),
    _wrong(
        "masks all alike", CHANCES, "    return np.full(len(masks), 0.5 ** masks.shape[1])", q2=2
    ),
    _wrong("only the kept count", CHANCES, CHANCES.replace("1 - p, p", "1 - p, 1.0"), q2=2),
    _wrong("probabilities added", CHANCES, CHANCES.replace("prod", "sum"), q2=2),
    _wrong(
        "binomial probability",
        CHANCES,
        "    from math import comb\n"
        "    n = masks.shape[1]\n"
        "    return np.array([comb(n, k) * (1 - p) ** k * p ** (n - k) for k in masks.sum(1)])",
        q2=2,
    ),
    _wrong(
        "probabilities made to add up",
        CHANCES,
        "    found = np.where(masks, 1 - p, p).prod(axis=1)\n    return found / found.sum()",
        q2=2,
    ),
    _wrong(
        "no weights in the average",
        AVERAGE,
        "    return softmax(kept @ w2 + b2).mean(axis=0)",
        q3=1,
    ),
    _wrong(
        "average of logits",
        AVERAGE,
        "    return softmax(np.tensordot(mask_probabilities(masks, p), kept @ w2 + b2, 1))",
        q3=1,
    ),
    _wrong("p for q in the average", AVERAGE, AVERAGE.replace("masks, p", "masks, 1 - p"), q3=1),
    _wrong("the sum of all", AVERAGE, "    return softmax(kept @ w2 + b2).sum(axis=0)", q3=1),
    _wrong(
        "average of scaled thinned networks",
        AVERAGE,
        AVERAGE.replace("kept @ w2", "kept @ ((1 - p) * w2)"),
        q3=1,
    ),
    _wrong("average of inverted dropout", ALL_KEPT, ALL_KEPT + " / (1 - p)", q3=1),
    _wrong("the notebook's p", AVERAGE, AVERAGE.replace("masks, p", "masks, P"), q3=1),
    _wrong("standard deviation", MEAN, MEAN.replace(" / np.sqrt(k)", ""), q4=2),
    _wrong("ddof 0", MEAN, MEAN.replace("ddof=1", "ddof=0"), q4=2),
    _wrong(
        "standard deviation with ddof 0", MEAN, _mean("probs.mean(axis=0), probs.std(axis=0)"), q4=2
    ),
    _wrong("divided by k", MEAN, MEAN.replace("np.sqrt(k)", "k"), q4=2),
    _wrong(
        "variance of the mean", MEAN, MEAN.replace("std", "var").replace("np.sqrt(k)", "k"), q4=2
    ),
    _wrong(
        "error of a share",
        MEAN,
        "    mean = probs.mean(axis=0)\n    return mean, np.sqrt(mean * (1 - mean) / k)",
        q4=2,
    ),
    _wrong(
        "error over rows",
        MEAN,
        _mean("probs.mean(axis=0), probs.std(axis=1, ddof=1) / np.sqrt(k)"),
        q4=2,
    ),
    _wrong("only the mean", MEAN, _mean("probs.mean(axis=0)"), q4=2),
    _wrong(
        "Monte Carlo of logits",
        MEAN,
        "    logits = (hidden_units(x, w1, b1) * masks[:, None, :]) @ w2 + b2\n"
        "    return softmax(logits.mean(axis=0)), probs.std(axis=0, ddof=1) / np.sqrt(k)",
        q4=2,
    ),
    _wrong("kept with p", DRAWN, DRAWN.replace("1 - p", "p"), q4=2),
    _wrong("Monte Carlo of inverted dropout", PROBS, PROBS.replace("w2", "w2 / (1 - p)"), q4=2),
    _wrong(
        "Monte Carlo of scaled thinned networks", PROBS, PROBS.replace("w2", "((1 - p) * w2)"), q4=2
    ),
    _wrong(
        "one mask for all",
        DRAWN,
        "    masks = (rng.random((1, len(b1))) < 1 - p).repeat(k, 0)",
        q4=2,
    ),
    _wrong("one decision for all units", DRAWN, DRAWN.replace("k, len(b1)", "k, 1"), q4=2),
    _wrong(
        "a generator of its own", DRAWN, DRAWN.replace("rng.", "np.random.default_rng()."), q4=2
    ),
    _wrong("a seed of its own", DRAWN, DRAWN.replace("rng.", "np.random.default_rng(7)."), q4=2),
    _wrong(
        "arithmetic for geometric", PRODUCT, "    product = np.tensordot(weights, probs, 1)", q5=1
    ),
    _wrong("not normalised", NORMAL, "    return product", q5=1),
    _wrong(
        "no weights in the product",
        PRODUCT,
        "    product = np.exp(np.log(probs).mean(axis=0))",
        q5=1,
    ),
    _wrong("normalised over rows", NORMAL, NORMAL.replace("-1", "0"), q5=1),
    _wrong("no root", PRODUCT, "    product = probs.prod(axis=0)", q5=1),
    _wrong("logarithms returned", NORMAL, "    return np.log(product)", q5=1),
    _wrong(
        "the first lucky count",
        FOUND,
        "    return next((int(k) for k, e in zip(counts, errors) if e <= one + within), None)",
        q6=1,
    ),
    _wrong("better is not as good", WORSE, "        if abs(error - one) > within:", q6=1),
    _wrong("no tolerance", WORSE, "        if error > one:", q6=1),
    _wrong("no ties", WORSE, "        if error >= one + within:", q6=1),
    _wrong("never met", FOUND, "    return None", q6=0),
    _wrong(
        "the last count for none",
        FOUND,
        "    found = int(counts[-1])",
        q6=1,
    ),
    _wrong("the notebook's p in the weights", ONE, ONE.replace("(1 - p)", "(1 - P)"), q1=1),
    _wrong("scaled before the ReLU, and after", ONE, "    q = 1 - p\n    " + TWICE, q1=1),
    _wrong(
        "bias scaled, weights changed in place",
        ONE,
        "    w2 *= 1 - p\n    return softmax(hidden_units(x, w1, b1) @ w2 + (1 - p) * b2)",
        q1=1,
    ),
    _wrong("lists of probabilities", ONE, ONE + ".tolist()", q1=1),
    _wrong("a list of masks", MASKS, "    return [list(m) for m in np.ndindex(*(2,) * n)]", q2=2),
    _wrong("no class axis", ONE, ONE + ".ravel()", q1=0),
    _wrong("nan at p = 1", AVERAGE, AVERAGE + " * (1 - p) / (1 - p)", q3=2),
    _wrong("one in so many", CHANCES, "    return np.full(len(masks), 1 / len(masks))", q2=2),
    _wrong(
        "weights right for all masks only",
        CHANCES,
        CHANCES.replace("masks,", "all_masks(masks.shape[1]),"),
        q2=1,  # in an order of its own, which is no slip with a name
    ),
    _wrong("the mean divided by k - 1", MEAN, _mean("probs.sum(0) / (k - 1), " + ERROR), q4=2),
    _wrong("the networks added up", MEAN, _mean("probs.sum(0), " + ERROR), q4=2),
    _wrong("no error at all", MEAN, _mean("probs.mean(0), np.zeros(probs[0].shape)"), q4=2),
    _wrong(
        "one network too many, and the mean of them",
        DRAWN,
        DRAWN.replace("(k,", "(k + 1,"),
        q4=1,  # what is not a mean of k networks has no error of such a mean
    ),
    _wrong(
        "variance from the squares, below 0 by rounding",
        MEAN,
        "    spread = (probs**2).mean(0) - probs.mean(0) ** 2\n"
        "    return probs.mean(0), np.sqrt(spread / (k - 1))",
        q4=2,
    ),
    _wrong(
        "the same number kept each time",
        DRAWN,
        "    kept = round((1 - p) * len(b1))\n"
        "    masks = rng.random((k, len(b1))).argsort(1).argsort(1) < kept",
        q4=2,  # of one unit always the same: told so, and then of two no more is asked
    ),
    _wrong("a place for a count", FOUND, FOUND_PLACE, q6=1),
    _wrong(
        "an error for a count", FOUND, FOUND_PLACE.replace("first if", "errors[first] if"), q6=1
    ),
    (
        "nothing written yet",
        dict.fromkeys((ONE, MASKS, CHANCES, AVERAGE, MEAN, PRODUCT, FOUND), "    return"),
        dict.fromkeys(FULL, 0),
    ),
    # --- right, in other words -------------------------------------------------------------------
    (
        "loops",
        {
            ONE: "    rows = []\n"
            "    for row in x:\n"
            "        logits = [float(b) for b in b2]\n"
            "        for j in range(len(b1)):\n"
            "            z = b1[j] + sum(row[i] * w1[i, j] for i in range(len(row)))\n"
            "            for c in range(len(b2)):\n"
            "                logits[c] += max(z, 0.0) * w2[j, c] * (1 - p)\n"
            "        e = [np.exp(v) for v in logits]\n"
            "        rows.append([v / sum(e) for v in e])\n"
            "    return np.array(rows)",
            MASKS: "    import itertools\n"
            "    return np.array(list(itertools.product([True, False], repeat=n)))",
            CHANCES: "    out = []\n"
            "    for mask in masks:\n"
            "        chance = 1.0\n"
            "        for kept in mask:\n"
            "            chance *= (1 - p) if kept else p\n"
            "        out.append(chance)\n"
            "    return np.array(out)",
            ALL_KEPT: "    total = 0\n"
            "    for mask, chance in zip(masks, mask_probabilities(masks, p)):\n"
            "        total = total + chance * softmax((hidden_units(x, w1, b1) * mask) @ w2 + b2)\n"
            "    return total\n",
            DRAWN: "    s = s2 = 0\n"
            "    for _ in range(k):\n"
            "        keep = np.array([rng.random() >= p for _ in b1])\n"
            "        out = softmax((hidden_units(x, w1, b1) * keep) @ w2 + b2)\n"
            "        s, s2 = s + out, s2 + out**2\n"
            "    var = np.maximum(0, s2 - s**2 / k) / (k - 1)\n"
            "    return s / k, (var / k) ** 0.5\n",
            PRODUCT: "    product = np.ones(probs.shape[1:])\n"
            "    for one, weight in zip(probs, weights):\n"
            "        product = product * one**weight",
            FOUND: "    for i in range(len(counts)):\n"
            "        if all(errors[j] <= one + within for j in range(i, len(counts))):\n"
            "            return counts[i]\n"
            "    return None\n",
        },
        FULL,
    ),
    (
        "einsum, logarithms, the first layer scaled with its bias",
        {
            # q >= 0 goes through a ReLU.
            ONE: "    q = 1 - p\n"
            "    return softmax(np.maximum(0, x @ (q * w1) + q * b1) @ w2 + b2)",
            MASKS: "    return np.stack(np.meshgrid(*[[True, False]] * n), -1).reshape(-1, n)",
            CHANCES: "    with np.errstate(divide='ignore'):\n"
            "        return np.exp(np.log(np.where(masks, 1 - p, p)).sum(axis=1))",
            AVERAGE: "    probs = softmax(np.einsum('mrn,nc->mrc', kept, w2) + b2)\n"
            "    return np.einsum('m,mrc->rc', mask_probabilities(masks, p), probs)",
            DRAWN: "    masks = rng.binomial(1, 1 - p, (len(b1), k)).T.astype(np.float32)",
            MEAN: "    mean = sum(probs) / k\n"
            "    return mean, np.sqrt(((probs - mean) ** 2).sum(0) / k / (k - 1))",
            NORMAL: "    logs = np.einsum('m,mrc->rc', weights, np.log2(probs))\n"
            "    return softmax(logs * np.log(2))",
            FOUND: "    bad = np.flatnonzero(np.asarray(errors) > one + within)\n"
            "    first = bad[-1] + 1 if len(bad) else 0\n"
            "    return counts[first] if first < len(counts) else None\n",
        },
        FULL,
    ),
    (
        "recursion, and a mask for each row",
        {
            MASKS: "    if n == 0:\n"
            "        return np.zeros((1, 0), dtype=bool)\n"
            "    less = all_masks(n - 1)\n"
            "    column = np.ones((len(less), 1), dtype=bool)\n"
            "    return np.vstack([np.hstack([column, less]), np.hstack([~column, less])])",
            CHANCES: "    kept = masks.sum(axis=1)\n"
            "    return (1 - p) ** kept * p ** (masks.shape[1] - kept)",
            ALL_KEPT: "    def average(h, i):\n"
            "        if i == len(b1):\n"
            "            return softmax(h @ w2 + b2)\n"
            "        off = h.copy()\n"
            "        off[:, i] = 0\n"
            "        return (1 - p) * average(h, i + 1) + p * average(off, i + 1)\n"
            "\n"
            "    return average(hidden_units(x, w1, b1), 0)\n",
            PROBS: "    masks = rng.random((k, len(x), len(b1))) >= p\n"
            "    probs = softmax((hidden_units(x, w1, b1)[None] * masks) @ w2 + b2)",
            MEAN: _mean("probs.mean(axis=0), np.sqrt(probs.var(axis=0) / (k - 1))"),
            PRODUCT: "    product = np.prod(probs ** weights[:, None, None], axis=0)",
        },
        FULL,
    ),
    (
        "a softmax of its own, digits for masks, choices for draws",
        {
            ONE: "    g = lambda z: np.exp(z) / np.exp(z).sum(1)[:, None]\n"
            "    return g((x @ w1 + b1).clip(min=0) * (1 - p) @ w2 + b2)",
            MASKS: "    digits = [f'{i:b}'.zfill(n) for i in range(2**n)]\n"
            "    return np.array([[c == '1' for c in row] for row in digits])",
            DRAWN: "    both = [False, True]\n"
            "    masks = np.array([rng.choice(both, len(b1), p=[p, 1 - p]) for _ in range(k)])",
        },
        FULL,
    ),
    (
        "masks drawn from the list of all, both results in one array, errors from behind",
        {
            DRAWN: "    every = all_masks(len(b1))\n"
            "    chances = mask_probabilities(every, p)\n"
            "    masks = every[rng.choice(len(every), k, p=chances)]",
            MEAN: "    return np.stack([probs.mean(0), probs.std(0, ddof=1) / k**0.5])",
            PRODUCT: "    return softmax(np.tensordot(weights, np.log(probs), 1))",
            FOUND: "    worst = np.maximum.accumulate(errors[::-1])[::-1]\n"
            "    good = counts[worst <= one + within]\n"
            "    return good[:1].item() if good.size else None\n",
        },
        FULL,
    ),
    (
        "single precision, a list of two results, the error as a share of the spread",
        {
            ONE: "    q, b2 = np.float32(1 - p), b2.astype(np.float32)\n"
            "    hidden = hidden_units(x, w1, b1).astype(np.float32)\n"
            "    return softmax(hidden @ (w2.astype(np.float32) * q) + b2)",
            PROBS: PROBS + "\n    probs = probs.astype(np.float32)",
            MEAN: "    return [probs.mean(0), np.sqrt(np.var(probs, 0, ddof=1) / k)]",
        },
        FULL,
    ),
]
