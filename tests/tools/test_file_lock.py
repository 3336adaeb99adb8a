"""Two commands at once in one folder: the second waits for the first."""

import subprocess
import sys

import pytest

from tools.paths import ROOT

HOLD = """
import pathlib, sys
from tools import file_lock
file_lock.LOCK = pathlib.Path(sys.argv[1])
with file_lock.locked():
    print("in", flush=True)
    if sys.argv[2] == "stay":
        sys.stdin.readline()
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    started = []

    def run(how):
        command = [sys.executable, "-c", HOLD, str(tmp_path / "cache" / "lock"), how]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, **pipes))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_the_second_waits_until_the_first_has_ended(start):
    first = start("stay")
    assert first.stdout.readline() == "in\n"
    second = start("leave")
    with pytest.raises(subprocess.TimeoutExpired):
        second.wait(timeout=3)  # else it would have come and gone
    first.stdin.write("\n")
    first.stdin.flush()
    assert second.stdout.readline() == "in\n"


def test_the_lock_goes_with_a_killed_command(start):
    first = start("stay")
    assert first.stdout.readline() == "in\n"
    first.kill()
    assert start("leave").stdout.readline() == "in\n"
