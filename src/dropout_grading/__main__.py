"""Mark a folder of submissions.

    python -m dropout_grading ASSIGNMENT SUBMISSIONS [--out FOLDER] [--workers 2]

Writes marks.csv, details.csv (each check of each student), manual.csv (answers for a person to
mark) with rubric.md, and feedback/ into FOLDER. What has been marked is kept there: a second run
marks only what is new or has changed.
"""

import argparse
import os
import sys
from pathlib import Path

from dropout_grading.execution.sandbox import Limits, isolated
from dropout_grading.mark_folder import grade
from dropout_grading.results import MARKED

MIB = 2**20


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
    given = parser.parse_args(argv)
    limits = Limits(given.seconds, given.memory * MIB, given.processes)
    if not isolated():
        print(
            "WARNING: bubblewrap (bwrap) does not work here. Submissions run with limits on time, "
            "memory and processes, but they can read your files and reach the network. On Debian "
            "and Ubuntu: sudo apt install bubblewrap",
            file=sys.stderr,
        )
    folders = given.assignment, given.submissions, given.out
    try:
        rows = grade(*folders, workers=given.workers, limits=limits)
    except ValueError as error:
        print(f"grade: {error}", file=sys.stderr)
        return 2
    marked = sum(row.result["status"] == MARKED for row in rows)
    print(f"{len(rows)} submissions, {marked} marked; see {given.out / 'marks.csv'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
