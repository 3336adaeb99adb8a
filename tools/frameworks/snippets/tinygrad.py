from tinygrad import Context, Tensor

Tensor.manual_seed(0)
x = Tensor.ones(1000)
with Context(TRAINING=1):
    in_training = x.dropout(p=0.2)
in_evaluation = x.dropout(p=0.2)

# --- asked besides

LAYER = "tinygrad, `Tensor.dropout`"
ARGUMENT, TAKES = "p", Tensor.dropout
MODE = "`with Context(TRAINING=1):`"
SEED = "`Tensor.manual_seed`, one stream for all"
SHARING = "none"


def dropout(x, p, training):
    with Context(TRAINING=int(training)):
        y = Tensor(x).dropout(p)
    if y.device is None:  # a constant, as at p = 1: it gets a device from what it is added to
        y = y + Tensor(0 * x)
    return y.numpy()


def untold(x):
    return Tensor(x).dropout(0.2).numpy()


def seeded(x, seed):
    Tensor.manual_seed(seed)
    return dropout(x, 0.5, True)
