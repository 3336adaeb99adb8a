"""Lists the files of one entry of a download, within limits, and reads each when it is asked for.

An entry is a file or a folder on disk, or what a zip holds under one name. Nothing is unpacked to
disk. Whatever an entry does to its reader, the result is a problem of this entry alone.
"""

import contextlib
import io
import os
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple

MAX_ZIP_DEPTH = 4  # zips within zips
MAX_FOLDER_DEPTH = 32  # folders within folders
MAX_FILE_BYTES = 2**26  # of one file, unpacked
MAX_INNER_ZIP_BYTES = 2**28  # of all zips within one entry, which are unpacked to be looked into
MAX_FILES = 20_000  # in one entry
MAX_DIRECTORY_BYTES = 2**23  # of the list of files in a zip
MAX_SECONDS = 20.0  # to list an entry, or to read a file
CHUNK_BYTES = 2**20
IGNORED_NAMES = {"__MACOSX", ".ipynb_checkpoints", ".git", "__pycache__"}

Open = Callable[[], AbstractContextManager[BinaryIO]]  # opens a file, each time anew
Read = Callable[[], bytes]
# What stands at a path: how to read a file, or what is wrong there.
Found = dict[PurePosixPath, Read | str]


class UnreadableError(Exception):
    """A file cannot be read, or may not be; the text says why."""


class Entry(NamedTuple):
    """What stands under one name: ``files()`` lists it, ``inside()`` returns the entries in it."""

    name: str
    shown: PurePosixPath  # its path, as the reports show it
    is_folder: bool
    files: Callable[[], Found]
    inside: Callable[[], list["Entry"]]  # [] if it is neither a folder nor a zip that can be read

    @property
    def holds_work(self) -> bool:
        """Whether a notebook can be in it."""
        return self.is_folder or is_notebook(self.name) or is_zip(self.name)


def is_notebook(path: PurePosixPath | str) -> bool:
    """Whether a name is that of a notebook; browsers save some as ``name.ipynb.txt``."""
    return str(path).lower().endswith((".ipynb", ".ipynb.txt", ".ipynb.json"))


def is_zip(path: PurePosixPath | str) -> bool:
    return str(path).lower().endswith(".zip")


def entries(folder: Path, shown: PurePosixPath) -> list[Entry]:
    """Return what a folder on disk holds, sorted by name. Raises UnreadableError if too much."""
    inside = list(islice(folder.iterdir(), MAX_FILES + 1))
    if len(inside) > MAX_FILES:
        raise UnreadableError(f"holds more than {MAX_FILES} files")
    return [
        _on_disk(inner, shown / inner.name)
        for inner in sorted(inside)
        if inner.name not in IGNORED_NAMES and not inner.name.startswith(".")
    ]


def _on_disk(path: Path, shown: PurePosixPath) -> Entry:
    if path.is_dir() and not path.is_symlink():
        return Entry(
            path.name,
            shown,
            True,
            partial(_files_of_folder, path, shown),
            partial(_guarded, partial(entries, path, shown)),
        )
    open_file, inside = partial(open_regular, path), list
    if is_zip(path.name):
        inside = partial(_guarded, partial(_in_zip, open_file, shown))
    return Entry(path.name, shown, False, partial(_files_of_file, open_file, shown), inside)


def _guarded(inside) -> list[Entry]:
    """Return the entries, none if they cannot be listed: then ``files`` says why."""
    try:
        return inside()
    except Exception:
        return []


def _files_of_folder(path: Path, shown: PurePosixPath) -> Found:
    listing = _Listing()
    return listing.report(shown, lambda: listing.add_folder(path, shown))


def _files_of_file(open_file: Open, shown: PurePosixPath) -> Found:
    listing = _Listing()
    return listing.report(shown, lambda: listing.add_file(open_file, shown, MAX_ZIP_DEPTH))


def _files_of_members(open_zip: Open, members, zip_shown, shown: PurePosixPath) -> Found:
    listing = _Listing()

    def add():
        for parts, member in members:
            listing.add_member(open_zip, member, zip_shown.joinpath(*parts), MAX_ZIP_DEPTH - 1)

    return listing.report(shown, add)


def _in_zip(open_zip: Open, shown: PurePosixPath, below: tuple = ()) -> list[Entry]:
    """Return what a zip holds below a folder, an entry for each name there."""
    groups: dict[str, list] = {}
    for member in _members(open_zip):
        parts = _parts(member)
        if parts and parts[: len(below)] == below and len(parts) > len(below):
            groups.setdefault(parts[len(below)], []).append((parts, member))
    found = []
    for name, members in sorted(groups.items()):
        path = shown.joinpath(*below, name)
        is_file = [parts for parts, _ in members] == [(*below, name)]
        if is_file:
            open_member = partial(_open_member, open_zip, members[0][1])
            inside = list
            if is_zip(name):
                unpacked = partial(_in_memory, open_member, MAX_FILE_BYTES)
                inside = partial(_guarded, partial(_in_zip, unpacked, path))
        else:
            inside = partial(_guarded, partial(_in_zip, open_zip, shown, (*below, name)))
        files = partial(_files_of_members, open_zip, members, shown, path)
        found.append(Entry(name, path, not is_file, files, inside))
    return found


class _Listing:
    """The files of one entry, as far as the limits allow."""

    def __init__(self):
        self.found: Found = {}
        self._files, self._inner_bytes_left = 0, MAX_INNER_ZIP_BYTES
        self._deadline = time.monotonic() + MAX_SECONDS

    def report(self, shown: PurePosixPath, add: Callable[[], None]) -> Found:
        """Add what ``add`` finds, and return it all; what stops it is a problem at ``shown``."""
        try:
            add()
        except UnreadableError as error:
            self.found[shown] = str(error)
        except OSError as error:
            self.found[shown] = f"cannot be read: {error.strerror or error}"
        except Exception as error:  # what was handed in may raise anything
            self.found[shown] = f"cannot be read ({type(error).__name__})"
        return self.found

    def add_folder(self, path: Path, shown: PurePosixPath) -> None:
        waiting = [(path, shown, 0)]
        while waiting:
            folder, place, depth = waiting.pop()
            if depth > MAX_FOLDER_DEPTH:
                raise UnreadableError(f"holds folders more than {MAX_FOLDER_DEPTH} deep")
            for inner in sorted(folder.iterdir()):
                if inner.name in IGNORED_NAMES:
                    continue
                self._count()
                if inner.is_dir() and not inner.is_symlink():
                    waiting.append((inner, place / inner.name, depth + 1))
                    continue
                one = partial(self.add_file, partial(open_regular, inner), place / inner.name)
                self.report(place / inner.name, partial(one, MAX_ZIP_DEPTH))

    def add_file(self, open_file: Open, shown: PurePosixPath, depth_left: int) -> None:
        if not is_zip(shown):
            if getattr(open_file, "func", None) is open_regular:
                _regular(open_file.args[0])  # says now what is wrong with it
            self.found[shown] = partial(_bytes_of, open_file, MAX_FILE_BYTES)
            return
        if depth_left == 0:
            raise UnreadableError(f"holds zips within zips more than {MAX_ZIP_DEPTH} deep")
        members = _members(open_file)
        for member in members:
            if parts := _parts(member):
                self.add_member(open_file, member, shown.joinpath(*parts), depth_left - 1)

    def add_member(self, open_zip: Open, member, path: PurePosixPath, depth_left: int) -> None:
        self._count()
        if len(path.parts) > MAX_FOLDER_DEPTH:
            raise UnreadableError(f"holds folders more than {MAX_FOLDER_DEPTH} deep")

        def add():
            open_member = partial(_open_member, open_zip, member)
            if is_zip(path):
                most = min(MAX_FILE_BYTES, self._inner_bytes_left)
                open_member = partial(_in_memory, open_member, most)
                with open_member() as held:
                    self._inner_bytes_left -= len(held.getbuffer())
            self.add_file(open_member, path, depth_left)

        self.report(path, add)

    def _count(self) -> None:
        self._files += 1
        if self._files > MAX_FILES:
            raise UnreadableError(f"holds more than {MAX_FILES} files")
        if time.monotonic() > self._deadline:
            raise UnreadableError(f"took longer than {MAX_SECONDS:g} s to look into")


def _regular(path: Path) -> None:
    """Raise UnreadableError if a path is not a file: opening a pipe could wait for ever."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        raise UnreadableError("is a link, which is not followed")
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError("is neither a file nor a folder")


@contextlib.contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """Open a file that may have become something else since it was listed."""
    _regular(path)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise UnreadableError("is neither a file nor a folder")
        yield file


@contextlib.contextmanager
def _open_member(open_zip: Open, member) -> Iterator[BinaryIO]:
    with open_zip() as file, zipfile.ZipFile(_Bounded(file)) as archive:
        archive.fp.unbind()
        with archive.open(member) as inner:
            yield inner


class _Bounded:
    """A file of which only so many bytes may be read, until ``unbind``."""

    def __init__(self, file: BinaryIO):
        self._file, self._left = file, MAX_DIRECTORY_BYTES

    def read(self, size: int = -1) -> bytes:
        if self._left is None:
            return self._file.read(size)
        data = self._file.read(self._left + 1 if size < 0 else min(size, self._left + 1))
        if len(data) > self._left:
            raise UnreadableError(f"holds more than {MAX_FILES} files")
        self._left -= len(data)
        return data

    def unbind(self) -> None:
        self._left = None

    def __getattr__(self, name):
        return getattr(self._file, name)


def _members(open_zip: Open) -> list[zipfile.ZipInfo]:
    """Return the files in a zip. Raises UnreadableError."""
    with open_zip() as file:
        try:
            with zipfile.ZipFile(_Bounded(file)) as archive:
                return archive.infolist()
        except UnreadableError:
            raise
        except Exception as error:  # broken zips raise errors of many kinds
            raise UnreadableError(f"is not a readable zip ({error})") from error


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    """Return a file's path in a zip, () for a folder or a file of no interest."""
    parts = member.filename.replace("\\", "/").split("/")
    # Nothing is written, so a path that leads out is only a strange name.
    parts = tuple(part for part in parts if part not in ("", ".", ".."))
    return () if member.is_dir() or IGNORED_NAMES & set(parts) else parts


def _in_memory(open_file: Open, max_bytes: int) -> io.BytesIO:
    return io.BytesIO(_bytes_of(open_file, max_bytes))  # a zip has to be read in any order


def _bytes_of(open_file: Open, max_bytes: int) -> bytes:
    """Return a file's bytes. Raises UnreadableError."""
    data, deadline = bytearray(), time.monotonic() + MAX_SECONDS
    try:
        with open_file() as file:
            # What the zip says of the size may be false.
            while chunk := file.read(min(CHUNK_BYTES, max_bytes + 1 - len(data))):
                data += chunk
                if len(data) > max_bytes:
                    break
                if time.monotonic() > deadline:
                    raise UnreadableError(f"took longer than {MAX_SECONDS:g} s to read")
    except UnreadableError:
        raise
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error
    except Exception as error:  # encrypted, damaged, of an unknown kind
        raise UnreadableError(f"cannot be read ({error})") from error
    if len(data) > max_bytes:
        raise UnreadableError(f"is larger than {max_bytes >> 20} MiB")
    return bytes(data)
