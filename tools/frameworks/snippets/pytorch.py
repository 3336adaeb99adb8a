import torch
from torch import nn

torch.manual_seed(0)
drop = nn.Dropout(p=0.2)
x = torch.ones(1000)
in_training = drop.train()(x)
in_evaluation = drop.eval()(x)

# --- asked besides

LAYER = "PyTorch, `nn.Dropout`"
ARGUMENT, TAKES = "p", nn.Dropout
MODE = "`model.train()` and `model.eval()`"
SEED = "`torch.manual_seed`, one stream for all"
SHARING = "`nn.Dropout1d`, `2d`, `3d`"


def dropout(x, p, training):
    return nn.Dropout(p).train(training)(torch.tensor(x)).numpy()


def untold(x):
    return nn.Dropout(0.2)(torch.tensor(x)).numpy()


def seeded(x, seed):
    torch.manual_seed(seed)
    return dropout(x, 0.5, True)


def shared(x):
    return nn.Dropout1d(0.5)(torch.tensor(x)).numpy()
