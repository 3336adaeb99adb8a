"""Time the marking of 25, 50 and 100 submissions of assignment 1, right and wrong ones in turn.

usage: PYTHONPATH=. python tests/grading/bench_marking.py [workers]      `make bench`

A measurement, not a test: it prints seconds and memory, and judges neither.
"""

import sys
import tempfile
import time
from pathlib import Path

import psutil
from bank_inverted_dropout import BANK
from notebooks import FOLDER, submission

from dropout_grading.execution.sandbox import Limits, isolated
from dropout_grading.mark_folder import grade

SUBMISSION_COUNTS = (25, 50, 100)


def main(workers):
    apart = "in bubblewrap" if isolated() else "without isolation"
    print(f"{psutil.cpu_count()} cores, {workers} workers, {apart}")
    for count in SUBMISSION_COUNTS:
        with tempfile.TemporaryDirectory() as temporary:
            handed_in = Path(temporary) / "submissions"
            handed_in.mkdir()
            for n in range(count):
                _, replacements, _ = BANK[n % len(BANK)]
                data = submission(replacements).replace(b'"cells"', b'"n": %d, "cells"' % n, 1)
                (handed_in / f"student-{n:03}.ipynb").write_bytes(data)
            start = time.perf_counter()
            out = Path(temporary) / "marks"
            grade(FOLDER, handed_in, out, workers=workers, limits=Limits(), progress=False)
            took = time.perf_counter() - start
        memory = psutil.Process().memory_info().rss / 2**20
        print(f"{count:4} submissions: {took:5.1f} s, {took / count:.2f} s each, {memory:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
