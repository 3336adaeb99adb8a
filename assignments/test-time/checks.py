"""What is asked of assignment 2, and the misconception that each wrong answer shows.

Each check takes ``student``, whose functions it calls, and ``rng``, to choose inputs. The public
ones are also put into the notebook, so they use nothing but NumPy and the names in this file.
A network is (x, w1, b1, w2, b2). Sampled statements are wrong once in 10^9 runs at most
(Hoeffding); everything else is exact up to rounding, and no check depends on the order of masks.
"""

import numpy as np

from dropout_grading.checks import Assignment, Wrong
from dropout_grading.wire import RNG

ALARM = 1e-9
ROUNDING = 1e-5  # of a probability: single precision will do
SCALES = (1.5, 1.5, 1.5, 0.8, 0.8)  # of x, w1, b1, w2, b2

ASSIGNMENT = Assignment(
    "test-time",
    manual={"q7": 4},
    given={
        # What the notebook gives, in case that it was changed there: it is not asked about.
        "": {
            "softmax": "lambda z: (lambda e: e / e.sum(-1, keepdims=True))"
            "(np.exp(z - z.max(-1)[..., None]))",
            "hidden_units": "lambda x, w1, b1: np.maximum(0, x @ w1 + b1)",
        },
        "q2": {
            "all_masks": "lambda n: np.array(list(np.ndindex(*(2,) * n)), dtype=bool)",
            "mask_probabilities": "lambda masks, p: np.where(masks, 1 - p, p).prod(1)",
        },
    },
)


def seed(rng):
    """Return a generator for the student, as the marker sends it."""
    return RNG(int(rng.integers(2**31)))


def array_of(name, value, shape, kinds="f"):
    """Return the value if it is an array of this shape and kind; say what it is if not."""
    words = {"f": "floats", "b": "booleans (True = kept)"}
    if not isinstance(value, np.ndarray):
        raise Wrong(f"{name} should be a NumPy array, and is {type(value).__name__}")
    if value.shape != tuple(shape):
        raise Wrong(f"{name} should have shape {tuple(shape)}, and has {value.shape}")
    if value.dtype.kind not in kinds:
        raise Wrong(f"{name} should hold {words[kinds]}, and holds {value.dtype}")
    if not np.isfinite(value).all():
        raise Wrong(f"{name} should be finite, and holds nan or inf")
    return value


def close(a, b):
    """Whether two arrays agree up to rounding."""
    return bool(np.all(np.abs(a - b) <= ROUNDING))


def compare(name, got, right, named):
    """Say what is wrong with ``got``, if it is not ``right``; ``named``: {message: its result}."""
    if close(got, right):
        return
    for message, result in named.items():
        if close(got, result) and not close(result, right):
            raise Wrong(message)
    raise Wrong(f"{name} is wrong by up to {np.abs(got - right).max():.2g}")


def softmax(z):
    """Return probabilities from logits, along the last axis."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def masks_of(n):
    """Return all masks of n units, in an order of no importance."""
    return np.array(list(np.ndindex(*(2,) * n)), dtype=bool)


def probabilities_of(masks, p):
    """Return the probability of each mask."""
    kept = masks.sum(axis=1)
    return (1 - p) ** kept * p ** (masks.shape[1] - kept)


def network(rng, rows=6, n=4, classes=3):
    """Return a network with a unit that is on in each row, and one that is off if there are two.

    Without the first a row would tell nothing of dropout, without the second nothing of ReLU. No
    class is next to certain: there, wrong logits would make the right probabilities.
    """
    shapes = ((rows, 2), (2, n), (n,), (n, classes), (classes,))
    while True:
        net = [rng.normal(scale=scale, size=s) for scale, s in zip(SCALES, shapes, strict=True)]
        on = units(net) > 0.3
        telling = on.any(axis=1).all() and (n == 1 or not on.all())
        if telling and softmax(units(net) @ net[3] + net[4]).max() < 0.95:
            return net


def lit_network(rng, rows=3, n=1, classes=3):
    """Return a network whose units are on in all rows, and matter."""
    x, w1, b1 = (rng.uniform(0.5, 1.5, s) for s in ((rows, 2), (2, n), (n,)))
    # Class 0 falls and the last rises with each unit, so that no unit is without effect.
    w2 = np.linspace(-1, 1, classes) * rng.uniform(0.5, 1, (n, 1))
    return [x, w1, b1, w2, rng.uniform(-0.3, 0.3, classes)]


def units(net):
    """Return the values of the hidden units, shape (rows, n)."""
    x, w1, b1, _, _ = net
    return np.maximum(0, x @ w1 + b1)


def thinned(net, masks, factor=1.0):
    """Return the logits of the networks that masks name, shape (masks, rows, classes)."""
    return (units(net) * masks[:, None, :] * factor) @ net[3] + net[4]


def mean(values, weights):
    """Return the mean over the first axis, with these weights."""
    return np.tensordot(weights, values, 1)


def untouched(student, name, net, *others):
    """Say so if a call changes the arrays of the network."""
    kept = [student.put(value) for value in net]
    student.call(name, *kept, *others)
    for what, handle, before in zip(("x", "w1", "b1", "w2", "b2"), kept, net, strict=True):
        if not np.array_equal(student.get(handle), before):
            raise Wrong(f"{name} changes {what}: make a new array")


# --- q1: weight scaling --------------------------------------------------------------------------


def compare_scaling(student, net, p):
    """Call weight_scaling and say what is wrong with it."""
    q, h = 1 - p, units(net)
    x, w1, b1, w2, b2 = net
    got = student.call("weight_scaling", *net, p).value
    got = array_of("the output of weight_scaling", got, (len(x), len(b2)))
    above = "scale where the dropped units hand on their values: which weights are that?"
    named = {
        "you scale nothing. While training, a unit was there only part of the time": h @ w2 + b2,
        f"you scale by p. At p = {p}, what share of the time was a unit there?": p * h @ w2 + b2,
        "you divide. Nothing was scaled in training here, and the whole network has more units "
        "than a thinned one: should its weights grow or shrink?": h / max(q, 1e-3) @ w2 + b2,
        "you scale the bias b2 too. Is it ever dropped?": q * (h @ w2 + b2),
        f"you scale w1 and not b1, so the ReLU sees another sum: {above}": np.maximum(
            0, x @ w1 * q + b1
        )
        @ w2
        + b2,
        f"you scale both layers; only the hidden units are dropped: {above}": q
        * np.maximum(0, x @ w1 * q + b1)
        @ w2
        + b2,
        "you scale twice": q * q * h @ w2 + b2,
        "you leave out the ReLU": q * (x @ w1 + b1) @ w2 + b2,
    }
    right = softmax(q * h @ w2 + b2)
    named = {message: softmax(logits) for message, logits in named.items()}
    named["you return logits: take the softmax of them"] = q * h @ w2 + b2
    named["you scale the probabilities: they no longer add up to 1"] = q * softmax(h @ w2 + b2)
    compare("a probability", got, right, named)


@ASSIGNMENT.check("q1", 2)
def scaling_is_by_q(student, rng):
    """weight_scaling asks the one network with the scaled weights:"""
    compare_scaling(student, network(rng), 0.2)


@ASSIGNMENT.check("q1", 1, hidden=True)
def scaling_elsewhere(student, rng):
    """weight_scaling is right at any p and shape, and leaves the network alone:"""
    for p, shape in ((0.7, (1, 5, 2)), (0.35, (3, 1, 4)), (0.0, (4, 3, 3)), (1.0, (4, 3, 3))):
        compare_scaling(student, network(rng, *shape), p)
    untouched(student, "weight_scaling", network(rng), 0.4)


# --- q2: masks and their probabilities -----------------------------------------------------------


def compare_masks(student, n):
    """Call all_masks and say what is wrong with it."""
    masks = student.call("all_masks", n).value
    if isinstance(masks, np.ndarray) and masks.shape == (n, 2**n) and n > 2:
        raise Wrong("it is the wrong way round: a row is a mask")
    if isinstance(masks, np.ndarray) and masks.shape == (2**n - 1, n):
        raise Wrong("one is missing. May all units be dropped at once? May all be kept?")
    masks = array_of("all_masks", masks, (2**n, n), "b")
    if len(np.unique(masks, axis=0)) < 2**n:
        raise Wrong("a mask occurs twice, so another is missing")


@ASSIGNMENT.check("q2", 1)
def masks_are_all_there(student, rng):
    """all_masks returns each mask once:"""
    for n in (3, 5):
        compare_masks(student, n)


def compare_probabilities(student, masks, p):
    """Call mask_probabilities and say what is wrong with it."""
    got = student.call("mask_probabilities", masks, p).value
    got = array_of("the result of mask_probabilities", got, (len(masks),))
    right, kept = probabilities_of(masks, p), masks.sum(axis=1)
    n, q = masks.shape[1], 1 - p
    ways = np.array([float(len(list(choices(n, k)))) for k in kept])
    named = {
        "p and 1 - p are in each other's place: p is the probability of dropping": (
            probabilities_of(~masks, p)
        ),
        "you give all masks the same. At p = 0.2, is keeping all as likely as dropping all?": (
            np.full(len(masks), 0.5**n)
        ),
        "you count what is kept and forget what is dropped": q**kept * 1.0,
        "you count what is dropped and forget what is kept": p ** (n - kept) * 1.0,
        "this is the probability that so many are kept, in whatever place; asked is that of one "
        "mask": ways * right,
        "you add up where you should multiply: the units decide independently": (
            np.where(masks, q, p).sum(axis=1)
        ),
        "you divide so that these add up to 1. A mask's probability does not depend on which "
        "others you ask about": right / max(right.sum(), 1e-300),
    }
    compare("a probability", got, right, named)


def choices(n, k):
    """Yield the masks of n units that keep k."""
    return (mask for mask in np.ndindex(*(2,) * int(n)) if sum(mask) == k)


@ASSIGNMENT.check("q2", 1)
def probabilities_are_products(student, rng):
    """mask_probabilities gives each mask its probability:"""
    compare_probabilities(student, rng.permutation(masks_of(3)), 0.2)


@ASSIGNMENT.check("q2", 1, hidden=True)
def masks_elsewhere(student, rng):
    """all_masks and mask_probabilities are right at any n and p, for some masks or all:"""
    for n in (1, 2, 7):
        compare_masks(student, n)
    for p in (0.75, 0.0, 1.0):
        compare_probabilities(student, rng.permutation(masks_of(6)), p)
    compare_probabilities(student, np.array([[1, 1, 0, 1], [0, 0, 1, 0], [1, 1, 0, 1]]) > 0, 0.3)
    compare_probabilities(student, np.array([[True]]), 0.3)


# --- q3: the average of all ----------------------------------------------------------------------


def compare_average(student, net, p):
    """Call exact_average and say what is wrong with it."""
    got = student.call("exact_average", *net, p).value
    got = array_of("the output of exact_average", got, (len(net[0]), len(net[4])))
    masks, q = masks_of(len(net[2])), 1 - p
    weights, logits = probabilities_of(masks, p), thinned(net, masks)
    right, half = mean(softmax(logits), weights), np.full(len(masks), 1 / len(masks))
    inverted = softmax(thinned(net, masks, 1 / q)) if q else softmax(logits)
    named = {
        "you count all masks the same. At p = 0.2, which are more likely?": (
            mean(softmax(logits), half)
        ),
        "p and 1 - p are in each other's place: p is the probability of dropping": mean(
            softmax(logits), probabilities_of(~masks, p)
        ),
        "you average logits (or logarithms) and make probabilities of that; average the "
        "probabilities": softmax(mean(logits, weights)),
        "you average logits, and all masks count the same": softmax(mean(logits, half)),
        "you return the average of the logits": mean(logits, weights),
        "you divide the kept units by 1 - p. These networks were trained without that": (
            mean(inverted, weights)
        ),
        "you drop and scale both: a thinned network keeps its weights as they are": mean(
            softmax(thinned(net, masks, q)), weights
        ),
        "you add up and do not weight: the probabilities no longer add up to 1": (
            softmax(logits).sum(axis=0)
        ),
        "you divide once too often: the weights add up to 1 already": right / len(masks),
    }
    compare("a probability", got, right, named)


@ASSIGNMENT.check("q3", 2)
def average_is_over_all_masks(student, rng):
    """exact_average weights the probabilities of all thinned networks:"""
    compare_average(student, network(rng), 0.2)


@ASSIGNMENT.check("q3", 1, hidden=True)
def average_elsewhere(student, rng):
    """exact_average is right at any p and shape, and leaves the network alone:"""
    for p, shape in ((0.65, (1, 6, 2)), (0.4, (2, 1, 4)), (0.0, (3, 3, 3)), (1.0, (3, 3, 3))):
        compare_average(student, network(rng, *shape), p)
    untouched(student, "exact_average", network(rng), 0.4)


# --- q4: Monte Carlo -----------------------------------------------------------------------------


def sampled(student, net, p, k, generator, which=0):
    """Call monte_carlo_average; return the mean, or with ``which`` 1 the standard error."""
    result = student.call("monte_carlo_average", *net, p, k, generator)
    what = ("the mean", "the standard error")[which]
    return array_of(f"{what} of k = {k}", result[which].value, (len(net[0]), len(net[4])))


def share_on(average, off, on):
    """Return f for each row, where average = off + f (on - off); None if it is not so."""
    f = ((average - off) * (on - off)).sum(axis=1) / ((on - off) ** 2).sum(axis=1)
    return f if close(average, off + f[:, None] * (on - off)) else None


def whole(f, k):
    """Whether each share is one of 0, 1/k, ..., 1, as far as rounding lets tell."""
    near = np.abs(f * k - np.round(f * k)) < 0.01
    return bool((near | (k > 100)).all() and (np.abs(f - 0.5) < 0.51).all())


def shares_kept(net, average, p, k):
    """With one hidden unit there are two networks; return in what share of k it was kept."""
    h, w2, b2 = units(net), net[3], net[4]
    off = softmax(b2)
    f = share_on(average, off, softmax(h @ w2 + b2))
    if f is not None and whole(f, k):
        return f
    steps = [softmax(h * j / k @ w2 + b2) for j in range(k + 1)]
    if all(any(close(row, step[i]) for step in steps) for i, row in enumerate(average)):
        raise Wrong(
            "you average logits (or logarithms) and make probabilities of that; average the "
            "probabilities of the k networks"
        )
    inverted = share_on(average, off, softmax(h / (1 - p) @ w2 + b2))
    if inverted is not None and whole(inverted, k):
        raise Wrong("you divide the kept units by 1 - p. These networks were trained without that")
    both = share_on(average, off, softmax(h * (1 - p) @ w2 + b2))
    if both is not None and whole(both, k):
        raise Wrong("you drop and scale both: a thinned network keeps its weights as they are")
    if close(average.sum(axis=1), k):
        raise Wrong("you add up the k networks and do not divide")
    raise Wrong("with one hidden unit there are two networks, and this is no mean of k of them")


def compare_share(f, k, p, probability, what):
    """Say what is wrong with the share of k networks in which an event of ``probability`` was."""
    reach = np.sqrt(np.log(2 * f.size / ALARM) / (2 * k))
    if (np.abs(f - probability) <= reach).all():
        return
    if what == "a unit is kept" and (np.abs(f - p) <= reach).all():
        raise Wrong(f"at p = {p} {what} in a share of {f[0]:.2f}: p is the probability of dropping")
    raise Wrong(f"at p = {p} {what} in a share of {f[0]:.2f}, and should be in {probability:.2f}")


@ASSIGNMENT.check("q4", 1)
def mean_is_of_k_networks(student, rng):
    """monte_carlo_average returns the mean of the probabilities of k networks:"""
    for k in (5, 6):
        net = lit_network(rng)
        shares_kept(net, sampled(student, net, 0.4, k, seed(rng)), 0.4, k)
    net = lit_network(rng)
    average = sampled(student, net, 0.2, 4000, seed(rng))
    compare_share(shares_kept(net, average, 0.2, 4000), 4000, 0.2, 0.8, "a unit is kept")


@ASSIGNMENT.check("q4", 1)
def standard_error_is_that_of_the_mean(student, rng):
    """monte_carlo_average returns the standard error of that mean:"""
    p, k, varied = 0.4, 6, False
    for _ in range(12):  # all k are alike in each of the 12 with probability 3e-16
        net = lit_network(rng)
        generator = seed(rng)
        error = sampled(student, net, p, k, generator, 1)
        average = sampled(student, net, p, k, generator)
        h, w2, b2 = units(net), net[3], net[4]
        # The thinned networks may be wrong, which q4's other check tells: factors 1, 1/q, q.
        gaps = [np.abs(softmax(h * c @ w2 + b2) - softmax(b2)) for c in (1, 1 / (1 - p), 1 - p)]
        compare_error(error, average, gaps, k)
        varied = varied or (error > ROUNDING).any()
    if not varied:
        raise Wrong("it is always 0, as if the k networks were all the same: draw k masks")


def compare_error(error, average, gaps, k):
    """Say what is wrong with a standard error where k networks are of two kinds, gaps apart."""
    f = np.arange(k + 1)[:, None, None] / k  # the share of one kind
    for gap in gaps:
        right = gap * np.sqrt(f * (1 - f) / (k - 1))
        if matches(error, right):
            return
        root = np.sqrt(k)
        named = {
            "this is the standard deviation of the k networks. How sure is their mean?": (
                right * root
            ),
            "this is the standard deviation of the k networks, and too small besides (look up "
            "ddof). How sure is their mean?": right * np.sqrt(k - 1),
            "it comes out too small: the deviations are measured from the networks' own mean, so "
            "one of the k says nothing new (look up ddof)": right * np.sqrt((k - 1) / k),
            "you divide the standard deviation by k: how does the error of a mean shrink?": (
                right / root
            ),
            "you divide the standard deviation by k, and use ddof=0": right * np.sqrt(k - 1) / k,
            "this is the variance of the mean; the error has the unit of the mean": right**2,
            "this is the variance of the networks": right**2 * k,
            "this is about twice the standard error; return one": right * 1.96,
            "this is twice the standard error; return one": right * 2,
        }
        for message, result in named.items():
            if matches(error, result):
                raise Wrong(message)
    if close(error, np.sqrt(average * (1 - average) / k)):
        raise Wrong(
            "sqrt(P(1 - P) / k) is for k answers of yes or no; these are k probabilities, which "
            "differ less"
        )
    raise Wrong("it is not the standard error of a mean of k networks")


def matches(error, of_share):
    """Whether each row of ``error`` is that of some share."""
    gaps = np.abs(of_share - error).max(axis=2)  # shape (shares, rows)
    return bool((gaps.min(axis=0) <= ROUNDING).all())


@ASSIGNMENT.check("q4", 1, hidden=True)
def sampling_elsewhere(student, rng):
    """monte_carlo_average lets each unit decide alone, from the generator given, at any p:"""
    for p in (0.0, 1.0):
        net = network(rng, 3, 4)
        average, error = (sampled(student, net, p, 5, seed(rng), which) for which in (0, 1))
        right = softmax(units(net) * (1 - p) @ net[3] + net[4])
        if not close(average, right) or not close(error, 0.0):
            raise Wrong(f"at p = {p} all k networks are the same, and their error is 0")
    net, generator = lit_network(rng, 2, 10), seed(rng)
    one, two = (sampled(student, net, 0.5, 4, generator) for _ in range(2))
    if not np.array_equal(one, two):
        raise Wrong("the same generator twice gives two results: draw from rng and nothing else")
    if np.array_equal(one, sampled(student, net, 0.5, 4, seed(rng))):
        raise Wrong("two generators give the same result: draw from rng")
    net, k = lit_network(rng, 1), 4000
    f = shares_kept(net, sampled(student, net, 0.7, k, seed(rng)), 0.7, k)
    compare_share(f, k, 0.7, 0.3, "a unit is kept")
    # Two units of 1 and a bias of -1.5, times 40: class 1 is certain just where both are kept.
    one = np.ones((1, 1))
    net = [one, np.ones((1, 2)), np.zeros(2), np.array([[0.0, 40]] * 2), np.array([0.0, -60])]
    average = sampled(student, net, 0.5, k, seed(rng))
    compare_share(average[:, 1], k, 0.5, 0.25, "both of two units are kept")
    untouched(student, "monte_carlo_average", network(rng), 0.4, 3, seed(rng))


# --- q5: the geometric mean ----------------------------------------------------------------------


def compare_geometric(student, probs, weights):
    """Call geometric_mean and say what is wrong with it."""
    got = student.call("geometric_mean", probs, weights).value
    got = array_of("the output of geometric_mean", got, probs.shape[1:])
    logs = np.log(probs)
    product, half = np.exp(mean(logs, weights)), np.full(len(weights), 1 / len(weights))
    alike, added = np.exp(mean(logs, half)), mean(logs, weights)
    right, total = product / product.sum(-1, keepdims=True), np.exp(logs.sum(axis=0))
    named = {
        "this is the arithmetic mean: a geometric one multiplies": mean(probs, weights),
        "what do the probabilities of a row add up to? (You do not normalise.)": product,
        "you forget the weights: all networks count the same": alike / alike.sum(-1, keepdims=True),
        "you forget the weights, and do not normalise": alike,
        "you return the mean of the logarithms": added,
        "you divide the mean of the logarithms by its sum: come back from logarithms first": (
            added / added.sum(-1, keepdims=True)
        ),
        "you normalise over the rows of x, and should over the classes": (
            product / product.sum(axis=0)
        ),
        "you normalise over everything, and should in each row": product / product.sum(),
        "you multiply, and take no root: the exponents should add up to 1": (
            total / total.sum(-1, keepdims=True)
        ),
    }
    compare("a probability", got, right, named)


def weights_for(rng, count):
    """Return positive weights that differ and add up to 1."""
    weights = rng.uniform(0.2, 2, count)
    return weights / weights.sum()


@ASSIGNMENT.check("q5", 1)
def geometric_multiplies(student, rng):
    """geometric_mean weights, multiplies and normalises:"""
    probs = softmax(rng.normal(scale=1.5, size=(5, 4, 3)))
    compare_geometric(student, probs, weights_for(rng, 5))


@ASSIGNMENT.check("q5", 1, hidden=True)
def geometric_elsewhere(student, rng):
    """geometric_mean is right for any number of networks, rows and classes:"""
    for shape in ((1, 3, 4), (64, 1, 2), (2, 5, 6)):
        probs = softmax(rng.normal(scale=2, size=shape))
        compare_geometric(student, probs, weights_for(rng, shape[0]))
    probs = softmax(rng.normal(scale=2, size=(4, 3, 3)))
    compare_geometric(student, probs, np.array([0.0, 0.7, 0.3, 0.0]))


# --- q6: where they meet -------------------------------------------------------------------------


def compare_needed(student, counts, errors, one, within, right, named):
    """Call samples_needed and say what is wrong with it."""
    got = student.call("samples_needed", np.array(counts), np.array(errors), one, within).value
    if isinstance(got, np.ndarray) and got.shape == ():
        got = got[()]
    if got is not None and (isinstance(got, bool) or not isinstance(got, int | float | np.number)):
        raise Wrong(
            f"samples_needed should return a number or None, and returns {type(got).__name__}"
        )
    if (got is None) == (right is None) and (right is None or got == right):
        return
    for message, wrong in named.items():
        if got is not None and got == wrong:
            raise Wrong(message)
    said = "None, as if they never met" if got is None else f"{got:g}"
    raise Wrong(
        f"for counts {counts}, errors {errors}, one = {one:g}, within = {within:g} it says {said}"
    )


@ASSIGNMENT.check("q6", 1)
def needed_is_from_where_on(student, rng):
    """samples_needed finds from where on the average is as good:"""
    counts, errors = [2, 5, 10, 20, 50, 100], [30.0, 12.0, 17.0, 14.0, 9.0, 11.0]
    named = {
        "the first count that does as well may have been lucky: look at those after it": 5,
        "it should return a count, and returns its place among the counts": 3,
        "it should return a count, and returns the errors": 14.0,
        "where the average does better than the one network, that is as good, too": 100,
        "this is the last count that is not as good; from which on is it?": 10,
        "there is an earlier one: an error of at most one + within is as good": 50,
    }
    compare_needed(student, counts, errors, 12.0, 2.0, 20, named)


@ASSIGNMENT.check("q6", 1, hidden=True)
def needed_elsewhere(student, rng):
    """samples_needed takes ties, may find none, and may find the first:"""
    compare_needed(student, [3, 6, 12], [20.0, 16.0, 13.0], 13.0, 3.0, 6, {})
    compare_needed(student, [3, 6, 12], [20.0, 16.0, 17.0], 13.0, 3.0, None, {})
    compare_needed(student, [4, 8, 16], [9.0, 8.0, 7.0], 12.0, 0.0, 4, {})
    compare_needed(student, [7], [9.0], 9.0, 0.0, 7, {})
    compare_needed(student, [4, 8, 16, 32], [9.0, 3.0, 2.0, 1.0], 5.0, 0.5, 8, {})
