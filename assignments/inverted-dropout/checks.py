"""What is asked of assignment 1, and the misconception that each wrong answer shows.

Each check takes ``student``, whose functions it calls, and ``rng``, to choose inputs. The public
ones are also put into the notebook, so they use nothing but NumPy, the names in this file, and
what the assignments share, in dropout_grading.check_helpers.
One slip costs once: a hidden check asks only what the public ones of its question did not charge,
and who takes p for the probability of keeping pays for it where it first shows.
Sampled statements are wrong once in 10^9 runs at most (Hoeffding); everything else is exact up to
rounding.
"""

import numpy as np

from dropout_grading.check_helpers import array_of, close, holds, kept_share, seed, written
from dropout_grading.checks import Assignment, WrongAnswerError
from dropout_grading.execution.values import Source

ASSIGNMENT = Assignment(
    "inverted-dropout",
    manual={"q7": 4},
    given={"q1": {"keep_mask": "lambda shape, p, rng: rng.random(shape) < 1 - p"}},
)
# So many that the share which is kept is never 1 - p itself: who divides by it is found each time.
NO_SHARE = (61, 51)
# Which of the two things that inverted_train returns is which.
OUTPUT = 0
CACHE = 1


def mask_of(student, shape, p, generator):
    """Return what keep_mask keeps; that it should be booleans is asked once, by the first check."""
    mask = student.call("keep_mask", shape, p, generator).value
    return array_of("the mask", mask, shape, "biuf") != 0


def alone(kept):
    """Say so if rows, or columns, are dropped together; among 20 x 50, never by chance."""
    if (kept == kept[:1]).all() or (kept == kept[:, :1]).all():
        raise WrongAnswerError(
            "all rows, or all columns, share one decision; each value has its own"
        )


def scale_of(kept, x, p, right):
    """Say what is wrong with the factor on the kept values, if it is not ``right``."""
    factors = kept / x
    if close(factors, right):
        return
    if np.ptp(factors) > 1e-3 * abs(factors).max():
        raise WrongAnswerError("the kept values should all be multiplied by the same factor")
    changed = f"kept values are {factors.mean():.4g} times what they were"
    if right == 1:
        raise WrongAnswerError(f"{changed}. Does this kind of dropout scale while training?")
    q = 1 - p
    named = {
        1.0: "you do not scale. Some are gone: what must the others become, to keep the mean?",
        1 / p: "you divide by p; divide by the probability of keeping",
        q: "you multiply by the probability of keeping, as the paper does at test time. Kept "
        "values have to make up for those that are gone: should they grow or shrink?",
        p: "you multiply by the probability of dropping. Kept values have to make up for those "
        "that are gone: should they grow or shrink?",
        1 / q**2: "you scale twice. Is one of the two done elsewhere?",
        q**-0.5: "you take a square root, which keeps the mean square. What is to be kept here?",
    }
    for factor, message in named.items():
        if close(factors, factor):
            raise WrongAnswerError(f"{changed}: {message}")
    raise WrongAnswerError(f"{changed}. What keeps the mean?")


def inputs(rng, shape=(60, 50), dtype=float):
    """Return values of both signs, none of them near 0."""
    return (rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape)).astype(dtype)


def dropped(student, name, rng, p, shape=(60, 50), dtype=float):
    """Return x, what the student's function makes of it, and which values were kept."""
    x = inputs(rng, shape, dtype)
    y, result = output(student, name, x, p, seed(rng))
    return x, y, y != 0, result


def mask_keeps_with_p(student, rng):
    """Say so if keep_mask does not take p for the probability of keeping."""
    kept_share(mask_of(student, (1, 10**5), 0.2, seed(rng)), 0.8, "keep_mask")


def train_takes_p_for_keeping(student, rng):
    """Say so if inverted_train neither keeps with p nor divides by p."""
    x, y, kept, _ = dropped(student, "inverted_train", rng, 0.2, NO_SHARE)
    if abs(kept.mean() - 0.2) > 0.1 and not close(y[kept] / x[kept], 1 / 0.2):
        raise WrongAnswerError("inverted_train takes p for the probability of dropping")


def share_asked(student, rng, kept, p, *charged):
    """Return what share should be kept: 1 - p, or p where p is kept and was charged before."""
    again = abs(kept.mean() - p) < 0.1 and any(holds(c, student, rng) for c in charged)
    return p if again else 1 - p


def output(student, name, x, p, generator):
    """Return the array that the student's function makes of x, and all that it returns."""
    result = student.call(name, x, p, generator)
    written(f"what {name} returns", result.value)
    # That it returns a cache too is asked once, by the first check.
    y = result[OUTPUT] if isinstance(result.value, list | tuple) else result
    return array_of(f"the output of {name}", y.value, x.shape, finite=False), result


# --- q1: the mask ------------------------------------------------------------------------------


@ASSIGNMENT.check("q1", 1)
def mask_is_boolean(student, rng):
    """keep_mask returns booleans of the shape that is asked for:"""
    for shape in ((4,), (3, 5), (2, 3, 4), (5000,)):
        mask = student.call("keep_mask", shape, 0.2, seed(rng)).value
        array_of("the mask", mask, shape, "b")
    if mask.all() or not mask.any():
        raise WrongAnswerError(f"at p = 0.2 all of 5000 entries are {mask.any()}")


@ASSIGNMENT.check("q1", 1)
def mask_keeps_with_q(student, rng):
    """keep_mask keeps with probability 1 - p:"""
    # One row: with many, a mask that the rows share would meet the bound now and then.
    mask = mask_of(student, (1, 10**5), 0.2, seed(rng))
    kept_share(mask, 0.2, "keep_mask")


@ASSIGNMENT.check(
    "q1",
    1,
    hidden=True,
    about="other p, 0 and 1 among them; whether each entry decides alone; what it draws from",
)
def mask_entries_are_independent(student, rng):
    """keep_mask decides for each entry by itself, at any p, from the generator that it is given:"""
    for p in (0.0, 1.0) if holds(mask_keeps_with_q, student, rng) else ():
        # So many that a mask which errs once in 200 entries is missed once in 10^10 runs at most.
        mask = mask_of(student, (5000,), p, seed(rng))
        if mask.any() != (p == 0) or mask.all() != (p == 0):
            raise WrongAnswerError(
                f"at p = {p} keep_mask should keep {'all' if p == 0 else 'nothing'}"
            )
    generator = seed(rng)
    one, two = (mask_of(student, (40, 50), 0.3, generator) for _ in range(2))
    if not np.array_equal(one, two):
        raise WrongAnswerError(
            "the same generator twice gives two masks: draw from rng and nothing else"
        )
    if np.array_equal(one, mask_of(student, (40, 50), 0.3, seed(rng))):
        raise WrongAnswerError("two generators give the same mask: draw from rng")
    counts = set()
    for _ in range(60):
        mask = mask_of(student, (20, 50), 0.3, seed(rng))
        counts.add(int(mask.sum()))
        alone(mask)
    if len(counts) == 1:
        raise WrongAnswerError(
            "the number of kept units is the same each time; each unit should decide alone"
        )


# --- q2: training ------------------------------------------------------------------------------


@ASSIGNMENT.check("q2", 1)
def train_keeps_with_q(student, rng):
    """inverted_train drops with probability p, and returns a cache too:"""
    _, _, kept, result = dropped(student, "inverted_train", rng, 0.2, (1, 10**5))
    q = share_asked(student, rng, kept, 0.2, mask_keeps_with_p)
    kept_share(kept, 1 - q, "inverted_train")
    if not isinstance(result.value, list | tuple) or len(result.value) != 2:
        raise WrongAnswerError(
            "inverted_train should return two things: what will the way back need to know?"
        )


@ASSIGNMENT.check("q2", 2)
def train_scales_by_1_over_q(student, rng):
    """inverted_train scales what it keeps:"""
    x, y, kept, _ = dropped(student, "inverted_train", rng, 0.2, NO_SHARE)
    if not kept.any():
        raise WrongAnswerError("nothing is kept at p = 0.2")
    train_scale(y, x, kept, 0.2)


def train_scale(y, x, kept, p):
    """Say what is wrong with the scale. Who keeps with p has been told, and divides by it."""
    if abs(kept.mean() - p) > 0.1 or not close(y[kept] / x[kept], 1 / p):
        scale_of(y[kept], x[kept], p, 1 / (1 - p))


@ASSIGNMENT.check(
    "q2",
    1,
    hidden=True,
    about="other p, 0 and 1 among them; float32; what it draws from; whether x stays as it was",
)
def train_at_the_ends_and_in_place(student, rng):
    """inverted_train is right at the ends, in other precisions, and leaves its input alone:"""
    shares, scales = (
        holds(check, student, rng) for check in (train_keeps_with_q, train_scales_by_1_over_q)
    )
    if not shares and not scales:
        raise WrongAnswerError(
            "neither the share of what is kept nor its scale is right at p = 0.2"
        )
    as_asked = True
    for p, dtype in ((0.7, np.float32), (0.35, float)):
        x, y, kept, _ = dropped(student, "inverted_train", rng, p, (1, 30_001), dtype)
        if shares:
            q = share_asked(student, rng, kept, p, mask_keeps_with_p)
            as_asked = q != p
            kept_share(kept, 1 - q, "inverted_train")
        if scales:
            train_scale(y, x, kept, p)
    if shares:
        alone(dropped(student, "inverted_train", rng, 0.3, (20, 50))[2])
        draws_from_rng(student, rng)
    if shares and as_asked:
        _, y, kept, _ = dropped(student, "inverted_train", rng, 1.0)
        if kept.any():  # nan too, since nan != 0
            raise WrongAnswerError(
                "at p = 1 the output should be zeros, not nan: what do you divide by?"
            )
    if shares and scales and as_asked:
        x, y, kept, _ = dropped(student, "inverted_train", rng, 0.0)
        if not np.array_equal(x, y):
            raise WrongAnswerError("at p = 0 the output should be the input")
    x = inputs(rng)
    given = student.put(x)
    student.call("inverted_train", given, 0.5, seed(rng))
    if not np.array_equal(student.get(given), x):
        raise WrongAnswerError("inverted_train changes its input: make a new array")


def draws_from_rng(student, rng):
    """Say so if inverted_train draws from something else than the generator that it gets."""
    x, generator = inputs(rng, (20, 50)), seed(rng)
    one, again, other = (
        student.call("inverted_train", x, 0.3, which)[OUTPUT].value
        for which in (generator, generator, seed(rng))
    )
    if not np.array_equal(one, again) or np.array_equal(one, other):
        raise WrongAnswerError(
            "inverted_train should draw from rng and nothing else: a new mask each time"
        )


# --- q3: evaluation ----------------------------------------------------------------------------


@ASSIGNMENT.check("q3", 1)
def eval_changes_nothing(student, rng):
    """inverted_eval leaves the values alone:"""
    x, p = inputs(rng, (40, 50)), 0.2
    y = array_of("the output", student.call("inverted_eval", x, p).value, x.shape)
    if (y == 0).any():
        raise WrongAnswerError("some values are 0: is anything dropped at evaluation?")
    if not np.array_equal(y, x):
        factor = (y / x).mean()
        if abs(factor - (1 - p)) < 1e-6:
            raise WrongAnswerError(
                "you multiply by the probability of keeping. Has nobody scaled before?"
            )
        raise WrongAnswerError(
            f"values are {factor:.4g} times what they were. Of which size were they on average in "
            "training, and of which should they be now?"
        )


# --- q4: backward ------------------------------------------------------------------------------


@ASSIGNMENT.check("q4", 2)
def backward_is_the_gradient(student, rng):
    """inverted_backward passes the gradient as the values went:"""
    gradient_through(student, rng, 0.2, (20, 30))


@ASSIGNMENT.check("q4", 1, hidden=True, about="the cache of an earlier call; another p")
def backward_uses_its_own_mask(student, rng):
    """inverted_backward belongs to the forward pass whose cache it gets:"""
    x = inputs(rng, (30, 40))
    first = student.call("inverted_train", x, 0.3, seed(rng))
    student.call("inverted_train", inputs(rng, (30, 40)), 0.6, seed(rng))
    if holds(backward_is_the_gradient, student, rng):
        compare_gradient(student, rng, first, x, 0.3)
        gradient_through(student, rng, 0.85, (50, 60))
        return
    g, got, factor = gradients(student, rng, first, x)
    if factor.all() or not factor.any():
        raise WrongAnswerError(SHOWS_NOTHING)
    ratio = got[got != 0] / g[got != 0]
    same_zeros = np.array_equal(got != 0, factor != 0)
    one_ratio = ratio.size and np.ptp(ratio) <= 1e-3 * abs(ratio).max()
    if not one_ratio or not (same_zeros or close(ratio, factor.max())):
        raise WrongAnswerError(
            "neither what is 0 in the gradient nor its scale is right at p = 0.3"
        )


def gradient_through(student, rng, p, shape):
    """Run forward and backward once and compare."""
    x = inputs(rng, shape)
    compare_gradient(student, rng, student.call("inverted_train", x, p, seed(rng)), x, p)


def gradients(student, rng, result, x):
    """Return what comes in, what the student makes of it, and y / x: what it should be times."""
    written("what inverted_train returns", result.value)
    y = array_of("the output of inverted_train", result[OUTPUT].value, x.shape)
    g = inputs(rng, x.shape)
    got = student.call("inverted_backward", g, result[CACHE]).value
    return g, array_of("the gradient", got, x.shape), y / x


SHOWS_NOTHING = (
    "inverted_train drops nothing, or everything, so that the way back does not show: do q2 first"
)


def follows_a_mask(student, rng, g, cache):
    """Say so if the gradient is not 0 just where another mask is, in the place of the cache."""
    if not isinstance(cache, np.ndarray) or cache.shape != g.shape:
        raise WrongAnswerError(SHOWS_NOTHING)
    mask = rng.random(g.shape) < 0.5
    got = student.call("inverted_backward", g, mask.astype(cache.dtype)).value
    if ((array_of("the gradient", got, g.shape) != 0) != mask).any():
        raise WrongAnswerError(SHOWS_NOTHING)


def compare_gradient(student, rng, result, x, p):
    """The gradient of sum(g * y) with y = factor * x is g * factor."""
    g, got, factor = gradients(student, rng, result, x)
    kept = factor != 0
    if kept.all() or not kept.any():
        follows_a_mask(student, rng, g, result[CACHE].value)
        return
    if close(got, g * factor):
        return
    if close(got, g):
        raise WrongAnswerError(
            "you pass the gradient on unchanged. What did a dropped value do to the output?"
        )
    if ((got != 0) != kept).any():
        raise WrongAnswerError(
            "the gradient is not 0 exactly where the output is. Which mask decides what came "
            "through, and does the cache hold it?"
        )
    ratio, right = (got[kept] / g[kept]).mean(), factor[kept].mean()
    if close(ratio, 1):
        raise WrongAnswerError(
            "the mask is right, but you forget the scale: by how much does the output change if a "
            "kept value changes by 1?"
        )
    if close(ratio, right**2):
        raise WrongAnswerError("you scale twice: is it in the cache already?")
    raise WrongAnswerError(
        f"on kept values the gradient is {ratio:.4g} times what came in, and the output "
        f"{right:.4g} times the input, at p = {p}. What has the one to do with the other?"
    )


# --- q5: gradient check ------------------------------------------------------------------------


def watched(student, body, x, shape):
    """Return the student's gradient at x, and at how many points it asked the function."""
    # A sum with weights of which none is a multiple of another tells points apart.
    point = "float((np.ravel(x) * np.sqrt(np.arange(1.0, np.size(x) + 1))).sum())"
    seen = f"len(seen) < 10**4 and seen.append({point})"
    made = student.put(Source(f"(lambda seen: [lambda x: ({seen}, float({body}))[1], seen])([])"))
    got = student.call("numerical_gradient", made[0], x).value
    return array_of("the gradient", got, shape), len(set(student.get(made)[1]))


def gradient_of_known_functions(student, rng, shape, what):
    """Compare with the derivative, for functions whose derivative is known."""
    x, (a, b) = inputs(rng, shape), rng.uniform(1, 2, 2)
    for body, gradient in (
        (f"({a} * x ** 2).sum()", 2 * a * x),
        (f"np.sin({b} * x).sum()", b * np.cos(b * x)),
    ):
        got, points = watched(student, body, x, shape)
        gap = np.abs(got - gradient).max()
        # Central differences at h = 1e-5: 8 h^2 / 6, and 1e-14 / h from rounding, times 50.
        if gap > 1e-7:
            if np.abs(got - 2 * gradient).max() < 1e-3:
                raise WrongAnswerError(
                    "it is twice the derivative. How far apart are the two points that you use?"
                )
            hint = " Do you look to both sides, with the h that you get?" if gap < 1e-3 else ""
            raise WrongAnswerError(f"it is {gap:.1g} away from the derivative, {what}.{hint}")
        if points < 2 * x.size:
            raise WrongAnswerError(
                f"f was asked at {points} points, for {x.size} entries: use what f returns on both "
                "sides of each, and nothing else of f"
            )


@ASSIGNMENT.check("q5", 1)
def numerical_gradient_of_a_row(student, rng):
    """numerical_gradient is right for an x of one dimension:"""
    gradient_of_known_functions(student, rng, (7,), "for an x of one dimension")


@ASSIGNMENT.check("q5", 1)
def numerical_gradient_of_known_functions(student, rng):
    """numerical_gradient is right for an x of rows and columns:"""
    gradient_of_known_functions(student, rng, (3, 4), "for an x of rows and columns")


@ASSIGNMENT.check(
    "q5",
    1,
    hidden=True,
    about="an x of more entries; whether x is afterwards what it was, to the last bit",
)
def numerical_gradient_leaves_x_alone(student, rng):
    """numerical_gradient takes one entry at a time and puts it back:"""
    x = inputs(rng, (20, 15))  # so many that "back to rounding" misses the last bit somewhere
    given = student.put(x.copy())
    got, points = watched(student, "x[0, 0] * x[3, 2]", given, x.shape)
    want = np.zeros_like(x)
    want[0, 0], want[3, 2] = x[3, 2], x[0, 0]
    known = holds(numerical_gradient_of_known_functions, student, rng)
    factor = got[want != 0] / want[want != 0]  # once more what the public checks have charged
    alike = points >= x.size and factor.all() and np.ptp(factor) <= 0.01 * abs(factor).max()
    exact = np.abs(got - want).max() <= 1e-7
    if got[want == 0].any() or not alike or (known and not exact):
        raise WrongAnswerError(
            "it is wrong for a function in which entries meet: change one entry at a time"
        )
    if np.abs(student.get(given) - x).max() > 0:
        raise WrongAnswerError("x is not what it was before the call")


# --- q6: standard dropout ----------------------------------------------------------------------


@ASSIGNMENT.check("q6", 1)
def standard_train_only_drops(student, rng):
    """standard_train drops, and does not scale:"""
    for p in (0.2, 0.35):
        x, y, kept, result = dropped(student, "standard_train", rng, p, (1, 10**5))
        if isinstance(result.value, list | tuple):
            raise WrongAnswerError(
                f"standard_train should return the output only, and returns {len(result.value)} "
                "things"
            )
        q = share_asked(student, rng, kept, p, mask_keeps_with_p, train_takes_p_for_keeping)
        kept_share(kept, 1 - q, "standard_train")
        # Who undoes the scale of inverted_train has lost the points for a wrong one there.
        if not (close(y[kept], x[kept]) or holds(standard_from_inverted, student, rng)):
            scale_of(y[kept], x[kept], p, 1.0)
    alone(dropped(student, "standard_train", rng, 0.3, (20, 50))[2])


def standard_from_inverted(student, rng):
    """Say so if standard_train is not 1 - p times inverted_train."""
    x, generator = inputs(rng, NO_SHARE), seed(rng)
    for p in (0.2, 0.35):
        standard, _ = output(student, "standard_train", x, p, generator)
        inverted, _ = output(student, "inverted_train", x, p, generator)
        if not close(standard, (1 - p) * inverted):
            raise WrongAnswerError("standard_train is not made of inverted_train")


@ASSIGNMENT.check("q6", 1)
def standard_eval_is_the_mean(student, rng):
    """standard_eval gives the mean of training:"""
    for p in (0.2, 0.35):
        x = inputs(rng, (5, 4))
        y = array_of("the output", student.call("standard_eval", x, p).value, x.shape)
        if close(y, (1 - p) * x):
            continue
        factor = (y / x).mean()
        if close(y, p * x):
            if any(holds(c, student, rng) for c in (mask_keeps_with_p, train_takes_p_for_keeping)):
                continue
            raise WrongAnswerError(
                "you multiply by p. The paper does so too, but which probability is its p?"
            )
        if close(factor, 1):
            raise WrongAnswerError("you do not scale. How often was a value there in training?")
        raise WrongAnswerError(
            f"values are {factor:.4g} times what they were, at p = {p}. What share of each was "
            "there in training, on average?"
        )
