"""Find the submissions in a folder of anything: notebooks, zips, an LMS's nested download.

Nothing is unpacked to disk, and a notebook is read only when it is marked: those of a class need
not fit into memory together. One entry of the folder is one student; a zip or a folder that holds
several students is looked into. What cannot be read is a problem of that one file.
"""

import contextlib
import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath
from typing import NamedTuple

DEPTH = 4  # zips within zips
LARGEST = 2**26  # bytes of one file, unpacked
ALL = 2**32  # bytes of the zips within one entry, read one after another: it may hold a class
MOST = 20_000  # files in one entry
IGNORED = {"__MACOSX", ".ipynb_checkpoints", ".git", "__pycache__"}
# The front of a name in the downloads of Moodle, "Ann Lee_123_assignsubmission_file_…", and of
# Canvas, "leeann_LATE_123_456_…": one student, however many files follow.
# With the number, since two students may share a name.
LMS = re.compile(r"(.+?)_(\d+)_assignsubmission_|([^_]+)(?:_LATE)?_(\d+)_\d+_")


class Submission(NamedTuple):
    """``student``; ``path``, where it was found; ``read()`` the notebook's bytes, or ``problem``.

    ``read`` raises Unreadable. ``aside``: other notebooks beside it, at which nobody looks.
    """

    student: str
    path: str
    read: Callable | None
    problem: str = ""
    aside: str = ""


class Unreadable(Exception):
    """A file that cannot be read, or is not; the text says why."""


def find(folder, wanted):
    """Return the submissions in ``folder``, sorted by student.

    ``wanted``: the file name of the assignment's notebook, preferred where there are several.
    Raises ValueError if ``folder`` is not a folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"SUBMISSIONS must be a folder, got {folder}")
    found, by_lms = [], {}
    for entry in sorted(folder.iterdir()):
        if entry.name not in IGNORED and not entry.name.startswith("."):
            root = PurePosixPath(entry.name)
            files = _Reader().list(entry, root)
            if LMS.match(entry.name):  # the folder itself is a download, unpacked
                by_lms |= files
            else:
                found += _students(files, root, wanted)
    if by_lms:
        found += _students(by_lms, PurePosixPath(), wanted)
    names = Counter(alike(submission.student) for submission in found)
    # ann.ipynb and ann.zip are two rows, and a person's marks belong to one of them.
    found = [s._replace(student=s.path) if names[alike(s.student)] > 1 else s for s in found]
    return sorted(found, key=lambda s: (s.student, s.path))


def alike(name):
    """Return what two names have in common that some disk takes for one, as "Ann" and "ann"."""
    return unicodedata.normalize("NFC", name).casefold()


def _students(files, root, wanted):
    """Split the files below ``root`` into students and choose the notebook of each."""
    below, by_lms = {}, {}
    for path in files:
        first, *more = path.relative_to(root).parts or ("",)
        if front := LMS.match(first):
            by_lms.setdefault("_".join(filter(None, front.groups())), []).append(path)
        elif more or _ends(first, ".zip"):
            below.setdefault(first, []).append(path)
    if by_lms:
        return [_choose(name, root, paths, files, wanted) for name, paths in by_lms.items()]
    loose = [p for p in files if len(p.relative_to(root).parts) == 1 and _ends(p, ".ipynb")]
    holding = [n for n, paths in below.items() if any(_ends(p, ".ipynb") for p in paths)]
    if len(holding) > 1 and not loose:  # one folder or zip a student
        return [
            submission
            for name in below
            for submission in _students({p: files[p] for p in below[name]}, root / name, wanted)
        ]
    return [_choose(_name(root.name), root, list(files), files, wanted)]


def _choose(student, root, paths, files, wanted):
    notebooks, aside = [path for path in paths if _ends(path, ".ipynb")], ""
    named = [path for path in notebooks if path.name == wanted]
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
    problems = [text for path in paths if (text := files[path]) and isinstance(text, str)]
    where = paths[0] if len(paths) == 1 else root
    return Submission(student, str(where), None, (problems or ["holds no notebook (.ipynb)"])[0])


def _names(paths):
    return ", ".join(sorted(path.name for path in paths)[:5])


def _ends(path, suffix):
    return str(path).lower().endswith(suffix)


def _name(name):
    return re.sub(r"\.(zip|ipynb)$", "", name, flags=re.IGNORECASE)


class _Reader:
    """Lists the files of one entry, within limits."""

    def __init__(self):
        self.left, self.count = ALL, 0

    def list(self, entry, shown):
        """Return {shown path: what}: how to read a notebook, a problem, None for another file."""
        try:
            if entry.is_symlink():
                raise Unreadable("is a link, which is not followed")
            if entry.is_dir():
                files = {}
                for inner in sorted(entry.iterdir()):
                    if inner.name not in IGNORED:
                        files |= self.list(inner, shown / inner.name)
                return files or {shown: None}
            if not entry.is_file():
                raise Unreadable("is neither a file nor a folder")
            return self._file(partial(entry.open, "rb"), shown, DEPTH)
        except Unreadable as error:
            return {shown: str(error)}
        except OSError as error:
            return {shown: f"cannot be read: {error.strerror}"}

    def _file(self, opened, shown, depth):
        """``opened`` opens the file, each time anew."""
        if _ends(shown, ".ipynb"):
            return {shown: partial(_take, opened, LARGEST)}
        if not _ends(shown, ".zip"):
            return {shown: None}
        if depth == 0:
            raise Unreadable(f"holds zips within zips more than {DEPTH} deep")
        files = {}
        with opened() as file:
            try:
                with zipfile.ZipFile(file) as archive:
                    for member in archive.infolist():
                        files |= self._member(member, opened, shown, depth)
            except Exception as error:  # broken zips raise errors of many kinds
                files[shown] = f"is not a readable zip ({error})"
        return files or {shown: None}

    def _member(self, member, opened, shown, depth):
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        # Nothing is written, so a path that leads out is only a strange name.
        parts = [part for part in parts if part not in ("..", "/", "//", ".")]
        if member.is_dir() or not parts or IGNORED & set(parts):
            return {}
        path = shown.joinpath(*parts)
        self.count += 1
        if self.count > MOST:
            return {shown: f"holds more than {MOST} files"}
        inside = partial(_open_member, opened, member)
        try:
            if _ends(path, ".zip"):
                inside = partial(_in_memory, inside, min(LARGEST, self.left))
                with inside() as held:
                    self.left -= len(held.getbuffer())
            return self._file(inside, path, depth - 1)
        except Unreadable as error:
            return {path: str(error)}


@contextlib.contextmanager
def _open_member(opened, member):
    with opened() as file, zipfile.ZipFile(file) as archive, archive.open(member) as inner:
        yield inner


def _in_memory(opened, most):
    """A zip within a zip, which has to be read in any order."""
    return io.BytesIO(_take(opened, most))


def _take(opened, most):
    """Return a file's bytes. Raises Unreadable."""
    try:
        with opened() as file:
            data = file.read(most + 1)  # what the zip says of its size may be false
    except Unreadable:
        raise
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from error
    except Exception as error:  # encrypted, damaged, of an unknown kind
        raise Unreadable(f"cannot be read ({error})") from error
    if len(data) > most:
        raise Unreadable(f"is larger than {most >> 20} MiB")
    return data
