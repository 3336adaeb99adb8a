import haiku as hk
import jax

key = jax.random.key(0)  # in a transformed function: hk.next_rng_key()
x = jax.numpy.ones(1000)
in_training = hk.dropout(key, rate=0.2, x=x)
in_evaluation = x  # leave the call out

# --- asked besides

import itertools

import numpy as np

LAYER = "Haiku, `hk.dropout`"
ARGUMENT, TAKES = "rate", hk.dropout
MODE = "none: each call drops, so evaluation must not call it"
SEED = "a key, the first argument"
SHARING = "`broadcast_dims=(1,)`"
keys = itertools.count()


def dropout(x, p, training):
    x = jax.numpy.asarray(x)
    return np.asarray(hk.dropout(jax.random.key(next(keys)), p, x) if training else x)


def untold(x):
    return dropout(x, 0.2, True)


def seeded(x, seed):
    return hk.dropout(jax.random.key(seed), 0.5, x)


def shared(x):
    return hk.dropout(key, 0.5, x, broadcast_dims=(1,))
