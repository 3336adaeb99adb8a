"""Finds the submissions in a folder of anything: notebooks, zips, an LMS's download.

What a system calls a student is read from names that the system wrote, and decided once for a
whole download. A name that a student chose names nobody else: an entry beside others is one row,
whatever is in it. A notebook is read when it is marked, since those of a class may not fit into
memory together.
"""

import re
import unicodedata
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from dropout_grading.submissions import blackboard, canvas, gradescope, moodle
from dropout_grading.submissions.files import (
    Entry,
    Found,
    Read,
    UnreadableError,
    entries,
    is_notebook,
    is_zip,
)
from dropout_grading.submissions.owner import Owner

__all__ = ["Submission", "UnreadableError", "disk_key", "find_submissions"]

SYSTEMS = (moodle, canvas, blackboard, gradescope)
ENDINGS = r"(\.zip|\.ipynb(\.txt|\.json)?)$"


class Submission(NamedTuple):
    """What one student handed in."""

    student: str  # as the system calls them, or the name of the file or folder
    path: str  # where the notebook was found
    read: Read | None  # returns its bytes, or raises UnreadableError; None if there is a problem
    problem: str = ""  # why there is no notebook to mark
    aside: str = ""  # the names of other notebooks beside it, which nobody looks at
    number: str = ""  # by which the system's tables know the student
    system: str = ""  # that wrote the student's name
    note: str = ""  # what a person should know of whose this is


def find_submissions(folder: Path | str, notebook_name: str) -> list[Submission]:
    """Return the submissions in ``folder``, sorted by student.

    Of several notebooks, the one with the assignment's ``notebook_name`` is taken.
    Raises ValueError if ``folder`` is not a folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"SUBMISSIONS must be a folder, got {folder}")
    try:
        here = entries(folder, PurePosixPath())
    except UnreadableError as error:
        raise ValueError(f"SUBMISSIONS {error}: {folder}") from error
    if (download := _download(here)) or (len(here) == 1 and (download := _nested(here[0]))):
        found = download.submissions(notebook_name)
    else:
        found = _of_many(here, notebook_name)
    return sorted(_told_apart(found), key=lambda s: (s.student, s.path))


def disk_key(name: str) -> str:
    """Return the same for two names that some disk takes for one, as "Ann" and "ann"."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


class _Download(NamedTuple):
    """What one system gave out: its entries, and whose each of them is."""

    system: str
    entries: list[Entry]
    owners: dict[str, Owner | None]

    def submissions(self, notebook_name: str) -> list[Submission]:
        by_owner: dict[Owner, list[Entry]] = {}
        for entry in self.entries:
            if owner := self.owners.get(entry.name):
                by_owner.setdefault(owner, []).append(entry)
        found = []
        for owner, theirs in by_owner.items():
            root = theirs[0].shown if len(theirs) == 1 else theirs[0].shown.parent
            files = {}
            for entry in theirs:
                files |= entry.files()
            submission = _choose(owner.student, root, files, notebook_name)
            found.append(submission._replace(number=owner.number, system=self.system))
        return found


def _download(here: list[Entry]) -> _Download | None:
    """Return the download that these entries are, None if no system wrote all their names.

    What can hold no notebook may lie beside them: an instructor's worksheet, for example.
    """
    for system in SYSTEMS:
        named = [e for e in here if e.holds_work or system.PATTERN.fullmatch(e.name)]
        if named and (owned := system.owners(named)):
            return _Download(system.NAME, named, owned)
    return None


def _nested(entry: Entry) -> _Download | None:
    """Return the class in a folder or zip that is all there is, None if it is one student's."""
    inside = entry.inside()
    if (download := _download(inside)) is not None:
        return download
    if len(inside) == 1 and inside[0].is_folder and (download := _download(inside[0].inside())):
        return download
    apart = [e for e in inside if e.is_folder or is_zip(e.name)]
    holding = [e for e in apart if any(is_notebook(path) for path in e.files())]
    if len(holding) > 1 and not any(is_notebook(e.name) for e in inside):
        return _Download("", apart, {e.name: Owner(_without_ending(e.name)) for e in apart})
    return None


def _of_many(here: list[Entry], notebook_name: str) -> list[Submission]:
    """Return the submissions of entries beside each other.

    If all that can hold a notebook are downloads of one system, as those of two groups, each is
    read as one. Else each entry is one row.
    """
    downloads = {e.name: _download(e.inside()) for e in here if e.holds_work}
    systems = {download and download.system for download in downloads.values()}
    if len(systems) == 1 and None not in systems and systems != {canvas.NAME}:
        found = [s for d in downloads.values() for s in d.submissions(notebook_name)]
        return _once_each(found)
    found = []
    for entry in here:
        submission = _choose(_without_ending(entry.name), entry.shown, entry.files(), notebook_name)
        if (download := downloads.get(entry.name)) and not entry.is_folder:
            problem = (
                f"looks like a download of {download.system}: put it into a folder without other "
                "files, and mark that"
            )
            submission = Submission(submission.student, str(entry.shown), None, problem)
        found.append(submission)
    return found


def _once_each(found: list[Submission]) -> list[Submission]:
    """Return the submissions, one row for a student who is in several downloads."""
    by_student: dict[str, list[Submission]] = {}
    for submission in found:
        by_student.setdefault(submission.student, []).append(submission)
    return [
        same[0]
        if len(same) == 1
        else same[0]._replace(
            path=", ".join(s.path for s in same),
            read=None,
            problem=f"is in {len(same)} downloads: keep the one that counts",
        )
        for same in by_student.values()
    ]


def _told_apart(found: list[Submission]) -> list[Submission]:
    """Name each student once: rows that would share a name are called by their paths."""
    while True:
        names = Counter(disk_key(s.student) for s in found)
        alike = [names[disk_key(s.student)] > 1 and s.student != s.path for s in found]
        if not any(alike):
            return found
        found = [
            s._replace(student=s.path, note=f"others are named {s.student} too: who is this?")
            if same
            else s
            for s, same in zip(found, alike, strict=True)
        ]


def _without_ending(name: str) -> str:
    return re.sub(ENDINGS, "", name, flags=re.IGNORECASE) or name


def _choose(student: str, root: PurePosixPath, files: Found, notebook_name: str) -> Submission:
    """Return the submission of one student, whose files lie below ``root``."""
    notebooks, aside = [path for path in files if is_notebook(path)], ""
    named = [path for path in notebooks if _without_ending(path.name) + ".ipynb" == notebook_name]
    if len(named) == 1:
        aside = _names(path for path in notebooks if path not in named)
        notebooks = named
    if len(notebooks) == 1:
        what = files[notebooks[0]]
        read, problem = (None, what) if isinstance(what, str) else (what, "")
        return Submission(student, str(notebooks[0]), read, problem, aside)
    if notebooks:
        problem = f"holds {len(notebooks)} notebooks: {_names(notebooks)}"
        return Submission(student, str(root), None, problem)
    problems = [what for what in files.values() if isinstance(what, str)]
    where = next(iter(files)) if len(files) == 1 else root
    return Submission(student, str(where), None, (problems or ["holds no notebook (.ipynb)"])[0])


def _names(paths) -> str:
    return ", ".join(sorted(path.name for path in paths)[:5])
