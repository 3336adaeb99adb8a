"""Fill the marks into the CSV that an LMS gave out, to be uploaded there again.

    python -m dropout_grading.upload MARKS.csv LMS.csv [--column Grade]

Writes upload.csv beside MARKS.csv: the LMS's own file with one column filled; for Moodle, also
feedback.zip, the texts named as its "upload multiple feedback files" wants them. A student is found
by number: Moodle's and Canvas's downloads have it behind the name (Ann Lee_123_assignsubmission_…,
leeann_123_456_…), Moodle's grading worksheet in "Identifier" (Participant 123), Canvas's gradebook
in "ID". Names are not compared: two students may share one.
"""

import argparse
import csv
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple

from dropout_grading.report import feedback_name, number

KEYS = ("Identifier", "ID")  # Moodle's, Canvas's
MAXIMUM, POSSIBLE = "Maximum Grade", "Points Possible"  # a column of Moodle's, a row of Canvas's


def read(path):
    """Return a CSV's rows, the first of them its header, and the text between its fields."""
    text = path.read_text("utf-8-sig")
    first = text.partition("\n")[0]
    if not first.strip():
        raise ValueError(f"{path.name} must not be empty")
    separator = max(",;\t", key=first.count)  # a spreadsheet may have saved it with another
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator)), separator


def position(header, names, path):
    """Return where in the header the first of ``names`` is; ValueError if none is."""
    for name in names:
        if name in header:
            return header.index(name)
    asked = " or ".join(map(repr, names))
    raise ValueError(f"{path.name} must have a column {asked}, got {', '.join(header)}")


class Mark(NamedTuple):
    """A row of the marker's CSV: ``key``, the number behind the name, or None."""

    student: str
    key: str | None
    status: str
    total: str
    of: str


def marks(path):
    """Return the rows of the marker's CSV."""
    (header, *rows), _ = read(path)
    places = [position(header, [name], path) for name in ("student", "status", "total", "of")]
    found = []
    for row in rows:
        student, *more = (row[place] for place in places)
        student = student.removeprefix("'")  # put there for the spreadsheet
        behind = re.search(r"_(\d+)$", student)
        found.append(Mark(student, behind and behind[1], *more))
    return found


def fill(table, column, chosen, path):
    """Fill ``{key: Mark}`` into ``column`` of the table's rows.

    Return what it has no row for, and {key: the grade that stood there}.
    """
    header = table[0]
    key, goal = position(header, KEYS, path), position(header, [column], path)
    most = header.index(MAXIMUM) if MAXIMUM in header else None
    left, replaced = dict(chosen), {}
    for row in table[1:]:
        if len(row) <= max(key, goal, most or 0):
            continue
        if row[0].strip() == POSSIBLE:
            _same_maximum(row[goal], chosen, path)
        found = re.search(r"\d+$", row[key].strip())
        if found and found[0] in left:
            mark = left.pop(found[0])
            if most is not None:
                _same_maximum(row[most], chosen, path)
            if row[goal].strip() and number(row[goal]) != number(mark.total):
                replaced[mark.key] = row[goal]
            row[goal] = mark.total
    return left, replaced


def _same_maximum(text, chosen, path):
    """A 10 of 20 is another grade where the LMS takes it as of 100."""
    for mark in chosen.values():
        if number(text) != number(mark.of):
            rule = f"the maximum grade in {path.name} must be the assignment's, {mark.of}"
            raise ValueError(f"{rule}, got {text}: change it in the LMS and download again")


def write_feedback(path, chosen):
    """Write the texts into a zip as Moodle takes them: it reads the number and the name behind."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for key, mark in chosen.items():
            text = path.with_name("feedback") / feedback_name(mark.student)
            archive.write(text, f"Participant_{key}_assignsubmission_file_feedback.md")


def main(argv=None):
    """Run the command; return its exit status: 0, 1 where a mark found no row, 2 for bad input."""
    parser = argparse.ArgumentParser(prog="python -m dropout_grading.upload", description=__doc__)
    parser.add_argument("marks", type=Path, help="marks.csv, from the marker")
    parser.add_argument("lms", type=Path, help="the CSV that the LMS gave out")
    parser.add_argument("--column", default="Grade", help="the column to fill (Moodle's: Grade)")
    given = parser.parse_args(argv)
    try:
        chosen, left_out = {}, []
        for mark in marks(given.marks):
            if not mark.key:
                left_out.append(f"{mark.student}: no number behind the name")
            elif not mark.total:
                left_out.append(f"{mark.student}: no total yet")
            elif mark.key in chosen:
                raise ValueError(f"two students have the number {mark.key}, one is {mark.student}")
            else:
                chosen[mark.key] = mark
        table, separator = read(given.lms)
        unknown, replaced = fill(table, given.column, chosen, given.lms)
        filled = {key: mark for key, mark in chosen.items() if key not in unknown}
        if KEYS[0] in table[0]:
            write_feedback(given.marks.with_name("feedback.zip"), filled)
    except (OSError, ValueError) as error:
        print(f"upload: {error}", file=sys.stderr)
        return 2
    out = given.marks.with_name("upload.csv")
    with out.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=separator).writerows(table)
    left_out += [f"{mark.student}: not in {given.lms.name}" for mark in unknown.values()]
    said = [f"NOT FILLED IN: {line}" for line in left_out]
    for key, mark in filled.items():
        if key in replaced:
            said.append(f"REPLACED: {mark.student}: {replaced[key]} by {mark.total}")
        if mark.status != "marked":
            said.append(f"LOOK AT: {mark.student} gets {mark.total}: {mark.status}")
    for line in said:
        print(line, file=sys.stderr)
    print(f"{len(filled)} marks in {out}")
    return 1 if left_out else 0


if __name__ == "__main__":
    sys.exit(main())
