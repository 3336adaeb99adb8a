"""What comes out of marking: a CSV, a feedback file for each student, answers to mark by hand."""

import csv
import hashlib
import io
import re

MANUAL = "manual.csv"
COLUMNS = ["id", "points", "of", "comment", "answer"]
UNWRITTEN = "it is not written yet, or a return is missing"
HIDDEN = "that you do not see in the notebook"
RAN = ("marked", "stopped")  # how the status begins where there is more to say than the status
NO_ANSWER = "[no answer: 0 points, unless you fill in others]"
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")


def totals(assignment, result, marks_by_hand):
    """Return {question: points or None}; None where a person has not marked it yet.

    Where there is no answer, there is nothing to mark: 0, unless a person says otherwise.
    """
    got = dict.fromkeys(assignment.questions, 0)
    for check in result["checks"]:
        got[check["question"]] += check["got"]
    nothing = {q: 0 for q in assignment.manual if result["answers"].get(q) == ""}
    return got | dict.fromkeys(assignment.manual) | nothing | marks_by_hand


def write_marks(path, assignment, rows):
    """Write the CSV: student, file, status, a column a question, total, of how many.

    ``rows``: (submission, result, totals). An unmarked answer leaves its field and the total empty.
    """
    table = [["student", "file", "status", *assignment.questions, "total", "of"]]
    of = _number(sum(assignment.questions.values()))
    for submission, result, got in rows:
        points = list(got.values())
        total = "" if None in points else _number(sum(points))
        cells = ["" if p is None else _number(p) for p in points]
        student, place = _plain(submission.student), _plain(submission.path)
        aside = f"; not looked at: {submission.aside}" if submission.aside else ""
        table.append([student, place, _plain(result["status"] + aside), *cells, total, of])
    _write(path, table)


def write_details(path, rows):
    """Write what each check found, for the instructor: hidden ones too."""
    table = [["student", "question", "check", "hidden", "got", "points", "message"]]
    for submission, result, _ in rows:
        for check in result["checks"]:
            points = [_number(check[key]) for key in ("got", "points")]
            asked = [check["question"], check["name"], "yes" if check["hidden"] else "no"]
            message = _plain(check.get("message", ""))
            table.append([_plain(submission.student), *asked, *points, message])
    _write(path, table)


def write_feedback(path, assignment, submission, result, got, comments):
    """Write what the student may see: of a hidden check only that it is not met."""
    lines = [f"# {assignment.name}: {_one_line(submission.student)}", ""]
    if result["status"].startswith("stopped"):
        lines += [f"While it ran, your notebook was {result['status']}.", ""]
    elif result["status"] != "marked":
        path_shown = _one_line(submission.path)
        lines += [f"The file that you handed in ({path_shown}) {result['status']}.", ""]
    if submission.aside:
        place, aside = _one_line(submission.path), _one_line(submission.aside)
        lines += [f"This is about {place}. Beside it was, and nobody looked at it: {aside}.", ""]
    waiting = [q for q, points in got.items() if points is None]
    total = sum(points for points in got.values() if points is not None)
    of = sum(points for q, points in assignment.questions.items() if q not in waiting)
    so_far = f" so far; a person will mark {', '.join(waiting)}" if waiting else ""
    lines += [f"**Total: {_of(total, of)}{so_far}.**", ""]
    ran = result["status"].startswith(RAN)
    for question in assignment.questions:
        by_hand = question in assignment.manual and (got[question] or comments.get(question))
        if ran or by_hand:
            lines += _on_question(assignment, question, result, got[question])
            lines += [f"- {_one_line(comments[question])}", ""] if comments.get(question) else []
    if ran:
        errors = [f"- {error}" for error in result["errors"]]
        lines += ["## Cells that did not run to their end", "", *errors, ""] if errors else []
    path.write_text(_not_html("\n".join(lines)), "utf8", errors="replace")


def _on_question(assignment, question, result, mine):
    points = assignment.questions[question]
    if mine is None:
        return [f"## {question}: {_points(points)}, to be marked by a person", ""]
    failed = [c for c in result["checks"] if c["question"] == question and "message" in c]
    said = {}  # {message: checks}, so that each stands there once
    for check in failed:
        if not check["hidden"]:
            name, text = check["name"].removesuffix(":"), check["message"]
            text = text.removeprefix(f"{name.split()[0]}: ")
            said.setdefault(UNWRITTEN if UNWRITTEN in text else text, []).append(f"*{name}*")
    lines = [f"- Not met: {', '.join(names)}: {text}" for text, names in said.items()]
    hidden = [c["points"] for c in failed if c["hidden"]]
    if hidden and (mine or [*said] != [UNWRITTEN]):
        checks = "1 check" if len(hidden) == 1 else f"{len(hidden)} checks"
        lines.append(f"- Not met: {checks} {HIDDEN} ({_points(sum(hidden))}).")
    if question in assignment.manual and result["answers"].get(question) == "" and not mine:
        lines.append("- There is no answer to mark.")
    return [f"## {question}: {_of(mine, points)}", "", *lines, *([""] if lines else [])]


def _points(number):
    return f"{_number(number)} point{'' if number == 1 else 's'}"


def _of(number, points):
    return f"{_number(number)} of {_points(points)}"


def _one_line(text):
    return " ".join(text.split())


def _not_html(text):
    """A student's text must not become HTML, a link or a picture where the feedback is shown."""
    return re.sub(r"<(?=[a-zA-Z/!?])|(?<=\])\(", r"\\\g<0>", text)


def feedback_name(student, twice=False):
    """Return a file name for a student; two students never have the same.

    ``twice``: there is one alike, which some disks take for the same.
    """
    name = re.sub(r"[^\w. -]", "_", student)[:60]
    if name == student and not twice:
        return f"{name}.md"
    digest = hashlib.sha256(student.encode("utf8", "surrogatepass")).hexdigest()[:8]
    return f"{name}-{digest}.md"


def write_answers(path, assignment, rows, marks_by_hand):
    """Write the answers that a person marks: fill in ``points`` and run the command again.

    Marks of students who are not among the ``rows`` are kept, and so is what stands between the
    fields: a spreadsheet opens again what it has saved.
    """
    table, left = [], dict(marks_by_hand)
    for submission, result, _ in rows:
        for question, points in assignment.manual.items():
            key = answer_id(submission.student, question)
            given, comment, _ = left.pop(key, ("", "", ""))
            answer = result["answers"].get(question)
            answer = NO_ANSWER if answer == "" else _plain(answer or "")
            table.append([_plain(key), given, _number(points), comment, answer])
    for key, (given, comment, answer) in left.items():
        if given or comment:
            most = assignment.manual.get(key.rpartition(":")[2], 0)
            table.append([_plain(key), given, _number(most), comment, answer])
    _write(
        path, [COLUMNS, *table], _separator(path.read_text("utf-8-sig")) if path.is_file() else ","
    )


def answer_id(student, question):
    """Return the name of an answer; two students never have the same."""
    return f"{student}:{question}".encode("utf8", "backslashreplace").decode()


def read_answers(path, assignment):
    """Return {id: (points, comment, answer)} from the file, {} if there is none.

    Raises ValueError for points that are not a number in [0, of].
    """
    if not path.is_file():
        return {}
    try:
        text = path.read_bytes().decode("utf-8-sig")  # line ends within an answer as they are
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name} must be saved as UTF-8, got {error}") from error
    first = text.partition("\n")[0]
    lines = csv.DictReader(io.StringIO(text, newline=""), delimiter=_separator(text))
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


def _separator(text):
    """A spreadsheet where the comma is the decimal point saves with semicolons."""
    return ";" if ";" in text.partition("\n")[0] else ","


def number(text):
    """Return the number in a CSV's cell, also where it has a decimal comma; nan if it is none."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return float("nan")


def _write(path, table, separator=","):
    """Write a CSV whole or not at all: a person's marks are in it."""
    partial = path.with_suffix(".part")
    with partial.open("w", newline="", encoding="utf-8-sig", errors="replace") as file:
        csv.writer(file, delimiter=separator).writerows(table)
    partial.replace(path)


def _number(value):
    return f"{value:g}"


def _plain(text):
    """A student's text must not become a formula in the marker's spreadsheet.

    A quote in front is doubled, so that ``read_answers`` can take it off again.
    """
    return f"'{text}" if text.startswith(("'", *FORMULA)) else text
