"""Mark the one submission in a Gradescope container, as `make grade` marks it.

    python -m dropout_grading.gradescope [/autograder]

Reads source/assignment/ and submission/ there, and writes results/results.json. A check that
students do not see is shown when the grades are published, as a question's points are.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

from dropout_grading.checks import Assignment
from dropout_grading.execution.sandbox import Sandbox, isolated
from dropout_grading.mark_folder import load
from dropout_grading.mark_submission import mark, unmarked
from dropout_grading.reports.feedback import UNSEEN_IN_NOTEBOOK
from dropout_grading.results import SubmissionResult

NOBODY = "nobody"  # the user who runs a submission where bubblewrap does not work
VISIBLE, WHEN_PUBLISHED = "visible", "after_published"


def marked(assignment: Assignment, folder: Path) -> SubmissionResult:
    """Return the result of the notebook in a folder; of several, the one with the right name."""
    found = [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    ]
    named = [path for path in found if path.name == f"{assignment.name}.ipynb"]
    if len(chosen := named or found) == 1:
        return mark(assignment, chosen[0].read_bytes())
    held = f"{len(chosen)} notebooks" if chosen else "no notebook (.ipynb)"
    return unmarked(assignment, f"holds {held}; hand in one, with the name {assignment.name}.ipynb")


def results(assignment: Assignment, result: SubmissionResult) -> dict:
    """Return what results.json holds: a test for each check, and one for each answer in words.

    An answer in words has no points here: they are given in the outline of the manual grading.
    """
    tests, numbers = [], Counter()
    order = {question: number for number, question in enumerate(assignment.questions, 1)}
    for check in sorted(result["checks"], key=lambda check: order[check["question"]]):
        question, hidden = check["question"], check["hidden"]
        numbers[question] += 1
        name = f"a check {UNSEEN_IN_NOTEBOOK}" if hidden else check["name"].removesuffix(":")
        message = check.get("message", "")
        tests.append(
            {
                "number": f"{order[question]}.{numbers[question]}",
                "name": f"{question}: {name}",
                "score": check["got"],
                "max_score": check["points"],
                "status": "failed" if message else "passed",
                "output": (check["about"] if hidden else message) if message else "",
                "visibility": WHEN_PUBLISHED if hidden else VISIBLE,
            }
        )
    for question, points in assignment.manual.items():
        tests.append(
            {
                "number": str(order[question]),
                "name": f"{question}: your own words, {points} points, marked by a person",
                "score": 0,
                "max_score": 0,
                "output": result["answers"].get(question) or "There is no answer to mark.",
                "visibility": VISIBLE,
            }
        )
    cells = [f"Something failed in {line}" for line in result["errors"]]
    cells += [f"This did nothing here: {line}" for line in result["notes"]]
    return {
        "output": "\n".join([f"Your notebook: {result['status']}.", *cells]),
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def main(folder: Path = Path("/autograder")) -> None:
    """Mark, and write the results."""
    if os.geteuid() == 0 and not isolated():
        Sandbox.user = NOBODY  # who may not read the assignment, nor write the results
    assignment = load(folder / "source" / "assignment")
    result = marked(assignment, folder / "submission")
    text = json.dumps(results(assignment, result), indent=1)
    (folder / "results" / "results.json").write_text(text, "utf8")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
