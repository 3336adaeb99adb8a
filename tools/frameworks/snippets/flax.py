import jax.numpy as jnp
from flax import nnx

drop = nnx.Dropout(rate=0.2, rngs=nnx.Rngs(0))
x = jnp.ones(1000)
in_training = drop(x, deterministic=False)
in_evaluation = drop(x, deterministic=True)

# --- asked besides

import numpy as np

LAYER = "Flax NNX, `nnx.Dropout`"
ARGUMENT, TAKES = "rate", nnx.Dropout.__init__
MODE = "`deterministic=` in the call, or `model.train()` and `model.eval()`"
SEED = "`rngs=nnx.Rngs(0)`, counted on at each call"
SHARING = "`broadcast_dims=(1,)`"


def layer(p, seed=0, **options):
    return nnx.Dropout(p, rngs=nnx.Rngs(seed), **options)


draws = nnx.Rngs(0)


def dropout(x, p, training):
    drop = nnx.Dropout(p, rngs=draws, deterministic=not training)
    return np.asarray(drop(jnp.asarray(x)))


def untold(x):
    return layer(0.2)(jnp.asarray(x))


def seeded(x, seed):
    return layer(0.5, seed)(jnp.asarray(x))


def shared(x):
    return layer(0.5, broadcast_dims=(1,))(jnp.asarray(x))
