"""All layers, and whether the doctor says of one what it is."""

from dropout_scaling.diagnose import diagnose
from tools.wild.layers import (
    numpy_classes,
    numpy_functions,
    own_tensors,
    relatives,
    second_reading,
    torch_layers,
)
from tools.wild.layers.case import P

CASES = [
    *numpy_functions.CASES, *numpy_classes.CASES, *torch_layers.CASES, *own_tensors.CASES,
    *relatives.CASES, *second_reading.CASES,
]  # fmt: skip


def said(case):
    """Return (how, report): what the doctor says of a ``Case``, against its truth, and its report.

    ``how``: "as it is"; of a right layer "false"; of a wrong one "missed" or "misnamed"; of one
    that depends "unconditional"; of any "not judged".
    """
    try:
        report = diagnose(case.layer, P, **case.options)
    except Exception as error:
        return "not judged", f"{type(error).__name__}: {error}"
    if report.condition and not report.judged:
        how = "depends"
    elif not report.judged:
        return "not judged", report
    elif case.truth == "depends" and report.condition:
        how = "depends"
    else:
        how = "right" if report.ok else "wrong"
    if how != case.truth:
        return {"right": "false", "wrong": "missed"}.get(case.truth, "unconditional"), report
    misnamed = how == "wrong" and set(report.misconceptions) != case.names
    return "misnamed" if misnamed else "as it is", report
