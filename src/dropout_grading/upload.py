"""Fill the marks into the CSV that an LMS gave out, to be uploaded there again.

    python -m dropout_grading.upload MARKS.csv LMS.csv [--column Grade]

Writes upload.csv beside MARKS.csv: the LMS's own file with one column filled. It says who is in the
LMS's file and handed in nothing.

A student is found by number: the column "number" of MARKS.csv, which the names in the downloads of
Moodle and Canvas hold. Moodle's grading worksheet has it in "Identifier" (Participant 123),
Canvas's gradebook in "ID". Names are not compared: two students may share one.
"""

import argparse
import csv
import io
import re
import sys
from pathlib import Path
from typing import NamedTuple

from dropout_grading.reports.tables import number
from dropout_grading.reports.text import terminal, uncell
from dropout_grading.results import MARKED

MOODLE_KEY, CANVAS_KEY = "Identifier", "ID"  # columns
MOODLE_MAXIMUMS = ("Maximum Grade", "Maximum grade")  # a column, as Moodle's versions write it
CANVAS_MAXIMUM = "Points Possible"  # a row


def read(path: Path) -> tuple[list[list[str]], str]:
    """Return a CSV's rows, the first of them its header, and its separator."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        rule = "must be UTF-8: download it again, or save it as CSV UTF-8 in a spreadsheet"
        raise ValueError(f"{path.name} {rule}; got byte {error.object[error.start]:#x}") from error
    header = text.partition("\n")[0]
    if not header.strip():
        raise ValueError(f"{path.name} must not be empty")
    separator = max(",;\t", key=header.count)  # a spreadsheet may have saved it with another
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator)), separator


def position(header, names, path):
    """Return the position of the first of ``names`` in the header; ValueError if none is there."""
    for name in names:
        if name in header:
            return header.index(name)
    asked = " or ".join(map(repr, names))
    raise ValueError(f"{path.name} must have a column {asked}, got {', '.join(header)}")


class Mark(NamedTuple):
    """A row of marks.csv."""

    student: str
    key: str  # the number by which the LMS knows the student, "" if it gave none
    status: str
    total: str
    of: str


def marks(path: Path) -> list[Mark]:
    """Return the rows of marks.csv."""
    (header, *rows), _ = read(path)
    names = ("student", "number", "status", "total", "of")
    columns = [position(header, [name], path) for name in names]
    return [Mark(*(uncell(row[column]) for column in columns)) for row in rows]


def by_key(found: list[Mark]) -> tuple[dict[str, Mark], list[str]]:
    """Return {key: mark}, and what is said of each mark that cannot be filled in."""
    chosen, left_out = {}, []
    for mark in found:
        if not mark.key:
            left_out.append(f"{mark.student}: no number of an LMS")
        elif not mark.total:
            left_out.append(f"{mark.student}: no total yet")
        elif mark.key in chosen:
            raise ValueError(f"two students have the number {mark.key}, one is {mark.student}")
        else:
            chosen[mark.key] = mark
    return chosen, left_out


def fill(
    table: list[list[str]], column: str, chosen: dict[str, Mark], path: Path, handed_in: set[str]
):
    """Fill the totals into a column of an LMS's table, whose first row is its header.

    ``path``: the table's file, for messages. ``handed_in``: the keys of all marks, with a total or
    without. Returns the new table, the marks without a row, {key: the grade replaced}, and who
    handed in nothing. Raises ValueError if a column is missing, or another maximum grade
    stands in the table.
    """
    header = table[0]
    key_at = position(header, (MOODLE_KEY, CANVAS_KEY), path)
    grade_at = position(header, [column], path)
    of_moodle = header[key_at] == MOODLE_KEY
    maximum_at = position(header, MOODLE_MAXIMUMS, path) if of_moodle else None
    filled, unknown, replaced, missing = [list(row) for row in table], dict(chosen), {}, []
    for row in filled[1:]:
        if len(row) <= max(key_at, grade_at, maximum_at or 0):
            continue
        if row[0].strip() == CANVAS_MAXIMUM:
            _check_maximum(row[grade_at], chosen, path)
        found = re.search(r"\d+$", row[key_at].strip())
        if found and found[0] not in handed_in:
            missing.append(", ".join(row[:key_at] + row[key_at : key_at + 2]))
        if found and found[0] in unknown:
            mark = unknown.pop(found[0])
            if maximum_at is not None:
                _check_maximum(row[maximum_at], chosen, path)
            if row[grade_at].strip() and number(row[grade_at]) != number(mark.total):
                replaced[mark.key] = row[grade_at]
            row[grade_at] = mark.total
    return filled, unknown, replaced, missing


def _check_maximum(text: str, chosen: dict[str, Mark], path: Path) -> None:
    """Raise ValueError for another maximum: the LMS would take a 10 of 20 as a 10 of 100."""
    for mark in chosen.values():
        if number(text) != number(mark.of):
            rule = f"the maximum grade in {path.name} must be the assignment's, {mark.of}"
            raise ValueError(f"{rule}, got {text}: change it in the LMS and download again")


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 1 if a mark found no row, 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m dropout_grading.upload", description=__doc__)
    parser.add_argument("marks", type=Path, help="marks.csv, from the marker")
    parser.add_argument("lms", type=Path, help="the CSV that the LMS gave out")
    parser.add_argument("--column", default="Grade", help="the column to fill (Moodle's: Grade)")
    given = parser.parse_args(argv)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")
    try:
        all_marks = marks(given.marks)
        chosen, left_out = by_key(all_marks)
        table, separator = read(given.lms)
        handed_in = {mark.key for mark in all_marks}
        table, unknown, replaced, missing = fill(table, given.column, chosen, given.lms, handed_in)
        filled = {key: mark for key, mark in chosen.items() if key not in unknown}
    except (OSError, ValueError) as error:
        print(f"upload: {terminal(str(error))}", file=sys.stderr)
        return 2
    out = given.marks.with_name("upload.csv")
    with out.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=separator).writerows(table)
    left_out += [f"{mark.student}: not in {given.lms.name}" for mark in unknown.values()]
    notes = [f"NOT FILLED IN: {line}" for line in left_out]
    for key, mark in filled.items():
        if key in replaced:
            notes.append(f"REPLACED: {mark.student}: {replaced[key]} by {mark.total}")
        if mark.status != MARKED:
            notes.append(f"LOOK AT: {mark.student} gets {mark.total}: {mark.status}")
    notes += [f"HANDED IN NOTHING: {who}" for who in missing]
    for note in notes:
        print(terminal(note), file=sys.stderr)
    print(f"{len(filled)} marks in {out}")
    return 1 if left_out else 0


if __name__ == "__main__":
    sys.exit(main())
