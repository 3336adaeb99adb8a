"""Try the book on a GPU where there is no network, in one call, and write what was seen as JSON.

usage: python3 tools/gpu_check WHEELS OUT [--device cuda|cpu] [--seconds 470]

For Python 3.12 with PyTorch 2.11 or newer, NumPy 2, SciPy, scikit-learn, matplotlib and pytest; no
.venv. What else is missing comes from WHEELS, which `tools.gpu_check.wheels` makes, and goes into a
folder that is thrown away. `--device cpu` tries the command without a GPU.

Each step has its share of the time that is left. OUT/gpu.json is written anew after each, so a step
that fails, or runs out of its time, loses none of the others. So is OUT/gpu.zip, with the executed
notebooks and all that the steps said. The exit status is 1 if anything failed.

Standard library only: the rest runs in processes of its own.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

if not __package__:  # run by its path: Python has put this folder there, not the repository
    sys.path[0] = str(Path(__file__).resolve().parents[2])

from tools.book.notebooks import cell_timeout_seconds, chapters
from tools.environment.device import DEVICE_VARIABLE
from tools.gpu_check.timed_steps import Run
from tools.gpu_check.wheels import REQUESTED, pinned
from tools.paths import BOOK, ROOT, TESTS

# Imported by name: whatever else pytest has there could warn, and print.
PYTEST = ["-m", "pytest", "-q", "-p", "tools.gpu_check.json_lines", "-p", "no:cacheprovider"]
NBMAKE = ["-p", "xdist.plugin", "-p", "nbmake.pytest_plugin", "--nbmake", "--overwrite"]
NBMAKE += [f"--nbmake-timeout={cell_timeout_seconds()}"]
PARTS = ["-m", "tools.gpu_check.parts"]


class Check(Run):
    """The steps on this machine."""

    def __init__(self, wheels, out, device, seconds, work):
        super().__init__(out, work, seconds)
        self.wheels, self.device = wheels, device
        self.workers = max(2, min(8, (os.cpu_count() or 2) // 2))
        self.chapter_runs = ("chapters on the cpu", f"chapters on {device}")
        self.steps = [
            ("device", 2, self.see_device),
            ("wheels", 2, self.take_wheels),
            ("tests", 3, self.run_tests),
            (self.chapter_runs[0], 5, lambda limit: self.run_chapters("cpu", "cpu", limit)),
            (self.chapter_runs[1], 6, lambda limit: self.run_chapters("gpu", device, limit)),
            ("comparison", 1, self.compare),
            ("timings", 3, self.take_timings),
        ]

    def see_device(self, limit):
        lines, wrong = self.python("machine", [*PARTS, "machine", self.device], limit)
        found = lines[0] if lines else {"problem": wrong}
        if "problem" in found:
            return {"passed": False, "says": found["problem"]}
        self.result["device"] = found["device"]
        versions = found["versions"]
        missing = sorted(name for name, version in versions.items() if version is None)
        says = f"{found['device']}, Python {versions['python']}, PyTorch {versions['torch']}"
        if missing:
            says = f"{says}, and no {', '.join(missing)}"
        return {"passed": not missing, "says": says, "asked": self.device, **found}

    def take_wheels(self, limit):
        """Let pip say what is missing of what is asked for, as pinned, and of what this needs."""
        ends = time.monotonic() + limit
        pip = ["-m", "pip", "--isolated", "install", "--quiet", "--no-index"]
        pip += ["--disable-pip-version-check", "--root-user-action=ignore"]
        pip += ["--find-links", self.wheels]
        report, every = self.work / "pip.json", sorted(self.wheels.glob("*.whl"))
        asked = [f"{name}=={version}" for name, version in pinned().items() if name in REQUESTED]
        _, wrong = self.python("wheels", [*pip, "--dry-run", "--report", report, *asked], limit)
        if wrong:
            return {"passed": False, "says": wrong}
        items = json.loads(report.read_text("utf8"))["install"]
        taken = {item["metadata"]["name"]: item["metadata"]["version"] for item in items}
        pins = [f"{name}=={version}" for name, version in taken.items()]
        into = ["--no-deps", "--no-compile", "--target", self.site]
        if taken:
            _, wrong = self.python("wheels", [*pip, *into, *pins], ends - time.monotonic())
        says = wrong or f"{len(taken)} of {len(every)} taken, the rest was there"
        return {"passed": not wrong, "says": says, "taken": taken}

    def run_tests(self, limit):
        files = sorted(TESTS.rglob("test_*.py"))
        marked = re.compile(r"^@pytest\.mark\.gpu", re.MULTILINE)  # not in tests of this command
        files = [f for f in files if "tools" not in f.relative_to(ROOT).parts]
        files = [f for f in files if marked.search(f.read_text("utf8"))]
        # Versions there are not the pins: what they warn of is no failure.
        arguments = [*PYTEST, "--tb=short", "-W", "default", "-m", "gpu", *files]
        variables = {DEVICE_VARIABLE: self.device, "OMP_NUM_THREADS": "1"}
        lines, wrong = self.python("tests", arguments, limit, **variables)
        counts = Counter(line["outcome"] for line in lines)
        if (self.device == "cuda" and counts["skipped"]) or not lines:
            wrong = wrong or "not all were run"
        return self.report(lines, wrong, tests=lines)

    def run_chapters(self, role, device, limit):
        """Run all on a device; keep what they print in a folder that is named after the role."""
        here = self.kept / role  # not in OUT: nbmake skips a folder that has _build in it
        names = list(chapters())
        for name in names:
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(BOOK / f"{name}.ipynb", here / f"{name}.ipynb")
        settings = here / "pytest.ini"
        settings.write_text("[pytest]\n")
        arguments = [*PYTEST, *NBMAKE, "-c", settings, "--tb=no"]
        arguments += ["-n", self.workers, "--dist", "worksteal"]
        arguments += [here / f"{name}.ipynb" for name in names]
        variables = {DEVICE_VARIABLE: device, "OMP_NUM_THREADS": "1"}
        lines, wrong = self.python(f"chapters-{role}", arguments, limit, **variables)
        for line in lines:
            line["name"] = line["name"].split("::")[0].removesuffix(".ipynb")
        ended = [line["name"] for line in lines]
        late = [name for name in names if name not in ended]
        lines += [{"name": name, "outcome": "not ended"} for name in late]
        return self.report(lines, wrong, chapters=lines)

    def report(self, lines, wrong, **details):
        """The result of a step that is made of tests."""
        counts = Counter(line["outcome"] for line in lines)
        says = [", ".join(f"{count} {outcome}" for outcome, count in counts.items())]
        says += [f"{one['name']}: {one['why']}" for one in lines if one["outcome"] == "failed"]
        if wrong and not counts["failed"]:  # of a failure pytest's exit status says no more
            says.append(wrong)
        passed = not wrong and set(counts) <= {"passed", "skipped"}
        return {"passed": passed, "says": "; ".join(filter(None, says)), **details}

    def compare(self, limit):
        runs = [self.result["steps"][name]["chapters"] for name in self.chapter_runs]
        passed = [{one["name"] for one in run if one["outcome"] == "passed"} for run in runs]
        names = sorted(set.intersection(*passed))
        folders = [self.kept / "cpu", self.kept / "gpu"]
        lines, wrong = self.python("comparison", [*PARTS, "differences", *folders, *names], limit)
        differ = {one["name"]: one["differences"] for one in lines if one["differences"]}
        if len(lines) < len(names):
            wrong = wrong or "not all were compared"
        says = wrong or f"{len(lines)} chapters compared, {len(differ)} differ"
        if differ:
            says += f": {', '.join(differ)}"
        passed = bool(lines) and not wrong and not differ
        return {"passed": passed, "says": says, "compared": len(lines), "differences": differ}

    def take_timings(self, limit):
        arguments = [*PARTS, "timings", self.device, f"{0.8 * limit:.0f}"]
        rows, wrong = self.python("timings", arguments, limit)
        says = wrong or f"{len(rows)} medians"
        if rows:
            last = ", ".join(f"{row['name']} {row['ms_50']:.3g} ms" for row in rows[-4:])
            says += f"; {rows[-1]['size']} {rows[-1]['dtype']}: {last}"
        return {"passed": bool(rows) and not wrong, "says": says, "rows": rows}


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    parser.add_argument("wheels", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--seconds", type=float, default=470)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gpu-check-", ignore_cleanup_errors=True) as work:
        folders = given.wheels.resolve(), given.out.resolve()
        check = Check(*folders, given.device, given.seconds, Path(work).resolve())
        passed = check.run()
    print(f"gpu_check: {'passed' if passed else 'FAILED'}; what was seen: {given.out}/gpu.json")
    sys.exit(not passed)


if __name__ == "__main__":
    main()
