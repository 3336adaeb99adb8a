"""Finds the submissions in a folder of anything: notebooks, zips, an LMS's nested download.

An entry is one student, unless it holds several. A file that cannot be read is a problem of its
student alone. Nothing is unpacked to disk. A notebook is read when it is marked, since those of a
class may not fit into memory together.
"""

import contextlib
import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

MAX_ZIP_DEPTH = 4  # zips within zips
MAX_FILE_BYTES = 2**26  # of one file, unpacked
MAX_INNER_ZIP_BYTES = 2**32  # of all zips within one entry, which may hold a class
MAX_FILES = 20_000  # in one entry
IGNORED_NAMES = {"__MACOSX", ".ipynb_checkpoints", ".git", "__pycache__"}
# How a name begins in the downloads of Moodle, "Ann Lee_123_assignsubmission_file_…", and of
# Canvas, "leeann_LATE_123_456_…". All files that begin alike are of one student. The number is
# part of it, since two students may share a name.
LMS_NAME = re.compile(r"(.+?)_(\d+)_assignsubmission_|([^_]+)(?:_LATE)?_(\d+)_\d+_")

Open = Callable[[], AbstractContextManager[BinaryIO]]  # opens a file, each time anew
Read = Callable[[], bytes]
# What stands at a path: how to read a notebook, what is wrong there, or None for another file.
Found = dict[PurePosixPath, Read | str | None]


class Submission(NamedTuple):
    """What one student handed in."""

    student: str  # from the name of the file or folder
    path: str  # where the notebook was found
    read: Read | None  # returns its bytes, or raises UnreadableError; None if there is a problem
    problem: str = ""  # why there is no notebook to mark
    aside: str = ""  # the names of other notebooks beside it, which nobody looks at


class UnreadableError(Exception):
    """A file cannot be read, or may not be; the text says why."""


def find_submissions(folder: Path | str, notebook_name: str) -> list[Submission]:
    """Return the submissions in ``folder``, sorted by student.

    Of several notebooks, the one with the assignment's ``notebook_name`` is taken.
    Raises ValueError if ``folder`` is not a folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"SUBMISSIONS must be a folder, got {folder}")
    found, by_lms = [], {}
    for entry in sorted(folder.iterdir()):
        if entry.name not in IGNORED_NAMES and not entry.name.startswith("."):
            root = PurePosixPath(entry.name)
            files = _Reader().list_files(entry, root)
            if LMS_NAME.match(entry.name):  # the folder itself is a download, unpacked
                by_lms |= files
            else:
                found += _students(files, root, notebook_name)
    if by_lms:
        found += _students(by_lms, PurePosixPath(), notebook_name)
    names = Counter(disk_key(s.student) for s in found)
    # ann.ipynb and ann.zip are two rows, and a person's points belong to one of them.
    found = [s._replace(student=s.path) if names[disk_key(s.student)] > 1 else s for s in found]
    return sorted(found, key=lambda s: (s.student, s.path))


def disk_key(name: str) -> str:
    """Return the same for two names that some disk takes for one, as "Ann" and "ann"."""
    return unicodedata.normalize("NFC", name).casefold()


def _students(files: Found, root: PurePosixPath, notebook_name: str) -> list[Submission]:
    """Split the files below ``root`` into students, and choose the notebook of each."""
    below, by_lms = {}, {}
    for path in files:
        first, *more = path.relative_to(root).parts or ("",)
        if start := LMS_NAME.match(first):
            by_lms.setdefault("_".join(filter(None, start.groups())), []).append(path)
        elif more or _ends(first, ".zip"):
            below.setdefault(first, []).append(path)

    def chosen(student, paths):
        return _choose(student, root, {path: files[path] for path in paths}, notebook_name)

    if by_lms:
        return [chosen(student, paths) for student, paths in by_lms.items()]
    loose = [p for p in files if len(p.relative_to(root).parts) == 1 and _ends(p, ".ipynb")]
    holding = [n for n, paths in below.items() if any(_ends(p, ".ipynb") for p in paths)]
    if len(holding) > 1 and not loose:  # each folder or zip is a student
        return [
            submission
            for name, paths in below.items()
            for submission in _students({p: files[p] for p in paths}, root / name, notebook_name)
        ]
    return [chosen(re.sub(r"\.(zip|ipynb)$", "", root.name, flags=re.IGNORECASE), files)]


def _choose(student, root, files, notebook_name) -> Submission:
    """Return the submission of one student, whose files lie below ``root``."""
    notebooks, aside = [path for path in files if _ends(path, ".ipynb")], ""
    named = [path for path in notebooks if path.name == notebook_name]
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
    problems = [what for what in files.values() if what and isinstance(what, str)]
    where = next(iter(files)) if len(files) == 1 else root
    return Submission(student, str(where), None, (problems or ["holds no notebook (.ipynb)"])[0])


def _names(paths):
    return ", ".join(sorted(path.name for path in paths)[:5])


def _ends(path, suffix):
    return str(path).lower().endswith(suffix)


class _Reader:
    """Lists the files of one entry, within limits. ``shown``: a path as the reports show it."""

    def __init__(self):
        self.inner_zip_bytes_left, self.files = MAX_INNER_ZIP_BYTES, 0

    def list_files(self, entry: Path, shown: PurePosixPath) -> Found:
        """Return what stands at each path in an entry."""
        try:
            if entry.is_symlink():
                raise UnreadableError("is a link, which is not followed")
            if entry.is_dir():
                files = {}
                for inner in sorted(entry.iterdir()):
                    if inner.name not in IGNORED_NAMES:
                        files |= self.list_files(inner, shown / inner.name)
                return files or {shown: None}
            if not entry.is_file():
                raise UnreadableError("is neither a file nor a folder")
            return self._file(partial(entry.open, "rb"), shown, MAX_ZIP_DEPTH)
        except UnreadableError as error:
            return {shown: str(error)}
        except OSError as error:
            return {shown: f"cannot be read: {error.strerror}"}

    def _file(self, open_file: Open, shown: PurePosixPath, depth_left: int) -> Found:
        if _ends(shown, ".ipynb"):
            return {shown: partial(_bytes_of, open_file, MAX_FILE_BYTES)}
        if not _ends(shown, ".zip"):
            return {shown: None}
        if depth_left == 0:
            raise UnreadableError(f"holds zips within zips more than {MAX_ZIP_DEPTH} deep")
        files = {}
        with open_file() as file:
            try:
                with zipfile.ZipFile(file) as archive:
                    for member in archive.infolist():
                        files |= self._member(member, open_file, shown, depth_left)
            except Exception as error:  # broken zips raise errors of many kinds
                files[shown] = f"is not a readable zip ({error})"
        return files or {shown: None}

    def _member(self, member, open_zip, shown, depth_left) -> Found:
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        # Nothing is written, so a path that leads out is only a strange name.
        parts = [part for part in parts if part not in ("..", "/", "//", ".")]
        if member.is_dir() or not parts or IGNORED_NAMES & set(parts):
            return {}
        path = shown.joinpath(*parts)
        self.files += 1
        if self.files > MAX_FILES:
            return {shown: f"holds more than {MAX_FILES} files"}
        open_member = partial(_open_member, open_zip, member)
        try:
            if _ends(path, ".zip"):
                most = min(MAX_FILE_BYTES, self.inner_zip_bytes_left)
                open_member = partial(_in_memory, open_member, most)
                with open_member() as held:
                    self.inner_zip_bytes_left -= len(held.getbuffer())
            return self._file(open_member, path, depth_left - 1)
        except UnreadableError as error:
            return {path: str(error)}


@contextlib.contextmanager
def _open_member(open_zip, member):
    with open_zip() as file, zipfile.ZipFile(file) as archive, archive.open(member) as inner:
        yield inner


def _in_memory(open_file, max_bytes):
    return io.BytesIO(_bytes_of(open_file, max_bytes))  # a zip has to be read in any order


def _bytes_of(open_file: Open, max_bytes: int) -> bytes:
    """Return a file's bytes. Raises UnreadableError."""
    try:
        with open_file() as file:
            data = file.read(max_bytes + 1)  # what the zip says of its size may be false
    except UnreadableError:
        raise
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error
    except Exception as error:  # encrypted, damaged, of an unknown kind
        raise UnreadableError(f"cannot be read ({error})") from error
    if len(data) > max_bytes:
        raise UnreadableError(f"is larger than {max_bytes >> 20} MiB")
    return data
