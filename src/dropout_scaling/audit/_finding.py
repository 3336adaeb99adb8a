"""What an audit reports, in groups, and what its user has decided to leave."""

import fnmatch
import re
from typing import NamedTuple

SHOWN = 3  # names of modules in a line


class Finding(NamedTuple):
    """One fault, or a note on what is no fault by itself.

    ``kind``: a word for tools. ``module``: the submodule's name, "" for the model. ``location``:
    ``file:line`` of the call, "" if the layer itself is the fault. ``message``: the fault and its
    cure. ``note``: whether it is a note. ``others``: the names of other submodules that have it at
    the same line of code, or, if there is none, in the same role.
    """

    kind: str
    module: str
    location: str
    message: str
    note: bool = False
    others: tuple = ()

    def __str__(self):
        names = [self.module or "(model)", *self.others]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        place = " ".join(part for part in (", ".join(names[:SHOWN]) + more, self.location) if part)
        return f"{'note: ' if self.note else ''}{place}: {self.message} [{self.kind}]"


def grouped(findings):
    """Return one finding for each kind and line of code, or role, with the other modules' names."""
    groups = {}
    for finding in findings:
        place = finding.location or role(finding.module)
        groups.setdefault((finding.kind, finding.note, place), []).append(finding)
    found = []
    for first, *rest in groups.values():
        others = dict.fromkeys(f.module for f in rest if f.module != first.module)
        found.append(first._replace(others=tuple(others)))
    return found


def role(name):
    """The name of a module without its numbers."""
    return re.sub(r"\d+", "#", name)


def ignoring(findings, ignore):
    """Return the findings, those that ``ignore`` names as notes that say why.

    ``ignore``: {"kind:module": reason}; the module may be a pattern such as ``decoder.*``. What it
    names and is not found becomes a note, too.
    """
    kept, met = [], set()
    for finding in findings:
        wanted = [key for key in ignore if _names(key, finding)]
        if wanted and not finding.note:
            met.add(wanted[0])
            reason = f"ignored, because {ignore[wanted[0]]}: {finding.message}"
            finding = finding._replace(note=True, message=reason)
        kept.append(finding)
    for key in ignore:
        if key not in met:
            kind, _, module = key.partition(":")
            text = f"to be ignored, because {ignore[key]}, and not found: remove {key!r}"
            kept.append(Finding(kind, module, "", text, note=True))
    return kept


def check_ignore(ignore):
    """Raise ValueError unless each key names a kind and each value is a reason."""
    for key, reason in ignore.items():
        if not key.partition(":")[0].strip():
            raise ValueError(f"ignore must have keys like 'active in eval:decoder', got {key!r}")
        if not isinstance(reason, str) or not reason.strip():
            raise ValueError(f"ignore must give a reason for {key!r}, got {reason!r}")


def _names(key, finding):
    kind, colon, pattern = key.partition(":")
    return kind == finding.kind and (not colon or fnmatch.fnmatchcase(finding.module, pattern))
