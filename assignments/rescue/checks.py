"""What is asked of assignment 3, and the misconception that each wrong answer shows.

Each check takes ``student``, whose functions it calls, and ``rng``, to choose inputs. The public
ones are also put into the notebook, so they use nothing but NumPy, the names in this file, and
what the assignments share, in dropout_grading.check_helpers.
Nothing depends on the mask that PyTorch draws for a seed. Sampled statements are wrong once in 10^9
runs at most (Hoeffding); everything else is exact up to rounding.
"""

import numpy as np

from dropout_grading.check_helpers import array_of, close, holds, kept_share, written
from dropout_grading.checks import Assignment, WrongAnswerError
from dropout_grading.execution.values import Source

ASSIGNMENT = Assignment("rescue", manual={"q9": 4})
NOT_P = "p is the probability of dropping. Is that the one that you need?"


def any_p(rng):
    """Return a probability of dropping; never 0.5, where p is 1 - p, nor 0.2, the notebook's P."""
    return float(rng.choice([0.1, 0.3, 0.4, 0.6, 0.7]))


def any_seed(rng):
    """Return a seed for the student's generator."""
    return int(rng.integers(2**31))


def asked(student, name, *args):
    """Return what the student's function returns; say so if that is nothing."""
    value = student.call(name, *args).value
    written(f"what {name} returns", value)
    return value


def expect(what, factor, right, named, p):
    """Say what is wrong with the factor on something, if it is not ``right``.

    ``named``: {wrong factor: what it shows}.
    """
    factor = np.asarray(factor)
    if factor.size == 0:
        raise WrongAnswerError(f"at p = {p} nothing is kept")
    if close(factor, right):
        return
    for wrong, message in named.items():
        if close(factor, wrong):
            raise WrongAnswerError(f"at p = {p} {what} {wrong:.4g} times what went in: {message}")
    if not np.ptp(factor) <= 1e-3 * np.abs(factor).max():  # so too for nan
        raise WrongAnswerError(f"{what} not all the same finite number of times what went in")
    raise WrongAnswerError(f"at p = {p} {what} {factor.mean():.4g} times what went in")


def decided(mask, p, what):
    """Say what is wrong with the mask, if it is not one decision a value, with a share of 1 - p."""
    if mask.ndim > 1 and mask.any() and not mask.all():
        if (mask == mask[:1]).all():
            raise WrongAnswerError(
                f"{what}: all rows of the batch lose the same. How many decisions are drawn, and "
                "how many values are there?"
            )
        if (mask == mask[:, :1]).all():
            raise WrongAnswerError(
                f"{what}: a row is dropped as a whole. Look at the shape of the mask"
            )
    kept_share(mask, p, what)


def kept_factor(factor, p, what):
    """Say what is wrong with the factors on kept values, if they are not all 1 / (1 - p)."""
    q = 1 - p
    named = {
        1.0: "not scaled. What does inverted dropout do while training?",
        1 / p: f"you divide by p. {NOT_P}",
        q: "that is the paper's factor at evaluation. Should a kept value grow or shrink here?",
        1 / q**2: "they are scaled twice",
    }
    expect(f"{what}: kept values are", factor, 1 / q, named, p)


# --- q1: the weights ---------------------------------------------------------------------------

BEHIND_DROPOUT = ("second.weight", "out.weight")
NETWORKS = (((4, 6, 5, 3), np.float32), ((7, 3, 1, 4), np.float64))  # layers' sizes, precision


def some_weights(rng, sizes, dtype):
    """Return the weights of a network of these sizes, none of them near 0."""
    weights = {}
    for name, inputs, outputs in zip(("first", "second", "out"), sizes, sizes[1:], strict=False):
        for kind, shape in (("weight", (outputs, inputs)), ("bias", (outputs,))):
            values = rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape)
            weights[f"{name}.{kind}"] = values.astype(dtype)
    return weights


def converted(student, weights, p):
    """Return what the student's convert makes of the weights, by how much each was multiplied."""
    value = asked(student, "convert", {k: w.copy() for k, w in weights.items()}, p)
    if not isinstance(value, dict) or set(value) != set(weights):
        raise WrongAnswerError(
            "convert should return a dict with the names of the one that it gets"
        )
    return {k: array_of(k, value[k], w.shape) / w.astype(float) for k, w in weights.items()}


@ASSIGNMENT.check("q1", 2)
def convert_scales_what_dropout_feeds(student, rng):
    """convert scales the weights behind dropout:"""
    for network in NETWORKS:
        p = any_p(rng)
        q = 1 - p
        factors = converted(student, some_weights(rng, *network), p)
        named = {
            1.0: "with inverted dropout the units in front hand on more, in both modes",
            1 / q: "you divide, as for the way back, from inverted to standard. In which of the "
            "two networks does a kept unit hand on more?",
            p: f"you multiply by p. {NOT_P}",
            1 / p: f"you divide by p. {NOT_P}",
            q**2: "q squared. How many dropouts stand between this layer and the one in front?",
            q**0.5: "sqrt(q) keeps the mean square; wanted is the same function, mask by mask",
        }
        for name in BEHIND_DROPOUT:
            expect(f"the entries of {name} are", factors[name], q, named, p)


@ASSIGNMENT.check("q1", 1)
def convert_leaves_the_rest(student, rng):
    """convert leaves alone what no dropped unit feeds, and the arrays that it is given:"""
    for network in NETWORKS:
        p, weights = any_p(rng), some_weights(rng, *network)
        factors = converted(student, weights, p)
        changed = [name for name, factor in factors.items() if not close(factor, 1)]
        if not changed:
            raise WrongAnswerError(
                "nothing has changed at all: then the new network is another function"
            )
        for name in changed:
            if name.endswith("bias"):
                raise WrongAnswerError(
                    f"{name} has changed. Does dropout ever reach what is added there?"
                )
            if name not in BEHIND_DROPOUT:
                raise WrongAnswerError(
                    f"{name} has changed. Is any of what feeds this layer dropped?"
                )
        given = student.put(weights)
        student.call("convert", given, p)
        after = student.get(given)
        if any(not np.array_equal(after[name], w) for name, w in weights.items()):
            raise WrongAnswerError("convert changes the arrays that it is given: make new ones")


# --- q2 and q3: the optimisers -----------------------------------------------------------------


def settings(student, rng, name, keys, *, in_order=False):
    """Return a p, and the factors by which the student's function changes each of the settings.

    ``in_order``: take a tuple too; that it should be a dict is asked once, by the first check.
    """
    p = any_p(rng)
    given = {key: float(rng.uniform(1e-4, 1e-2)) for key in keys}
    value = asked(student, name, *given.values(), p)
    if in_order and isinstance(value, list | tuple) and len(value) == len(keys):
        value = dict(zip(keys, value, strict=True))
    if not isinstance(value, dict) or set(value) != set(given):
        raise WrongAnswerError(f"{name} should return a dict with the keys {', '.join(keys)}")
    for key, number in value.items():
        if isinstance(number, bool) or not isinstance(number, int | float | np.number):
            raise WrongAnswerError(f"{key} should be a number, and is {type(number).__name__}")
    return p, {key: float(value[key]) / number for key, number in given.items()}


def expect_decay(factor, p):
    """Say what is wrong with a weight decay that is added, times W, to the gradient."""
    q = 1 - p
    smaller = "smaller, where the gradient that it is added to is larger"
    named = {
        1.0: "it is added, times W, to the gradient. Is W' what W was, and the gradient?",
        1 / q: "that makes up for one change. It is added, times W', to the gradient: how has each "
        "of the two changed?",
        q: smaller,
        q**2: smaller,
        1 / p**2: NOT_P,
    }
    expect("the weight decay is", factor, 1 / q**2, named, p)


@ASSIGNMENT.check("q2", 1)
def sgd_learning_rate(student, rng):
    """convert_sgd keeps W' = qW with its learning rate:"""
    p, factors = settings(student, rng, "convert_sgd", ("lr", "weight_decay"))
    q = 1 - p
    larger = "larger. Is the gradient for W' larger or smaller than that for W?"
    named = {
        1.0: "W' = qW, so is the gradient for W' that for W? And should the step be?",
        q: "one reason for a factor is seen, and there are two: look at the gradient, and at the "
        "step that W' should take",
        1 / q: larger,
        1 / q**2: larger,
        p: NOT_P,
        p**2: NOT_P,
    }
    expect("the learning rate is", factors["lr"], q**2, named, p)


@ASSIGNMENT.check("q2", 1)
def sgd_weight_decay(student, rng):
    """convert_sgd keeps W' = qW with its weight decay:"""
    p, factors = settings(student, rng, "convert_sgd", ("lr", "weight_decay"), in_order=True)
    expect_decay(factors["weight_decay"], p)


@ASSIGNMENT.check("q3", 1)
def adam_learning_rate_and_decay(student, rng):
    """convert_adam keeps W' = qW with its learning rate and weight decay:"""
    p, factors = settings(student, rng, "convert_adam", ("lr", "eps", "weight_decay"))
    q = 1 - p
    named = {
        1.0: "W' = qW: should its step be as long as that of W?",
        q**2: "as for SGD. But Adam divides the gradient by its own size: what is left of a factor "
        "on the gradient?",
        1 / q: "W' is smaller than W: should its step be longer or shorter?",
        p: NOT_P,
    }
    expect("the learning rate is", factors["lr"], q, named, p)
    expect_decay(factors["weight_decay"], p)


@ASSIGNMENT.check("q3", 1, hidden=True, about="eps")
def adam_eps(student, rng):
    """convert_adam keeps eps as large against the gradient as it was:"""
    keys = ("lr", "eps", "weight_decay")
    p, factors = settings(student, rng, "convert_adam", keys, in_order=True)
    named = {1.0: "and how large is the gradient for W' against that for W?"}
    expect("eps is", factors["eps"], 1 / (1 - p), named, p)


# --- q4: the lines -----------------------------------------------------------------------------

LABELS = [f"L{n}" for n in range(1, 21)]


def labels_of(student):
    """Return the set of labels that the student names, whatever their case and order."""
    value = asked(student, "mistakes")
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
        raise WrongAnswerError('mistakes should return a list of labels such as ["L1", "L2"]')
    named = {v.strip().upper() for v in value}
    unknown = sorted(named - set(LABELS))
    if unknown:
        raise WrongAnswerError(f"there is no line with the label {', '.join(unknown)}")
    return named


@ASSIGNMENT.check("q4", 0)
def mistakes_are_labels(student, rng):
    """mistakes names six lines, at least one in each piece (not seen: whether they are wrong):"""
    named = labels_of(student)
    if len(named) != 6:
        raise WrongAnswerError(f"the script has six mistakes; lines that you name: {len(named)}")
    starts = {"drop_inputs": 0, "Block": 4, "Head": 7, "validation_loss and fit": 13}
    for (piece, start), end in zip(starts.items(), (4, 7, 13, 20), strict=True):
        if named.isdisjoint(LABELS[start:end]):
            raise WrongAnswerError(f"you name no line of {piece}; each piece has a mistake")


def found_less_false(student, least):
    """Say so if the mistakes found, less the right lines named, are too few."""
    # That dropout stays off after the first epoch is mended at one of several places: each counts.
    places = [{"L3"}, {"L4"}, {"L7"}, {"L9"}, {"L13"}, {"L14", "L15", "L17", "L18", "L20"}]
    named = labels_of(student)
    found = sum(bool(named & place) for place in places)
    if found - len(named - set().union(*places)) < least:
        raise WrongAnswerError("too few are found, or too many that are right are named")


@ASSIGNMENT.check("q4", 1, hidden=True, about="how many of the six lines are found")
def some_of_the_mistakes(student, rng):
    """mistakes names at least two more of the wrong lines than of the right ones:"""
    found_less_false(student, 2)


@ASSIGNMENT.check("q4", 1, hidden=True, about="how many of the six lines are found")
def most_of_the_mistakes(student, rng):
    """mistakes names at least four more of the wrong lines than of the right ones:"""
    found_less_false(student, 4)


@ASSIGNMENT.check("q4", 1, hidden=True, about="how many of the six lines are found")
def all_of_the_mistakes(student, rng):
    """mistakes names all six, and no line that is right:"""
    found_less_false(student, 6)


# --- q5: dropout on the inputs -----------------------------------------------------------------


def dropped_inputs(student, rng, p, shape, training=True, dtype=np.float32):
    """Return x and what the student's drop_inputs makes of it."""
    x = (rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape)).astype(dtype)
    y = asked(student, "run_drop_inputs", x, p, training, any_seed(rng))
    return x, array_of("what drop_inputs returns", y, shape, finite=False)


@ASSIGNMENT.check("q5", 1)
def inputs_have_masks_of_their_own(student, rng):
    """drop_inputs decides for each value by itself, and drops it with probability p:"""
    p = any_p(rng)
    for shape in ((500, 200), (50, 40, 30)):
        _, y = dropped_inputs(student, rng, p, shape)
        decided(y != 0, p, f"drop_inputs in training, shape {shape}")
    _, y = dropped_inputs(student, rng, 0.0, (9, 7), dtype=np.float64)
    if (y == 0).any():
        raise WrongAnswerError("at p = 0 nothing is dropped")


@ASSIGNMENT.check("q5", 1)
def inputs_are_scaled(student, rng):
    """drop_inputs scales what it keeps, in training alone:"""
    p = any_p(rng)
    x, y = dropped_inputs(student, rng, p, (500, 200))
    kept = y != 0
    factor = y[kept] / x[kept]
    # Who keeps with p has lost a point for that, and not another for dividing by what they keep.
    if not (abs(kept.mean() - p) < 0.05 and close(factor, 1 / p)):
        kept_factor(factor, p, "drop_inputs in training")
    # One mask for all rows or units drops nothing with probability 0.9^300 = 2e-14 at most.
    x, y = dropped_inputs(student, rng, p, (300, 300), training=False)
    if (y == 0).any():
        raise WrongAnswerError("drop_inputs drops at evaluation")
    if not np.array_equal(x, y):
        raise WrongAnswerError(
            f"at evaluation values are {(y / x).mean():.4g} times what went in. What has training "
            "left to be made up for?"
        )


def inputs_keep_with_p(student, rng):
    """Say so if drop_inputs does not take p for the probability of keeping."""
    p = any_p(rng)
    _, y = dropped_inputs(student, rng, p, (500, 200))
    kept_share(y != 0, 1 - p, "drop_inputs")


# --- q6: a block -------------------------------------------------------------------------------


def block_of(student, rng, p, training):
    """Return relu(Wx + b), and what the student's block makes of the same; whole numbers, so exact.

    The first half of the units is above 0 for each row, the other half below.
    """
    sign = np.repeat([1, -1], 50)
    weight = (rng.integers(1, 4, (100, 6)) * sign[:, None]).astype(np.float32)
    bias = (rng.integers(1, 4, 100) * sign).astype(np.float32)
    x = rng.integers(1, 4, (1000, 6)).astype(np.float32)
    y = asked(student, "run_block", x, weight, bias, p, training, any_seed(rng))
    # Not x @ weight.T: BLAS in one thread while another starts a process can wait for ever.
    h = np.einsum("ri,oi->ro", x, weight) + bias
    return np.maximum(h, 0), array_of("what run_block returns", y, (1000, 100))


@ASSIGNMENT.check("q6", 1)
def block_drops_in_training_alone(student, rng):
    """Block drops in training, and does nothing but its layer and ReLU at evaluation:"""
    p = any_p(rng)
    h, y = block_of(student, rng, p, training=False)
    if (y[:, 50:] != 0).any():
        raise WrongAnswerError(
            "at evaluation the output should be relu(Wx + b): where is the ReLU?"
        )
    if (y[:, :50] == 0).any():
        raise WrongAnswerError(
            "units are dropped in eval mode. How does what drops them know the mode?"
        )
    named = {
        1 - p: "has nobody scaled before?",
        1 / (1 - p): "what has training left to be made up for?",
    }
    expect("at evaluation values are", y[:, :50] / h[:, :50], 1, named, p)
    h, y = block_of(student, rng, p, training=True)
    h, y = h[:, :50], y[:, :50]
    if abs((y != 0).mean() - p) < 0.05 and holds(inputs_keep_with_p, student, rng):
        p = 1 - p  # that p was taken for the probability of keeping is charged in q5
    decided(y != 0, p, "Block in training")
    kept_factor(y[y != 0] / h[y != 0], p, "Block in training")


# --- q7: the head ------------------------------------------------------------------------------


def scores_of(student, rng, p, training):
    """Return what the student's head makes of ones: each score is 1 plus a hidden unit.

    Before dropout each hidden unit is 2, a 1 from its input and a 1 from its bias.
    """
    n = 100
    one, eye = np.ones(n, np.float32), np.eye(n, dtype=np.float32)
    weights = {"hidden.weight": eye, "hidden.bias": one, "out.weight": eye, "out.bias": one}
    x = np.ones((1000, n), np.float32)
    y = asked(student, "run_head", x, weights, p, training, any_seed(rng))
    return array_of("what run_head returns", y, x.shape)


@ASSIGNMENT.check("q7", 1)
def head_hands_on_all_scores(student, rng):
    """Head hands on each score as its last layer made it:"""
    p = any_p(rng)
    scores = scores_of(student, rng, p, training=True)
    if (scores == 0).any():
        raise WrongAnswerError(
            "scores are 0 where their bias alone is 1, whatever hidden units are dropped. What "
            "should a class's score have to do with chance?"
        )
    if not close(scores.min(), 1) and not close(scores, 3):
        raise WrongAnswerError(
            f"with all hidden units dropped a score is its bias, 1; yours are at least "
            f"{scores.min():.4g}. Where are the hidden units dropped, and what happens behind that?"
        )
    if not close(scores_of(student, rng, p, training=False), 3):
        raise WrongAnswerError(
            "at evaluation the scores are not those of the two layers and the ReLU"
        )


@ASSIGNMENT.check("q7", 1)
def head_drops_hidden_units(student, rng):
    """Head drops its hidden units with probability p:"""
    p = any_p(rng)
    scores = scores_of(student, rng, p, training=True)
    if (scores == 0).any():  # they are dropped too: that is another check's matter
        scores = scores[scores != 0]
    if scores.size == 0 or np.ptp(scores) == 0:
        raise WrongAnswerError("in training no hidden unit is dropped, or all of them are")
    hidden = scores / scores.min() - 1  # 0 where the unit was dropped, 2 / (1 - p) where not
    decided(hidden != 0, p, "the hidden units in training")
    kept_factor(hidden[hidden != 0] / 2, p, "the hidden units in training")


# --- q8: the loop ------------------------------------------------------------------------------


# A model that fit can train, and a list: for each call of the model how many rows it got, 1 in
# train mode, and a sum of its weights in which none can make up for another.
WATCHED = """
(lambda torch, seen: [type("Watched", (torch.nn.Linear,), {"forward": lambda self, x: (
    seen.append([len(x), float(self.training), float(
        (self.weight.detach().double().flatten() * torch.arange(1, 13) ** 0.5).sum()
    )]),
    torch.nn.Linear.forward(self, x))[1]})(4, 3), seen])(__import__("torch"), [])
"""


def tensor(student, values):
    """Return a tensor in the student's process."""
    return student.put(Source(f"__import__('torch').tensor({values.tolist()})"))


@ASSIGNMENT.check("q8", 1)
def fit_trains_in_train_mode(student, rng):
    """fit trains in train mode, in each epoch, and validates in eval mode:"""
    epochs = int(rng.integers(4, 9))
    made = student.put(Source(WATCHED.strip()))
    data = [rng.normal(size=(7, 4)), rng.integers(0, 3, 7)]
    data += [rng.normal(size=(5, 4)), rng.integers(0, 3, 5)]
    given = [tensor(student, values) for values in data]
    written("what fit returns", student.call("fit", made[0], *given, epochs).value)
    calls = np.array(student.get(made)[1]).reshape(-1, 3)
    steps, looks = (calls[calls[:, 0] == rows] for rows in (7, 5))
    if len(steps) < epochs or len(looks) < epochs:
        raise WrongAnswerError(
            f"in {epochs} epochs the model saw the training rows {len(steps)} times and the "
            f"validation rows {len(looks)} times; it should be once an epoch"
        )
    if (np.diff(steps[:, 2]) == 0).any():
        raise WrongAnswerError(
            "the weights are the same in two epochs: each takes a step of the optimiser"
        )
    trains = steps[:, 1]
    if trains[0] and not trains[1:].any():
        raise WrongAnswerError(
            "only the first epoch is trained in train mode. In which mode does the model come out "
            "of the validation, and who puts it back?"
        )
    if not trains.all():
        raise WrongAnswerError(
            f"{int((trains == 0).sum())} of {len(trains)} training steps run in eval mode"
        )
    if looks[:, 1].any():
        raise WrongAnswerError(
            "validation runs in train mode: its loss is that of a network with holes"
        )
