"""What is asked of assignment 1, and the misconception that each wrong answer shows.

Each check takes ``student``, whose functions it calls, and ``rng``, to choose inputs. The public
ones are also put into the notebook, so they use nothing but NumPy and the names in this file.
Sampled statements are wrong once in 10^9 runs at most (Hoeffding); everything else is exact up to
rounding.
"""

import numpy as np

from dropout_grading.checks import Assignment, Wrong
from dropout_grading.wire import RNG, Source

ASSIGNMENT = Assignment(
    "inverted-dropout",
    manual={"q7": 4},
    given={"q1": {"keep_mask": "lambda shape, p, rng: rng.random(shape) < 1 - p"}},
)
ALARM = 1e-9


def seed(rng):
    """Return a generator for the student, as the marker sends it."""
    return RNG(int(rng.integers(2**31)))


def array_of(name, value, shape, kinds="f"):
    """Return the value if it is an array of this shape and kind; say what it is if not."""
    words = {"f": "floats", "b": "booleans (True = kept)", "biuf": "numbers"}
    if not isinstance(value, np.ndarray):
        raise Wrong(f"{name} should be a NumPy array, and is {type(value).__name__}")
    if value.shape != tuple(shape):
        raise Wrong(f"{name} should have shape {tuple(shape)}, and has {value.shape}")
    if value.dtype.kind not in kinds:
        raise Wrong(f"{name} should hold {words[kinds]}, and holds {value.dtype}")
    return value


def close(a, b, dtype=float):
    """Whether two arrays agree to the rounding of a few operations in ``dtype``."""
    most = 16 * np.finfo(dtype).eps * np.maximum(np.abs(a), np.abs(b))
    return bool(np.all(np.abs(a - b) <= most))


def mask_of(student, shape, p, generator):
    """Return what keep_mask keeps; that it should be booleans is asked once, by the first check."""
    mask = student.call("keep_mask", shape, p, generator).value
    return array_of("the mask", mask, shape, "biuf") != 0


def alone(kept):
    """Say so if rows, or columns, are dropped together; among 20 x 50, never by chance."""
    if (kept == kept[:1]).all() or (kept == kept[:, :1]).all():
        raise Wrong("all rows, or all columns, share one decision; each value has its own")


def kept_share(share, n, p, what):
    """Say what is wrong with a share of kept values among n, if it is not 1 - p."""
    reach = np.sqrt(np.log(2 / ALARM) / (2 * n))
    if abs(share - (1 - p)) <= reach:
        return
    if abs(share - p) <= reach:
        raise Wrong(
            f"{what} keeps a share of {share:.2f} at p = {p}: you keep with probability p. "
            "p is the probability of dropping, so keep with probability 1 - p"
        )
    if share in (0, 1):
        raise Wrong(f"{what} keeps {'nothing' if share == 0 else 'everything'} at p = {p}")
    raise Wrong(f"{what} keeps a share of {share:.2f} at p = {p}, and should keep {1 - p:.2f}")


def scale_of(kept, x, p, right):
    """Say what is wrong with the factor on the kept values, if it is not ``right``."""
    dtype = np.result_type(kept, x)
    factors = kept.astype(float) / x
    if close(factors, right, dtype):
        return
    if np.ptp(factors) > 1e-3 * abs(factors).max():
        raise Wrong("the kept values should all be multiplied by the same factor")
    q = 1 - p
    named = {
        1.0: "you do not scale: divide what you keep by the probability of keeping, 1 - p",
        1 / p: "you divide by p; divide by the probability of keeping, 1 - p",
        q: "you multiply by 1 - p; that is the paper's factor at test time. Divide by it instead",
        p: "you multiply by p; divide by the probability of keeping, 1 - p",
        1 / q**2: "you scale twice: once by 1 / (1 - p) is enough",
        q**-0.5: "1 / sqrt(1 - p) keeps the mean square, not the mean: divide by 1 - p",
        1 / q: "scaling belongs to the other kind of dropout: leave the kept values as they are",
    }
    for factor, message in named.items():
        if close(factors, factor, dtype) and not close(factor, right, dtype):
            raise Wrong(f"kept values are {factor:.4g} times what they were: {message}")
    raise Wrong(f"kept values are {factors.mean():.4g} times what they were, not {right:.4g}")


def inputs(rng, shape=(60, 50), dtype=float):
    """Return values of both signs, none of them near 0."""
    return (rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape)).astype(dtype)


def dropped(student, name, rng, p, shape=(60, 50), dtype=float):
    """Return x, what the student's function makes of it, and which values were kept."""
    x = inputs(rng, shape, dtype)
    result = student.call(name, x, p, seed(rng))
    y = result[0] if name == "inverted_train" else result
    y_value = array_of(f"the output of {name}", y.value, shape)
    return x, y_value, y_value != 0, result


# --- q1: the mask ------------------------------------------------------------------------------


@ASSIGNMENT.check("q1", 1)
def mask_is_boolean(student, rng):
    """keep_mask returns booleans of the shape that is asked for:"""
    for shape in ((4,), (3, 5), (2, 3, 4)):
        mask = student.call("keep_mask", shape, 0.2, seed(rng)).value
        array_of("the mask", mask, shape, "b")


@ASSIGNMENT.check("q1", 1)
def mask_keeps_with_q(student, rng):
    """keep_mask keeps with probability 1 - p:"""
    # One row: with many, a mask that the rows share would meet the bound now and then.
    mask = mask_of(student, (1, 10**5), 0.2, seed(rng))
    kept_share(mask.mean(), mask.size, 0.2, "keep_mask")


@ASSIGNMENT.check("q1", 1, hidden=True)
def mask_entries_are_independent(student, rng):
    """keep_mask decides for each entry by itself, at any p, from the generator that it is given:"""
    for p in (0.0, 1.0):
        # So many that a mask which errs once in 200 entries is missed once in 10^10 runs at most.
        mask = mask_of(student, (5000,), p, seed(rng))
        if mask.any() != (p == 0) or mask.all() != (p == 0):
            raise Wrong(f"at p = {p} keep_mask should keep {'all' if p == 0 else 'nothing'}")
    generator = seed(rng)
    one, two = (mask_of(student, (40, 50), 0.3, generator) for _ in range(2))
    if not np.array_equal(one, two):
        raise Wrong("the same generator twice gives two masks: draw from rng and nothing else")
    if np.array_equal(one, mask_of(student, (40, 50), 0.3, seed(rng))):
        raise Wrong("two generators give the same mask: draw from rng")
    counts = set()
    for _ in range(60):
        mask = mask_of(student, (20, 50), 0.3, seed(rng))
        counts.add(int(mask.sum()))
        alone(mask)
    if len(counts) == 1:
        raise Wrong("the number of kept units is the same each time; each unit should decide alone")


# --- q2: training ------------------------------------------------------------------------------


@ASSIGNMENT.check("q2", 1)
def train_keeps_with_q(student, rng):
    """inverted_train drops with probability p:"""
    _, y, kept, _ = dropped(student, "inverted_train", rng, 0.2, (1, 10**5))
    kept_share(kept.mean(), y.size, 0.2, "inverted_train")


@ASSIGNMENT.check("q2", 2)
def train_scales_by_1_over_q(student, rng):
    """inverted_train scales what it keeps:"""
    x, y, kept, _ = dropped(student, "inverted_train", rng, 0.2)
    if not kept.any():
        raise Wrong("nothing is kept at p = 0.2")
    scale_of(y[kept], x[kept], 0.2, 1 / 0.8)


@ASSIGNMENT.check("q2", 1, hidden=True)
def train_at_the_ends_and_in_place(student, rng):
    """inverted_train is right at the ends, in other precisions, and leaves its input alone:"""
    for p, dtype in ((0.7, np.float32), (0.35, float)):
        x, y, kept, _ = dropped(student, "inverted_train", rng, p, (1, 30_000), dtype)
        kept_share(kept.mean(), y.size, p, "inverted_train")
        scale_of(y[kept], x[kept], p, 1 / (1 - p))
    alone(dropped(student, "inverted_train", rng, 0.3, (20, 50))[2])
    x, y, kept, _ = dropped(student, "inverted_train", rng, 0.0)
    if not np.array_equal(x, y):
        raise Wrong("at p = 0 the output should be the input")
    _, y, kept, _ = dropped(student, "inverted_train", rng, 1.0)
    if kept.any():  # nan too, since nan != 0
        raise Wrong(
            "at p = 1 the output should be zeros, not nan: nothing is kept, so do not divide"
        )
    x = inputs(rng)
    given = student.put(x)
    student.call("inverted_train", given, 0.5, seed(rng))
    if not np.array_equal(student.get(given), x):
        raise Wrong("inverted_train changes its input: make a new array")


# --- q3: evaluation ----------------------------------------------------------------------------


@ASSIGNMENT.check("q3", 1)
def eval_changes_nothing(student, rng):
    """inverted_eval leaves the values alone:"""
    x, p = inputs(rng, (5, 4)), 0.2
    y = array_of("the output", student.call("inverted_eval", x, p).value, x.shape)
    if (y == 0).any():
        raise Wrong("nothing is dropped at evaluation")
    if not np.array_equal(y, x):
        factor = (y / x).mean()
        if abs(factor - (1 - p)) < 1e-6:
            raise Wrong("you multiply by 1 - p: the scaling was done in training, once is enough")
        raise Wrong(f"values are {factor:.4g} times what they were; evaluation changes nothing")


# --- q4: backward ------------------------------------------------------------------------------


@ASSIGNMENT.check("q4", 2)
def backward_is_the_gradient(student, rng):
    """inverted_backward passes the gradient as the values went:"""
    gradient_through(student, rng, 0.2, (20, 30))


@ASSIGNMENT.check("q4", 1, hidden=True)
def backward_uses_its_own_mask(student, rng):
    """inverted_backward belongs to the forward pass whose cache it gets:"""
    x = inputs(rng, (30, 40))
    first = student.call("inverted_train", x, 0.3, seed(rng))
    student.call("inverted_train", inputs(rng, (30, 40)), 0.6, seed(rng))
    compare_gradient(student, rng, first, x, 0.3)
    gradient_through(student, rng, 0.85, (50, 60))


def gradient_through(student, rng, p, shape):
    """Run forward and backward once and compare."""
    x = inputs(rng, shape)
    compare_gradient(student, rng, student.call("inverted_train", x, p, seed(rng)), x, p)


def compare_gradient(student, rng, result, x, p):
    """The gradient of sum(g * y) with y = factor * x is g * factor."""
    y = array_of("the output of inverted_train", result[0].value, x.shape)
    g = inputs(rng, x.shape)
    got = array_of("the gradient", student.call("inverted_backward", g, result[1]).value, x.shape)
    kept = y != 0
    if close(got, g * (y / x)):
        return
    if close(got, g):
        raise Wrong("you pass the gradient on unchanged; what was dropped gets no gradient")
    if ((got != 0) != kept).any():
        raise Wrong("the gradient should be 0 exactly where the forward pass dropped: same mask")
    ratio = (got[kept] / g[kept]).mean() if kept.any() else 0
    if kept.any() and abs(ratio - 1) < 1e-6:
        raise Wrong("you forget the 1 / (1 - p): kept values were scaled, so their gradient is too")
    raise Wrong(
        f"on kept units the gradient is {ratio:.4g} times what came in, not {1 / (1 - p):.4g}"
    )


# --- q5: gradient check ------------------------------------------------------------------------


@ASSIGNMENT.check("q5", 2)
def numerical_gradient_of_known_functions(student, rng):
    """numerical_gradient is right on functions whose gradient is known:"""
    x = inputs(rng, (3, 4))
    for code, gradient in (
        ("lambda x: float((x ** 2).sum())", 2 * x),
        ("lambda x: float(np.sin(x).sum())", np.cos(x)),
    ):
        got = student.call("numerical_gradient", Source(code), x).value
        got = array_of("the gradient", got, x.shape)
        gap = np.abs(got - gradient).max()
        # Central differences at h = 1e-5: h^2 / 6, and 1e-16 / h from rounding, times 40.
        if gap > 1e-7:
            one_sided = gap < 1e-3
            hint = ": use both sides, (f(x + h) - f(x - h)) / 2h" if one_sided else ""
            raise Wrong(f"it is {gap:.1g} away from the derivative{hint} (x has rows and columns)")


@ASSIGNMENT.check("q5", 1, hidden=True)
def numerical_gradient_leaves_x_alone(student, rng):
    """numerical_gradient takes one entry at a time and puts it back:"""
    x = inputs(rng, (20, 15))  # so many that "back to rounding" misses the last bit somewhere
    given = student.put(x.copy())
    got = student.call("numerical_gradient", Source("lambda x: float(x[0, 0] * x[3, 2])"), given)
    want = np.zeros_like(x)
    want[0, 0], want[3, 2] = x[3, 2], x[0, 0]
    if np.abs(array_of("the gradient", got.value, x.shape) - want).max() > 1e-7:
        raise Wrong("it is wrong for a function in which entries meet: change one entry at a time")
    if np.abs(student.get(given) - x).max() > 0:
        raise Wrong("x is not what it was before the call")


# --- q6: standard dropout ----------------------------------------------------------------------


@ASSIGNMENT.check("q6", 1)
def standard_train_only_drops(student, rng):
    """standard_train drops, and does not scale:"""
    x, y, kept, _ = dropped(student, "standard_train", rng, 0.2, (1, 10**5))
    kept_share(kept.mean(), y.size, 0.2, "standard_train")
    scale_of(y[kept], x[kept], 0.2, 1.0)
    alone(dropped(student, "standard_train", rng, 0.3, (20, 50))[2])


@ASSIGNMENT.check("q6", 1)
def standard_eval_is_the_mean(student, rng):
    """standard_eval gives the mean of training:"""
    x, p = inputs(rng, (5, 4)), 0.2
    y = array_of("the output", student.call("standard_eval", x, p).value, x.shape)
    if close(y, (1 - p) * x):
        return
    factor = (y / x).mean()
    if abs(factor - p) < 1e-6:
        raise Wrong("you multiply by p. The paper's p is the probability of keeping: here, 1 - p")
    if abs(factor - 1) < 1e-6:
        raise Wrong("without the scaling in training, somebody has to scale now: by 1 - p")
    raise Wrong(f"values are {factor:.4g} times what they were, and should be {1 - p:.4g} times")
