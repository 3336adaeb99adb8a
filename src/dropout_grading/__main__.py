"""Mark a folder of submissions.

    python -m dropout_grading ASSIGNMENT SUBMISSIONS [--out FOLDER] [--workers 2]

Writes marks.csv, details.csv (each check of each student), manual.csv (answers for a person to
mark) with rubric.md, and feedback/ into FOLDER. What has been marked is kept there: a second run
marks only what is new or has changed.
"""

import argparse
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from dropout_grading import notebook, report, submissions
from dropout_grading.mark import mark, unmarked
from dropout_grading.sandbox import Limits, isolated
from dropout_grading.student import Ended, Student

MIB = 2**20


def load(folder):
    """Return the ``Assignment`` that a folder's checks.py holds, with its student notebook."""
    path = Path(folder) / "checks.py"
    if not path.is_file():
        raise ValueError(f"ASSIGNMENT must be a folder with a checks.py, got {folder}")
    spec = importlib.util.spec_from_file_location(f"checks_of_{Path(folder).name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assignment = module.ASSIGNMENT
    source = Path(folder) / "source.ipynb"
    assignment.template = notebook.handed_out(source.read_bytes()) if source.is_file() else []
    return assignment


@contextlib.contextmanager
def _alone(out):
    """Hold the folder: of two runs at once, one would write over a person's points."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ValueError(f"another run is writing to {out}: wait until it is done") from error
        yield


def grade(folder, submitted, out, *, workers, limits, progress=True):
    """Mark all submissions in ``submitted``; return the rows of the CSV."""
    assignment = load(folder)
    if workers < 1:
        raise ValueError(f"--workers must be at least 1, got {workers}")
    if out.resolve().is_relative_to(Path(submitted).resolve()):
        raise ValueError(f"--out must not lie in the submissions, got {out}")
    try:
        Student([], limits).close()
    except Ended as error:
        raise ValueError(f"no submission can be run on this computer: {error}") from error
    with _alone(out):
        return _grade(assignment, folder, submitted, out, workers, limits, progress)


def _grade(assignment, folder, submitted, out, workers, limits, progress):
    entries = submissions.find(submitted, f"{assignment.name}.ipynb")
    for name in ("results", "feedback"):
        (out / name).mkdir(parents=True, exist_ok=True)
    report.read_answers(out / report.MANUAL, assignment)  # what is wrong there is said at once
    sources = [
        path for name in ("checks.py", "source.ipynb") if (path := Path(folder, name)).is_file()
    ]
    common = _digest(*sources, *sorted(Path(__file__).parent.glob("*.py")))

    def result_of(entry):
        if entry.read is None:
            return unmarked(assignment, entry.problem)
        try:
            return _kept(assignment, entry.read(), out / "results", (common, limits, isolated()))
        except submissions.Unreadable as error:
            return unmarked(assignment, str(error))
        except Exception as error:  # one submission never stops the others
            failed = unmarked(
                assignment, f"was not marked: the marker failed, run it again: {error!r}"
            )
            return failed | {"answers": {}}  # nobody has looked for them: no 0

    with ThreadPoolExecutor(workers) as pool:
        marking = [pool.submit(result_of, entry) for entry in entries]
        try:
            for future in tqdm(as_completed(marking), total=len(entries), disable=not progress):
                future.result()
        except BaseException:  # Ctrl-C: what has been marked is kept
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    rows, names = [], Counter(submissions.alike(entry.student) for entry in entries)
    # Only now: a person may have filled in more while this ran.
    by_hand = report.read_answers(out / report.MANUAL, assignment)
    for entry, future in zip(entries, marking, strict=True):
        result, mine, comments = future.result(), {}, {}
        for question in assignment.manual:
            key = report.answer_id(entry.student, question)
            points, comments[question], _ = by_hand.get(key, ("", "", ""))
            if points:
                mine[question] = report.number(points)
        rows.append((entry, result, report.totals(assignment, result, mine)))
        name = report.feedback_name(entry.student, names[submissions.alike(entry.student)] > 1)
        report.write_feedback(out / "feedback" / name, assignment, *rows[-1], comments)
    report.write_marks(out / "marks.csv", assignment, rows)
    report.write_details(out / "details.csv", rows)
    if assignment.manual:
        report.write_answers(out / report.MANUAL, assignment, rows, by_hand)
        text = notebook.rubric(Path(folder, "source.ipynb").read_bytes())
        (out / "rubric.md").write_text(f"# {assignment.name}\n\n{text}", "utf8")
    return rows


def _kept(assignment, data, folder, common):
    """Return the result of a notebook, kept from an earlier run where nothing has changed.

    One that had to be stopped is not kept: it may have been the computer that was slow.
    """
    key = hashlib.sha256(repr(common).encode() + data).hexdigest()
    file = folder / f"{key}.json"
    try:
        return json.loads(file.read_text("utf8"))
    except (OSError, ValueError):
        result = mark(assignment, data, limits=common[1])
    if result["status"].startswith("stopped"):
        return result
    # Two students may hand in the same file, so each thread has its own part.
    partial = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
    partial.write_text(json.dumps(result), "utf8")
    partial.replace(file)
    return result


def _digest(*paths):
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def main(argv=None):
    """Run the command; return its exit status: 0, or 2 where it cannot begin."""
    parser = argparse.ArgumentParser(prog="python -m dropout_grading", description=__doc__)
    parser.add_argument("assignment", help="a folder with checks.py and source.ipynb")
    parser.add_argument("submissions", help="a folder of notebooks, zips, an LMS's download")
    parser.add_argument("--out", type=Path, default=Path("marks"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seconds", type=float, default=Limits().seconds, help="a call")
    parser.add_argument("--memory", type=int, default=Limits().memory // MIB, help="MiB")
    parser.add_argument("--processes", type=int, default=Limits().processes)
    given = parser.parse_args(argv)
    limits = Limits(given.seconds, given.memory * MIB, given.processes)
    if not isolated():
        print(
            "WARNING: bubblewrap (bwrap) does not work here. Submissions run with limits on time, "
            "memory and processes, but they can read your files and reach the network. On Debian "
            "and Ubuntu: sudo apt install bubblewrap",
            file=sys.stderr,
        )
    try:
        rows = grade(
            given.assignment, given.submissions, given.out, workers=given.workers, limits=limits
        )
    except ValueError as error:
        print(f"grade: {error}", file=sys.stderr)
        return 2
    marked = sum(result["status"] == "marked" for _, result, _ in rows)
    print(f"{len(rows)} submissions, {marked} marked; see {given.out / 'marks.csv'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
