"""The tables: marks.csv, details.csv, and manual.csv with the answers that a person marks."""

import csv
import hashlib
import io
from pathlib import Path
from typing import NamedTuple

from dropout_grading.checks import Assignment
from dropout_grading.reports.text import cell, uncell
from dropout_grading.results import Row

MANUAL_CSV = "manual.csv"
MANUAL_COLUMNS = ["id", "points", "of", "comment", "note", "answer", "version"]
NO_ANSWER = "[no answer: 0 points, unless you fill in others]"


class ManualAnswer(NamedTuple):
    """A row of manual.csv: what a person filled in, and the answer they had before them."""

    points: str = ""
    comment: str = ""
    answer: str = ""
    version: str = ""  # of that answer; "" if the file does not say
    note: str = ""  # what the marker has to say of the points

    def of(self, answer: str) -> "ManualAnswer":
        """Return what is left of it for another ``answer``: points are for what was read.

        The points for the earlier answer are noted, so that nothing is lost.
        """
        if not self.points:
            return self
        if self.version in ("", version(answer)):
            return self._replace(note="")
        note = f"the answer has changed since it got {self.points}: mark it again"
        return self._replace(points="", note=note)


def version(answer: str) -> str:
    """Return a name of an answer as it is now; no spreadsheet takes it for a number."""
    return f"v{hashlib.sha256(answer.encode('utf8', 'replace')).hexdigest()[:12]}"


def status(row: Row) -> str:
    """Return what marks.csv says of a submission, which is more than ``marked`` if need be."""
    submission, result, _ = row
    failed = result.get("failed_cells", len(result["errors"]))
    more = [f"{failed} cell{'s' * (failed > 1)} failed"] if failed else []
    more += [f"not looked at: {submission.aside}"] if submission.aside else []
    return "; ".join([result["status"], *more, *filter(None, [submission.note])])


def write_marks(path: Path, assignment: Assignment, rows: list[Row]) -> None:
    """Write student, file, number, status, each question's points, their total and its maximum.

    ``number``: by which the system that gave out the download knows the student. If an answer is
    not marked yet, its field and the total are empty.
    """
    table = [["student", "file", "number", "status", *assignment.questions, "total", "of"]]
    of = points_text(sum(assignment.questions.values()))
    for row in rows:
        submission, _, points = row
        total = "" if None in points.values() else points_text(sum(points.values()))
        cells = ["" if p is None else points_text(p) for p in points.values()]
        of_whom = [submission.student, submission.path, submission.number, status(row)]
        table.append([*of_whom, *cells, total, of])
    _write(path, table)


def write_details(path: Path, rows: list[Row]) -> None:
    """Write what each check found, hidden ones too: this is for the instructor alone."""
    table = [["student", "status", "question", "check", "hidden", "got", "points", "message"]]
    for row in rows:
        for check in row.result["checks"]:
            points = [points_text(check[key]) for key in ("got", "points")]
            asked = [check["question"], check["name"], "yes" if check["hidden"] else "no"]
            message = check.get("message", "")
            table.append([row.submission.student, status(row), *asked, *points, message])
    _write(path, table)


def write_answers(path: Path, assignment: Assignment, rows: list[Row], by_hand) -> None:
    """Write the answers that a person marks.

    The separator stays what it is in the file, so that the same spreadsheet opens it again.
    ``by_hand``: {id: what a person filled in}, kept for students who are not in ``rows`` too.
    """
    table, left = [MANUAL_COLUMNS], dict(by_hand)

    def add(key, question, filled_in, answer):
        most = points_text(assignment.manual.get(question, 0))
        said = [filled_in.points, most, filled_in.comment, filled_in.note]
        table.append([key, *said, answer, filled_in.version])

    for submission, result, _ in rows:
        for question in assignment.manual:
            key = answer_id(submission.student, question)
            answer = result["answers"].get(question)
            filled_in = left.pop(key, ManualAnswer())
            if answer is not None:  # else nobody has looked for one: keep what stands there
                filled_in = filled_in._replace(version=version(answer))
            add(key, question, filled_in, NO_ANSWER if answer == "" else answer or "")
    for key, filled_in in left.items():
        if filled_in.points or filled_in.comment:
            add(key, key.rpartition(":")[2], filled_in, filled_in.answer)
    _write(path, table, _separator(path.read_text("utf-8-sig")) if path.is_file() else ",")


def answer_id(student: str, question: str) -> str:
    """Return the name of an answer; two students never have the same."""
    return f"{student}:{question}".encode("utf8", "backslashreplace").decode()


def read_answers(path: Path, assignment: Assignment) -> dict[str, ManualAnswer]:
    """Return {id: what a person filled in}, {} if there is no file.

    Raises ValueError if points are not a number from 0 to the question's points.
    """
    if not path.is_file():
        return {}
    try:
        text = path.read_bytes().decode("utf-8-sig")  # keeps the line ends within an answer
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} must be saved as UTF-8, got {error}") from error
    header = text.partition("\n")[0]
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=_separator(text))
    if not {"id", "points", "comment"} <= set(lines.fieldnames or ()):
        columns = ", ".join(MANUAL_COLUMNS)
        raise ValueError(f"{path.name} must have the columns {columns}, got {header}")
    found = {}
    for row in lines:
        row = {name: uncell(text or "") for name, text in row.items() if isinstance(name, str)}
        key = row["id"]
        most = assignment.manual.get(key.rpartition(":")[2])
        points = row["points"].strip()
        if points and (most is None or not 0 <= number(points) <= most):
            rule = f"points of {key} in {path.name} must be a number from 0 to {most}"
            raise ValueError(f"{rule}, got {points}")
        more = (row.get(name, "") for name in ("answer", "version", "note"))
        found[key] = ManualAnswer(points, row["comment"], *more)
    return found


def _separator(text: str) -> str:
    """Return the separator of a CSV: a semicolon if the comma is the decimal point there."""
    return ";" if ";" in text.partition("\n")[0] else ","


def number(text: str) -> float:
    """Return the number in a CSV's cell, which may have a decimal comma; nan if it is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")


def points_text(points: float) -> str:
    """Return points as all reports show them."""
    return f"{points:g}"


def _write(path: Path, table: list[list[str]], separator: str = ",") -> None:
    """Write a CSV as a whole or not at all: a person's points are in it."""
    partial = path.with_suffix(".part")
    with partial.open("w", newline="", encoding="utf-8-sig", errors="replace") as file:
        csv.writer(file, delimiter=separator).writerows(list(map(cell, row)) for row in table)
    partial.replace(path)
