"""Blackboard's download of an assignment: ``HW 1_alee_attempt_2026-11-28-10-30-15_file.ipynb``.

Beside each attempt's files lies a receipt without a file's name, ``…-15.txt``. Its first line names
the student: ``Name: Ann Lee (alee)``. Title and user name may both hold a ``_``, so the receipt
says where the one ends. Of several attempts the last one counts.
"""

import re

from dropout_grading.submissions.owner import Owner, first_line

NAME = "Blackboard"
PATTERN = re.compile(r"(.+?)_attempt_(\d{4}(?:-\d\d){5})(\.txt|_.+)", re.DOTALL)


def owners(entries) -> dict[str, Owner | None] | None:
    """Return {name of an entry: whose it is}, None if this is no download of Blackboard.

    None stands for what is nobody's: receipts, and attempts before the last one.
    """
    found = {entry.name: PATTERN.fullmatch(entry.name) for entry in entries if not entry.is_folder}
    if len(found) < len(entries) or not all(found.values()):
        return None
    last, users = {}, {}
    for entry in entries:
        head, date, ending = found[entry.name].groups()
        last[head] = max(date, last.get(head, ""))
        if ending == ".txt":
            said = re.fullmatch(r"Name: .* \((.+)\)", first_line(entry))
            if said and head.endswith(f"_{said[1]}"):
                users[head] = said[1]
    handed_in = {match[1] for match in found.values() if match[3] != ".txt"}
    owned = {}
    for name, match in found.items():
        head, date, ending = match.groups()
        # A receipt alone is a row: somebody handed in words, or nothing.
        of_nobody = date < last[head] or (ending == ".txt" and head in handed_in)
        owned[name] = None if of_nobody else Owner(users.get(head, head))
    return owned
