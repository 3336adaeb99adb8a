import mlx.core as mx
import mlx.nn as nn

mx.random.seed(0)
drop = nn.Dropout(p=0.2)
x = mx.ones(1000)
in_training = drop.train()(x)
in_evaluation = drop.eval()(x)

# --- asked besides

import numpy as np

LAYER = "MLX, `nn.Dropout`"
ARGUMENT, TAKES = "p", nn.Dropout
MODE = "`model.train()` and `model.eval()`"
SEED = "`mx.random.seed`, one stream for all"
SHARING = "`nn.Dropout2d`, `3d`"


def dropout(x, p, training):
    return np.array(nn.Dropout(p).train(training)(mx.array(x)))


def untold(x):
    return np.array(nn.Dropout(0.2)(mx.array(x)))


def seeded(x, seed):
    mx.random.seed(seed)
    return dropout(x, 0.5, True)


def shared(x):
    y = nn.Dropout2d(0.5)(mx.array(x)[:, :, None, :])
    return np.array(y)[:, :, 0, :]
