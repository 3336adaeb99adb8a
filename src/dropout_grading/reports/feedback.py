"""The feedback: a text for each student, which reveals nothing of a hidden check."""

import hashlib
import re
from pathlib import Path

from dropout_grading.checks import NOT_WRITTEN_YET, Assignment
from dropout_grading.reports.tables import points_text
from dropout_grading.results import MARKED, STOPPED, Row, says_more_than_status

UNSEEN_IN_NOTEBOOK = "that you do not see in the notebook"
MAX_NAME_CHARACTERS = 60  # of a student's name, in the name of a file


def write(path: Path, assignment: Assignment, row: Row, comments: dict[str, str]) -> None:
    """Write what a student may see. ``comments``: {question: what a person says of the answer}."""
    submission, result, points = row
    lines = [f"# {assignment.name}: {_one_line(submission.student)}", ""]
    file, aside = _one_line(submission.path), _one_line(submission.aside)
    if result["status"].startswith(STOPPED):
        lines += [f"While it ran, your notebook was {result['status']}.", ""]
    elif result["status"] != MARKED:
        lines += [f"The file that you handed in ({file}) {result['status']}.", ""]
    if submission.aside:
        lines += [f"This is about {file}. Nobody looked at what lay beside it: {aside}.", ""]
    lines += [_total(assignment, points), ""]
    for question in assignment.questions:
        comment = comments.get(question)
        by_hand = question in assignment.manual and (points[question] or comment)
        if says_more_than_status(result) or by_hand:
            lines += _section(assignment, question, row)
            lines += [f"- {_one_line(comment)}", ""] if comment else []
    if says_more_than_status(result) and result["errors"]:
        errors = [f"- {error}" for error in result["errors"]]
        lines += ["## Cells that did not run to their end", "", *errors, ""]
    path.write_text(_no_markup("\n".join(lines)), "utf8", errors="replace")


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
    lines = [f"- Not met: {', '.join(names)}: {text}" for text, names in messages.items()]
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


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _no_markup(text: str) -> str:
    """Escape what would be HTML, a link or a picture where the feedback is shown."""
    return re.sub(r"<(?=[a-zA-Z/!?])|(?<=\])\(", r"\\\g<0>", text)


def file_name(student: str, shared: bool = False) -> str:
    """Return the name of a student's file; two students never have the same.

    ``shared``: whether some disk takes another student's name for this one.
    """
    name = re.sub(r"[^\w. -]", "_", student)[:MAX_NAME_CHARACTERS]
    if name == student and not shared:
        return f"{name}.md"
    digest = hashlib.sha256(student.encode("utf8", "surrogatepass")).hexdigest()[:8]
    return f"{name}-{digest}.md"
