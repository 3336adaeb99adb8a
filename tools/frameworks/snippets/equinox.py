import equinox as eqx
import jax

drop = eqx.nn.Dropout(p=0.2)
x = jax.numpy.ones(1000)
in_training = drop(x, key=jax.random.key(0))
in_evaluation = eqx.nn.inference_mode(drop)(x)

# --- asked besides

import itertools

import numpy as np

LAYER = "Equinox, `eqx.nn.Dropout`"
ARGUMENT, TAKES = "p", eqx.nn.Dropout
MODE = "`eqx.nn.inference_mode(model)`, or `inference=` in the call"
SEED = "`key=` in each call; without one it raises"
SHARING = "none; but `jax.vmap` over the rows with one key shares it"
keys = itertools.count()


def dropout(x, p, training):
    drop = eqx.nn.Dropout(p, inference=not training)
    return np.asarray(drop(jax.numpy.asarray(x), key=jax.random.key(next(keys))))


def untold(x):
    return drop(x)


def seeded(x, seed):
    return eqx.nn.Dropout(0.5)(x, key=jax.random.key(seed))


def shared(x):
    return jax.vmap(lambda row: eqx.nn.Dropout(0.5)(row, key=jax.random.key(0)))(x)
