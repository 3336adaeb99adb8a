"""Submissions for assignment 1 whose points are known: the misconceptions, and unusual right ones.

Each is (name, {old: new} on the solution's code, points of q1 … q6).
"""

KEEP = "rng.random(shape) < 1 - p"
SCALE = "1 / (1 - p), 0"
TRAIN = """\
    mask = keep_mask(x.shape, p, rng)
    factor = np.where(mask, 1 / (1 - p), 0) if p < 1 else np.zeros(x.shape)
    factor = factor.astype(x.dtype)
    return x * factor, factor
"""
DRAW = "mask = keep_mask(x.shape, p, "
EVAL = "    return x\n"
BACK = "grad * cache"
TWO_SIDED = """\
        x[index] = before + h
        above = f(x)
        x[index] = before - h
        below = f(x)
        x[index] = before
        gradient[index] = (above - below) / (2 * h)
"""
PUT_BACK = "        x[index] = before\n"
NUMERICAL = f"""\
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        before = x[index]
{TWO_SIDED}    return gradient
"""
STANDARD = "np.where(keep_mask(x.shape, p, rng), x, 0.0)"
STANDARD_EVAL = "(1 - p) * x"
OWN_MASK = "rng.random(x.shape) < 1 - p"  # of the function's own


def lines(*code):
    return "".join(f"    {line}\n" for line in code)


WRONG = [
    # q1
    ("keeps with p", {KEEP: "rng.random(shape) < p"}, (2, 4, 1, 3, 3, 2)),
    ("keeps all", {KEEP: "np.ones(shape, bool)"}, (0, 4, 1, 3, 3, 2)),
    ("mask of integers", {KEEP: "(rng.random(shape) < 1 - p).astype(int)"}, (2, 4, 1, 3, 3, 2)),
    (
        "mask shared by rows",
        {KEEP: "np.broadcast_to(rng.random(shape[-1:]) < 1 - p, shape)"},
        (2, 4, 1, 3, 3, 2),
    ),
    (
        "exact number dropped",
        {KEEP: "(rng.permutation(int(np.prod(shape))) >= p * np.prod(shape)).reshape(shape)"},
        (2, 4, 1, 3, 3, 2),
    ),
    ("frozen seed", {KEEP: "np.random.default_rng(0).random(shape) < 1 - p"}, (2, 4, 1, 3, 3, 2)),
    ("global generator", {KEEP: "np.random.random(shape) < 1 - p"}, (2, 4, 1, 3, 3, 2)),
    ("own generator", {KEEP: "np.random.default_rng().random(shape) < 1 - p"}, (2, 4, 1, 3, 3, 2)),
    ("<= keeps at p = 1", {KEEP: "np.round(rng.random(shape), 2) <= 1 - p"}, (2, 4, 1, 3, 3, 2)),
    ("one-dimensional mask", {KEEP: "rng.random(shape[0]) < 1 - p"}, (0, 4, 1, 3, 3, 2)),
    ("keeps 0.8 at every p", {KEEP: "rng.random(shape) < 0.8"}, (2, 4, 1, 3, 3, 2)),
    # q2
    ("divides by p", {SCALE: "1 / p, 0"}, (3, 2, 1, 3, 3, 2)),
    ("no scale", {SCALE: "1, 0"}, (3, 2, 1, 3, 3, 2)),
    ("multiplies by q", {SCALE: "1 - p, 0"}, (3, 2, 1, 3, 3, 2)),
    ("multiplies by p", {SCALE: "p, 0"}, (3, 2, 1, 3, 3, 2)),
    ("scales twice", {SCALE: "1 / (1 - p) ** 2, 0"}, (3, 2, 1, 3, 3, 2)),
    ("1 / sqrt(q)", {SCALE: "1 / np.sqrt(1 - p), 0"}, (3, 2, 1, 3, 3, 2)),
    ("scales by the share that was kept", {SCALE: "1 / mask.mean(), 0"}, (3, 2, 1, 3, 3, 2)),
    ("scale of p = 0.2 for every p", {SCALE: "1.25, 0"}, (3, 3, 1, 3, 3, 2)),
    ("keeps what the mask drops", {SCALE: "0, 1 / (1 - p)"}, (3, 3, 1, 3, 3, 2)),
    (
        "own mask shared by rows",
        {"keep_mask(x.shape, p, rng)\n    factor": "rng.random(x.shape[-1]) < 1 - p\n    factor"},
        (3, 3, 1, 3, 3, 2),
    ),
    ("identity", {TRAIN: lines("return x, np.ones_like(x)")}, (3, 0, 1, 3, 3, 2)),
    ("zero", {TRAIN: lines("return 0 * x, 0 * x")}, (3, 0, 1, 3, 3, 2)),
    ("no cache", {"x * factor, factor": "x * factor"}, (3, 3, 1, 0, 3, 2)),
    ("writes into x", {"return x * factor,": "x *= factor\n    return x,"}, (3, 3, 1, 3, 3, 2)),
    (
        "nan at p = 1",
        {" if p < 1 else np.zeros(x.shape)": "", SCALE: "1, 0) / np.float64(1 - p"},
        (3, 3, 1, 3, 3, 2),
    ),
    ("error at p = 1", {" if p < 1 else np.zeros(x.shape)": ""}, (3, 3, 1, 3, 3, 2)),
    (
        "the same mask at each step",
        {f"{DRAW}rng)": f"{DRAW}np.random.default_rng(0))"},
        (3, 3, 1, 3, 3, 2),
    ),
    (
        "training draws from another generator",
        {f"{DRAW}rng)": f"{DRAW}np.random.default_rng())"},
        (3, 3, 1, 3, 3, 2),
    ),
    ("returns three things", {"x * factor, factor": "x * factor, factor, p"}, (3, 3, 1, 3, 3, 2)),
    # q3
    ("evaluation by q", {EVAL: lines("return (1 - p) * x")}, (3, 4, 0, 3, 3, 2)),
    ("evaluation by 1 / q", {EVAL: lines("return x / (1 - p)")}, (3, 4, 0, 3, 3, 2)),
    ("evaluation by p", {EVAL: lines("return p * x")}, (3, 4, 0, 3, 3, 2)),
    (
        "evaluation drops",
        {EVAL: lines("return inverted_train(x, p, np.random.default_rng())[0]")},
        (3, 4, 0, 3, 3, 2),
    ),
    ("no evaluation", {"def inverted_eval": "def eval_of_inverted"}, (3, 4, 0, 3, 3, 2)),
    ("evaluation returns None", {EVAL: lines("x")}, (3, 4, 0, 3, 3, 2)),
    # q4
    ("gradient unchanged", {BACK: "grad"}, (3, 4, 1, 0, 3, 2)),
    ("backward without mask", {BACK: "grad * cache.max()"}, (3, 4, 1, 1, 3, 2)),
    ("backward without scale", {BACK: "grad * (cache != 0)"}, (3, 4, 1, 1, 3, 2)),
    ("backward divides", {BACK: "grad * (cache != 0) / cache.max()"}, (3, 4, 1, 1, 3, 2)),
    ("backward scales twice", {BACK: "grad * cache**2"}, (3, 4, 1, 1, 3, 2)),
    (
        "backward with a new mask",
        {BACK: "grad * np.random.default_rng().permutation(cache.ravel()).reshape(cache.shape)"},
        (3, 4, 1, 1, 3, 2),
    ),
    (
        "backward with the last mask",
        {
            "return x * factor, factor": "global last\n    last = factor\n    return x * factor, 0",
            BACK: "grad * last",
        },
        (3, 4, 1, 2, 3, 2),
    ),
    (
        "backward with the scale of p = 0.2 for every p",
        {BACK: "grad * (cache != 0) * 1.25"},
        (3, 4, 1, 2, 3, 2),
    ),
    ("gradient of zeros", {BACK: "0 * grad"}, (3, 4, 1, 0, 3, 2)),
    # q5
    (
        "one-sided difference",
        {"(above - below) / (2 * h)": "(above - f(x)) / h"},
        (3, 4, 1, 3, 1, 2),
    ),
    ("divides by h", {"/ (2 * h)": "/ h"}, (3, 4, 1, 3, 1, 2)),
    ("step too large", {"h=1e-5": "h=1e-2"}, (3, 4, 1, 3, 1, 2)),
    ("x not put back", {PUT_BACK: ""}, (3, 4, 1, 3, 2, 2)),
    (
        "x put back to rounding",
        {"x[index] = before - h": "x[index] -= 2 * h", PUT_BACK: "        x[index] += h\n"},
        (3, 4, 1, 3, 2, 2),
    ),
    (
        "all entries at once",
        {NUMERICAL: lines("return (f(x + h) - f(x - h)) / (2 * h)")},
        (3, 4, 1, 3, 0, 2),
    ),
    ("zeros for a gradient", {NUMERICAL: lines("return 0 * x")}, (3, 4, 1, 3, 0, 2)),
    ("a row for the gradient", {"return gradient": "return gradient.ravel()"}, (3, 4, 1, 3, 1, 2)),
    ("syntax error", {"below = f(x)": "below = f(x"}, (3, 4, 1, 3, 0, 2)),
    # q6
    ("standard evaluation by p", {STANDARD_EVAL: "p * x"}, (3, 4, 1, 3, 3, 1)),
    ("standard evaluation unscaled", {STANDARD_EVAL: "x"}, (3, 4, 1, 3, 3, 1)),
    ("standard evaluation by 1 / q", {STANDARD_EVAL: "x / (1 - p)"}, (3, 4, 1, 3, 3, 1)),
    ("standard training scaled", {STANDARD: f"{STANDARD} / (1 - p)"}, (3, 4, 1, 3, 3, 1)),
    (
        "standard training, shared by rows",
        {STANDARD: "np.where(rng.random(x.shape[-1]) < 1 - p, x, 0.0)"},
        (3, 4, 1, 3, 3, 1),
    ),
    ("standard evaluation by 0.8 at every p", {STANDARD_EVAL: "0.8 * x"}, (3, 4, 1, 3, 3, 1)),
    (
        "standard training keeps with p",
        {STANDARD: "np.where(rng.random(x.shape) < p, x, 0.0)"},
        (3, 4, 1, 3, 3, 1),
    ),
    (
        "standard training from an inverted one that scales by the share that was kept",
        {SCALE: "1 / mask.mean(), 0", STANDARD: "inverted_train(x, p, rng)[0] * (1 - p)"},
        (3, 2, 1, 3, 3, 2),
    ),
    (
        "standard training from an inverted one that does not scale",
        {SCALE: "1, 0", STANDARD: "inverted_train(x, p, rng)[0] * (1 - p)"},
        (3, 2, 1, 3, 3, 2),
    ),
    # together
    (
        "True is dropped, throughout",
        {
            KEEP: "rng.random(shape) < p",
            TRAIN: lines(
                "drop = keep_mask(x.shape, p, rng)",
                "out = x.copy()",
                "out[drop] = 0",
                "return out / (1 - p or 1), (drop, 1 - p)",
            ),
            BACK: "np.where(cache[0], 0, grad / cache[1])",
            f"    return {STANDARD}\n": lines(
                "out = x.copy()", "out[keep_mask(x.shape, p, rng)] = 0", "return out"
            ),
        },
        (2, 4, 1, 3, 3, 2),
    ),
    (
        "True is dropped, in the mask and in inverted training",
        {KEEP: "rng.random(shape) < p", SCALE: "0, 1 / (1 - p)"},
        (2, 4, 1, 3, 3, 2),
    ),
    (
        "the mask holds the scale",
        {
            KEEP: "(rng.random(shape) < 1 - p) / (1 - p)",
            TRAIN: lines("m = keep_mask(x.shape, p, rng)", "return x * m, m"),
        },
        (1, 4, 1, 3, 3, 2),  # no booleans, and nan at p = 1
    ),
    (
        "keeps with p and divides by p",
        {KEEP: "rng.random(shape) < p", SCALE: "1 / p, 0"},
        (2, 4, 1, 3, 3, 2),  # one slip
    ),
    (
        "the paper's p throughout",
        {KEEP: "rng.random(shape) < p", SCALE: "1 / p, 0", STANDARD_EVAL: "p * x"},
        (2, 4, 1, 3, 3, 2),
    ),
    (
        "the two kinds swapped",
        {
            SCALE: "1, 0",
            EVAL: lines("return (1 - p) * x"),
            STANDARD: f"{STANDARD} / (1 - p)",
            STANDARD_EVAL: "x",
        },
        (3, 2, 0, 3, 3, 0),
    ),
    (
        "scales in training and at evaluation",
        {EVAL: lines("return x * (1 - p)"), STANDARD_EVAL: "x"},
        (3, 4, 0, 3, 3, 1),
    ),
    (
        "wrong everywhere",
        {
            KEEP: "rng.random(shape) < p",
            SCALE: "p, 0",
            EVAL: lines("return (1 - p) * x"),
            BACK: "grad",
            "(2 * h)": "h",
            STANDARD_EVAL: "p * x",
        },
        (2, 2, 0, 0, 1, 2),
    ),
]

FULL = (3, 4, 1, 3, 3, 2)
RIGHT = [
    (
        "standard training from inverted training",
        {STANDARD: "inverted_train(x, p, rng)[0] * (1 - p)"},
        FULL,
    ),
    ("binomial", {KEEP: "rng.binomial(1, 1 - p, shape).astype(bool)"}, FULL),
    ("choice", {KEEP: "rng.choice([False, True], size=shape, p=[p, 1 - p])"}, FULL),
    ("uniform, turned round", {KEEP: "~(rng.uniform(0, 1, size=shape) < p)"}, FULL),
    ("single precision draws", {KEEP: "rng.random(shape, dtype=np.float32) < 1 - p"}, FULL),
    ("integers", {KEEP: "rng.integers(0, 2**32, shape) >= p * 2**32"}, FULL),
    (
        "loop over elements",
        {
            KEEP: "np.array([rng.random() >= p for _ in range(np.prod(shape))]).reshape(shape)",
            TRAIN: lines(
                "mask = keep_mask(x.shape, p, rng)",
                "y = x.copy()",
                "for i in np.ndindex(x.shape):",
                "    y[i] = x[i] / (1 - p) if mask[i] else 0",
                "return y, (mask, p)",
            ),
            BACK: (
                "np.array([[g * m / (1 - cache[1]) for g, m in zip(*rows)]"
                " for rows in zip(grad, cache[0])])"
            ),
        },
        FULL,
    ),
    (
        "floats as mask, division, a dict as cache",
        {
            TRAIN: lines(
                "mask = keep_mask(x.shape, p, rng).astype(float)",
                "return x * mask / max(1 - p, 1e-12), {'mask': mask, 'p': p, 1: None}",
            ),
            BACK: "cache['mask'] * grad / (1 - cache['p'])",
        },
        FULL,
    ),
    (
        "an object as cache, np.where",
        {
            TRAIN: lines(
                "class Cache:",
                "    kept, q = keep_mask(x.shape, p, rng), 1 - p",
                "return np.where(Cache.kept, x / (1 - p or 1), 0), Cache",
            ),
            BACK: "np.where(cache.kept, grad / cache.q, 0)",
        },
        FULL,
    ),
    (
        "a named tuple returned",
        {
            "import numpy as np": (
                "import numpy as np\nfrom collections import namedtuple\n"
                "Out = namedtuple('Out', 'y cache')"
            ),
            "x * factor, factor": "Out(x * factor, [factor])",
            BACK: "grad * cache[0]",
        },
        FULL,
    ),
    (
        "a cache that holds itself",
        {
            "x * factor, factor": "x * factor, (c := [factor], c.append(c))[0]",
            BACK: "grad * cache[0]",
        },
        FULL,
    ),
    (
        "a function as cache",
        {"factor, factor": "factor, lambda g: g * factor", BACK: "cache(grad)"},
        FULL,
    ),
    ("the scale in single precision", {SCALE: "np.float32(1 / (1 - p)), 0"}, FULL),
    (
        "a masked array, filled",
        {
            TRAIN: lines(
                "mask = keep_mask(p=p, shape=x.shape, rng=rng)",
                "y = np.ma.array(x, mask=~mask).filled(0)",
                "y /= (1 - p) or 1",
                "return y, (mask, 1 - p)",
            ),
            BACK: "np.ma.array(grad, mask=~cache[0]).filled(0) / cache[1]",
        },
        FULL,
    ),
    (
        "backward draws the mask again, from the generator's state",
        {
            TRAIN: lines(
                "state = rng.bit_generator.state",
                "mask = keep_mask(x.shape, p, rng)",
                "return np.where(mask, x / (1 - p or 1), 0), (state, p)",
            ),
            f"    return {BACK}\n": lines(
                "state, p = cache",
                "rng = np.random.default_rng()",
                "rng.bit_generator.state = state",
                "return np.where(keep_mask(grad.shape, p, rng), grad / (1 - p or 1), 0)",
            ),
        },
        FULL,
    ),
    (
        "differences of four points",
        {
            NUMERICAL: lines(
                "def slope(e):",
                "    near, far = f(x + e) - f(x - e), f(x + 2 * e) - f(x - 2 * e)",
                "    return (8 * near - far) / (12 * h)",
                "unit = np.eye(x.size).reshape(-1, *x.shape)",
                "return np.reshape([slope(h * one) for one in unit], x.shape)",
            )
        },
        FULL,
    ),
    ("a list returned", {"x * factor, factor": "[x * factor, factor]"}, FULL),
    ("double precision out", {"    factor = factor.astype(x.dtype)\n": ""}, FULL),
    (
        "own mask, scale in the precision of x",
        {
            TRAIN: lines(
                f"mask = {OWN_MASK}",
                "if p == 1:",
                "    return np.zeros_like(x), mask",
                "return np.where(mask, x / x.dtype.type(1 - p), 0), mask / (1 - p)",
            )
        },
        FULL,
    ),
    (
        "a ratio as backward",
        {"x * factor, factor": "x * factor, (x, x * factor)", BACK: "grad * cache[1] / cache[0]"},
        FULL,
    ),
    ("a copy at evaluation", {EVAL: lines("return np.array(x, copy=True)")}, FULL),
    (
        "a mask with one more argument, which is used",
        {
            "def keep_mask(shape, p, rng)": "def keep_mask(shape, p, rng, dtype=bool)",
            f"return {KEEP}": f"return ({KEEP}).astype(dtype)",
            DRAW: f"{DRAW}dtype=float, rng=",
        },
        FULL,
    ),
    (
        "keyword and default arguments",
        {"def inverted_eval(x, p)": "def inverted_eval(x, p=0.5, *, _=None)"},
        FULL,
    ),
    (
        "finite differences with unit vectors",
        {
            NUMERICAL: lines(
                "e = np.eye(x.size).reshape(x.size, *x.shape) * h",
                "return np.array([(f(x + d) - f(x - d)) / (2 * h) for d in e]).reshape(x.shape)",
            )
        },
        FULL,
    ),
    (
        "standard, multiplied by the mask",
        {STANDARD: f"x * ({OWN_MASK})", STANDARD_EVAL: "x - p * x"},
        FULL,
    ),
    (
        "magics",
        {"import numpy as np": "%matplotlib inline\n!true\nimport numpy as np\nnp.mean?"},
        FULL,
    ),
    ("a timed cell", {"def keep_mask": "%%time\ndef keep_mask"}, FULL),
    ("a line that begins with %", {"return (1 - p) * x": "return ((1 - p) * x + (4\n% 2))"}, FULL),
]

BANK = WRONG + RIGHT
