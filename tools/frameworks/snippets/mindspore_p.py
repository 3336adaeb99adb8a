import mindspore as ms

ms.set_seed(0)
drop = ms.nn.Dropout(p=0.2)
x = ms.ops.ones((10, 100))
in_training = drop.set_train(True)(x)
in_evaluation = drop.set_train(False)(x)

# --- asked besides

LAYER = "MindSpore, `nn.Dropout` with `p=`"
ARGUMENT, TAKES = "p", ms.nn.Dropout
MODE = "`model.set_train(True)` and `model.set_train(False)`"
SEED = "`ms.set_seed`, one stream for all"
SHARING = "`nn.Dropout1d`, `2d`, `3d`"


def dropout(x, p, training):
    drop = ms.nn.Dropout(p=p).set_train(training)
    return drop(ms.Tensor(x)).asnumpy()


def untold(x):
    return ms.nn.Dropout(p=0.2)(ms.Tensor(x)).asnumpy()


def seeded(x, seed):
    ms.set_seed(seed)
    return dropout(x, 0.5, True)


def shared(x):
    return ms.nn.Dropout1d(0.5).set_train(True)(ms.Tensor(x)).asnumpy()
