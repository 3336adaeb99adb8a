"""For pytest: what ``diagnose`` or ``audit`` said stands whole in the text of a failed assertion.

assert diagnose(layer, 0.2)
assert not audit(model, example)
"""

import sys

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Add reports that are not ok, and lists of findings, of the lines that failed."""
    outcome = yield
    if call.excinfo and outcome.failed:
        # pytest keeps the values of an assertion's parts in variables of the frame. A hidden frame,
        # as that of `check`, has said in its error what it holds.
        frames = [entry.frame.f_locals for entry in call.excinfo.traceback]
        shown = [frame for frame in frames if not frame.get("__tracebackhide__")]
        values = [value for frame in shown for value in frame.values()]
        for name, said in (("diagnose", _reports), ("audit", _findings)):
            module = sys.modules.get(f"dropout_scaling.{name}")  # loaded if the test has called it
            for text in dict.fromkeys(said(values, module) if module else ()):
                outcome.sections.append((f"dropout_scaling.{name}", text))
    return outcome


def _reports(values, diagnose):
    return [str(v) for v in values if isinstance(v, diagnose.Report) and not v.ok]


def _findings(values, audit):
    lists = [v for v in values if isinstance(v, list) and v]
    found = [v for v in lists if all(isinstance(f, audit.Finding) for f in v)]
    return ["\n".join(map(str, findings)) for findings in found]
