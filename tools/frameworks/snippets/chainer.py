import chainer
import chainer.functions as F
import numpy as np

np.random.seed(0)
x = np.ones(1000, "f")
in_training = F.dropout(x, ratio=0.2)
with chainer.using_config("train", False):
    in_evaluation = F.dropout(x, ratio=0.2)

# --- asked besides

LAYER = "Chainer, `F.dropout`"
ARGUMENT, TAKES = "ratio", F.dropout
MODE = '`chainer.using_config("train", False)`'
SEED = "`np.random.seed`, NumPy's own stream"
SHARING = "none; `mask=` takes a mask of yours"


def dropout(x, p, training):
    with chainer.using_config("train", training):
        return F.dropout(x, p).array


def untold(x):
    return F.dropout(x, 0.2).array


def seeded(x, seed):
    np.random.seed(seed)
    return dropout(x, 0.5, True)
