"""What is asked of assignment 2, and the misconception that each wrong answer shows.

Each check takes ``student``, whose functions it calls, and ``rng``, to choose inputs. The public
ones are also put into the notebook, so they use nothing but NumPy, the names in this file, and
what the assignments share, in dropout_grading.check_helpers.
A network is (x, w1, b1, w2, b2); no check depends on the order of masks.

A slip costs once. For each function there is a dict of results, {name: array}: what is RIGHT, and
what comes out with each slip that has a name. A public check asks for RIGHT and tells the slip; the
hidden one asks elsewhere for RIGHT or for the same slip again. On the inputs of a public check no
slip gives what is right (``telling``), so that none passes by chance.

Where an answer is drawn, a right one fails a comparison of shares once in 10^9 at most (Hoeffding,
two-sided, and a union over the rows); a run makes four. With 4000 draws and three rows the reach is
0.053, so that a share which is 0.1 off is missed with probability 2 exp(-8000 (0.1 - 0.053)^2),
4e-8, at most.
"""

from math import comb

import numpy as np

from dropout_grading.check_helpers import FALSE_ALARM_RATE, array_of, holds, seed, written
from dropout_grading.checks import Assignment, WrongAnswerError
from dropout_grading.execution.calls import StudentError

ROUNDING = 1e-5  # of a probability: single precision will do
SCALES = (1.5, 1.5, 1.5, 0.8, 0.8)  # of x, w1, b1, w2, b2
GIVEN_P = 0.4  # P in the notebook

RIGHT = ""  # the name of what is right, among those of slips
A_LIST = "it is a list, and should be a NumPy array"
SWAPPED = "p and 1 - p are in each other's place: p is the probability of dropping"
NOT_P = "this is what comes out at the notebook's P. Which p is the function given?"
BIAS = "you scale the bias b2 too. Is it ever dropped?"
LOGITS = "you average logits (or logarithms). Of what is the mean asked?"
INVERTED = "you divide the kept units by 1 - p. Was anything scaled when this network was trained?"
BOTH = "you drop and scale as well. What does a thinned network do with the units that it keeps?"
BY_P = "you scale by p. At p = 0.2, what share of the time was a unit there?"
OVER_P = "you divide by p. What is p the probability of, and is there anything to make up for?"
TIMES_P = f"{BOTH} Besides, what is p the probability of?"
ADDED = "you add up the k networks: what do the probabilities of a row add up to?"
FEWER = "you divide by k - 1: the mean of k values is of all k"
SAME = "all k networks are the same one: what should be drawn, and how often?"

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


def agree(a, b):
    """Whether two arrays agree up to rounding."""
    return bool(np.all(np.abs(a - b) <= ROUNDING))


def answer(student, name, *args):
    """Call a function of the student's; say so if nothing comes back."""
    result = student.call(name, *args)
    written(f"what {name} returns", result.value)
    return result


def fitting(name, value, results):
    """Return the names of those results that the value agrees with; say so if there are none."""
    right, listed = results[RIGHT], isinstance(value, list)
    value = np.array(value) if listed else value
    wild = infinite(results)
    if not (wild and isinstance(value, np.ndarray) and np.isnan(value).any()):
        array_of(name, value, right.shape)
    elif value.shape == right.shape:
        return wild
    fits = [key for key, result in results.items() if agree(value, result)]
    if not fits:
        raise WrongAnswerError(f"{name} is wrong by up to {np.abs(value - right).max():.2g}")
    return [fit or A_LIST for fit in fits] if listed else fits


def gives(student, name, results, case):
    """Return which of the results for a case a function gives.

    An error in the function may be that of a slip which divides by 0 there.
    """
    expected = results(*case)
    try:
        value = answer(student, name, *case).value
    except StudentError:
        if not infinite(expected):
            raise
        return infinite(expected)
    return fitting(f"the result of {name}", value, expected)


def infinite(results):
    """Return the names of those results that hold nan or inf: there, a slip divides by 0."""
    return [name for name, result in results.items() if not np.isfinite(result).all()]


def telling(make, results):
    """Return a case in which each slip makes a difference, far above rounding."""
    while True:
        case = make()
        right, *slips = results(*case).values()
        if all(np.abs(slip - right).max() > 100 * ROUNDING for slip in slips):
            return case


def only_right(fits, charged=False):
    """Say which slip it is, if the answer is not right.

    ``charged``: whether an earlier question has told that p and 1 - p are in each other's place.
    """
    if RIGHT not in fits and not (charged and SWAPPED in fits):
        raise WrongAnswerError(fits[0])


def right_elsewhere(usual, *others):
    """Say so if the other answers are neither right nor wrong by the slip of the usual one."""
    slips = [RIGHT] if RIGHT in usual else usual
    if not any(all(slip in fits or RIGHT in fits for fits in others) for slip in slips):
        raise WrongAnswerError(
            "elsewhere it is wrong in another way: at other p, or in other shapes"
        )


def softmax(z):
    """Return probabilities from logits, along the last axis."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def per_row(values):
    """Return the values divided by their sum over the classes."""
    return values / values.sum(axis=-1, keepdims=True)


def masks_of(n):
    """Return all masks of n units, in an order of no importance."""
    return np.array(list(np.ndindex(*(2,) * n)), dtype=bool)


def probabilities_of(masks, p):
    """Return the probability of each mask."""
    kept = masks.sum(axis=1)
    return (1 - p) ** kept * p ** (masks.shape[1] - kept)


def network(rng, p, rows=6, n=4, classes=3):
    """Return (x, w1, b1, w2, b2, p); each row has a unit that is on, or it tells nothing."""
    shapes = ((rows, 2), (2, n), (n,), (n, classes), (classes,))
    while True:
        net = [rng.normal(scale=scale, size=s) for scale, s in zip(SCALES, shapes, strict=True)]
        if (units(*net[:3]) > 0.3).any(axis=1).all():
            return *net, p


def units(x, w1, b1):
    """Return the values of the hidden units, shape (rows, n)."""
    return np.maximum(0, x @ w1 + b1)


def mean(values, weights):
    """Return the mean over the first axis, with these weights."""
    return np.tensordot(weights, values, 1)


def untouched(student, name, net, *others):
    """Say so if a call changes the arrays of the network."""
    kept = [student.put(value) for value in net]
    student.call(name, *kept, *others)
    if not all(np.array_equal(student.get(a), b) for a, b in zip(kept, net, strict=True)):
        raise WrongAnswerError(f"{name} changes an array that it was given")


# --- q1: weight scaling --------------------------------------------------------------------------


def scalings(x, w1, b1, w2, b2, p):
    """Return what weight_scaling may give."""
    q, h, early = 1 - p, units(x, w1, b1), units(x, (1 - p) * w1, b1)
    scaled = q * h @ w2 + b2
    above = "the ReLU sees another sum: which weights stand behind the dropped units?"
    logits = {
        RIGHT: scaled,
        "you scale nothing. While training, a unit was there only part of the time": h @ w2 + b2,
        BY_P: p * h @ w2 + b2,
        OVER_P: h / np.float64(p) @ w2 + b2,
        "you divide. Nothing was scaled in training here, and the whole network has more units "
        "than a thinned one: should its weights grow or shrink?": h / q @ w2 + b2,
        BIAS: q * (h @ w2 + b2),
        f"you scale w1 and not b1, so {above}": early @ w2 + b2,
        f"you scale both layers, so {above}": q * early @ w2 + b2,
        "you scale twice. How many layers of dropout are there?": q * q * h @ w2 + b2,
        "you leave out the ReLU": q * (x @ w1 + b1) @ w2 + b2,
        NOT_P: (1 - GIVEN_P) * h @ w2 + b2,
    }
    return {name: softmax(z) for name, z in logits.items()} | {
        "these are logits, and asked are probabilities": scaled,
        "you scale the probabilities: what do they add up to now?": q * softmax(h @ w2 + b2),
    }


@ASSIGNMENT.check("q1", 1)
def scaling_is_by_q(student, rng):
    """weight_scaling asks the one network with the scaled weights:"""
    case = telling(lambda: network(rng, 0.2), scalings)
    fits = gives(student, "weight_scaling", scalings, case)
    if BIAS not in fits:  # that is the next check's matter
        only_right(fits)


@ASSIGNMENT.check("q1", 1)
def scaling_is_of_no_more(student, rng):
    """weight_scaling scales what dropped units feed, and nothing else:"""
    case = telling(lambda: network(rng, 0.2), scalings)
    fits = gives(student, "weight_scaling", scalings, case)
    if BIAS not in fits and RIGHT not in fits:
        raise WrongAnswerError("what the check before this one says comes first")
    only_right(fits)


@ASSIGNMENT.check(
    "q1",
    1,
    hidden=True,
    about="other p, 0 and 1 among them; other shapes; whether the arrays stay as they were",
)
def scaling_elsewhere(student, rng):
    """weight_scaling is right at any p and shape, and leaves the network alone:"""
    cases = [telling(lambda: network(rng, 0.2), scalings), network(rng, 0.7, 1, 5, 2)]
    cases += [network(rng, 0.35, 3, 1, 4), network(rng, 0.0), network(rng, 1.0)]
    right_elsewhere(*(gives(student, "weight_scaling", scalings, case) for case in cases))
    untouched(student, "weight_scaling", network(rng, 0.4))


def takes_p_for_keeping(student, rng):
    """Whether q1 or q2 has charged that p is taken for the probability of keeping."""
    return holds(scaling_is_by_p, student, rng) or holds(probabilities_are_swapped, student, rng)


def scaling_is_by_p(student, rng):
    """Say so if weight_scaling does not scale by p."""
    case = telling(lambda: network(rng, 0.2), scalings)
    if BY_P not in gives(student, "weight_scaling", scalings, case):
        raise WrongAnswerError("weight_scaling does not scale by p")


# --- q2: masks and their probabilities -----------------------------------------------------------


def masks_made(student, n):
    """Return which slip all_masks makes, or that it is right."""
    masks, fits = answer(student, "all_masks", n).value, [RIGHT]
    if isinstance(masks, list):
        masks, fits = np.array(masks), [A_LIST]
    shape = getattr(masks, "shape", None)
    if isinstance(masks, np.ndarray) and masks.dtype.kind in "iuf" and np.isin(masks, (0, 1)).all():
        masks, fits = masks > 0, [f"it should hold booleans (True = kept), and holds {masks.dtype}"]
    if shape == (n, 2**n):
        return ["it is the wrong way round: a row is a mask"]
    if shape == (2**n - 1, n):
        return ["one is missing. May all units be dropped at once? May all be kept?"]
    masks = array_of("the result of all_masks", masks, (2**n, n), "b")
    different = len(np.unique(masks, axis=0))
    if different == 1 and n > 2:  # at n = 1 two that are drawn may be the same
        raise WrongAnswerError("all masks are the same one")
    if different < 2**n:
        return ["a mask occurs twice, so another is missing"]
    return fits


@ASSIGNMENT.check("q2", 1)
def masks_are_all_there(student, rng):
    """all_masks returns each mask once:"""
    for n in (3, 5):
        only_right(masks_made(student, n))


def chances(masks, p):
    """Return what mask_probabilities may give."""
    right, kept, (m, n), q = probabilities_of(masks, p), masks.sum(axis=1), masks.shape, 1 - p
    alike = "you give all masks the same. At p = 0.2, is keeping all as likely as dropping all?"
    return {
        RIGHT: right,
        SWAPPED: probabilities_of(~masks, p),
        NOT_P: probabilities_of(masks, GIVEN_P),
        "you divide by p for what is dropped: what is its probability?": (
            np.where(masks, q, 1 / np.float64(p)).prod(axis=1)
        ),
        alike: np.full(m, 0.5**n),
        f"{alike} Would it change if fewer masks were asked about?": np.full(m, 1 / m),
        "you count what is kept and forget what is dropped": q**kept,
        "you count what is dropped and forget what is kept": p ** (n - kept),
        "this is the probability that so many are kept, in whatever place; asked is that of one "
        "mask": right * [comb(n, k) for k in kept],
        "you add up. The units decide independently: how do such probabilities combine?": (
            np.where(masks, q, p).sum(axis=1)
        ),
    }


@ASSIGNMENT.check("q2", 1)
def probabilities_are_products(student, rng):
    """mask_probabilities gives each mask its probability:"""
    # Of 32 masks as many are kept in each place as in another order with probability 1e-18.
    case = rng.permutation(masks_of(5)), 0.2
    fits = gives(student, "mask_probabilities", chances, case)
    only_right(fits, SWAPPED in fits and holds(scaling_is_by_p, student, rng))


def probabilities_are_swapped(student, rng):
    """Say so if mask_probabilities does not take p for the probability of keeping."""
    if SWAPPED not in gives(student, "mask_probabilities", chances, (masks_of(5), 0.2)):
        raise WrongAnswerError("mask_probabilities does not keep with p")


@ASSIGNMENT.check("q2", 1, hidden=True, about="other n; p = 0 and p = 1; some of the masks only")
def masks_elsewhere(student, rng):
    """all_masks and mask_probabilities are right at any n and p, for some masks or all:"""
    right_elsewhere(*(masks_made(student, n) for n in (5, 1, 2, 7)))
    some = np.array([[1, 1, 0, 1], [0, 0, 1, 0], [1, 1, 0, 1]]) > 0
    cases = [(masks_of(3), 0.2), (some, 0.3), (some[:1, :1], 0.3)]
    cases += [(rng.permutation(masks_of(6)), p) for p in (0.75, 0.0, 1.0)]
    right_elsewhere(*(gives(student, "mask_probabilities", chances, case) for case in cases))


# --- q3: the average of all ----------------------------------------------------------------------


def averages(x, w1, b1, w2, b2, p):
    """Return what exact_average may give."""
    masks, q = masks_of(len(b1)), 1 - p
    weights, half = probabilities_of(masks, p), np.full(len(masks), 1 / len(masks))
    thinned = units(x, w1, b1) * masks[:, None, :]
    logits = thinned @ w2 + b2
    probs = softmax(logits)
    return {
        RIGHT: mean(probs, weights),
        "you count all masks the same. At p = 0.2, which are more likely?": mean(probs, half),
        SWAPPED: mean(probs, probabilities_of(~masks, p)),
        NOT_P: mean(probs, probabilities_of(masks, GIVEN_P)),
        LOGITS: softmax(mean(logits, weights)),
        f"{LOGITS} And all masks count the same": softmax(mean(logits, half)),
        "these are logits, and asked are probabilities": mean(logits, weights),
        INVERTED: mean(softmax(thinned / q @ w2 + b2), weights),
        BOTH: mean(softmax(thinned * q @ w2 + b2), weights),
        OVER_P: mean(softmax(thinned / np.float64(p) @ w2 + b2), weights),
        TIMES_P: mean(softmax(thinned * p @ w2 + b2), weights),
        "you add up without weights: what do the probabilities of a row add up to?": probs.sum(0),
        "you divide once too often: what do the weights add up to?": mean(probs, weights * half),
    }


@ASSIGNMENT.check("q3", 2)
def average_is_over_all_masks(student, rng):
    """exact_average weights the probabilities of all thinned networks:"""
    case = telling(lambda: network(rng, 0.2), averages)
    fits = gives(student, "exact_average", averages, case)
    only_right(fits, SWAPPED in fits and takes_p_for_keeping(student, rng))


@ASSIGNMENT.check(
    "q3",
    1,
    hidden=True,
    about="other p, 0 and 1 among them; other shapes; whether the arrays stay as they were",
)
def average_elsewhere(student, rng):
    """exact_average is right at any p and shape, and leaves the network alone:"""
    cases = [telling(lambda: network(rng, 0.2), averages), network(rng, 0.65, 1, 6, 2)]
    cases += [network(rng, 0.3, 2, 1, 4), network(rng, 0.0), network(rng, 1.0)]
    right_elsewhere(*(gives(student, "exact_average", averages, case) for case in cases))
    untouched(student, "exact_average", network(rng, 0.4))


# --- q4: Monte Carlo -----------------------------------------------------------------------------
#
# With one hidden unit there are two networks, so that a mean of k shows in how many of them the
# unit was kept, and with that what its standard error is.


def lit_network(rng, rows=3, n=1):
    """Return a network of three classes whose units are on in all rows, and matter."""
    x, w1, b1 = (rng.uniform(0.5, 1.5, s) for s in ((rows, 2), (2, n), (n,)))
    # Class 0 falls and the last rises with each unit, so that no unit is without effect. Class 1
    # stays below 1/4, unit on or off: 1/3 for each class is no mean of any kind.
    rising, edges = np.array([-1, 0, 1]), np.array([1, -2, 1])
    b2 = rng.uniform(-0.2, 0.2) * rising + rng.uniform(0.15, 0.3) * edges
    return [x, w1, b1, rising * rng.uniform(0.5, 1, (n, 1)), b2]


def sampled(student, net, p, k, generator):
    """Call monte_carlo_average; return its two results as they came, None for one left out."""
    result = answer(student, "monte_carlo_average", *net, p, k, generator)
    if not isinstance(result.value, np.ndarray):
        return result[0].value, result[1].value
    both = result.value.shape == (2, len(net[0]), len(net[4]))
    return tuple(result.value) if both else (result.value, None)


def scale_of_units(p):
    """Return {kind of mean: by what the kept units are multiplied}.

    A mean of logits comes in front of what is nearly the same: units times 1 - p, none dropped.
    """
    with np.errstate(divide="ignore"):
        over = 1 / np.array([1 - p, p])
    return {RIGHT: 1, LOGITS: 1, INVERTED: over[0], BOTH: 1 - p, OVER_P: over[1], TIMES_P: p}


def ends(net, scale):
    """Return the probabilities with the one unit off, and with it on and multiplied."""
    h, w2, b2 = units(*net[:3]), net[3], net[4]
    return softmax(b2), softmax(h * scale @ w2 + b2)


def nearest(got, off, way, k):
    """Return for each row the j in 0 to k for which off + way * j / k is nearest to ``got``.

    It is nan where none can be told: the way has no length, or no end.
    """
    share = ((got - off) * way).sum(axis=-1) / (way**2).sum(axis=-1)
    return np.clip(np.round(share * k), 0, k)


def kept_shares(net, got, p, k):
    """Return {kind of mean: share of the k networks in which the unit was kept, for each row}."""
    # At the ends a division by p or 1 - p may give nan.
    array_of("the mean", got, (len(net[0]), len(net[4])), finite=0 < p < 1)
    found = {}
    # Kinds are 0.004 apart at p = 0.2; of many networks, steps of 1/k need not be told apart.
    most = ROUNDING if k < 100 else 1 / k
    logit = units(*net[:3]) @ net[3]  # what the unit adds, if it is on
    for name, factor in ((None, 1), (ADDED, k), (FEWER, k / (k - 1))):
        one = got / factor
        for kind, scale in scale_of_units(p).items():
            if kind == LOGITS:
                # The log of a probability is the logit, up to what all classes share.
                centred = np.log(np.maximum(one, 1e-300)) - net[4]
                way, from_off = (v - v.mean(axis=-1, keepdims=True) for v in (logit, centred))
                share = nearest(from_off, 0, way, k) / k
                means = softmax(logit * np.nan_to_num(share)[:, None] + net[4])
            else:
                off, on = ends(net, scale)
                share = nearest(one, off, on - off, k) / k
                means = off + np.nan_to_num(share)[:, None] * (on - off)
            note(found, kind if name is None else name, means * factor, got, most, share)
            if RIGHT in found and k < 100:  # no other kind comes so near
                return found
    if not found:
        raise WrongAnswerError(
            f"with one hidden unit there are two networks, and this is no mean of k = {k} of them: "
            "how many did you draw, and by what did you divide?"
        )
    return found


def note(found, name, means, got, most, share):
    """Note the shares under a name, if they give what came out; what is nan there is nan here."""
    gaps = np.where(np.isnan(means) & np.isnan(got), 0, np.abs(means - got))
    if (gaps <= most).all():
        found.setdefault(name, share)


def near(shares, probability, k):
    """Whether shares of k may be those of an event of this probability.

    Where it is certain, all but four: single precision may hide as many. Of 4000, an error in 100
    is then missed with probability 1e-12.
    """
    certain = probability in (0, 1)
    reach = 4 / k if certain else np.sqrt(np.log(2 * shares.size / FALSE_ALARM_RATE) / (2 * k))
    return not (np.abs(shares - probability) > reach).any()  # nan: it cannot be told


def drawing(student, rng, p, k=4000):
    """Return what monte_carlo_average does: which networks it draws, and what mean it takes."""
    net, fits = lit_network(rng), []
    try:
        got, _ = sampled(student, net, p, k, seed(rng))
    except StudentError:
        if fits := infinite(scale_of_units(p)):  # a slip that divides by 0 here
            return fits
        raise
    for kind, shares in kept_shares(net, got, p, k).items():
        fits += [kind] if near(shares, 1 - p, k) else []
        fits += [SWAPPED] if near(shares, p, k) else []
        fits += [NOT_P] if near(shares, 1 - GIVEN_P, k) else []
        fits += [SAME] if np.isin(shares, (0, 1)).all() else []
    if not fits:
        worst = shares[np.abs(shares - (1 - p)).argmax()]
        raise WrongAnswerError(
            f"at p = {p} a unit is kept in a share of {worst:.3f}: is that by chance?"
        )
    return fits


def pairs(student, rng, p=0.2, k=4000):
    """Return what fits the share in which both of two units are kept."""
    # Class 1 is certain just where both are, also with units times 1 - p or divided by it.
    one, w2 = np.ones((1, 1)), np.array([[0.0, 100]] * 2)
    net = [one, np.ones((1, 2)), np.zeros(2), w2, np.array([0.0, -142])]
    got = sampled(student, net, p, k, seed(rng))[0]
    share = per_row(array_of("the mean", got, (1, 2)))[:, 1]
    chances = {RIGHT: (1 - p) ** 2, SWAPPED: p**2, NOT_P: (1 - GIVEN_P) ** 2}
    chances |= {OVER_P: 1 - p**2, TIMES_P: 0}  # one unit is enough; two are not
    fits = [name for name, chance in chances.items() if near(share, chance, k)]
    # Of one network, or of a mean of logits, it tells nothing.
    return fits + ([SAME, LOGITS] if agree(share, np.round(share)) else [])


@ASSIGNMENT.check("q4", 1)
def mean_is_of_k_networks(student, rng):
    """monte_carlo_average returns the mean of the probabilities of k networks:"""
    fits = drawing(student, rng, 0.2)
    only_right(fits, SWAPPED in fits and takes_p_for_keeping(student, rng))
    for _ in range(24):  # a mean of 4 or 6 looks like one of 5 with probability 0.16 at most
        net = lit_network(rng)
        got, _ = sampled(student, net, 0.4, 5, seed(rng))
        only_right([*kept_shares(net, got, 0.4, 5)])


@ASSIGNMENT.check("q4", 1)
def standard_error_is_that_of_the_mean(student, rng):
    """monte_carlo_average returns the standard error of that mean:"""
    # All k alike, which makes each slip right, has probability 0.05 at p = 0.4: in 12, 3e-16.
    # At p = 1e-12 they are all alike, and a slip that divides by p goes on.
    for p in (0.4,) * 12 + (1e-12,) * 12:
        net, k = lit_network(rng), 6
        got, error = sampled(student, net, p, k, seed(rng))
        if error is None:
            raise WrongAnswerError(
                "the standard error is not written yet: there is one array only, or None"
            )
        kind, shares = next(iter(kept_shares(net, got, p, k).items()))
        only_right(fitting("the standard error", error, errors(net, p, kind, shares, got)))


def errors(net, p, kind, shares, got, k=6):
    """Return what the standard error of k may be, where the unit was kept in these shares."""
    # A mean of logits goes between the same two networks as the right one.
    off, on = ends(net, scale_of_units(p).get(kind, 1))
    gap, f, root = np.abs(on - off), shares[:, None], np.sqrt(k)
    s, small = gap * np.sqrt(k * f * (1 - f) / (k - 1)), gap * np.sqrt(f * (1 - f))
    ddof = "it comes out too small: from which mean are the deviations measured (look up ddof)?"
    spread = "this is the standard deviation of the k networks. How sure is their mean?"
    shrink = "you divide the standard deviation by k: how does the error of a mean shrink?"
    return {
        RIGHT: s / root,
        ddof: small / root,
        spread: s,
        f"{spread} Besides, {ddof}": small,
        shrink: s / k,
        f"{shrink} Besides, {ddof}": small / k,
        "this is the variance of the mean; the error has the unit of the mean": s**2 / k,
        "this is the variance of the networks": s**2,
        "this is about twice the standard error": 1.96 * s / root,
        "this is twice the standard error": 2 * s / root,
        "sqrt(P(1 - P) / k) is for k answers of yes or no; these are k probabilities, which "
        "differ less": np.sqrt(np.maximum(0, got * (1 - got)) / k),
        "it is 0, and the k networks are not all the same": 0 * s,
    }


@ASSIGNMENT.check(
    "q4",
    1,
    hidden=True,
    about="other p, 0 and 1 among them; more units; what it draws from; whether arrays change",
)
def sampling_elsewhere(student, rng):
    """monte_carlo_average lets each unit decide alone, from the generator given, at any p:"""
    others = [drawing(student, rng, p) for p in (0.7, 0.0, 1.0)]
    right_elsewhere(drawing(student, rng, 0.2), *others, pairs(student, rng))
    net, generator = lit_network(rng, 2, 10), seed(rng)
    one, two = (sampled(student, net, 0.5, 4, generator)[0] for _ in range(2))
    if not np.array_equal(one, two):
        raise WrongAnswerError(
            "the same generator twice gives two results: draw from rng and nothing else"
        )
    # Each is the same by chance with probability 2^-10 where all k have one mask, else 2^-35.
    if all(np.array_equal(one, sampled(student, net, 0.5, 4, seed(rng))[0]) for _ in range(4)):
        raise WrongAnswerError("five generators give the same result: draw from rng")
    untouched(student, "monte_carlo_average", network(rng, 0.4), 3, seed(rng))


# --- q5: the geometric mean ----------------------------------------------------------------------


def products(probs, weights):
    """Return what geometric_mean may give."""
    logs, half = np.log(probs), np.full(len(weights), 1 / len(weights))
    added, product, alike = mean(logs, weights), np.exp(mean(logs, weights)), mean(logs, half)
    unweighted = "where are the weights? All networks count the same"
    unnormalised = "what do the probabilities of a row add up to?"
    return {
        RIGHT: per_row(product),
        "this is the arithmetic mean: a geometric one multiplies": mean(probs, weights),
        unnormalised: product,
        unweighted: softmax(alike),
        f"{unweighted}. And {unnormalised}": np.exp(alike),
        "this is the mean of the logarithms": added,
        "you divide the mean of the logarithms by its sum: what is it a logarithm of?": (
            per_row(added)
        ),
        "over what does each sum run? Over the rows of x, here": product / product.sum(axis=0),
        "over what does each sum run? Over rows and classes, here": product / product.sum(),
        "you multiply, and take no root: what do the exponents add up to?": softmax(logs.sum(0)),
    }


def networks(rng, *shape):
    """Return probabilities of this shape, and positive weights that differ and add up to 1."""
    return softmax(rng.normal(scale=2, size=shape)), per_row(rng.uniform(0.2, 2, shape[0]))


@ASSIGNMENT.check("q5", 1)
def geometric_multiplies(student, rng):
    """geometric_mean weights, multiplies and normalises:"""
    case = telling(lambda: networks(rng, 5, 4, 3), products)
    only_right(gives(student, "geometric_mean", products, case))


@ASSIGNMENT.check(
    "q5", 1, hidden=True, about="other numbers of networks, rows and classes; a weight of 0"
)
def geometric_elsewhere(student, rng):
    """geometric_mean is right for any number of networks, rows and classes:"""
    cases = [telling(lambda: networks(rng, 5, 4, 3), products), networks(rng, 1, 3, 4)]
    cases += [networks(rng, 64, 1, 2), networks(rng, 2, 5, 6)]
    cases.append((networks(rng, 4, 3, 3)[0], np.array([0.0, 0.7, 0.3, 0.0])))
    right_elsewhere(*(gives(student, "geometric_mean", products, case) for case in cases))


# --- q6: where they meet -------------------------------------------------------------------------

USUAL = [2, 5, 10, 20, 50, 100, 200], [30.0, 12.0, 17.0, 14.0, 13.0, 9.0, 11.0], 12.0, 2.0


def from_where_on(counts, good):
    """Return the smallest count from which on all are good, or None."""
    bad = np.flatnonzero(~good)
    first = bad[-1] + 1 if len(bad) else 0
    return counts[first] if first < len(counts) else None


def needs(counts, errors, one, within):
    """Return what samples_needed may give."""
    over = np.array(errors) - one
    good, right = over <= within, from_where_on(counts, over <= within)
    bad = np.flatnonzero(~good)
    return {
        RIGHT: right,
        "the first count that does as well may have been lucky: look at those after it": (
            counts[good.argmax()] if good.any() else None
        ),
        "this is a place among the counts: which count is there?": (right and counts.index(right)),
        "this is an error: how many networks made it?": right and errors[counts.index(right)],
        "what if the average does better than the one network?": (
            from_where_on(counts, np.abs(over) <= within)
        ),
        "what is within for?": from_where_on(counts, over <= 0),
        "at most one + within: what of an error that is just so large?": (
            from_where_on(counts, over < within)
        ),
        "this is the last count that is not as good; from which on is it?": (
            counts[bad[-1]] if len(bad) else None
        ),
    }


def needed(student, *case):
    """Return which of these samples_needed gives."""
    counts, errors, one, within = case
    got = student.call("samples_needed", np.array(counts), np.array(errors), one, within).value
    if isinstance(got, np.ndarray) and got.size == 1:
        got = got.item()
    if isinstance(got, bool) or not isinstance(got, int | float | np.number | None):
        raise WrongAnswerError(f"it should be a number or None, and is {type(got).__name__}")
    fits = [name for name, result in needs(*case).items() if got == result]
    if not fits:
        said = f"for counts {counts}, errors {errors}, one = {one:g}, within = {within:g} it says"
        why = ": is it the smallest from which on all are as good?"
        if got is None:
            why = ": is it not written yet?"
        elif got not in counts:
            why = ", which is not one of the counts"
        raise WrongAnswerError(f"{said} {got}{why}")
    return fits


@ASSIGNMENT.check("q6", 1)
def needed_is_from_where_on(student, rng):
    """samples_needed finds from where on the average is as good:"""
    only_right(needed(student, *USUAL))


@ASSIGNMENT.check("q6", 1, hidden=True, about="ties; a result that is None, or the first count")
def needed_elsewhere(student, rng):
    """samples_needed takes ties, may find none, and may find the first:"""
    cases = (
        USUAL,
        ([3, 6, 12], [20.0, 16.0, 13.0], 13.0, 3.0),
        ([3, 6, 12], [20.0, 16.0, 17.0], 13.0, 3.0),
        ([4, 8, 16], [9.0, 8.0, 7.0], 12.0, 0.0),
        ([7], [9.0], 9.0, 0.0),
        ([4, 8, 16, 32], [9.0, 3.0, 2.0, 1.0], 5.0, 0.5),
    )
    right_elsewhere(*(needed(student, *case) for case in cases))
