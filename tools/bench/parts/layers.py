"""`diagnose` of many layers one after the other, and `audit` of a model that is as deep."""

import torch
from torch import nn

from dropout_scaling.audit import audit
from dropout_scaling.diagnose import diagnose
from tools.bench.parts import processor_seconds, seconds

AXIS = "layers"
SIZES = [8, 16, 32, 64, 128, 256, 512]
BOUND = "each layer is judged by itself"


def measure(size):
    diagnose(nn.Dropout(0.2), 0.2)
    before = processor_seconds()
    for _ in range(size):
        diagnose(nn.Dropout(0.2), 0.2)
    took = processor_seconds() - before
    parts = [part for _ in range(size) for part in (nn.Linear(32, 32), nn.ReLU(), nn.Dropout(0.2))]
    model, example = nn.Sequential(*parts), torch.randn(4, 32)
    audit(model, example)
    audited = seconds(lambda: audit(model, example))
    return {"processor s of diagnose": took, "processor s of audit": audited}
