"""Gradescope's export: a folder for each submission, and ``submission_metadata.yml`` beside them.

The folders are called ``submission_123``; the file says whose they are, by e-mail address.
"""

import re

import yaml

from dropout_grading.submissions.owner import Owner, content

NAME = "Gradescope"
METADATA = "submission_metadata.yml"
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

    The nodes are walked as they are: Ruby's tags and the many results beside them mean nothing.
    """
    loader, found = getattr(yaml, "CSafeLoader", yaml.SafeLoader), {}
    try:
        for folder, submission in yaml.compose(text.decode("utf8", "replace"), loader).value:
            (submitters,) = (v.value for k, v in submission.value if k.value == ":submitters")
            fields = [pair for submitter in submitters for pair in submitter.value]
            emails = sorted({v.value for k, v in fields if k.value == ":email"} - {""})
            if emails:
                found[folder.value] = ", ".join(emails)
    except (yaml.YAMLError, AttributeError, TypeError, ValueError):
        pass  # then the folder's name stands for its student
    return found
