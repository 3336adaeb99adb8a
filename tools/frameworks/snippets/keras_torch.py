import os

os.environ["KERAS_BACKEND"] = "torch"
import keras

drop = keras.layers.Dropout(rate=0.2, seed=0)
x = keras.ops.ones(1000)
in_training = drop(x, training=True)
in_evaluation = drop(x, training=False)

# --- asked besides

LAYER = "Keras 3 on PyTorch, `layers.Dropout`"
ARGUMENT, TAKES = "rate", keras.layers.Dropout
MODE = "`training=` in the call; `fit` sets it, `predict` and `evaluate` do not"
SEED = "`seed=` of the layer, or `keras.utils.set_random_seed`"
SHARING = "`noise_shape=(16, 1, 4)`"


def dropout(x, p, training):
    drop = keras.layers.Dropout(p, dtype=x.dtype.name)
    return keras.ops.convert_to_numpy(drop(x, training=training))


def untold(x):
    return keras.ops.convert_to_numpy(keras.layers.Dropout(0.2)(x))


def seeded(x, seed):
    drop = keras.layers.Dropout(0.5, seed=seed)
    return keras.ops.convert_to_numpy(drop(x, training=True))


def shared(x):
    drop = keras.layers.Dropout(0.5, noise_shape=(16, 1, 4))
    return keras.ops.convert_to_numpy(drop(x, training=True))
