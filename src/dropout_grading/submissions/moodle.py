"""Moodle's download of all submissions: ``Ann Lee_123_assignsubmission_file``, a folder each.

Moodle puts a space for each ``_`` in a name, so what stands in front of the first one is its own
word for the student or the team, and the number after it too. In older downloads, and without
folders, the name of the student's file follows.
"""

import re

from dropout_grading.submissions.owner import Owner

NAME = "Moodle"
PATTERN = re.compile(r"([^_]+)(?:_(\d+))?_assignsubmission_[a-z0-9]+(?:_.*)?", re.DOTALL)


def owners(entries) -> dict[str, Owner] | None:
    """Return {name of an entry: whose it is}, None if this is no download of Moodle."""
    found = {entry.name: PATTERN.fullmatch(entry.name) for entry in entries}
    if not all(found.values()):
        return None
    return {
        name: Owner("_".join(filter(None, match.groups())), match[2] or "")
        for name, match in found.items()
    }
