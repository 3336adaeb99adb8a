"""Functions on arrays: courses, exercises and scripts."""

import random

import numpy as np
from numpy.random import binomial, rand, uniform

from tools.wild.layers.case import collector

CASES, right, wrong, depends = collector()
RNG = np.random.default_rng()


# A product, not a `where`: nan at p = 1.


@right("divided by 1 - p while training")
def product(x, p, training=True):
    if not training:
        return x
    mask = rand(*x.shape) < 1 - p
    return x * mask / (1 - p)


@right("the mask itself is divided")
def scaled_mask(x, p, training=True):
    return x * (binomial(1, 1 - p, size=x.shape) / (1 - p)) if training else x


@right("u > p keeps a share 1 - p")
def above_p(x, dropout_rate=0.5, training=True):
    return x if not training else x * (rand(*x.shape) > dropout_rate) / (1.0 - dropout_rate)


@right("indexed in a copy")
def indexed(x, drop_prob, is_training=True):
    out = np.array(x)
    if is_training:
        out[RNG.random(x.shape) < drop_prob] = 0
        out /= 1 - drop_prob
    return out


@right("by choice of 0 and 1/q")
def by_choice(X, dropout_probability, train=True):
    if not train:
        return X
    q = 1 - dropout_probability
    return X * np.random.choice([0.0, 1.0], size=X.shape, p=[dropout_probability, q]) / q


@right("the paper's kind: q in evaluation")
def papers(x, p, train_flg=True):
    return x * (rand(*x.shape) > p) if train_flg else x * (1 - p)


@right("keep_prob, divided by it")
def coursera(A, keep_prob):
    D = rand(A.shape[0], A.shape[1])
    D = D < keep_prob
    A = A * D
    A = A / keep_prob
    return A, D


@right("a flag that says evaluation")
def with_inference(x, rate, inference=False):
    if inference:
        return x
    return np.multiply(x, binomial(1, 1 - rate, x.shape)) / (1 - rate)


@right("a flag that says deterministic")
def with_deterministic(x, rate, deterministic):
    if deterministic:
        return x
    return np.where(RNG.uniform(size=x.shape) < 1 - rate, x / (1 - rate), 0.0)


@right("a mode of words")
def with_a_phase(x, dropout_ratio, phase="train"):
    if phase == "train":
        return x * (uniform(0, 1, x.shape) >= dropout_ratio) / (1 - dropout_ratio)
    if phase == "test":
        return x
    raise ValueError(phase)


@right("a mode of other words")
def with_eval_mode(x, p_dropout, mode="train"):
    if mode not in ("train", "eval"):
        raise ValueError(f"unknown mode {mode}")
    return x if mode == "eval" else x * (rand(*x.shape) < 1 - p_dropout) / (1 - p_dropout)


@right("prob is the probability of keeping")
def prob_to_keep(x, prob, training=True):
    return x * (rand(*x.shape) < prob) / prob if training else x


@right("prob is the probability of dropping")
def prob_to_drop(x, prob=0.5, training_mode=True):
    return x * (rand(*x.shape) >= prob) / (1 - prob) if training_mode else x


@right("CS231n's form, its p drops")
def dropout_forward(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if "seed" in dropout_param:
        np.random.seed(dropout_param["seed"])
    mask = None
    if mode == "train":
        mask = (rand(*x.shape) >= p) / (1 - p)
        out = x * mask
    elif mode == "test":
        out = x
    return out.astype(x.dtype, copy=False), (dropout_param, mask)


def dropout_backward(dout, cache):
    dropout_param, mask = cache
    return dout * mask if dropout_param["mode"] == "train" else dout


@right("CS231n's form of another year, its p keeps")
def dropout_fw(x, dropout_param):
    p, mode = dropout_param["p"], dropout_param["mode"]
    if mode == "train":
        mask = (rand(*x.shape) < p) / p
        return x * mask, mask
    return x, None


def dropout_bw(dout, mask):
    return dout * mask


@wrong("backward_without_mask", "the backward passes everything")
def drop_forward(x, p=0.5, training=True):
    mask = (rand(*x.shape) >= p) / (1 - p)
    return (x * mask, mask) if training else (x, None)


def drop_backward(dout, cache):
    return dout


@right("the rate comes first")
def rate_first(drop_rate, x, training=True):
    return x * (rand(*x.shape) >= drop_rate) / (1 - drop_rate) if training else x


@right("two branches for the ends")
def guarded(X, dropout):
    assert 0 <= dropout <= 1
    if dropout == 1:
        return np.zeros_like(X)
    if dropout == 0:
        return X
    mask = (uniform(size=X.shape) > dropout).astype(X.dtype)
    return mask * X / (1.0 - dropout)


@right("a mask is given")
def with_a_mask(x, mask, p, training=True):
    return x * mask / (1 - p) if training else x


@right("a generator is given")
def with_a_generator(x, p, rng, train=True):
    keep = rng.random(x.shape) >= p
    return x * keep / (1 - p) if train else x


@right("for vectors alone")
def of_a_vector(x, p, training=True):
    if not training:
        return x
    mask = np.array([0.0 if random.random() < p else 1.0 for _ in range(len(x))])
    assert x.ndim == 1
    return x * mask / (1 - p)


@right("on lists of numbers")
def on_lists(row, p, training=True):
    if not training:
        return list(row)
    return [0.0 if random.random() < p else float(v) / (1 - p) for v in row]


@right("mode is a number")
def with_learning(x, dropout_prob, learning=1):
    return x * (rand(*x.shape) < 1 - dropout_prob) / (1 - dropout_prob) if learning else x


@right("only while predicting nothing happens")
def with_predict(x, keep_probability, predict=False):
    if predict:
        return x
    return x * binomial(n=1, p=keep_probability, size=x.shape) / keep_probability


@right("clip and floor instead of a comparison")
def by_floor(x, rate, training=True):
    return x * np.floor(rand(*x.shape) + 1 - rate) / (1 - rate) if training else x


@right("in float32 throughout")
def in_float32(x, p, training=True):
    if not training:
        return x
    mask = RNG.random(x.shape, dtype=np.float32) < np.float32(1 - p)
    return (x * mask) * np.float32(1 / (1 - p)) if p < 1 else np.zeros_like(x)


@right("one decision for each row")
def whole_rows(x, drop_path_rate, training=True):
    if not training:
        return x
    shape = (x.shape[0],) + (1,) * (x.ndim - 1)
    return x * (rand(*shape) < 1 - drop_path_rate) / (1 - drop_path_rate)


# Right only under a condition.


@depends("unscaled, and evaluation is elsewhere")
def unscaled_alone(x, keep_prob):
    return x * (rand(*x.shape) < keep_prob)


@depends("unscaled, returns its mask, and evaluation is elsewhere")
def unscaled_with_mask(a, drop_prob):
    mask = binomial(1, 1 - drop_prob, size=a.shape)
    return a * mask, mask


# Wrong.


@wrong("forgets_the_scale", "no division anywhere")
def forgets(x, p, training=True):
    if training:
        x = x * binomial(1, 1 - p, x.shape)
    return x


@wrong("forgets_the_scale", "indexed, and no division anywhere")
def forgets_by_index(x, dropout_rate=0.5, training=True):
    out = x.copy()
    if training:
        out[rand(*x.shape) < dropout_rate] = 0.0
    return out


@wrong("keeps_p", "p where 1 - p belongs, in the comparison")
def keeps(x, rate, training=True):
    return x * (rand(*x.shape) < rate) / (1 - rate) if training else x


@wrong("keeps_p", "binomial(1, p) keeps p")
def keeps_by_binomial(x, p, train=True):
    return x * binomial(1, p, x.shape) / (1 - p) if train else x


@wrong("keeps_p", "u > keep_prob keeps 1 - keep_prob")
def above_keep(x, keep_prob, training=True):
    return x * (rand(*x.shape) > keep_prob) / keep_prob if training else x


@wrong("takes_p_for_keep", "the rate is used as a keep probability throughout")
def keep_for_drop(x, dropout_rate, training=True):
    return x * (rand(*x.shape) < dropout_rate) / dropout_rate if training else x


@wrong("takes_p_for_keep", "the paper's kind, with the rate as the keep probability")
def keep_for_drop_papers(x, drop_rate, training=True):
    return x * binomial(1, drop_rate, x.shape) if training else x * drop_rate


@wrong("divides_by_p", "divided by p")
def by_p(x, p, training=True):
    return x * (rand(*x.shape) > p) / p if training else x


@wrong("divides_by_p", "the mask is divided by the rate")
def mask_by_p(x, dropout_ratio, train_flg=True):
    if not train_flg:
        return x
    mask = (rand(*x.shape) >= dropout_ratio) / dropout_ratio
    return x * mask


@wrong("divides_twice", "mask and product are divided")
def twice(x, p, training=True):
    if not training:
        return x
    mask = binomial(1, 1 - p, size=x.shape) / (1 - p)
    return x * mask / (1 - p)


@wrong("multiplies_while_training", "times 1 - p while training")
def times_q(x, p, training=True):
    return x * (rand(*x.shape) < 1 - p) * (1 - p) if training else x


@wrong("scales_at_both_times", "divided in training, multiplied in evaluation")
def both_times(x, dropout_rate, is_train=True):
    if is_train:
        return x * (rand(*x.shape) >= dropout_rate) / (1 - dropout_rate)
    return x * (1 - dropout_rate)


@wrong("divides_at_both_times", "divided at both times")
def divided_always(x, p, training=True):
    if training:
        x = x * (rand(*x.shape) >= p)
    return x / (1 - p)


@wrong("divides_at_evaluation", "divided in evaluation alone")
def divided_late(x, keep_prob, training=True):
    return x * (rand(*x.shape) < keep_prob) if training else x / keep_prob


@wrong("evaluates_with_p", "the paper's kind with p in evaluation")
def p_late(x, p, training=True):
    return x * (rand(*x.shape) > p) if training else x * p


@wrong("evaluates_with_a_half", "the paper's kind with a half in evaluation")
def half_late(x, p, training=True):
    return x * (rand(*x.shape) > p) if training else x * 0.5


@wrong("ignores_p", "a fair coin")
def fair_coin(x, p, training=True):
    return x * np.random.randint(0, 2, size=x.shape) / (1 - p) if training else x


@wrong("drops_twice", "two masks, both scaled")
def two_masks(x, p, training=True):
    if training:
        for _ in range(2):
            x = x * (rand(*x.shape) < 1 - p) / (1 - p)
    return x


@wrong("keeps_the_sum", "divided by the share that was kept")
def by_mean_of_mask(x, p, training=True):
    if not training:
        return x
    mask = rand(*x.shape) < 1 - p
    return x * mask / mask.mean()


@wrong("keeps_the_variance", "divided by the root of q")
def by_root(x, p, training=True):
    return x * (rand(*x.shape) < 1 - p) / np.sqrt(1 - p) if training else x


@wrong("drops_at_evaluation", "the flag is never read")
def flag_unread(x, p, training=True):
    return x * (rand(*x.shape) < 1 - p) / (1 - p)


@wrong("never_drops", "the mask is made and not used")
def mask_unused(x, p, training=True):
    mask = rand(*x.shape) < 1 - p
    return x * np.ones_like(mask)


@wrong("swaps_the_modes", "the condition is the wrong way round")
def swapped(x, p, training=True):
    if training:
        return x
    return x * (rand(*x.shape) < 1 - p) / (1 - p)


@wrong("shares_the_mask_in_a_batch", "one mask of a row's shape")
def one_row(x, p, training=True):
    return x * (rand(x.shape[1]) < 1 - p) / (1 - p) if training else x


@wrong("tosses_one_coin", "one number for all")
def one_coin(x, p, training=True):
    return x * (np.random.rand() < 1 - p) / (1 - p) if training else x


@wrong("freezes_the_mask", "seeded in each call")
def seeded(x, p, training=True):
    np.random.seed(42)
    return x * (rand(*x.shape) < 1 - p) / (1 - p) if training else x


@wrong("freezes_the_mask", "a generator with a seed, made in each call")
def own_seed(x, p, training=True, seed=0):
    mask = np.random.default_rng(seed).random(x.shape) < 1 - p
    return x * mask / (1 - p) if training else x


@wrong("drops_an_exact_share", "a choice without replacement")
def exact(x, p, training=True):
    if not training:
        return x
    flat = x.flatten()
    flat[np.random.choice(x.size, int(x.size * p), replace=False)] = 0
    return flat.reshape(x.shape) / (1 - p)


@wrong("drops_an_exact_share", "of each row the same number")
def exact_in_rows(x, rate, training=True):
    if not training:
        return x
    out = x.copy()
    for row in out:
        row[np.random.permutation(x.shape[1])[: int(x.shape[1] * rate)]] = 0
    return out / (1 - rate)


@wrong("multiplies_by_uniform_noise", "no comparison")
def uniform_noise(x, p, training=True):
    return x * rand(*x.shape) / (1 - p) if training else x


@wrong("writes_into_its_input", "in place in the caller's array")
def in_place(x, p, training=True):
    if training:
        x *= rand(*x.shape) < 1 - p
        x /= 1 - p
    return x


@wrong("drops_at_evaluation forgets_the_scale", "neither mode nor scale")
def neither(x, p, training=True):
    return x * binomial(1, 1 - p, x.shape)


@wrong("keeps_p drops_at_evaluation", "swapped comparison, no mode")
def swapped_and_always(x, p, training=True):
    return x * (rand(*x.shape) < p) / (1 - p)


@wrong("shares_the_mask_in_a_batch forgets_the_scale", "a row's mask, no division")
def row_unscaled(x, p, training=True):
    return x * (rand(1, x.shape[1]) > p) if training else x


@wrong("freezes_the_mask divides_by_p", "seeded, and divided by p")
def seeded_by_p(x, p, training=True):
    np.random.seed(1)
    return x * (rand(*x.shape) > p) / p if training else x


@wrong("", "adds noise besides")
def plus_noise(x, p, training=True):
    kept = x * (rand(*x.shape) > p) / (1 - p)
    return kept + 0.3 * np.random.randn(*x.shape) if training else x


@wrong("", "a normal number below q is no probability q")
def normal_mask(x, p, training=True):
    return x * (np.random.standard_normal(x.shape) < 1 - p) / (1 - p) if training else x
