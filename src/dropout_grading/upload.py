"""Fill the marks into the CSV that an LMS gave out, to be uploaded there again.

    python -m dropout_grading.upload MARKS.csv LMS.csv [--column Grade]

Writes upload.csv beside MARKS.csv: the LMS's own file with one column filled. For Moodle it also
writes feedback.zip, which "upload multiple feedback files" takes.

A student is found by number. In the downloads of Moodle and Canvas it follows the name (Ann
Lee_123_assignsubmission_…, leeann_123_456_…). Moodle's grading worksheet has it in "Identifier"
(Participant 123), Canvas's gradebook in "ID". Names are not compared: two students may share one.
"""

import argparse
import csv
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

from dropout_grading.reports import feedback
from dropout_grading.reports.tables import number
from dropout_grading.results import MARKED

MOODLE_KEY, CANVAS_KEY = "Identifier", "ID"  # columns
MOODLE_MAXIMUMS = ("Maximum Grade", "Maximum grade")  # a column, as Moodle's versions write it
CANVAS_MAXIMUM = "Points Possible"  # a row


def read(path: Path) -> tuple[list[list[str]], str]:
    """Return a CSV's rows, the first of them its header, and its separator."""
    text = path.read_text("utf-8-sig")
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
    key: str | None  # the number after the student's name
    status: str
    total: str
    of: str


def marks(path: Path) -> list[Mark]:
    """Return the rows of marks.csv."""
    (header, *rows), _ = read(path)
    columns = [position(header, [name], path) for name in ("student", "status", "total", "of")]
    found = []
    for row in rows:
        student, *more = (row[column] for column in columns)
        student = student.removeprefix("'")  # there for the spreadsheet
        number_after = re.search(r"_(\d+)$", student)
        found.append(Mark(student, number_after and number_after[1], *more))
    return found


def by_key(found: list[Mark]) -> tuple[dict[str, Mark], list[str]]:
    """Return {key: mark}, and what is said of each mark that cannot be filled in."""
    chosen, left_out = {}, []
    for mark in found:
        if not mark.key:
            left_out.append(f"{mark.student}: no number after the name")
        elif not mark.total:
            left_out.append(f"{mark.student}: no total yet")
        elif mark.key in chosen:
            raise ValueError(f"two students have the number {mark.key}, one is {mark.student}")
        else:
            chosen[mark.key] = mark
    return chosen, left_out


def fill(table: list[list[str]], column: str, chosen: dict[str, Mark], path: Path):
    """Fill the totals into a column of an LMS's table, whose first row is its header.

    ``path``: the table's file, for messages. Returns the new table, the marks without a row, and
    {key: the grade replaced}. Raises ValueError if a column is missing, or another maximum grade
    stands in the table.
    """
    header = table[0]
    key_at = position(header, (MOODLE_KEY, CANVAS_KEY), path)
    grade_at = position(header, [column], path)
    of_moodle = header[key_at] == MOODLE_KEY
    maximum_at = position(header, MOODLE_MAXIMUMS, path) if of_moodle else None
    filled, unknown, replaced = [list(row) for row in table], dict(chosen), {}
    for row in filled[1:]:
        if len(row) <= max(key_at, grade_at, maximum_at or 0):
            continue
        if row[0].strip() == CANVAS_MAXIMUM:
            _check_maximum(row[grade_at], chosen, path)
        found = re.search(r"\d+$", row[key_at].strip())
        if found and found[0] in unknown:
            mark = unknown.pop(found[0])
            if maximum_at is not None:
                _check_maximum(row[maximum_at], chosen, path)
            if row[grade_at].strip() and number(row[grade_at]) != number(mark.total):
                replaced[mark.key] = row[grade_at]
            row[grade_at] = mark.total
    return filled, unknown, replaced


def _check_maximum(text: str, chosen: dict[str, Mark], path: Path) -> None:
    """Raise ValueError for another maximum: the LMS would take a 10 of 20 as a 10 of 100."""
    for mark in chosen.values():
        if number(text) != number(mark.of):
            rule = f"the maximum grade in {path.name} must be the assignment's, {mark.of}"
            raise ValueError(f"{rule}, got {text}: change it in the LMS and download again")


def write_feedback(path, chosen):
    """Write the texts into a zip, named as Moodle wants them."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, mark in chosen.items():
            text = path.with_name("feedback") / feedback.file_name(mark.student)
            archive.write(text, f"Participant_{key}_assignsubmission_file_feedback.md")


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status: 0, 1 if a mark found no row, 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m dropout_grading.upload", description=__doc__)
    parser.add_argument("marks", type=Path, help="marks.csv, from the marker")
    parser.add_argument("lms", type=Path, help="the CSV that the LMS gave out")
    parser.add_argument("--column", default="Grade", help="the column to fill (Moodle's: Grade)")
    given = parser.parse_args(argv)
    try:
        chosen, left_out = by_key(marks(given.marks))
        table, separator = read(given.lms)
        table, unknown, replaced = fill(table, given.column, chosen, given.lms)
        filled = {key: mark for key, mark in chosen.items() if key not in unknown}
        if MOODLE_KEY in table[0]:
            write_feedback(given.marks.with_name("feedback.zip"), filled)
    except (OSError, ValueError) as error:
        print(f"upload: {error}", file=sys.stderr)
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
    sys.stderr.writelines(f"{note}\n" for note in notes)
    print(f"{len(filled)} marks in {out}")
    return 1 if left_out else 0


if __name__ == "__main__":
    sys.exit(main())
