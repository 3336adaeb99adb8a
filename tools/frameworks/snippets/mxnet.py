import mxnet as mx

mx.random.seed(0)
drop = mx.gluon.nn.Dropout(rate=0.2)
x = mx.nd.ones(1000)
with mx.autograd.record():
    in_training = drop(x)
in_evaluation = drop(x)

# --- asked besides

LAYER = "MXNet, `gluon.nn.Dropout`"
ARGUMENT, TAKES = "rate", mx.gluon.nn.Dropout
MODE = "`with autograd.record():` trains, without it it evaluates"
SEED = "`mx.random.seed`, one stream for all"
SHARING = "`axes=(1,)`"


def call(drop, x, training=True):
    with mx.autograd.record(training):
        return drop(mx.nd.array(x, dtype=x.dtype)).asnumpy()


def dropout(x, p, training):
    return call(mx.gluon.nn.Dropout(p), x, training)


def untold(x):
    return mx.gluon.nn.Dropout(0.2)(mx.nd.array(x)).asnumpy()


def seeded(x, seed):
    mx.random.seed(seed)
    return dropout(x, 0.5, True)


def shared(x):
    return call(mx.gluon.nn.Dropout(0.5, axes=(1,)), x)
