"""Find the submissions in a folder of anything: notebooks, zips, an LMS's nested download.

Nothing is unpacked to disk. One entry of the folder is one student; a zip or a folder that holds
several students is looked into. What cannot be read is a problem of that one file.
"""

import io
import re
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

DEPTH = 4  # zips within zips
LARGEST = 2**26  # bytes of one file, unpacked
ALL = 2**29  # bytes of all that one entry unpacks to: it may hold a whole class
MOST = 20_000  # files in one entry
IGNORED = {"__MACOSX", ".ipynb_checkpoints", ".git", "__pycache__"}
# The front of a name in the downloads of Moodle, "Ann Lee_123_assignsubmission_file_…", and of
# Canvas, "leeann_LATE_123_456_…": one student, however many files follow.
LMS = re.compile(r"(.+?_\d+)_assignsubmission_|([^_]+)(?:_LATE)?_\d+_\d+_")


class Submission(NamedTuple):
    """``student``; ``path``, where it was found; ``data``, the notebook's bytes, or ``problem``."""

    student: str
    path: str
    data: bytes | None
    problem: str = ""


class _Refused(Exception):
    pass


def find(folder, wanted):
    """Return the submissions in ``folder``, sorted by student.

    ``wanted``: the file name of the assignment's notebook, preferred where there are several.
    Raises ValueError if ``folder`` is not a folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ValueError(f"SUBMISSIONS must be a folder, got {folder}")
    found = []
    for entry in sorted(folder.iterdir()):
        if entry.name not in IGNORED and not entry.name.startswith("."):
            root = PurePosixPath(entry.name)
            found += _students(_Reader().read(entry, root), root, wanted)
    names = [submission.student for submission in found]
    # ann.ipynb and ann.zip are two rows, and a person's marks belong to one of them.
    found = [s._replace(student=s.path) if names.count(s.student) > 1 else s for s in found]
    return sorted(found, key=lambda s: (s.student, s.path))


def _students(files, root, wanted):
    """Split the files below ``root`` into students and choose the notebook of each."""
    below, by_lms = {}, {}
    for path in files:
        first, *more = path.relative_to(root).parts or ("",)
        if front := LMS.match(first):
            by_lms.setdefault(front[1] or front[2], []).append(path)
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
    notebooks = [path for path in paths if _ends(path, ".ipynb")]
    named = [path for path in notebooks if path.name == wanted]
    if len(named) == 1:
        notebooks = named
    if len(notebooks) == 1:
        data = files[notebooks[0]]
        data, problem = (None, data) if isinstance(data, str) else (data, "")
        return Submission(student, str(notebooks[0]), data, problem)
    if notebooks:
        names = ", ".join(sorted(p.name for p in notebooks)[:5])
        return Submission(student, str(root), None, f"holds {len(notebooks)} notebooks: {names}")
    problems = [text for path in paths if (text := files[path]) and isinstance(text, str)]
    where = paths[0] if len(paths) == 1 else root
    return Submission(student, str(where), None, (problems or ["holds no notebook (.ipynb)"])[0])


def _ends(path, suffix):
    return str(path).lower().endswith(suffix)


def _name(name):
    return re.sub(r"\.(zip|ipynb)$", "", name, flags=re.IGNORECASE)


class _Reader:
    """Reads the notebooks of one entry into memory, within limits."""

    def __init__(self):
        self.left, self.count = ALL, 0

    def read(self, entry, shown):
        """Return {shown path: what}: a notebook's bytes, a problem, b"" for another file."""
        try:
            if entry.is_symlink():
                raise _Refused("is a link, which is not followed")
            if entry.is_dir():
                files = {}
                for inner in sorted(entry.iterdir()):
                    if inner.name not in IGNORED:
                        files |= self.read(inner, shown / inner.name)
                return files or {shown: b""}
            if not entry.is_file():
                raise _Refused("is neither a file nor a folder")
            if not _ends(entry.name, (".ipynb", ".zip")):
                return {shown: b""}
            with entry.open("rb") as file:
                top = _ends(entry.name, ".zip")  # the download of a whole class may be large
                return self._unpack(self._take(file, ALL if top else LARGEST), shown, DEPTH)
        except _Refused as error:
            return {shown: str(error)}
        except OSError as error:
            return {shown: f"cannot be read: {error.strerror}"}

    def _unpack(self, data, shown, depth):
        if not _ends(shown, ".zip"):
            return {shown: data}
        if depth == 0:
            raise _Refused(f"holds zips within zips more than {DEPTH} deep")
        files = {}
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                for member in archive.infolist():
                    files |= self._member(archive, member, shown, depth)
        except Exception as error:  # broken zips raise errors of many kinds
            files[shown] = f"is not a readable zip ({error})"
        return files or {shown: b""}

    def _member(self, archive, member, shown, depth):
        parts = PurePosixPath(member.filename.replace("\\", "/")).parts
        # Nothing is written, so a path that leads out is only a strange name.
        parts = [part for part in parts if part not in ("..", "/", "//", ".")]
        if member.is_dir() or not parts or IGNORED & set(parts):
            return {}
        path = shown.joinpath(*parts)
        self.count += 1
        if self.count > MOST:
            return {shown: f"holds more than {MOST} files"}
        if not _ends(path, (".ipynb", ".zip")):
            return {path: b""}
        try:
            with archive.open(member) as file:
                return self._unpack(self._take(file), path, depth - 1)
        except _Refused as error:
            return {path: str(error)}
        except Exception as error:  # encrypted, damaged, of an unknown kind
            return {path: f"cannot be read ({error})"}

    def _take(self, file, most=LARGEST):
        most = min(most, self.left)
        data = file.read(most + 1)  # what the zip says of its size may be false
        if len(data) > most:
            raise _Refused(f"is larger than {most >> 20} MiB")
        self.left -= len(data)
        return data
