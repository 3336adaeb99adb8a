import jax
import jax.numpy as jnp


def drop(key, x, p):
    keep = jax.random.bernoulli(key, 1 - p, x.shape)
    return jnp.where(keep, x / (1 - p), 0)


x = jnp.ones(1000)
in_training = drop(jax.random.key(0), x, 0.2)
in_evaluation = x  # leave the call out

# --- asked besides

import itertools

import numpy as np

LAYER = "JAX, by hand"
ARGUMENT, TAKES = "p", drop
MODE = "yours: leave the call out"
SEED = "a key, yours to split"
SHARING = "the shape of `keep`, here `(16, 1, 4)`"
keys = itertools.count()


def dropout(x, p, training):
    x = jnp.asarray(x)
    return np.asarray(drop(jax.random.key(next(keys)), x, p) if training else x)


def untold(x):
    return dropout(x, 0.2, True)


def seeded(x, seed):
    return drop(jax.random.key(seed), x, 0.5)


def shared(x):
    keep = jax.random.bernoulli(jax.random.key(0), 0.5, (16, 1, 4))
    return jnp.where(keep, x / 0.5, 0)
