"""The class at a glance: how many are marked, each question's points, the commonest mistakes.

It names no student and shows no word that one wrote: a mistake is called by the checks' own words.
"""

import ast
import html
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from dropout_grading import check_helpers
from dropout_grading.checks import NOT_WRITTEN_YET, Assignment
from dropout_grading.reports.tables import points_text
from dropout_grading.results import MARKED, STOPPED, CheckResult, Row, says_more_than_status

BARS = "▁▂▃▄▅▆▇█"
SHORTEST_NAME = 12  # in characters: shorter parts of a message are only joints
MOST_MISTAKES = 8
RAISED, STOPPED_CODE = "the code raises an error", "the code had to be stopped"


class Question(NamedTuple):
    """How many have how many points: ``counts[n]`` have n of ``of``, halves rounded down."""

    name: str
    of: float
    mean: float
    counts: list[int]


def head(rows: list[Row]) -> str:
    """Return how many submissions there are, and what became of them."""
    statuses = [row.result["status"] for row in rows]
    marked, stopped = statuses.count(MARKED), sum(s.startswith(STOPPED) for s in statuses)
    waiting = sum(None in row.points.values() for row in rows)
    others = len(rows) - marked - stopped
    said = [f"{len(rows)} submissions", f"{marked} ran to the end"]
    said += [f"{stopped} stopped"] if stopped else []
    said += [f"{others} that could not be marked"] if others else []
    said += [f"{waiting} waiting for your points"] if waiting else []
    return ", ".join(said)


def questions(assignment: Assignment, rows: list[Row]) -> list[Question]:
    """Return each question's points, of those that ran and are marked in it."""
    found = []
    for name, of in assignment.questions.items():
        ran = [row.points[name] for row in rows if says_more_than_status(row.result)]
        points = [got for got in ran if got is not None]
        counts = Counter(int(got) for got in points)
        mean = sum(points) / len(points) if points else 0.0
        found.append(Question(name, of, mean, [counts[n] for n in range(int(of) + 1)]))
    return found


def mistakes(assignment: Assignment, rows: list[Row]) -> list[tuple[int, str, str]]:
    """Return (how many students, question, mistake), the commonest first.

    Of a hidden check it is what the feedback says that it tries: a class may see the summary.
    """
    found = Counter()
    for row in rows:
        if says_more_than_status(row.result):
            failed = [check for check in row.result["checks"] if "message" in check]
            empty = {c["question"] for c in failed if NOT_WRITTEN_YET in c["message"]}
            made = {(c["question"], _shown(c, assignment)) for c in failed}
            found.update(key for key in made if key[0] not in empty)
            found.update({("any", NOT_WRITTEN_YET)} if empty else ())
    common = [(n, *key) for key, n in found.items() if key[1]]
    return sorted(common, key=lambda m: (-m[0], m[1:]))


def _shown(check: CheckResult, assignment: Assignment) -> str:
    if check["hidden"]:
        return f"a hidden check: {check['about']}" if check["about"] else ""
    return named(check["message"], assignment)


def named(message: str, assignment: Assignment) -> str:
    """Return a mistake in the words of the checks, "" if they have none for it."""
    for start, name in {"your code raised": RAISED, "your code was stopped": STOPPED_CODE}.items():
        if message.startswith(start):
            return name
    said = [words for words, pattern in _words(assignment).items() if pattern.search(message)]
    return max(said, key=len, default="").strip(" :.;,")


@cache
def _words(assignment: Assignment) -> dict[str, re.Pattern]:
    """Return the texts that the checks' own files can put into a message, and what finds each.

    A value that is put into a text stands as "…": it may be a student's.
    """
    files = {check.function.__code__.co_filename for check in assignment.checks}
    found = {}
    for file in (*files, check_helpers.__file__):
        nodes = [*ast.walk(ast.parse(Path(file).read_text("utf8")))]
        whole = [node for node in nodes if isinstance(node, ast.JoinedStr)]
        inside = {id(part) for node in whole for part in node.values}
        for node in nodes:
            if id(node) in inside or not isinstance(node, ast.Constant | ast.JoinedStr):
                continue
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            words = [part.value if isinstance(part, ast.Constant) else None for part in parts]
            if all(isinstance(word, str | None) for word in words) and (
                len("".join(filter(None, words)).strip()) >= SHORTEST_NAME
            ):
                pattern = "".join(".+?" if word is None else re.escape(word) for word in words)
                name = "".join("…" if word is None else word for word in words)
                found[name] = re.compile(pattern, re.DOTALL)
    return found


def text(assignment: Assignment, rows: list[Row]) -> str:
    """Return the summary for a terminal."""
    lines = [head(rows), ""]
    for name, of, mean, counts in questions(assignment, rows):
        most = max(counts)
        bars = (
            "".join(BARS[(len(BARS) - 1) * n // most] if n else " " for n in counts) if most else ""
        )
        told = (
            f"mean {mean:.1f} of {points_text(of)}" if most else f"of {points_text(of)}: nobody yet"
        )
        lines.append(f"  {name:4} |{bars}| {told}")
    common = mistakes(assignment, rows)
    lines += ["", f"{_commonest(common)}:"] if common else []
    lines += [f"  {n:3} x {question}: {what}" for n, question, what in common[:MOST_MISTAKES]]
    return "\n".join(lines)


def _commonest(common: list) -> str:
    shown = min(len(common), MOST_MISTAKES)
    return f"The commonest mistakes, {shown} of {len(common)}"


STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
td, th { padding: .2rem 1rem .2rem 0; text-align: left; vertical-align: top }
svg { fill: #4477aa; display: block }
"""


def page(assignment: Assignment, rows: list[Row]) -> str:
    """Return the summary as one page of HTML that needs no other file."""
    table = [
        f"<tr><th scope=row>{html.escape(name)}</th><td>{_picture(counts)}</td>"
        f"<td>{f'{mean:.1f}' if any(counts) else 'nobody yet'}</td><td>{points_text(of)}</td></tr>"
        for name, of, mean, counts in questions(assignment, rows)
    ]
    every = mistakes(assignment, rows)
    common = [
        f"<tr><td>{n}</td><td>{html.escape(question)}</td><td>{html.escape(what)}</td></tr>"
        for n, question, what in every[:MOST_MISTAKES]
    ]
    mistaken = [f"<h2>{_commonest(every)}</h2>", "<table>"]
    mistaken += ["<tr><th>students</th><th>question</th><th>what is wrong</th></tr>"]
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"><meta charset="utf-8"><title>{html.escape(assignment.name)}</title>',
            f"<style>{STYLE}</style>",
            f"<h1>{html.escape(assignment.name)}</h1>",
            f"<p>{html.escape(head(rows))}</p>",
            "<h2>The questions</h2>",
            "<table>",
            "<tr><th>question</th><th>from 0 points to all</th><th>mean</th><th>of</th></tr>",
            *table,
            "</table>",
            *([*mistaken, *common, "</table>"] if common else []),
            "</html>\n",
        ]
    )


def _picture(counts: list[int]) -> str:
    """Return a column for each number of points, as high as many have them."""
    most, width, height = max(counts) or 1, 14, 40
    said = ", ".join(f"{n} with {points}" for points, n in enumerate(counts))
    columns = [
        f'<rect x="{width * k}" y="{height - h}" width="{width - 2}" height="{h}"/>'
        for k, n in enumerate(counts)
        if (h := height * n / most)
    ]
    size = f'width="{width * len(counts)}" height="{height}"'
    return f'<svg {size} role="img" aria-label="{said}">{"".join(columns)}</svg>'
