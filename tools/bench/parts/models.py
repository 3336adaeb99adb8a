"""The audit of wider and wider models, of eight layers with dropout between them."""

import torch
from torch import nn

from dropout_scaling.audit import audit
from tools.bench.parts import peak_mib, seconds

AXIS = "parameters"
WIDTHS = (32, 100, 316, 1000, 2000)
SIZES = [8 * (w * w + w) for w in WIDTHS]
BOUND = "the model runs four times, and its parameters are copied once"


def measure(size):
    width = WIDTHS[SIZES.index(size)]
    layers = [(nn.Linear(width, width), nn.ReLU(), nn.Dropout(0.2)) for _ in range(8)]
    model = nn.Sequential(*(part for layer in layers for part in layer))
    example = torch.randn(4, width)
    audit(model, example)
    took = seconds(lambda: audit(model, example))
    return {"processor s": took, "MiB of the process": peak_mib()}
