"""The code and the answers of a submitted notebook, whatever else is in it."""

import json
import re

LARGEST = 2**24  # bytes
FRAME = r"<!-- (?:BEGIN|END) QUESTION -->\s*"  # otter's, around a question for a person
OTTER = r"^(import otter|grader = otter\.Notebook\(.*|grader\.check\(.*)$"
PLACEHOLDER = "_Type your answer here"  # what otter puts where an answer goes
SOLUTION = "# BEGIN SOLUTION"  # otter's; also in a cell whose rest is given to the student
DEFINED = re.compile(r"\b(?:def|class)\s+(\w+)|\b(\w+)\s*=(?!=)")
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
        found = [(cell["cell_type"], _text(cell["source"])) for cell in parsed["cells"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotANotebook(f"is not a notebook ({type(error).__name__})") from error
    return found


def handed_out(data):
    """Return the cells of an assignment's source, without the answers in words."""
    return [(kind, source) for kind, source, answers in _of_source(data) if not answers]


def rubric(data):
    """Return the answers in words of an assignment's source, each below its question's heading."""
    found, heading = [], ""
    for kind, source, answers in _of_source(data):
        if answers:
            found += [heading, source]
        elif kind == "markdown":
            heading = source.partition("\n")[0]
    return "\n\n".join(found) + "\n"


def _of_source(data):
    """Yield each cell (kind, source) of a source, and whether it is an answer in words."""
    inside = False
    for kind, source in cells(data):
        if kind == "raw":
            inside = SOLUTION in source or (inside and "# END SOLUTION" not in source)
        yield kind, source, inside and kind == "markdown"


def _text(source):
    text = source if isinstance(source, str) else "".join(str(line) for line in source)
    return re.sub(FRAME, "", text)


def code(found):
    """Return the sources of the code cells, without otter's: its checks are not run again here."""
    sources = (source for kind, source in found if kind == "code")
    return [re.sub(OTTER, "pass", source, flags=re.MULTILINE) for source in sources]


def place(number, source):
    """Return how a person finds the code cell with this number, from 0: by its first line."""
    lines = [line.strip() for line in source.splitlines() if line.strip()] or [""]
    first = lines[0] if len(lines[0]) <= 60 else f"{lines[0][:60]}…"
    return f"code cell {number + 1}, `{first}`"


def to_write(template):
    """Return the names of the functions and classes that a student is to write."""
    asked = [source for source in code(template) if SOLUTION in source]
    names = re.findall(r"^(?:def|class) (\w+)", "\n".join(asked), flags=re.MULTILINE)
    return list(dict.fromkeys(names))


def defines(found, names):
    """Whether some cell looks as if it defined one of the names. (It may fail when it runs.)"""
    pairs = DEFINED.findall("\n".join(code(found)))
    return not {name for pair in pairs for name in pair}.isdisjoint(names)


def answer(found, question, questions, template):
    """Return what was written under the heading of a ``question``, "" if nothing.

    Up to the heading of another of the ``questions``; a heading of the student's own is a part of
    the answer, and so is code there. Where nothing is: all that the student wrote in words
    anywhere, since no answer gets 0 and no person looks. ``template``: the cells of the notebook as
    it was given out; what stands there is no answer.
    """
    given = {source.strip() for _, source in template} | {""}
    given |= {s.strip() for _, s in found if s.strip().startswith(PLACEHOLDER)}
    names = {name.lower() for name in questions}
    inside, below, elsewhere = False, [], []
    for kind, source in found:
        heading = re.match(r"\s*#+ *(\w+)\b", source) if kind == "markdown" else None
        if heading and heading[1].lower() in names:
            inside = heading[1].lower() == question.lower()
        if source.strip() not in given:
            if inside:
                below.append(source.strip())
            elif kind != "code":
                elsewhere.append(source.strip())
    text = "\n\n".join(below or elsewhere).encode("utf8", "replace").decode()
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n[cut: {len(text)} characters]"
