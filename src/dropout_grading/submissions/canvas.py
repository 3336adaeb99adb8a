"""Canvas's download of all submissions: ``leeann_LATE_123_456_file.ipynb``, files alone.

123 is the student's number and 456 the file's. The file's name is the student's own; a name of a
person holds no number between two ``_``.
"""

import re

from dropout_grading.submissions.owner import Owner

NAME = "Canvas"
PATTERN = re.compile(r"(.+?)(?:_LATE)?_(\d+)_(\d+)_.+", re.DOTALL)


def owners(entries) -> dict[str, Owner] | None:
    """Return {name of an entry: whose it is}, None if this is no download of Canvas.

    Other files can be named alike (``hw_1_2026_ann.ipynb``). So there must be two students, and no
    two files with one number, nor two names.
    """
    found = {entry.name: PATTERN.fullmatch(entry.name) for entry in entries if not entry.is_folder}
    if len(found) < len(entries) or not all(found.values()):
        return None
    files = {match[3] for match in found.values()}
    people = {(match[1], match[2]) for match in found.values()}
    numbers = {number for _, number in people}
    if len(files) < len(found) or len(numbers) < len(people) or len(people) < 2:
        return None
    return {name: Owner(f"{match[1]}_{match[2]}", match[2]) for name, match in found.items()}
