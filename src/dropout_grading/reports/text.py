"""Makes what a student wrote harmless where it is shown: in Markdown, a spreadsheet, a terminal.

A student's text is in names of files, errors, names of types, and answers. Each report puts all of
it through one of these.
"""

import re

# What means nothing to Markdown wherever it stands in a line: letters, digits, and some marks. In a
# name ``_`` is one of them, and so are ``.`` and ``:`` at the end of a word. Nothing that becomes a
# link by itself, as example.org.
PLAIN = re.compile(r"(?:[^\W_]|(?<=[^\W_])_(?=[^\W_])|[.:](?!\S)|(?<=\d)\.(?=\d)|[ ,;'\"()=/%?-])*")
LINE_ENDS = re.compile(r"[\s\x1c-\x1f\x85\u2028\u2029]+")
# Where a cell can begin if a spreadsheet takes another delimiter, or a quote, for what it is not.
CELL_STARTS = re.compile(
    "(^|[,;\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029\"])(?=\\s*['=+@＝＋－＠\t\r\n-])"
)
CELL_STARTS_MADE = re.compile("(^|[,;\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029\"])'")


def markdown(text: str) -> str:
    """Return a text as one line of Markdown that shows it and does nothing else.

    What holds a character that could mean something becomes code, in which nothing means anything.
    """
    text = _visible(LINE_ENDS.sub(" ", text).strip())
    if PLAIN.fullmatch(text) and not re.match(r"\d+[.)]|[-=]", text):
        return text
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    space = " " if text.startswith(("`", " ")) or text.endswith(("`", " ")) else ""
    return f"{fence}{space}{text}{space}{fence}"


def cell(text: str) -> str:
    """Return a text as no spreadsheet takes it for a formula, whatever delimiter it splits at.

    It gets a ``'`` wherever a cell could begin with a formula, or with a ``'`` of its own.
    """
    return CELL_STARTS.sub(r"\1'", text)


def uncell(text: str) -> str:
    """Return what ``cell`` was given."""
    return CELL_STARTS_MADE.sub(r"\1", text)


def terminal(text: str) -> str:
    """Return a text as one line in which each character that a terminal may obey is spelled out."""
    return _visible(text)


def _visible(text: str) -> str:
    r"""Spell out what is not shown: ``\x1b`` for the character that begins an escape sequence."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
