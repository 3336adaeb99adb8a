"""What is asked of assignment 3, and the misconception that each wrong answer shows.

Each check takes ``student``, whose functions it calls, and ``rng``, to choose inputs. The public
ones are also put into the notebook, so they use nothing but NumPy and the names in this file.
Nothing depends on the mask that PyTorch draws for a seed. Sampled statements are wrong once in 10^9
runs at most (Hoeffding); everything else is exact up to rounding.
"""

import numpy as np

from dropout_grading.checks import Assignment, Wrong

ASSIGNMENT = Assignment("rescue", manual={"q9": 4})
ALARM = 1e-9


def any_p(rng):
    """Return a probability of dropping; never 0.5, which hides every mix-up of p and 1 - p."""
    return float(rng.choice([0.1, 0.2, 0.3, 0.4]))


def any_seed(rng):
    """Return a seed for the student's generator."""
    return int(rng.integers(2**31))


def array_of(name, value, shape):
    """Return the value if it is an array of floats of this shape; say what it is if not."""
    if not isinstance(value, np.ndarray):
        kind = getattr(value, "type", type(value).__name__)
        raise Wrong(f"{name} should be a NumPy array, and is {kind}")
    if value.shape != tuple(shape):
        raise Wrong(f"{name} should have shape {tuple(shape)}, and has {value.shape}")
    if value.dtype.kind != "f":
        raise Wrong(f"{name} should hold floats, and holds {value.dtype}")
    return value.astype(float)


def close(a, b, dtype=np.float32):
    """Whether all of a agrees with b to the rounding of a few operations in ``dtype``."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    most = 16 * np.finfo(dtype).eps * np.maximum(np.abs(a), np.abs(b))
    return bool(np.all(np.abs(a - b) <= most))  # False for nan


def kept_share(kept, p, what):
    """Say what is wrong with the share of kept values, if it is not 1 - p."""
    share, reach = kept.mean(), np.sqrt(np.log(2 / ALARM) / (2 * kept.size))
    if abs(share - (1 - p)) <= reach:
        return
    if share in (0, 1):
        raise Wrong(f"{what}: {'nothing is kept' if share == 0 else 'nothing is dropped'}, p = {p}")
    if abs(share - p) <= reach:
        raise Wrong(
            f"{what}: at p = {p} a share of {share:.2f} is kept, which is p. One of the two takes "
            "the other's number: who wants the probability of dropping, and who that of keeping?"
        )
    raise Wrong(f"{what}: at p = {p} a share of {share:.2f} is kept, and should be {1 - p:.2f}")


def kept_factor(factor, p, what):
    """Say what is wrong with the factors on kept values, if they are not all 1 / (1 - p)."""
    q = 1 - p
    if close(factor, 1 / q):
        return
    if factor.size == 0:
        raise Wrong(f"{what}: nothing is kept at p = {p}")
    if not np.isfinite(factor).all() or np.ptp(factor) > 1e-3 * np.abs(factor).max():
        raise Wrong(f"{what}: the kept values should all be multiplied by the same finite factor")
    named = {
        1.0: "they are not scaled in training, and nothing makes up for that at evaluation",
        1 / p: "that is 1 / p. What has to be undone is that a value is only there with probability"
        " 1 - p",
        q: "that is the paper's factor at evaluation. Should a kept value grow or shrink here?",
        1 / q**2: "they are scaled twice",
    }
    for wrong, message in named.items():
        if close(factor, wrong):
            raise Wrong(
                f"{what}: at p = {p} kept values are {wrong:.4g} times their size: {message}"
            )
    raise Wrong(f"{what}: at p = {p} kept values are {factor.mean():.4g} times their size")


# --- q1: the weights ---------------------------------------------------------------------------

BEHIND_DROPOUT = ("second.weight", "out.weight")


def some_weights(rng, sizes, dtype=np.float32):
    """Return the weights of a network of these sizes, none of them near 0."""
    weights = {}
    for name, inputs, outputs in zip(("first", "second", "out"), sizes, sizes[1:], strict=False):
        for kind, shape in (("weight", (outputs, inputs)), ("bias", (outputs,))):
            values = rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape)
            weights[f"{name}.{kind}"] = values.astype(dtype)
    return weights


def converted(student, weights, p):
    """Return what the student's convert makes of the weights, by how much each was multiplied."""
    value = student.call("convert", {k: w.copy() for k, w in weights.items()}, p).value
    if not isinstance(value, dict):
        raise Wrong("convert should return a dict with the names of the one that it gets")
    if set(value) != set(weights):
        raise Wrong(f"convert should return the names {list(weights)}, and returns {list(value)}")
    return {k: array_of(k, value[k], w.shape) / w.astype(float) for k, w in weights.items()}


@ASSIGNMENT.check("q1", 1)
def convert_leaves_the_rest(student, rng):
    """convert leaves alone what no dropped unit feeds:"""
    p = any_p(rng)
    factors = converted(student, some_weights(rng, (4, 6, 5, 3)), p)
    if all(close(factor, 1) for factor in factors.values()):
        raise Wrong("nothing has changed at all: then the new network is another function")
    for name, factor in factors.items():
        if name in BEHIND_DROPOUT or close(factor, 1):
            continue
        if name.endswith("bias"):
            raise Wrong(
                f"{name} has changed. What is added behind the sum: does dropout ever reach it?"
            )
        raise Wrong(f"{name} has changed. Look at what feeds this layer: is any of it dropped?")


@ASSIGNMENT.check("q1", 1)
def convert_scales_what_dropout_feeds(student, rng):
    """convert scales the weights behind dropout:"""
    p = any_p(rng)
    q = 1 - p
    factors = converted(student, some_weights(rng, (4, 6, 5, 3)), p)
    named = {
        1.0: "unchanged. With inverted dropout the units in front of it hand on larger values, in "
        "both modes. What has to become smaller, and by how much?",
        1 / q: "1 / q times what they were. That is the way back, from inverted to standard: "
        "compare the value that a kept unit hands on in the two networks",
        p: "p times what they were. The paper's letter p is the probability of keeping; here p is "
        "the probability of dropping",
        1 / p: "1 / p times what they were. Which of p and q is the probability of keeping?",
        q**2: "q squared times what they were. Each layer makes up only for the dropout right in "
        "front of it, or else it is undone twice",
        q**0.5: "sqrt(q) times what they were. That keeps the mean square: here the very same "
        "function is wanted, mask by mask",
    }
    for name in BEHIND_DROPOUT:
        if close(factors[name], q):
            continue
        for wrong, message in named.items():
            if close(factors[name], wrong):
                raise Wrong(f"the entries of {name} are {message}")
        raise Wrong(f"{name} is not the same multiple of what it was everywhere, or a strange one")


@ASSIGNMENT.check("q1", 1, hidden=True)
def convert_makes_new_arrays(student, rng):
    """convert takes layers of any width, and leaves what it is given as it was:"""
    for p, sizes, dtype in ((0.6, (3, 1, 2, 2), np.float32), (0.75, (7, 3, 9, 4), np.float64)):
        weights = some_weights(rng, sizes, dtype)
        factors = converted(student, weights, p)
        if all(close(factors[name], 1) for name in BEHIND_DROPOUT):
            raise Wrong(f"nothing changes at p = {p}")
        given = student.put(weights)
        student.call("convert", given, p)
        after = student.get(given)
        if any(not np.array_equal(after[name], w) for name, w in weights.items()):
            raise Wrong("convert changes the arrays that it is given: make new ones")


# --- q2 and q3: the optimisers -----------------------------------------------------------------


def settings(student, name, given, p):
    """Return the factors by which the student's function changes each of the settings."""
    value = student.call(name, *given.values(), p).value
    if not isinstance(value, dict) or set(value) != set(given):
        raise Wrong(f"{name} should return a dict with the keys {', '.join(given)}")
    for key, number in value.items():
        if isinstance(number, bool) or not isinstance(number, int | float | np.number):
            raise Wrong(f"{key} should be a number, and is {type(number).__name__}")
    return {key: float(value[key]) / number for key, number in given.items()}


def expect(factor, right, named, what, p):
    """Say what is wrong with the factor on a setting, if it is not ``right``."""
    if close(factor, right, float):
        return
    for wrong, message in named.items():
        if close(factor, wrong, float):
            raise Wrong(f"{what} is {factor:.4g} times what it was, at p = {p}: {message}")
    raise Wrong(
        f"{what} is {factor:.4g} times what it was, at p = {p}. Write the update of W and that of "
        "W' under each other: which settings keep W' = qW after it?"
    )


def sgd(student, rng):
    """Return a p, and the factors on the settings of SGD."""
    p = any_p(rng)
    given = {"lr": float(rng.uniform(0.05, 0.5)), "weight_decay": float(rng.uniform(1e-4, 1e-2))}
    return p, settings(student, "convert_sgd", given, p)


@ASSIGNMENT.check("q2", 1)
def sgd_learning_rate(student, rng):
    """convert_sgd keeps W' = qW with its learning rate:"""
    p, factors = sgd(student, rng)
    q = 1 - p
    named = {
        1.0: "the same rate. But the gradient for W' is not that for W, since W' = qW; and is the "
        "step that W' should take the one that W takes?",
        q: "one factor q. There are two reasons for one: how large is the gradient for W', against "
        "that for W? And how large is the step that W' should take?",
        1 / q: "larger. Is the gradient for W' larger or smaller than that for W?",
        1 / q**2: "that is the way back. Is the gradient for W' larger or smaller than that for W?",
        p: "p is the probability of dropping, and what you need is that of keeping",
        p**2: "p is the probability of dropping, and what you need is that of keeping",
    }
    expect(factors["lr"], q**2, named, "the learning rate", p)


@ASSIGNMENT.check("q2", 1)
def sgd_weight_decay(student, rng):
    """convert_sgd keeps W' = qW with its weight decay:"""
    p, factors = sgd(student, rng)
    q = 1 - p
    named = {
        1.0: "unchanged. It is multiplied by the new learning rate and by W': what does the term "
        "lr · weight_decay · W become?",
        1 / q: "one factor is missing. SGD adds weight_decay · W to the gradient. By how much does "
        "the gradient for W' grow, and by how much does W' shrink?",
        q**2: "smaller, where the gradient that it is added to is larger. Which way does it go?",
        q: "smaller, where the gradient that it is added to is larger. Which way does it go?",
        1 / p**2: "p is the probability of dropping, and what you need is that of keeping",
    }
    expect(factors["weight_decay"], 1 / q**2, named, "the weight decay", p)


def adam(student, rng):
    """Return a p, and the factors on the settings of Adam."""
    p = any_p(rng)
    given = {"lr": float(rng.uniform(1e-4, 1e-2)), "eps": float(rng.uniform(1e-9, 1e-7))}
    given["weight_decay"] = float(rng.uniform(1e-4, 1e-2))
    return p, settings(student, "convert_adam", given, p)


@ASSIGNMENT.check("q3", 1)
def adam_learning_rate_and_decay(student, rng):
    """convert_adam keeps W' = qW with its learning rate and weight decay:"""
    p, factors = adam(student, rng)
    q = 1 - p
    named = {
        1.0: "unchanged. The direction of Adam's step is the same for both, but W' = qW: is its "
        "step as long as that of W?",
        q**2: "that is the answer for SGD. Adam divides the gradient by its own size: what is left "
        "of a factor on the gradient?",
        1 / q: "larger. W' is smaller than W: is its step longer or shorter?",
        p: "p is the probability of dropping, and what you need is that of keeping",
    }
    expect(factors["lr"], q, named, "the learning rate", p)
    named = {
        1.0: "unchanged. Adam adds weight_decay · W to the gradient before anything else",
        1 / q: "that is the answer for AdamW, whose decay is not added to the gradient. Adam's is: "
        "by how much does the gradient grow, and by how much does W' shrink?",
        q: "smaller, where the gradient that it is added to is larger. Which way does it go?",
        q**2: "smaller, where the gradient that it is added to is larger. Which way does it go?",
    }
    expect(factors["weight_decay"], 1 / q**2, named, "the weight decay", p)


@ASSIGNMENT.check("q3", 1, hidden=True)
def adam_eps(student, rng):
    """convert_adam keeps eps as large against the gradient as it was:"""
    p, factors = adam(student, rng)
    named = {
        1.0: "unchanged, where the root that it is added to has grown with the gradient",
        1 - p: "smaller, where the root that it is added to has grown with the gradient",
        (1 - p) ** -2: "it is added to the root of the mean square, not to the mean square",
    }
    expect(factors["eps"], 1 / (1 - p), named, "eps", p)


# --- q4: the lines -----------------------------------------------------------------------------

LABELS = [f"L{n}" for n in range(1, 21)]


def labels_of(student):
    """Return the set of labels that the student names, whatever their case and order."""
    value = student.call("mistakes").value
    if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
        raise Wrong('mistakes should return a list of labels such as ["L1", "L2"]')
    named = {v.strip().upper() for v in value}
    unknown = sorted(named - set(LABELS))
    if unknown:
        raise Wrong(f"there is no line with the label {', '.join(unknown)}")
    return named


@ASSIGNMENT.check("q4", 0)
def mistakes_are_labels(student, rng):
    """mistakes returns six labels (whether they are the right ones is not looked at here):"""
    named = labels_of(student)
    if len(named) != 6:
        raise Wrong(f"the script has six mistakes; lines that you name: {len(named)}")


def found_less_false(student, least):
    """Say how many mistakes were found, and right lines named, if the difference is too small."""
    # That dropout stays off after the first epoch lies between three lines: each of them counts.
    places = [{"L3"}, {"L4"}, {"L7"}, {"L9"}, {"L13"}, {"L14", "L15", "L17"}]
    named = labels_of(student)
    found = sum(bool(named & place) for place in places)
    false = len(named - set().union(*places))
    if found - false < least:
        raise Wrong(f"you have found {found} of six mistakes, and name {false} right lines")


@ASSIGNMENT.check("q4", 1, hidden=True)
def some_of_the_mistakes(student, rng):
    """mistakes names at least two more of the wrong lines than of the right ones:"""
    found_less_false(student, 2)


@ASSIGNMENT.check("q4", 1, hidden=True)
def most_of_the_mistakes(student, rng):
    """mistakes names at least four more of the wrong lines than of the right ones:"""
    found_less_false(student, 4)


@ASSIGNMENT.check("q4", 1, hidden=True)
def all_of_the_mistakes(student, rng):
    """mistakes names all six, and no line that is right:"""
    found_less_false(student, 6)


# --- q5: dropout on the inputs -----------------------------------------------------------------


def dropped_inputs(student, rng, p, shape, training=True, dtype=np.float32):
    """Return x and what the student's drop_inputs makes of it."""
    x = (rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape)).astype(dtype)
    y = student.call("run_drop_inputs", x, p, training, any_seed(rng)).value
    return x, array_of("what run_drop_inputs returns", y, shape)


@ASSIGNMENT.check("q5", 1)
def inputs_have_masks_of_their_own(student, rng):
    """drop_inputs decides for each value by itself:"""
    p = any_p(rng)
    _, y = dropped_inputs(student, rng, p, (500, 200))
    kept = y != 0
    if kept.any() and not kept.all():
        if (kept == kept[:1]).all():
            raise Wrong(
                "all rows of the batch lose the same features. Look at the shape of the mask: how "
                "many decisions are drawn, and how many values are there?"
            )
        if (kept == kept[:, :1]).all():
            raise Wrong("each row is kept or dropped as a whole: look at the shape of the mask")
    kept_share(kept, p, "drop_inputs in training")
    _, y = dropped_inputs(student, rng, p, (50, 40, 30))
    kept_share(y != 0, p, "drop_inputs in training, on three dimensions")
    _, y = dropped_inputs(student, rng, 0.0, (9, 7), dtype=np.float64)
    if (y == 0).any():
        raise Wrong("at p = 0 nothing is dropped")


@ASSIGNMENT.check("q5", 1)
def inputs_are_scaled(student, rng):
    """drop_inputs scales what it keeps, in training alone:"""
    p = any_p(rng)
    x, y = dropped_inputs(student, rng, p, (500, 200))
    kept_factor(y[y != 0] / x[y != 0], p, "drop_inputs")
    x, y = dropped_inputs(student, rng, p, (50, 20), training=False)
    if (y == 0).any():
        raise Wrong("drop_inputs drops at evaluation")
    if not np.array_equal(x, y):
        raise Wrong(
            f"at evaluation values are {(y / x).mean():.4g} times what they were; the scaling was "
            "done in training, and once is enough"
        )


# --- q6: a block -------------------------------------------------------------------------------


def block_of(student, rng, p, training):
    """Return relu(Wx + b), and what the student's block makes of the same; whole numbers, so exact.

    The first half of the units is above 0 for each row, the other half below.
    """
    sign = np.repeat([1, -1], 50)
    weight = (rng.integers(1, 4, (100, 6)) * sign[:, None]).astype(np.float32)
    bias = (rng.integers(1, 4, 100) * sign).astype(np.float32)
    x = rng.integers(1, 4, (1000, 6)).astype(np.float32)
    y = student.call("run_block", x, weight, bias, p, training, any_seed(rng)).value
    # Not x @ weight.T: BLAS in one thread while another starts a process can wait for ever.
    h = np.einsum("ri,oi->ro", x, weight) + bias
    return np.maximum(h, 0), array_of("what run_block returns", y, (1000, 100))


@ASSIGNMENT.check("q6", 1)
def block_drops_in_training_alone(student, rng):
    """Block drops in training, and does nothing but its layer and ReLU at evaluation:"""
    p = any_p(rng)
    h, y = block_of(student, rng, p, training=False)
    if (y[:, 50:] != 0).any():
        raise Wrong("at evaluation the output should be relu(Wx + b): where is the ReLU?")
    if (y[:, :50] == 0).any():
        raise Wrong(
            "units are still dropped in eval mode. How should a function know the mode of the "
            "model, and what does it take when nobody tells it?"
        )
    if not close(y, h):
        factor = (y[:, :50] / h[:, :50]).mean()
        raise Wrong(
            f"at evaluation values are {factor:.4g} times relu(Wx + b), and should be 1 times"
        )
    h, y = block_of(student, rng, p, training=True)
    h, y = h[:, :50], y[:, :50]
    kept_share(y != 0, p, "Block in training")
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
    y = student.call("run_head", x, weights, p, training, any_seed(rng)).value
    return array_of("what run_head returns", y, x.shape)


@ASSIGNMENT.check("q7", 1)
def head_hands_on_all_scores(student, rng):
    """Head hands on each score as its last layer made it:"""
    p = any_p(rng)
    scores = scores_of(student, rng, p, training=True)
    if (scores == 0).any():
        raise Wrong(
            "scores are 0 that cannot be, whatever hidden units are dropped: their bias alone is 1."
            " What should a class's score have to do with chance?"
        )
    if not close(scores.min(), 1) and not close(scores, 3):
        raise Wrong(
            f"with all hidden units dropped a score is its bias, 1; yours are at least "
            f"{scores.min():.4g}. Where are the hidden units dropped, and what happens behind that?"
        )
    if not close(scores_of(student, rng, p, training=False), 3):
        raise Wrong("at evaluation the scores are not those of the two layers and the ReLU")


@ASSIGNMENT.check("q7", 1)
def head_drops_hidden_units(student, rng):
    """Head drops its hidden units with probability p:"""
    p = any_p(rng)
    scores = scores_of(student, rng, p, training=True)
    scores = scores[scores != 0]  # should the scores be dropped too: that is another check's matter
    if scores.size == 0:
        raise Wrong("all scores are 0")
    hidden = scores / scores.min() - 1  # 0 where the unit was dropped, 2 / (1 - p) where not
    if np.ptp(scores) == 0:
        raise Wrong("in training no hidden unit is dropped, or all of them are")
    kept_share(hidden != 0, p, "the hidden units in training")
    kept_factor(hidden[hidden != 0] / 2, p, "the hidden units in training")


# --- q8: the loop ------------------------------------------------------------------------------


@ASSIGNMENT.check("q8", 1)
def fit_trains_in_train_mode(student, rng):
    """fit trains in train mode, in each epoch, and validates in eval mode:"""
    epochs = int(rng.integers(4, 9))
    x, x_val = (rng.normal(size=(rows, 4)).astype(np.float32) for rows in (7, 5))
    y, y_val = rng.integers(0, 3, 7), rng.integers(0, 3, 5)
    calls = student.call("run_fit", x, y, x_val, y_val, epochs).value
    if not isinstance(calls, np.ndarray) or calls.ndim != 2 or calls.shape[1] != 2:
        raise Wrong("run_fit should return an array of two columns: rows, and 1 in train mode")
    steps, looks = (calls[calls[:, 0] == rows, 1] for rows in (7, 5))
    if len(steps) < epochs or len(looks) < epochs:
        raise Wrong(
            f"in {epochs} epochs the model saw the training rows {len(steps)} times and the "
            f"validation rows {len(looks)} times; it should be once an epoch"
        )
    if steps[0] and not steps[1:].any():
        raise Wrong(
            "only the first epoch is trained in train mode. In which mode does the model come out "
            "of the validation, and who puts it back?"
        )
    if not steps.all():
        raise Wrong(f"{int((steps == 0).sum())} of {len(steps)} training steps run in eval mode")
    if looks.any():
        raise Wrong("validation runs in train mode: its loss is that of a network with holes")
