"""For pytest: if ``assert diagnose(layer, 0.2)`` fails, the report stands in the failure's text."""

import sys

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Add each report of ``diagnose`` that is not ok, of the lines that failed, to the failure."""
    outcome = yield
    diagnose = sys.modules.get("dropout_scaling.diagnose")  # loaded if the test has called it
    if diagnose and call.excinfo and outcome.failed:
        # pytest keeps the values of an assertion's parts in variables of the frame.
        values = [v for entry in call.excinfo.traceback for v in entry.frame.f_locals.values()]
        reports = [v for v in values if isinstance(v, diagnose.Report) and not v.ok]
        for text in dict.fromkeys(map(str, reports)):
            outcome.sections.append(("dropout_scaling.diagnose", text))
    return outcome
