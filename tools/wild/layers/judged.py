"""Whether the doctor says of a layer what it is."""

from dropout_scaling.diagnose import diagnose
from tools.wild.layers.case import P


def said(case):
    """Return (how, report): what the doctor says of a ``Case``, against its truth, and its report.

    ``how``: "as it is"; of a right layer "false"; of a wrong one "missed" or "misnamed"; of one
    that depends "unconditional"; of one that is "none" "judged"; of any other "not judged".
    """
    try:
        report = diagnose(case.layer, P, **case.options)
    except Exception as error:
        how = "as it is" if case.truth == "none" else "not judged"
        return how, f"{type(error).__name__}: {error}"
    if case.truth == "none":
        return "judged" if report.judged or report.condition else "as it is", report
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
