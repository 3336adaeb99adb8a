"""Marks a folder of submissions, and writes the reports. A second run marks what has changed."""

import contextlib
import hashlib
import importlib.util
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm import tqdm

from dropout_grading.checks import Assignment
from dropout_grading.execution.sandbox import Limits, isolated
from dropout_grading.execution.student import ProcessEndedError, Student
from dropout_grading.mark_submission import mark, unmarked
from dropout_grading.reports import feedback, summary, tables
from dropout_grading.results import STOPPED, Row, SubmissionResult, points_of
from dropout_grading.submissions import notebook
from dropout_grading.submissions.find import UnreadableError, find_submissions

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
    folder, submitted, out: Path, *, workers: int, limits: Limits, progress=True
) -> list[Row]:
    """Mark all that was ``submitted``, and write the reports into ``out``.

    ``folder``: the assignment, with checks.py and source.ipynb. ``submitted``: a folder of
    anything. ``workers``: how many submissions run at once. Returns a row for each student, in the
    order of marks.csv. Raises ValueError if marking cannot begin; the text says why.
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
            ids = {q: tables.answer_id(entry.student, q) for q in assignment.manual}
            for question, key in ids.items():
                answer = result["answers"].get(question)
                if key in by_hand and answer is not None:
                    by_hand[key] = by_hand[key].of(answer)
            answers = {q: by_hand[key] for q, key in ids.items() if key in by_hand}
            by_person = {q: tables.number(a.points) for q, a in answers.items() if a.points}
            rows.append(Row(entry, result, points_of(assignment, result, by_person)))
            comments.append({q: answer.comment for q, answer in answers.items()})
        _write_reports(out, assignment, rows, comments)
        if assignment.manual:
            tables.write_answers(manual, assignment, rows, by_hand)
            rubric = notebook.rubric(Path(folder, "source.ipynb").read_bytes())
            (out / "rubric.md").write_text(f"# {assignment.name}\n\n{rubric}", "utf8")
    return rows


@contextlib.contextmanager
def _only_run(out):
    """Hold the folder: of two runs at once, one would overwrite a person's points."""
    import fcntl  # Windows has none: there a container marks

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

    def __init__(self, assignment, folder, kept, limits):
        self.assignment, self.limits, self.kept = assignment, limits, kept
        sources = filter(Path.is_file, (folder / "checks.py", folder / "source.ipynb"))
        code = hashlib.sha256()
        for path in (*sources, *sorted(PACKAGE.rglob("*.py"))):
            code.update(path.read_bytes())
        self.conditions = repr((code.hexdigest(), limits, isolated()))  # a result depends on them

    def of(self, entry) -> SubmissionResult:
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


def _mark_all(entries, kept, workers, progress) -> list[SubmissionResult]:
    with ThreadPoolExecutor(workers) as pool:
        marking = [pool.submit(kept.of, entry) for entry in entries]
        try:
            for future in tqdm(as_completed(marking), total=len(entries), disable=not progress):
                future.result()
        except BaseException:  # Ctrl-C: the results so far are kept
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [future.result() for future in marking]


def _write_reports(out, assignment, rows, comments):
    """Write the feedback and the tables. ``comments``: those of a person, for each row."""
    names = feedback.file_names([row.submission.student for row in rows])
    for row, said in zip(rows, comments, strict=True):
        name = names[row.submission.student]
        feedback.write(out / "feedback" / name, assignment, row, said)
    feedback.write_zip(out / "feedback.zip", out / "feedback", rows, names)
    tables.write_marks(out / "marks.csv", assignment, rows)
    tables.write_details(out / "details.csv", rows)
    (out / "summary.html").write_text(summary.page(assignment, rows), "utf8")
