"""The table of "Who is right?" has the verdicts of its text, each with a link to its section."""

import re

from tools.book.notebooks import chapters, read

PAGE = "practice/who-is-right"
TITLE = "## All verdicts in one table"
FOLD = re.compile(r'<summary>"(?P<sentence>[^"]*)"</summary>\n\n\*\*(?P<verdict>[^*]*)\.\*\* ')
HEADING = re.compile(r"^#{2,3} (?P<heading>.*)$", re.MULTILINE)
ROW = re.compile(r'^\| "([^"]*)" \| \[([^]]*)\]\((#[^)]*)\) \|$', re.MULTILINE)


def text():
    cells = read(chapters()[PAGE]).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def address(heading):
    return "#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def verdicts(text):
    """Each sentence that is judged, in the text's order: it, its verdict, its section's address."""
    section = None
    for match in re.finditer(f"(?m:{FOLD.pattern}|{HEADING.pattern})", text):
        if match["heading"]:
            section = match["heading"]
        else:
            yield match["sentence"], match["verdict"].lower(), address(section)


def rows(text):
    return ROW.findall(text.partition(TITLE)[2].partition("\n## ")[0])


def test_the_table_has_the_verdicts_of_the_text():
    assert rows(text()) == list(verdicts(text()))


def test_each_sentence_that_can_be_opened_has_a_verdict():
    opened = re.findall(r'<summary>"(.*)"</summary>', text())
    assert opened == [sentence for sentence, _, _ in verdicts(text())]


def test_no_sentence_is_judged_twice():
    judged = [sentence for sentence, _, _ in verdicts(text())]
    assert len(set(judged)) == len(judged) > 0
