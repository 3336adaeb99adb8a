"""Steps that share a time between them, each in processes of its own, and write what they have.

Nothing is lost of a step that fails or runs out of its time, nor of the others. Standard library
only, as ``__main__``, whose steps these are.
"""

import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import time

from tools.book.kernel_environment import kernel_environment
from tools.gpu_check import json_lines
from tools.paths import ROOT, SOURCE


class Run:
    """One run of all steps: they share its folders, its time and its result.

    ``out``: where gpu.json and gpu.zip go. ``work``: a folder to be thrown away. ``steps``: for
    each its name, its share of the time, and a function of the seconds that it has, which returns
    a dictionary with "passed", and with "says" for one line.
    """

    steps = ()

    def __init__(self, out, work, seconds):
        self.out, self.work = out, work
        self.ends = time.monotonic() + seconds
        self.site, self.kept = work / "site", work / "kept"
        self.kept.mkdir(parents=True)
        today = datetime.date.today().isoformat()
        self.result = {"device": None, "date": today, "passed": False, "steps": {}}

    def run(self):
        """Run the steps, as long as there is a device; return whether all passed."""
        for number, (name, share, function) in enumerate(self.steps):
            left = max(0, self.ends - time.monotonic())
            limit = left * share / sum(share for _, share, _ in self.steps[number:])
            began = time.monotonic()
            try:
                found = function(limit)
            except Exception as error:
                found = {"passed": False, "says": f"{type(error).__name__}: {error}"}
            took = {"seconds": round(time.monotonic() - began, 1), "of": round(limit)}
            self.result["steps"][name] = {**found, **took}
            self.write()
            mark = "" if found["passed"] else "FAILED: "
            print(f"{name}: {mark}{found['says']} ({took['seconds']:.0f} s)", flush=True)
            if self.result["device"] is None:
                return False
        self.result["passed"] = all(step["passed"] for step in self.result["steps"].values())
        self.write()
        return self.result["passed"]

    def write(self):
        partial = self.out / "gpu.json.part"
        partial.write_text(json.dumps(self.result, indent=1) + "\n", "utf8")
        partial.replace(self.out / "gpu.json")
        # One file, as a machine that is lent may give back but a few.
        shutil.move(shutil.make_archive(self.work / "gpu", "zip", self.kept), self.out / "gpu.zip")

    def python(self, name, arguments, limit, **variables):
        """Run Python with the wheels in reach; return its lines, and what went wrong, or None."""
        lines, said = self.kept / f"{name}.jsonl", self.kept / f"{name}.log"
        lines.unlink(missing_ok=True)
        env = {**self.environment(), json_lines.LINES_VARIABLE: str(lines), **variables}
        command = [sys.executable, *map(str, arguments)]
        with (
            said.open("w") as log,
            # A group of its own, so that all of it can be ended.
            subprocess.Popen(
                command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
            ) as process,
        ):
            try:
                code = process.wait(limit)
                wrong = f"exit status {code}: {last_line(said)}" if code else None
            except subprocess.TimeoutExpired:
                wrong = f"out of time after {limit:.0f} s"
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
        return json_lines.read(lines), wrong

    def environment(self):
        """The caller's, without settings of Jupyter's and pytest's, and a kernel's."""
        ours = ("JUPYTER", "IPYTHON", "PYTEST", "MPL", "DROPOUT_SCALING")
        env = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        paths = [str(self.site), str(SOURCE), str(ROOT)]
        return (
            env
            | kernel_environment(self.work / "home")
            | {
                "PYTHONPATH": os.pathsep.join([*paths, *filter(None, [env.get("PYTHONPATH")])]),
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
                "PIP_CONFIG_FILE": os.devnull,  # it could name an index
                # The kernel that comes with the wheels, and no other Python's.
                "JUPYTER_PATH": str(self.site / "share" / "jupyter"),
                "SOURCE_DATE_EPOCH": "0",  # the time of day is in a figure's file
            }
        )


def last_line(file):
    lines = file.read_text("utf8", errors="replace").splitlines()
    return next((line for line in reversed(lines) if line.strip()), "")
