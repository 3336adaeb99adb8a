"""Judge one model by the truth about it: what `audit` reports, and what it leaves changed."""

import time
import warnings
from typing import NamedTuple

import torch

from dropout_scaling.audit import audit


class Outcome(NamedTuple):
    """``false``: faults that are none. ``missed``: kinds that were not reported. ``error``: why the
    model could not be judged, or "". ``changed``: the names of what the audit left changed."""

    name: str
    false: list
    missed: list
    error: str
    changed: list
    seconds: float

    @property
    def verdict(self):
        if self.error:
            return "not judged"
        return "wrong" if self.false or self.missed or self.changed else "right"


def judge(name, make, kinds) -> Outcome:
    """Audit the model that ``make`` returns with its example; ``kinds`` is all that it should find.

    A kind is found if a finding or a note has it. A note is never a false finding.
    """
    findings, error, changed = [], "", []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.monotonic()
        try:
            torch.manual_seed(0)
            model, example = make()
            before = fingerprint(model)
            start = time.monotonic()
            try:
                findings = audit(model, example)
            finally:
                after = fingerprint(model)
                changed = [key for key in before | after if before.get(key) != after.get(key)]
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}".partition("\n")[0][:160]
    seconds = time.monotonic() - start
    false = [str(f) for f in findings if f.kind not in kinds and not f.note]
    missed = [] if error else sorted(set(kinds) - {f.kind for f in findings})
    return Outcome(name, false, missed, error, changed, seconds)


def fingerprint(model):
    """{name: value} of all that a model holds: parameters, buffers, modes and plain attributes."""
    found = {}
    for name, part in model.named_modules():
        for attribute, value in vars(part).items():
            held = value.items() if isinstance(value, dict) else [("", value)]
            found[f"{name}.{attribute}"] = len(value) if isinstance(value, dict | list) else None
            for key, one in held:
                found[f"{name}.{attribute}[{key}]"] = _print(one)
    return found


def _print(value):
    if isinstance(value, torch.Tensor):
        if value.is_meta:
            return id(value)
        grad = None if value.grad is None else value.grad.double().sum().item()
        flat = value.detach().flatten()
        weighed = flat.double() if not flat.is_complex() else flat
        order = torch.arange(1, len(flat) + 1, dtype=torch.float64)
        return id(value), tuple(value.shape), str((weighed * order.cos()).sum().item()), grad
    if value is None or isinstance(value, int | float | str | bool):
        return value
    if isinstance(value, list | tuple):
        return tuple(map(_print, value))
    return id(value)
