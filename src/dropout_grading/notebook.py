"""The code and the answers of a submitted notebook, whatever else is in it."""

import json
import re

LARGEST = 2**24  # bytes
FRAME = r"<!-- (?:BEGIN|END) QUESTION -->\s*"  # otter's, around a question for a person
OTTER = r"^(import otter|grader = otter\.Notebook\(.*|grader\.check\(.*)$"
PLACEHOLDER = "_Type your answer here"  # what otter puts where an answer goes
LONGEST = 20_000  # characters of an answer: a cell of a spreadsheet holds 32 767


class NotANotebook(Exception):
    """What was handed in cannot be read as a notebook; the text says why."""


def cells(data):
    """Return the cells of a notebook's bytes: a list of (kind, source).

    Outputs, metadata and kernel are not looked at. Raises NotANotebook.
    """
    if len(data) > LARGEST:
        raise NotANotebook(f"is larger than {LARGEST >> 20} MiB: hand it in without its outputs")
    try:
        parsed = json.loads(data.decode("utf-8-sig"))
        found = [
            (cell["cell_type"], _text(cell["source"]))
            for cell in parsed["cells"]
            if cell["cell_type"] in ("code", "markdown")
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotANotebook(f"is not a notebook ({type(error).__name__})") from error
    return found


def _text(source):
    text = source if isinstance(source, str) else "".join(str(line) for line in source)
    return re.sub(FRAME, "", text)


def code(found):
    """Return the sources of the code cells, without otter's: its checks are not run again here."""
    sources = (source for kind, source in found if kind == "code")
    return [re.sub(OTTER, "pass", source, flags=re.MULTILINE) for source in sources]


def answer(found, question, questions, template):
    """Return what was written under the heading of a ``question``, "" if nothing.

    Up to the heading of another of the ``questions``; a heading of the student's own is a part of
    the answer. ``template``: the cells of the notebook as it was given out; what stands there is
    no answer.
    """
    given = {source.strip() for _, source in template}
    given |= {s.strip() for _, s in found if s.strip().startswith(PLACEHOLDER)}
    names = {name.lower() for name in questions}
    inside, parts = False, []
    for kind, source in found:
        heading = re.match(r"\s*#+ *(\w+)\b", source) if kind == "markdown" else None
        if heading and heading[1].lower() in names:
            inside = heading[1].lower() == question.lower()
        if inside and kind == "markdown" and source.strip() not in {*given, ""}:
            parts.append(source.strip())
    text = "\n\n".join(parts).encode("utf8", "replace").decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n[cut: {len(text)} characters]"
