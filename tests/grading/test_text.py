"""Whatever a student writes is text to Markdown, to spreadsheets and to terminals."""

import csv
import io
import re

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dropout_grading.reports import text

PARSERS = [
    MarkdownIt("commonmark"),
    MarkdownIt("gfm-like", {"linkify": False}),
    MarkdownIt("js-default", {"linkify": False, "typographer": False}),
]
# Characters that mean something to one of the three, and others, in any order.
ODD = "`*_[]()<>!\\&#~|$:/.-+=@'\"^{}=,;\t\r\n\v\f\x00\x1b\x85\u2028\u202e＝＋－＠ aé1"
PIECES = (
    "http://x.org",
    "www.x.org",
    "a@x.org",
    "<img src=x>",
    "\\<img",
    "<!--",
    "![x](y)",
    "[x]: y",
)
MORE = (
    "&lt;",
    "1. ",
    "- ",
    "# ",
    "```",
    "~~~",
    "---",
    "===",
    "=1+1",
    "\x1b]0;x\x07",
    '";=',
    "javascript:",
)
TEXT = st.lists(
    st.sampled_from(ODD) | st.sampled_from(PIECES + MORE) | st.characters(), max_size=25
).map("".join)
OFTEN = settings(max_examples=200)
MORE_OFTEN = settings(max_examples=600)  # each text in nine places
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def shown(parser, source):
    """Return the text that a reader sees, and the kinds of all that Markdown made of it."""
    kinds, words = set(), []
    for token in parser.parse(source):
        for part in [token, *(token.children or [])]:
            kinds.add(part.type)
            if part.type in ("text", "code_inline"):
                words.append(part.content)
            if part.type == "softbreak":
                words.append(" ")
    return "".join(words), kinds


# With an x in the text's place, by each parser and behind each beginning.
PLAIN = {
    (parser, before): shown(parser, f"{before}x\n\nnext")
    for parser in PARSERS
    for before in ("# a: ", "- Not met: *b*: ", "The file (")
}


@MORE_OFTEN
@given(TEXT)
@example("\\<img src=x>")
@example("`` ` ``")
@example("a_b_")
@example("_a_")
@example("see www.x.org")
def test_markdown_shows_the_text_and_makes_nothing_of_it(given_text):
    made = text.markdown(given_text)
    wanted = text._visible(text.LINE_ENDS.sub(" ", given_text).strip())
    for (parser, before), (plain_words, plain_kinds) in PLAIN.items():
        assert len((before + made).splitlines()) <= 1
        words, kinds = shown(parser, f"{before}{made}\n\nnext")
        assert kinds - {"code_inline", "text"} == plain_kinds - {"text"}
        assert re.sub(" ", "", words) == re.sub(" ", "", plain_words.replace("x", wanted, 1))


@OFTEN
@given(TEXT)
def test_markdown_alone_in_a_line_is_a_paragraph(given_text):
    made = text.markdown(given_text)
    _, kinds = shown(PARSERS[0], f"a\n\n{made}\n\nb")
    assert kinds <= {"paragraph_open", "paragraph_close", "inline", "text", "code_inline"}


def test_what_is_harmless_stays_as_it_is():
    for words in ("kept values are 0.25 times what they were", "keep_mask (line 3), p = 0.2", "é"):
        assert text.markdown(words) == words
    assert text.markdown("a `b` c") == "``a `b` c``"
    assert text.markdown("`") == "`` ` ``"


TABLES = st.lists(st.lists(TEXT, min_size=1, max_size=3), min_size=1, max_size=3)


def cells(written, delimiter):
    """Return all that a spreadsheet could take for a cell, whether it minds quotes or not."""
    for line in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter):
        yield from line
    for line in re.split("[\r\n]", written):
        yield from line.split(delimiter)
        yield from (piece.strip('"') for piece in line.split(delimiter))


@MORE_OFTEN
@given(TABLES)
@example([["x", ";=1+1"]])
@example([['x";"=1']])
@example([["a,b\n=1"]])
def test_no_cell_is_a_formula(table):
    rows = [list(map(text.cell, row)) for row in table]
    for written_with in ",;\t":
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=written_with).writerows(rows)
        for read_with in ",;\t":
            for found in cells(out.getvalue(), read_with):
                assert not found.lstrip().startswith(FORMULA), found


@OFTEN
@given(TEXT)
def test_a_cell_is_read_as_it_was(given_text):
    assert text.uncell(text.cell(given_text)) == given_text


@OFTEN
@given(TEXT, TEXT)
def test_two_texts_are_never_one_cell(one, two):
    assert (text.cell(one) == text.cell(two)) == (one == two)


@OFTEN
@given(TEXT)
def test_a_terminal_gets_one_line_of_what_can_be_seen(given_text):
    made = text.terminal(given_text)
    assert made.isprintable()
    assert len(made.splitlines()) <= 1
    made.encode("utf8")


def test_an_escape_sequence_is_spelled_out():
    assert text.terminal("\x1b[31m\u202ea\nb\udcff") == "\\x1b[31m\\u202ea\\nb\\udcff"
