"""Marks a folder of submissions, and writes the reports of all of them.

The result of a submission is kept in the folder of the reports. So a second run marks only what is
new or has changed.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from dropout_grading.checks import Assignment
from dropout_grading.execution.sandbox import Limits, isolated
from dropout_grading.execution.student import ProcessEndedError, Student
from dropout_grading.mark_submission import mark, unmarked
from dropout_grading.reports import feedback, tables
from dropout_grading.results import STOPPED, Row, SubmissionResult, points_of
from dropout_grading.submissions import notebook
from dropout_grading.submissions.find import (
    Submission,
    UnreadableError,
    disk_key,
    find_submissions,
)

PACKAGE = Path(__file__).parent


def load(folder: Path | str) -> Assignment:
    """Return the assignment in a folder's checks.py, with the notebook that is handed out."""
    path = Path(folder) / "checks.py"
    if not path.is_file():
        raise ValueError(f"ASSIGNMENT must be a folder with a checks.py, got {folder}")
    spec = importlib.util.spec_from_file_location(f"checks_of_{Path(folder).name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    source = Path(folder) / "source.ipynb"
    if source.is_file():
        module.ASSIGNMENT.template = notebook.handed_out(source.read_bytes())
    return module.ASSIGNMENT


def grade(
    folder: Path | str,
    submitted: Path | str,
    out: Path,
    *,
    workers: int,
    limits: Limits,
    progress: bool = True,
) -> list[Row]:
    """Mark all submissions and write the reports.

    Args:
        folder: the assignment, with checks.py and source.ipynb.
        submitted: the submissions, a folder of anything.
        out: the folder for the reports, made if it is not there.
        workers: how many submissions run at once.
        limits: what one submission may use.
        progress: whether to show how far it is.

    Returns:
        A row for each student, in the order of marks.csv.

    Raises:
        ValueError: if marking cannot begin; the text says why.
    """
    assignment = load(folder)
    if workers < 1:
        raise ValueError(f"--workers must be at least 1, got {workers}")
    if out.resolve().is_relative_to(Path(submitted).resolve()):
        raise ValueError(f"--out must not lie in the submissions, got {out}")
    try:
        Student([], limits).close()
    except ProcessEndedError as error:
        raise ValueError(f"no submission can be run on this computer: {error}") from error
    with _only_run(out):
        entries = find_submissions(submitted, f"{assignment.name}.ipynb")
        for name in ("results", "feedback"):
            (out / name).mkdir(exist_ok=True)
        manual = out / tables.MANUAL_CSV
        tables.read_answers(manual, assignment)  # a mistake there is reported before the marking
        kept = _KeptResults(assignment, Path(folder), out / "results", limits)
        results = _mark_all(entries, kept, workers, progress)
        # Read again: a person may have filled in more meanwhile.
        by_hand = tables.read_answers(manual, assignment)
        rows, comments = [], []
        for entry, result in zip(entries, results, strict=True):
            answers = _answers_of(entry.student, assignment, by_hand)
            by_person = {q: tables.number(a.points) for q, a in answers.items() if a.points}
            rows.append(Row(entry, result, points_of(assignment, result, by_person)))
            comments.append({question: answer.comment for question, answer in answers.items()})
        _write_reports(out, assignment, rows, comments)
        if assignment.manual:
            tables.write_answers(manual, assignment, rows, by_hand)
            rubric = notebook.rubric(Path(folder, "source.ipynb").read_bytes())
            (out / "rubric.md").write_text(f"# {assignment.name}\n\n{rubric}", "utf8")
    return rows


@contextlib.contextmanager
def _only_run(out: Path) -> Iterator[None]:
    """Hold the folder: of two runs at once, one would overwrite a person's points."""
    out.mkdir(parents=True, exist_ok=True)
    with (out / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ValueError(f"another run is writing to {out}: wait until it is done") from error
        yield


class _KeptResults:
    """The results of submissions; those of earlier runs are read from the folder ``kept``.

    ``folder``: the files of the assignment. If they change, all is marked again.
    """

    def __init__(self, assignment: Assignment, folder: Path, kept: Path, limits: Limits):
        self.assignment, self.limits, self.kept = assignment, limits, kept
        sources = [
            path for name in ("checks.py", "source.ipynb") if (path := folder / name).is_file()
        ]
        code = _digest(*sources, *sorted(PACKAGE.rglob("*.py")))
        self.conditions = repr((code, limits, isolated()))  # on which a result depends

    def of(self, entry: Submission) -> SubmissionResult:
        """Return the result of a submission; an error in one never stops the others."""
        if entry.read is None:
            return unmarked(self.assignment, entry.problem)
        try:
            return self._of_notebook(entry.read())
        except UnreadableError as error:
            return unmarked(self.assignment, str(error))
        except Exception as error:
            why = f"was not marked: the marker failed, run it again: {error!r}"
            # Nobody has looked for answers. Without an entry they get no 0.
            return unmarked(self.assignment, why) | {"answers": {}}

    def _of_notebook(self, data: bytes) -> SubmissionResult:
        key = hashlib.sha256(self.conditions.encode() + data).hexdigest()
        file = self.kept / f"{key}.json"
        try:
            return json.loads(file.read_text("utf8"))
        except (OSError, ValueError):
            result = mark(self.assignment, data, limits=self.limits)
        if result["status"].startswith(STOPPED):  # perhaps only the computer was slow: not kept
            return result
        # Two students may hand in the same file, so each thread writes a part of its own.
        partial = file.with_suffix(f".{os.getpid()}-{threading.get_ident()}.part")
        partial.write_text(json.dumps(result), "utf8")
        partial.replace(file)
        return result


def _digest(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _mark_all(
    entries: list[Submission], kept: _KeptResults, workers: int, progress: bool
) -> list[SubmissionResult]:
    with ThreadPoolExecutor(workers) as pool:
        marking: list[Future] = [pool.submit(kept.of, entry) for entry in entries]
        try:
            for future in tqdm(as_completed(marking), total=len(entries), disable=not progress):
                future.result()
        except BaseException:  # Ctrl-C: the results so far are kept
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in marking]


def _answers_of(
    student: str, assignment: Assignment, by_hand: dict[str, tables.ManualAnswer]
) -> dict[str, tables.ManualAnswer]:
    """Return {question: what a person filled in} for one student."""
    empty = tables.ManualAnswer()
    return {q: by_hand.get(tables.answer_id(student, q), empty) for q in assignment.manual}


def _write_reports(
    out: Path, assignment: Assignment, rows: list[Row], comments: list[dict[str, str]]
) -> None:
    """Write the feedback and the tables. ``comments``: those of a person, for each row."""
    names = Counter(disk_key(row.submission.student) for row in rows)
    for row, said in zip(rows, comments, strict=True):
        student = row.submission.student
        name = feedback.file_name(student, shared=names[disk_key(student)] > 1)
        feedback.write(out / "feedback" / name, assignment, row, said)
    tables.write_marks(out / "marks.csv", assignment, rows)
    tables.write_details(out / "details.csv", rows)
