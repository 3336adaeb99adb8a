"""The marking of a folder of submissions of assignment 1, right and wrong ones in turn."""

import sys
import tempfile
from pathlib import Path

from dropout_grading.execution.sandbox import Limits
from dropout_grading.mark_folder import grade
from tools.bench.parts import peak_mib, times
from tools.paths import TESTS

AXIS = "submissions"
SIZES = [10, 32, 100, 316, 1000]
BOUND = (
    "each submission is run by itself; of all of them a row of the table is held. From 100 on the "
    "whole bank is among them, with a cache that holds itself, which takes the most memory"
)
WORKERS = 2


def measure(size):
    sys.path[:0] = [str(TESTS), str(TESTS / "grading")]  # where the bank of submissions is
    from bank_inverted_dropout import BANK
    from notebooks import FOLDER, submission

    with tempfile.TemporaryDirectory() as temporary:
        handed_in, out = Path(temporary, "submissions"), Path(temporary, "marks")
        handed_in.mkdir()
        for n in range(size):
            _, replacements, _ = BANK[n % len(BANK)]
            data = submission(replacements).replace(b'"cells"', b'"n": %d, "cells"' % n, 1)
            (handed_in / f"student-{n:04}.ipynb").write_bytes(data)
        before = peak_mib()

        def mark():
            grade(FOLDER, handed_in, out, workers=WORKERS, limits=Limits(), progress=False)

        took = times(mark)
        disk = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
        return took | {"MiB of memory": peak_mib() - before, "MiB of disk": disk / 2**20}
