"""Ask one framework what its dropout does, in that framework's own environment.

usage: python -m tools.frameworks.ask NAME FILE.json

Runs snippets/NAME.py: the lines of a user, and what is asked besides. All that the
table says in numbers is measured here; the words beside them are the snippet's own.
"""

import importlib.metadata
import inspect
import json
import re
import runpy
import sys
import warnings
from pathlib import Path

import numpy as np

from dropout_scaling.diagnose import diagnose
from tools.frameworks.run import SNIPPETS

P = 0.2  # never a half: there keep and drop look the same
SHAPE = (100, 100)  # a share of zeros is then within 0.04 of its probability, by ten deviations
SECONDS = 300.0  # a first call may compile


def array(value):
    """A framework's array as a NumPy array."""
    for method in ("numpy", "asnumpy"):
        if hasattr(value, method):
            return getattr(value, method)()
    return np.array(getattr(value, "array", value))


def levels(values):
    """The distinct values that are not zero, to four digits."""
    return sorted({float(f"{v:.4g}") for v in np.unique(values[values != 0])})


def share_of_zeros(values):
    return float((values == 0).mean())


def outcome(call):
    """What came of a call with an extreme argument."""
    x = np.ones(SHAPE, np.float32)
    try:
        y = array(call(x))
    except Exception as error:
        return f"raises {type(error).__name__}"
    if not np.isfinite(y).all():
        return "gives nan" if np.isnan(y).any() else "gives inf"
    return "gives x" if (y == x).all() else "gives zeros" if (y == 0).all() else "gives others"


def axes_shared(shared):
    """The axes of (16, 8, 4) ones along which one decision holds."""
    y = array(shared(np.ones((16, 8, 4), np.float32)))
    assert 0 < share_of_zeros(y) < 1, "the sharing call dropped all or nothing"
    return [axis for axis in range(3) if (y == y.take([0], axis)).all()]


def parameters(takes):
    """The names that a callable, or an ONNX operator, takes."""
    if hasattr(takes, "inputs"):
        return [taken.name for taken in takes.inputs]
    return list(inspect.signature(takes).parameters)


def ask(name):
    """Return the row of a framework as a dictionary."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        asked = runpy.run_path(str(SNIPPETS / f"{name}.py"))
        dropout = asked["dropout"]
        taken = parameters(asked["TAKES"])
        assert asked["ARGUMENT"] in taken, taken

        ones = np.ones(SHAPE, np.float32)
        y, at_rest = array(dropout(ones, P, True)), array(dropout(ones, P, False))
        zeros = share_of_zeros(y)
        means = "drop" if abs(zeros - P) < 0.04 else "keep" if abs(zeros - 1 + P) < 0.04 else None
        assert means, f"a share of {zeros} zeros is neither {P} nor {1 - P}"
        (kept,), (evaluation,) = levels(y), levels(at_rest)
        keep = 1 - P if means == "drop" else P

        # What a user sees is what is judged.
        seen = array(asked["in_training"]), array(asked["in_evaluation"])
        q = 1 - P  # each snippet drops a fifth
        scale = {round(1 / keep, 4): 1 / q, 1.0: 1.0}[kept]
        assert levels(seen[0]) == [float(f"{scale:.4g}")], levels(seen[0])
        assert levels(seen[1]) == [evaluation], levels(seen[1])
        assert abs(share_of_zeros(seen[0]) - P) < 0.13, share_of_zeros(seen[0])
        assert (seen[1] != 0).all()

        by_seed = [array(asked["seeded"](ones, seed)) for seed in (1, 1, 2)]
        assert (by_seed[0] == by_seed[1]).all(), "a seed did not repeat its mask"
        assert (by_seed[0] != by_seed[2]).any(), "another seed gave the same mask"

        report = diagnose(dropout, P, limit=SECONDS)
        half = np.ones(SHAPE, np.float16)
        return {
            "layer": asked["LAYER"],
            "argument": asked["ARGUMENT"],
            "takes": taken[:3],
            "number": P,
            "means": means,
            "kept": kept,
            "evaluation": evaluation,
            "untold": untold(asked["untold"], ones),
            "mode": asked["MODE"],
            "seed": asked["SEED"],
            "drop_none": outcome(lambda x: dropout(x, 1.0 if means == "keep" else 0.0, True)),
            "drop_all": outcome(lambda x: dropout(x, 0.0 if means == "keep" else 1.0, True)),
            "vector": "" if runs(lambda: dropout(ones[0], P, False)) else "raises at evaluation",
            "half": dtype_of(lambda: dropout(half, P, True)),
            "sharing": asked["SHARING"],
            "shared_axes": axes_shared(asked["shared"]) if "shared" in asked else [],
            "ok": report.ok,
            "verdict": report.explanation,
        }


def untold(call, x):
    """What a call does that is told no mode."""
    try:
        y = array(call(x))
    except Exception as error:
        return f"raises {type(error).__name__}"
    return "drops" if (y == 0).any() else "does not drop"


def dtype_of(call):
    try:
        return array(call()).dtype.name
    except Exception as error:
        return f"raises {type(error).__name__}"


def runs(call):
    try:
        call()
    except Exception:
        return False
    return True


def versions(pins):
    """The versions that are installed of what ``pins`` names."""
    names = [re.match(r"[\w.-]+", pin)[0] for pin in pins]
    return {name: importlib.metadata.version(name) for name in names}


def main(name, file, *pins):
    row = ask(name) | {"versions": versions(pins), "python": sys.version.split()[0]}
    Path(file).write_text(json.dumps(row), "utf8")


if __name__ == "__main__":
    main(*sys.argv[1:])
