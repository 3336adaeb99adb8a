import paddle

paddle.seed(0)
drop = paddle.nn.Dropout(p=0.2, mode="downscale_in_infer")
x = paddle.ones([10, 100])
drop.train()
in_training = drop(x)
drop.eval()
in_evaluation = drop(x)

# --- asked besides

LAYER = "PaddlePaddle, `nn.Dropout` with its other mode, `downscale_in_infer`"
ARGUMENT, TAKES = "p", paddle.nn.Dropout
MODE = "`model.train()` and `model.eval()`"
SEED = "`paddle.seed`, one stream for all"
SHARING = "`axis=[0, 2]`: these axes get decisions of their own"
KIND = "downscale_in_infer"


def layer(p, **options):
    return paddle.nn.Dropout(p, mode=KIND, **options)


def dropout(x, p, training):
    drop = layer(p)
    drop.train() if training else drop.eval()
    return drop(paddle.to_tensor(x)).numpy()


def untold(x):
    return layer(0.2)(paddle.to_tensor(x)).numpy()


def seeded(x, seed):
    paddle.seed(seed)
    return dropout(x, 0.5, True)


def shared(x):
    return layer(0.5, axis=[0, 2])(paddle.to_tensor(x)).numpy()
