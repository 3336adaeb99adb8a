"""What comes out of marking: a CSV, a feedback file for each student, answers to mark by hand."""

import csv
import hashlib
import io
import re

MANUAL = "manual.csv"
COLUMNS = ["id", "points", "of", "comment", "answer"]
HIDDEN = "A check that you do not see in the notebook is not met"


def totals(assignment, result, marks_by_hand):
    """Return {question: points or None}; None where a person has not marked it yet."""
    got = dict.fromkeys(assignment.questions, 0)
    for check in result["checks"]:
        got[check["question"]] += check["got"]
    return got | {q: marks_by_hand.get(q) for q in assignment.manual}


def write_marks(path, assignment, rows):
    """Write the CSV: student, file, status, a column a question, total.

    ``rows``: (submission, result, totals). An unmarked answer leaves its field and the total empty.
    """
    table = [["student", "file", "status", *assignment.questions, "total"]]
    for submission, result, got in rows:
        points = list(got.values())
        total = "" if None in points else _number(sum(points))
        cells = ["" if p is None else _number(p) for p in points]
        student, place = _plain(submission.student), _plain(submission.path)
        table.append([student, place, _plain(result["status"]), *cells, total])
    _write(path, table)


def write_feedback(folder, assignment, submission, result, got):
    """Write what the student may see: of a hidden check only that it is not met."""
    lines = [f"# {assignment.name}: {submission.student}", ""]
    if result["status"] != "marked":
        lines += [f"The file you handed in ({submission.path}): {result['status']}.", ""]
    for question, points in assignment.questions.items():
        mine = "to be marked by a person" if got[question] is None else _number(got[question])
        lines += [f"## {question}: {mine} of {_number(points)}", ""]
        failed = [c for c in result["checks"] if c["question"] == question and "message" in c]
        lines += [f"- {c['name']} {c['message']}" for c in failed if not c["hidden"]]
        lost = sum(c["points"] for c in failed if c["hidden"])
        if lost:
            lines.append(f"- {HIDDEN} ({_number(lost)} of the points).")
        lines += [""] if failed else []
    if result["errors"]:
        lines += ["## Cells that raised an error", "", *(f"- {e}" for e in result["errors"]), ""]
    text = "\n".join(lines)
    (folder / feedback_name(submission.student)).write_text(text, "utf8", errors="replace")


def feedback_name(student):
    """Return a file name for a student; two students never have the same."""
    name = re.sub(r"[^\w. -]", "_", student)[:60]
    if name == student:
        return f"{name}.md"
    digest = hashlib.sha256(student.encode("utf8", "surrogatepass")).hexdigest()[:8]
    return f"{name}-{digest}.md"


def write_answers(path, assignment, rows, marks_by_hand):
    """Write the answers that a person marks: fill in ``points`` and run the command again.

    Marks of students who are not among the ``rows`` are kept.
    """
    table, left = [], dict(marks_by_hand)
    for submission, result, _ in rows:
        for question, points in assignment.manual.items():
            key = answer_id(submission.student, question)
            given, comment, _ = left.pop(key, ("", "", ""))
            answer = _plain(result["answers"].get(question, ""))
            table.append([_plain(key), given, _number(points), comment, answer])
    for key, (given, comment, answer) in left.items():
        if given or comment:
            most = assignment.manual.get(key.rpartition(":")[2], 0)
            table.append([_plain(key), given, _number(most), comment, answer])
    _write(path, [COLUMNS, *table])


def answer_id(student, question):
    """Return the name of an answer; without the quote that ``_plain`` may put in front."""
    return f"{student}:{question}".encode("utf8", "replace").decode().removeprefix("'")


def read_answers(path, assignment):
    """Return {id: (points, comment, answer)} from the file, {} if there is none.

    Raises ValueError for points that are not a number in [0, of].
    """
    if not path.is_file():
        return {}
    text = path.read_text("utf-8-sig")
    first = text.partition("\n")[0]
    # A spreadsheet where the comma is the decimal point saves with semicolons.
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",")
    if not {"id", "points", "comment"} <= set(lines.fieldnames or ()):
        raise ValueError(f"{path.name} must have the columns {', '.join(COLUMNS)}, got {first}")
    found = {}
    for row in lines:
        key = (row["id"] or "").removeprefix("'")
        most = assignment.manual.get(key.rpartition(":")[2])
        points = (row["points"] or "").strip()
        if points and (most is None or not 0 <= number(points) <= most):
            rule = f"points of {key} in {path.name} must be a number from 0 to {most}"
            raise ValueError(f"{rule}, got {points}")
        found[key] = (points, row["comment"] or "", row.get("answer") or "")
    return found


def number(text):
    """Return the number in a CSV's cell, also where it has a decimal comma; nan if it is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")


def _write(path, table):
    """Write a CSV whole or not at all: a person's marks are in it."""
    partial = path.with_suffix(".part")
    with partial.open("w", newline="", encoding="utf-8-sig", errors="replace") as file:
        csv.writer(file).writerows(table)
    partial.replace(path)


def _number(value):
    return f"{value:g}"


def _plain(text):
    """A student's text must not become a formula in the marker's spreadsheet."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
