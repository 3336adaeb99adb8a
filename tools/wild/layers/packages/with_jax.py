"""Dropouts of packages on JAX's arrays, each behind a function of x and the mode.

JAX has no random state: a key goes in with each call, and here a new one. Each truth was read in
the package's code or documentation, before the doctor saw it. How many of these frameworks count p,
and where they scale, `make frameworks` asks by itself.
"""

import functools
import itertools

import equinox
import haiku
import jax
import jax.numpy as jnp
import keras
from flax import linen, nnx
from jax.example_libraries import stax
from keras.src.applications.convnext import StochasticDepth

from tools.wild.layers.case import Case, P

CASES = []
BATCH = "shares_the_mask_in_a_batch"
KEYS = (jax.random.key(number) for number in itertools.count())
STREAMS = nnx.Rngs(0)


def _case(truth, name, layer, known, names=""):
    CASES.append(Case(name, layer, truth, frozenset(names.split()), known, {}))


right, wrong = functools.partial(_case, "right"), functools.partial(_case, "wrong")


def _nnx(**options):
    def dropout(x, p, training=True):
        layer = nnx.Dropout(p, rngs=STREAMS, **options)
        return layer(jnp.asarray(x), deterministic=not training)

    return dropout


def _linen(**options):
    def dropout(x, p, training=True):
        layer = linen.Dropout(p, deterministic=not training, **options)
        return layer.apply({}, jnp.asarray(x), rngs={"dropout": next(KEYS)})

    return dropout


def _equinox(x, p, inference=False):
    return equinox.nn.Dropout(p)(jnp.asarray(x), key=next(KEYS), inference=inference)


def _haiku(**options):
    def dropout(x, rate, training=True):
        return haiku.dropout(next(KEYS), rate, jnp.asarray(x), **options) if training else x

    return dropout


def _stax(rate_of):
    def dropout(x, p, mode="train"):
        _, apply = stax.Dropout(rate_of(p), mode=mode)
        return apply((), jnp.asarray(x), rng=next(KEYS))

    return dropout


right("flax nnx.Dropout", _nnx(), "its documentation")
right("flax nnx.Dropout along axis 1", _nnx(broadcast_dims=(1,)), "one draw for all of axis 1")
wrong("flax nnx.Dropout along axis 0", _nnx(broadcast_dims=(0,)), "as asked for", BATCH)
right("flax linen.Dropout", _linen(), "its documentation")
right("flax linen.Dropout along axis 1", _linen(broadcast_dims=(1,)), "one draw for all of axis 1")
wrong("flax linen.Dropout along axis 0", _linen(broadcast_dims=(0,)), "as asked for", BATCH)
right("equinox nn.Dropout", _equinox, "its documentation")
right("haiku dropout", _haiku(), "its documentation")
wrong("haiku dropout along axis 0", _haiku(broadcast_dims=(0,)), "as asked for", BATCH)
right("jax stax.Dropout", _stax(lambda p: 1 - p), "its rate is that of keeping: it is given q")
wrong("jax stax.Dropout given p", _stax(lambda p: p), "it keeps p of all, / p", "takes_p_for_keep")

right("keras on JAX Dropout", keras.layers.Dropout(P), "its documentation")
for name in ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"):
    right(f"keras on JAX {name}", getattr(keras.layers, name)(P), "whole channels, channels last")
right("keras on JAX GaussianDropout", keras.layers.GaussianDropout(P), "variance p / (1 - p)")
wrong("keras on JAX AlphaDropout", keras.layers.AlphaDropout(P), "it keeps no mean of a value")
wrong("keras on JAX GaussianNoise", keras.layers.GaussianNoise(P), "it adds noise")
right("keras on JAX StochasticDepth", StochasticDepth(P), "floor(q + u), a draw a row, x / q")
