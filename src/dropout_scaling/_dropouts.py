"""The list of dropouts, PyTorch's and ours, that ``convert``, ``audit`` and ``keyed`` share."""

import torch
from torch import nn
from torch.nn import functional as F

from dropout_scaling.fast import FastDropout
from dropout_scaling.nn import InvertedDropout, StandardDropout

OWN_LAYERS = (StandardDropout, InvertedDropout)  # FastDropout is a subclass
LAYERS = (nn.modules.dropout._DropoutNd, *OWN_LAYERS)  # and their subclasses
# Elementwise, with a mask and nothing else. Not their subclasses, which may do more.
ELEMENTWISE_LAYERS = (nn.Dropout, StandardDropout, InvertedDropout, FastDropout)

# These drop whole channels; each with the numbers of dimensions that its input may have.
CHANNEL_FUNCTIONS = {F.dropout1d: (2, 3), F.dropout2d: (4,), F.dropout3d: (5,)}
ALPHA_FUNCTIONS = {F.alpha_dropout, F.feature_alpha_dropout}
FUNCTIONS = {
    F.dropout, *CHANNEL_FUNCTIONS, *ALPHA_FUNCTIONS,
    torch.dropout, torch.dropout_, torch.alpha_dropout, torch.feature_dropout,
}  # fmt: skip
