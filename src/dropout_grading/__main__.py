"""Mark a folder of submissions.

    python -m dropout_grading ASSIGNMENT SUBMISSIONS [--out FOLDER] [--workers 2]

Writes marks.csv, details.csv (each check of each student), manual.csv (answers for a person to
mark) with rubric.md, feedback/, and summary.html into FOLDER. What has been marked is kept there: a
second run marks only what is new or has changed.

A submission runs in bubblewrap. Where there is none, all runs in a container of docker or podman.
Where there is neither, nothing runs without --unsafe.
"""

import argparse
import os
import sys
from pathlib import Path

from dropout_grading import container
from dropout_grading.execution.sandbox import Limits, isolated, why_not_isolated
from dropout_grading.mark_folder import grade, load
from dropout_grading.reports import summary
from dropout_grading.reports.text import terminal

MIB = 2**20
NOT_ISOLATED = """\
bubblewrap (bwrap) does not work here, and there is no docker or podman that runs. What bubblewrap
says: {why}
Install one of them; on Debian and Ubuntu: sudo apt install bubblewrap
Or add --unsafe. Then a submission runs as you do. It can read and change all your files, this
marker and the marks of others among them, read the solution, reach the network, and leave programs
that run later. Do that only with submissions that you have read, or on a machine that you could
lose."""
UNSAFE = """\
WARNING: --unsafe: submissions can read and change your files, the marks of others among them."""


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status: 0, or 2 if it cannot begin."""
    defaults = Limits()
    parser = argparse.ArgumentParser(prog="python -m dropout_grading", description=__doc__)
    parser.add_argument("assignment", help="a folder with checks.py and source.ipynb")
    parser.add_argument("submissions", help="a folder of notebooks, zips, an LMS's download")
    parser.add_argument("--out", type=Path, default=Path("marks"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--seconds", type=float, default=defaults.seconds, help="that each call may take"
    )
    parser.add_argument("--memory", type=int, default=defaults.memory_bytes // MIB, help="in MiB")
    parser.add_argument("--processes", type=int, default=defaults.processes)
    parser.add_argument(
        "--unsafe", action="store_true", help="run submissions as you, if they cannot be isolated"
    )
    given = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    limits = Limits(given.seconds, given.memory * MIB, given.processes)
    if not isolated() and not given.unsafe:
        if tool := container.found():
            return container.mark(tool, given)
        why = terminal(why_not_isolated())
        print(f"grade: {NOT_ISOLATED.format(why=why)}", file=sys.stderr)
        return 2
    if not isolated():
        print(UNSAFE, file=sys.stderr)
    folders = given.assignment, given.submissions, given.out
    try:
        rows = grade(*folders, workers=given.workers, limits=limits)
    except ValueError as error:
        print(f"grade: {terminal(str(error))}", file=sys.stderr)
        return 2
    print(summary.text(load(given.assignment), rows))
    print(f"\nsee {given.out / 'marks.csv'} and {given.out / 'summary.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
