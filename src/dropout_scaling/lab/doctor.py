"""The command of ``audit`` as a reader would run it, and how far ``diagnose`` sees."""

import subprocess
import sys
import tempfile
from pathlib import Path
from textwrap import fill

import numpy as np
import torch

from dropout_scaling.tables import Markdown

READER = """
import torch.nn.functional as F
from torch import nn


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 32, dropout=0.2, batch_first=True)
        self.out = nn.Linear(32, 10)

    def forward(self, x):
        h, _ = self.lstm(x.view(-1, 8, 8))
        return self.out(F.dropout(h[:, -1], 0.2))
"""


def run_on_file(command):
    """Write ``READER`` to reader.py and run ``python -m`` with this command beside it.

    Return the ended process, and the file with what the terminal shows.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "reader.py").write_text(READER.lstrip())
        words, how = [sys.executable, "-m", *command.split()], {"text": True}
        ended = subprocess.run(words, cwd=folder, capture_output=True, **how)
    said = ended.stdout.replace(str(folder), ".").splitlines()
    told = [fill(line, 70, subsequent_indent="    ") for line in said]
    shell = [f"$ python -m {command}", *told, f"(exit status {ended.returncode})"]
    text = ["```python", "# reader.py", READER.strip(), "```"]
    return ended, Markdown("\n".join([*text, "```text", *shell, "```"]))


def drops_with(rate):
    """Return a function that drops with this probability, and scales for p = 0.2."""

    def layer(x, training=True):
        kept = torch.rand_like(x) < 1 - rate
        return torch.where(kept, x / 0.8, 0) if training else x

    return layer


def shares_that_agree(q, draws):
    """Return the least and the largest share of kept values that chance alone may explain.

    By the Chernoff bound, with a rate of false alarms of 1e-7.
    """
    shares = np.arange(1, draws) / draws
    entropy = shares * np.log(shares / q) + (1 - shares) * np.log((1 - shares) / (1 - q))
    agree = shares[draws * entropy <= np.log(2 / 1e-7)]
    return agree.min(), agree.max()
