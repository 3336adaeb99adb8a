"""Make a bare Debian, lay out an assignment as Gradescope does, set it up there and mark.

usage: sudo PYTHONPATH=. .venv/bin/python tests/bare/gradescope.py [12|13] [ASSIGNMENT]

By hand, as root, on Debian or Ubuntu with `apt install debootstrap`: some minutes and 1 GB of disk
(4 GB for `rescue`, which has PyTorch). Debian stands for Gradescope's Ubuntu: both have what the
set-up asks for. It marks the solution, and one that tries to read the assignment, to write the
results and to be root, with bubblewrap and without; both must get what `make grade` gives.
"""

import json
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "grading"))
from notebooks import FIRST, assignment, submission

from tests.bare.run import RELEASES, inside, make_system, progress
from tools.gradescope import zipped
from tools.paths import ASSIGNMENTS

TRIES = """
import os
gained = []
for path in ("source/assignment/checks.py", "results/results.json", "submission"):
    try:
        gained.append(os.listdir(f"/autograder/{path}") if "." not in path
                      else open(f"/autograder/{path}", "r+"))
    except OSError:
        pass
if gained or os.path.exists("/proc/1/environ") and os.access("/proc/1/environ", os.R_OK):
    raise SystemExit(f"it can read {gained}")
"""


def main(version="12", name=FIRST):
    folder = Path(tempfile.mkdtemp(prefix="bare-gradescope-", dir="/var/tmp"))
    try:
        root = folder / "root"
        progress(f"Debian {version}", "debootstrap")
        make_system(root, RELEASES[version], ("ca-certificates",))
        place = root / "autograder"
        for part in ("source", "submission", "results"):
            (place / part).mkdir(parents=True)
        zipped.write(ASSIGNMENTS / name, folder / "gradescope.zip")
        with zipfile.ZipFile(folder / "gradescope.zip") as archive:
            archive.extractall(place / "source")
        shutil.copyfile(place / "source" / "run_autograder", place / "run_autograder")
        progress("setup.sh")
        asked(root, "bash /autograder/source/setup.sh")
        for how in ("bubblewrap, if it works there", "without it"):
            if how == "without it":
                asked(root, "rm -f /usr/bin/bwrap")
            for what, data in (
                ("the solution", submission(name=name)),
                ("one that looks round", submission(name=name, before=[TRIES])),
            ):
                (place / "submission" / "x.ipynb").write_bytes(data)
                (place / "results" / "results.json").unlink(missing_ok=True)
                asked(root, "cd /autograder && bash ./run_autograder")
                given = json.loads((place / "results" / "results.json").read_text("utf8"))
                total = sum(test["score"] for test in given["tests"])
                most = sum(check.points for check in assignment(name).checks)
                progress(how, what, f"{total} of {most}", given["output"].replace("\n", " / "))
                if total != most or "it can read" in given["output"]:
                    sys.exit("bare: not what it should be")
    finally:
        shutil.rmtree(folder)


def asked(root, words):
    process = inside(root, f"{words} 2>&1")
    if process.wait():
        sys.exit(f"bare: {words}: exit status {process.returncode}")


if __name__ == "__main__":
    main(*sys.argv[1:])
