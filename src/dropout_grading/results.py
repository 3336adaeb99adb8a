"""The result of marking one submission, as it is kept in a JSON file and as the reports read it."""

from typing import NamedTuple, NotRequired, TypedDict

from dropout_grading.submissions.find import Submission

MARKED = "marked"  # the status of a submission that ran to its end
STOPPED = "stopped"  # how the status begins if a part had to be stopped


class CheckResult(TypedDict):
    question: str
    name: str
    points: float  # for a right answer
    got: float
    hidden: bool
    about: str  # what a student may know of a hidden check
    message: NotRequired[str]  # what is wrong, if the check is not met


class SubmissionResult(TypedDict):
    status: str  # MARKED, or what kept the submission from being marked as a whole
    checks: list[CheckResult]
    errors: list[str]  # a line for each cell in which something failed, the first 20
    failed_cells: int  # how many there are
    notes: list[str]  # a line for each cell with a magic or such, which does nothing here
    answers: dict[str, str]  # {question: text}, for a person to mark


class Row(NamedTuple):
    """One student in the reports. ``points``: {question: points, or None if nobody marked it}."""

    submission: Submission
    result: SubmissionResult
    points: dict[str, float | None]


def says_more_than_status(result: SubmissionResult) -> bool:
    """Whether the feedback says more than the status."""
    return result["status"].startswith((MARKED, STOPPED))


def points_of(assignment, result: SubmissionResult, points_by_hand) -> dict[str, float | None]:
    """Return {question: points}, None for an answer that a person has not marked yet.

    An answer that was left out gets 0, unless a person says otherwise.
    """
    by_checks = dict.fromkeys(assignment.questions, 0)
    for check in result["checks"]:
        by_checks[check["question"]] += check["got"]
    waiting = dict.fromkeys(assignment.manual)
    left_out = {q: 0 for q in assignment.manual if result["answers"].get(q) == ""}
    return by_checks | waiting | left_out | points_by_hand
