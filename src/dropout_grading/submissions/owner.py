"""What the modules of the systems share: whose an entry is, and how to read a small file in it."""

from typing import NamedTuple

from dropout_grading.submissions.files import Entry, UnreadableError


class Owner(NamedTuple):
    """A student as a system calls them, and the number by which its tables know them."""

    student: str
    number: str = ""


def content(entry: Entry) -> bytes:
    """Return the bytes of an entry that is one file, none if it is not, or cannot be read."""
    read = entry.files().get(entry.shown, "")
    try:
        return b"" if isinstance(read, str) else read()
    except UnreadableError:
        return b""


def first_line(entry: Entry) -> str:
    """Return the first line of an entry that is one text file."""
    return content(entry).decode("utf-8-sig", "replace").partition("\n")[0].strip()
