"""Gradescope's export: a folder for each submission, and ``submission_metadata.yml`` beside them.

The folders are called ``submission_123``; the file says whose they are, by e-mail address.
"""

import contextlib
import re
import time

import yaml

from dropout_grading.submissions.files import MAX_SECONDS
from dropout_grading.submissions.owner import Owner, content

NAME = "Gradescope"
METADATA = "submission_metadata.yml"
MAX_DEPTH = 100  # of collections in it
PATTERN = re.compile(r"submission_(\d+|metadata\.yml)")


def owners(entries) -> dict[str, Owner | None] | None:
    """Return {name of an entry: whose it is}, None if this is no export of Gradescope."""
    metadata = [entry for entry in entries if entry.name == METADATA]
    folders = [entry for entry in entries if entry.name != METADATA]
    if not metadata or not all(e.is_folder and PATTERN.fullmatch(e.name) for e in folders):
        return None
    addresses = _addresses(content(metadata[0]))
    owned = {entry.name: Owner(addresses.get(entry.name, entry.name)) for entry in folders}
    return owned | {METADATA: None}


def _addresses(text: bytes) -> dict[str, str]:
    """Return {name of a folder: its submitters' addresses}, as far as they can be read.

    Ruby's tags and the many results beside them mean nothing here.
    """
    found: dict[str, set[str]] = {}
    with contextlib.suppress(yaml.YAMLError):  # else a folder's name stands for its student
        for path, value in _scalars(text.decode("utf8", "replace")):
            match path:
                case (folder, ":submitters", None, ":email") if value:
                    found.setdefault(folder, set()).add(value)
    return {folder: ", ".join(sorted(emails)) for folder, emails in found.items()}


def _scalars(text: str):
    """Yield (path, value) for each value in a YAML file; None in a path is a place in a list.

    The file is read as a stream: PyYAML builds what it says by recursion, which can end Python.
    """
    deadline = time.monotonic() + MAX_SECONDS
    above = []  # for each collection that is open: whether it is a mapping, and the key it is at
    for event in yaml.parse(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if len(above) > MAX_DEPTH or time.monotonic() > deadline:
            return
        if isinstance(event, yaml.CollectionStartEvent):
            above.append([isinstance(event, yaml.MappingStartEvent), None])
            continue
        if isinstance(event, yaml.CollectionEndEvent):
            above.pop()
        if above and isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
            is_mapping, key = above[-1]
            value = getattr(event, "value", "")
            if is_mapping and key is None:
                above[-1][1] = value
                continue
            if isinstance(event, yaml.ScalarEvent):
                yield tuple(key for _, key in above), value
            above[-1][1] = None
