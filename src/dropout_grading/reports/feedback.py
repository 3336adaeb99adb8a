"""The feedback: a text for each student, which reveals nothing of a hidden check."""

import hashlib
import re
import zipfile
from collections import Counter
from pathlib import Path

from dropout_grading.checks import NOT_WRITTEN_YET, Assignment
from dropout_grading.reports.tables import points_text
from dropout_grading.reports.text import markdown
from dropout_grading.results import MARKED, STOPPED, Row, says_more_than_status
from dropout_grading.submissions import moodle
from dropout_grading.submissions.find import disk_key

UNSEEN_IN_NOTEBOOK = "that you do not see in the notebook"
MAX_NAME_CHARACTERS = 60  # of a student's name, in the name of a file


def write(path: Path, assignment: Assignment, row: Row, comments: dict[str, str]) -> None:
    """Write what a student may see. ``comments``: {question: what a person says of the answer}."""
    submission, result, points = row
    lines = [f"# {assignment.name}: {markdown(submission.student)}", ""]
    file, aside = markdown(submission.path), markdown(submission.aside)
    status = markdown(result["status"])
    if result["status"].startswith(STOPPED):
        lines += [f"While it ran, your notebook was {status}.", ""]
    elif result["status"] != MARKED:
        lines += [f"The file that you handed in ({file}) {status}.", ""]
    if submission.aside:
        lines += [f"This is about {file}. Nobody looked at what lay beside it: {aside}.", ""]
    lines += [_total(assignment, points), ""]
    for question in assignment.questions:
        comment = comments.get(question)
        by_hand = question in assignment.manual and (points[question] or comment)
        if says_more_than_status(result) or by_hand:
            lines += _section(assignment, question, row)
            lines += [f"- {markdown(comment)}", ""] if comment else []
    if says_more_than_status(result) and result["errors"]:
        errors = [f"- {markdown(error)}" for error in result["errors"]]
        lines += ["## Cells that did not run to their end", "", *errors, ""]
    notes = result.get("notes")
    if says_more_than_status(result) and notes:
        lines += ["## What does nothing here", "", *(f"- {markdown(note)}" for note in notes), ""]
    path.write_text("\n".join(lines), "utf8")


def _total(assignment: Assignment, points: dict[str, float | None]) -> str:
    waiting = [question for question, got in points.items() if got is None]
    total = sum(got for got in points.values() if got is not None)
    of = sum(most for question, most in assignment.questions.items() if question not in waiting)
    so_far = f" so far; a person will mark {', '.join(waiting)}" if waiting else ""
    return f"**Total: {_of(total, of)}{so_far}.**"


def _section(assignment: Assignment, question: str, row: Row) -> list[str]:
    most, got, result = assignment.questions[question], row.points[question], row.result
    if got is None:
        return [f"## {question}: {_points(most)}, to be marked by a person", ""]
    failed = [c for c in result["checks"] if c["question"] == question and "message" in c]
    messages = _messages([check for check in failed if not check["hidden"]])
    lines = [f"- Not met: {', '.join(names)}: {markdown(text)}" for text, names in messages.items()]
    hidden = [check["points"] for check in failed if check["hidden"]]
    if hidden and (got or list(messages) != [NOT_WRITTEN_YET]):
        checks = "1 check" if len(hidden) == 1 else f"{len(hidden)} checks"
        unseen = f"- Not met: {checks} {UNSEEN_IN_NOTEBOOK} ({_points(sum(hidden))})."
        about = dict.fromkeys(c["about"] for c in failed if c["hidden"] and c["about"])
        lines.append(" ".join([unseen, *(f"It tries: {text}." for text in about)]))
    if question in assignment.manual and result["answers"].get(question) == "" and not got:
        lines.append("- There is no answer to mark.")
    return [f"## {question}: {_of(got, most)}", "", *lines, *([""] if lines else [])]


def _messages(failed) -> dict[str, list[str]]:
    """Return {message: names of checks}, so that each message stands there once."""
    found = {}
    for check in failed:
        name = check["name"].removesuffix(":")
        text = check["message"].removeprefix(f"{name.split()[0]}: ")
        text = NOT_WRITTEN_YET if NOT_WRITTEN_YET in text else text
        found.setdefault(text, []).append(f"*{name}*")
    return found


def _points(number: float) -> str:
    return f"{points_text(number)} point{'' if number == 1 else 's'}"


def _of(number: float, most: float) -> str:
    return f"{points_text(number)} of {_points(most)}"


def file_names(students: list[str]) -> dict[str, str]:
    """Return {student: name of their file}; no disk takes two of them for one.

    A plain name is its own file's. Any other gets a digest, and so does one that some disk takes
    for another, or that looks as if it had a digest: a student could have chosen it.
    """
    shared = Counter(map(disk_key, students))
    names = {}
    for student in students:
        name = re.sub(r"[^\w. -]", "_", student)[:MAX_NAME_CHARACTERS]
        plain = name == student == student.strip(". ") and not re.search("-[0-9a-f]{16}$", name)
        if not plain or shared[disk_key(student)] > 1:
            digest = hashlib.sha256(student.encode("utf8", "surrogatepass")).hexdigest()[:16]
            name = f"{name}-{digest}"
        names[student] = f"{name}.md"
    return names


def write_zip(path: Path, folder: Path, rows: list[Row], names: dict[str, str]) -> None:
    """Write the texts of whom Moodle knows into a zip, named as Moodle wants them.

    Only of those whose answers are all marked. If there are none, there is no zip.
    """
    path.unlink(missing_ok=True)
    of_moodle = [r for r in rows if r.submission.system == moodle.NAME and r.submission.number]
    done = [row for row in of_moodle if None not in row.points.values()]
    if done:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for row in done:
                name = f"Participant_{row.submission.number}_assignsubmission_file_feedback.md"
                archive.write(folder / names[row.submission.student], name)
