"""Lines of JSON in the file that GPU_CHECK_LINES names: what there is of a step that is cut short.

Also a pytest plugin, which writes one for each test: its name, what came of it, and why.
"""

import json
import os
import re

LINES_VARIABLE = "GPU_CHECK_LINES"
ANSI_COLOUR = re.compile(r"\x1b\[[\d;]*m")
# An exception's name, and perhaps what it says, as a traceback ends; pytest puts an E before it.
EXCEPTION_LINE = re.compile(
    r"^(?:E +)?([\w.]*(?:Error|Exception|Exit|Warning)\b(?::.*)?)$", re.MULTILINE
)


def write(**record):
    with open(os.environ[LINES_VARIABLE], "a", encoding="utf8") as file:
        file.write(json.dumps(record) + "\n")


def read(path):
    """Return the lines of a file, without one that was not written to its end."""
    if not path.is_file():
        return []
    whole, _, _ = path.read_text("utf8").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]


def cause(text):
    """Return the line of a failure's text that says why."""
    lines = [line for line in text.split("\n") if not line.startswith("[gw")]  # xdist's own
    return (EXCEPTION_LINE.findall(text) or lines[:1])[-1]


def pytest_runtest_logreport(report):
    if "PYTEST_XDIST_WORKER" in os.environ:  # the main process hears of it too
        return
    if report.when == "call" or report.outcome != "passed":
        text = ANSI_COLOUR.sub("", report.longreprtext).strip() if report.failed else ""
        why = {"why": cause(text), "text": text[-4000:]} if text else {}
        seconds = round(report.duration, 1)
        write(name=report.nodeid, outcome=report.outcome, seconds=seconds, **why)


def pytest_collectreport(report):
    if report.failed and "PYTEST_XDIST_WORKER" not in os.environ:
        text = ANSI_COLOUR.sub("", report.longreprtext).strip()
        write(name=report.nodeid, outcome="failed", seconds=0, why=cause(text), text=text[-4000:])
