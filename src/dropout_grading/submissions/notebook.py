"""Reads a notebook: its code, and its answers in words."""

import json
import re
from collections.abc import Iterator

MAX_NOTEBOOK_BYTES = 2**24
MAX_ANSWER_CHARACTERS = 20_000  # a cell of a spreadsheet holds 32 767
# What otter-grader puts into a notebook: around a question for a person, into the code, where an
# answer goes, and in front of what a student is to write.
QUESTION_COMMENT = r"<!-- (?:BEGIN|END) QUESTION -->\s*"
OTTER_LINE = r"^(import otter|grader = otter\.Notebook\(.*|grader\.check\(.*)$"
ANSWER_PLACEHOLDER = r"_Type your answer here[^_\n]*_?"
SOLUTION_BEGINS, SOLUTION_ENDS = "# BEGIN SOLUTION", "# END SOLUTION"
DEFINITION = re.compile(r"\b(?:def|class)\s+(\w+)|\b(\w+)\s*=(?!=)")

Cell = tuple[str, str]  # its kind, and its source


class NotANotebookError(Exception):
    """A file cannot be read as a notebook; the text says why."""


def cells(data: bytes) -> list[Cell]:
    """Return the cells in a notebook's bytes, without outputs. Raises NotANotebookError."""
    if len(data) > MAX_NOTEBOOK_BYTES:
        limit = f"{MAX_NOTEBOOK_BYTES >> 20} MiB"
        raise NotANotebookError(f"is larger than {limit}: hand it in without its outputs")
    try:
        parsed = json.loads(data.decode("utf-8-sig"))
        found = [(cell["cell_type"], _text(cell["source"])) for cell in parsed["cells"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotANotebookError(f"is not a notebook ({type(error).__name__})") from error
    return found


def handed_out(data: bytes) -> list[Cell]:
    """Return the cells of an assignment's source, without the model answers in words."""
    return [(kind, source) for kind, source, is_answer in _of_source(data) if not is_answer]


def rubric(data: bytes) -> str:
    """Return the model answers in words, each below its question's heading."""
    found, heading = [], ""
    for kind, source, is_answer in _of_source(data):
        if is_answer:
            found += [heading, source]
        elif kind == "markdown":
            heading = source.partition("\n")[0]
    return "\n\n".join(found) + "\n"


def _of_source(data) -> Iterator[tuple[str, str, bool]]:
    """Yield kind and source of each cell, and whether it is a model answer in words."""
    inside = False
    for kind, source in cells(data):
        if kind == "raw":
            inside = SOLUTION_BEGINS in source or (inside and SOLUTION_ENDS not in source)
        yield kind, source, inside and kind == "markdown"


def _text(source: str | list) -> str:
    text = source if isinstance(source, str) else "".join(str(line) for line in source)
    return re.sub(QUESTION_COMMENT, "", text)


def code(found: list[Cell]) -> list[str]:
    """Return the sources of the code cells, without otter-grader's checks."""
    sources = (source for kind, source in found if kind == "code")
    return [re.sub(OTTER_LINE, "pass", source, flags=re.MULTILINE) for source in sources]


def place(number: int, source: str) -> str:
    """Return words by which a person finds a code cell. The first has the ``number`` 0."""
    lines = [line.strip() for line in source.splitlines() if line.strip()] or [""]
    first = lines[0] if len(lines[0]) <= 60 else f"{lines[0][:60]}…"
    return f"code cell {number + 1}, `{first}`"


def to_write(template: list[Cell]) -> list[str]:
    """Return the names of the functions and classes that a student is to write."""
    asked = [source for source in code(template) if SOLUTION_BEGINS in source]
    names = re.findall(r"^(?:def|class) (\w+)", "\n".join(asked), flags=re.MULTILINE)
    return list(dict.fromkeys(names))


def defines(found: list[Cell], names: list[str]) -> bool:
    """Whether some cell seems to define one of the names, whether it runs or not."""
    pairs = DEFINITION.findall("\n".join(code(found)))
    return not {name for pair in pairs for name in pair}.isdisjoint(names)


def answer(found: list[Cell], question: str, questions, template: list[Cell]) -> str:
    """Return a student's answer in words, "" if there is none.

    It is all below the question's heading, up to the heading of another question. Code and headings
    of the student's own belong to it. If there is nothing, it is all that the student wrote in
    words elsewhere: no answer gets 0, and no person looks.
    ``template``: the cells that were handed out, which are no answer. Nor is the line that holds an
    answer's place, if the student wrote below it.
    """
    given = {_without_placeholder(source) for _, source in template} | {""}
    names = {name.lower() for name in questions}
    inside, below, elsewhere = False, [], []
    for kind, source in found:
        heading = re.match(r"\s*#+ *(\w+)\b", source) if kind == "markdown" else None
        if heading and heading[1].lower() in names:
            inside = heading[1].lower() == question.lower()
        written = _without_placeholder(source)
        if written not in given:
            if inside:
                below.append(written)
            elif kind != "code":
                elsewhere.append(written)
    text = "\n\n".join(below or elsewhere).encode("utf8", "replace").decode()
    if len(text) <= MAX_ANSWER_CHARACTERS:
        return text
    return f"{text[:MAX_ANSWER_CHARACTERS]}\n[cut: {len(text)} characters]"


def _without_placeholder(source: str) -> str:
    return re.sub(ANSWER_PLACEHOLDER, "", source).strip()
