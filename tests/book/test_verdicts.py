"""Each verdict has one home, the fold under its sentence: the tables and the game repeat it."""

import re

from tools.book.notebooks import chapters, read

PAGE, GAME = "reference/verdicts", "practice/who-is-right"
TITLE = "## All verdicts\n"
OLD_ADDRESS = {"all-verdicts": "all-verdicts-in-one-table"}  # where it is another one
FOLD = re.compile(r'<summary>"(?P<sentence>[^"]*)"</summary>\n\n\*\*(?P<verdict>[^*]*)\.\*\* ')
FOLDS = re.compile(r"<details>.*?</details>", re.DOTALL)
HEADING = re.compile(r"^#{2,3} (?P<heading>.*)$", re.MULTILINE)
TABLE = re.compile(r"<summary>([^<]*): (\d+) sentences</summary>\n(.*?)</details>", re.DOTALL)
ROW = re.compile(r'^\| "([^"]*)" \| \[([^]]*)\]\((#[^)]*)\) \|$', re.MULTILINE)
# A sentence of the game: its box, the right choice, and what follows as far as the next one.
JUDGED = re.compile(
    r"^> \*\*Judge\.\*\* (?P<box>.*)\n>\n(?:> - .*\n)*> - (?P<right>\w+) <!-- right -->\n"
    r"(?:> - .*\n)*(?P<answer>(?:(?!^> \*\*Judge|^## ).*\n?)*)",
    re.MULTILINE,
)
CORRECTED = re.compile(r"\*(?:Corrected|To be added): [^*]*\*")


def text(page=PAGE):
    """The Markdown of the page, and of its code what a reader sees."""
    return "\n\n".join(
        cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```"
        for cell in read(chapters()[page]).cells
        if "hide-cell" not in cell.metadata.get("tags", [])
    )


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


def kind(verdict):
    first = re.match(r"\w*", verdict.capitalize())[0]
    return first if first in ("True", "Loose", "False") else "Not shown, not testable, or advice"


def stands_in(sentence, text):
    """Whether all parts of a sentence, as its … divide it, stand in the text, but for its marks."""
    text = re.sub(r"[`*]|^> ?", "", text, flags=re.MULTILINE)
    return all(part.strip() in text for part in sentence.split("…"))


def test_the_tables_have_the_verdicts_of_the_text():
    tables = TABLE.findall(text().partition(TITLE)[2].partition("\n## ")[0])
    judged = list(verdicts(text()))
    for title, count, table in tables:
        assert ROW.findall(table) == [row for row in judged if kind(row[1]) == title]
        assert int(count) == table.count('\n| "')
    assert {title for title, *_ in tables} == {kind(verdict) for _, verdict, _ in judged}


def test_each_sentence_that_can_be_opened_has_a_verdict():
    opened = re.findall(r'<summary>"(.*)"</summary>', text())
    assert opened == [sentence for sentence, _, _ in verdicts(text())]


def test_no_sentence_is_judged_twice():
    judged = [sentence for sentence, _, _ in verdicts(text())]
    assert len(set(judged)) == len(judged) > 0


def test_each_sentence_that_is_judged_is_quoted_above_its_verdict():
    for section in HEADING.split(text()):
        quoted = FOLDS.sub("", section)
        for sentence, *_ in FOLD.findall(section):
            assert stands_in(sentence, quoted), sentence


def test_the_game_judges_as_the_folds_do():
    folds = [(FOLD.match(f[len("<details>\n") :]), f) for f in FOLDS.findall(text())]
    played = list(JUDGED.finditer(text(GAME).partition("## The thread\n")[2]))
    assert len(played) == 6
    for game in played:
        ((found, fold),) = [(m, f) for m, f in folds if m and stands_in(m["sentence"], game["box"])]
        assert game["right"] == kind(found["verdict"]), found["sentence"]
        assert game["answer"].lstrip().startswith(f"**{game['right']}.**"), found["sentence"]
        assert set(CORRECTED.findall(game["answer"])) <= set(CORRECTED.findall(fold))


def test_each_section_of_the_verdicts_can_be_reached_by_its_old_address_too():
    game = read(chapters()[GAME]).cells
    game = "\n\n".join(cell.source for cell in game if cell.cell_type == "markdown")
    leads_on = re.findall(r'<span id="([^"]*)"></span>\[[^]]*\]\(\.\./(\S*)\.ipynb#([^)]*)\)', game)
    for here, page, there in leads_on:
        assert (page, here) == (PAGE, OLD_ADDRESS.get(there, there))
    headings = {page: set(map(address, HEADING.findall(text(page)))) for page in (PAGE, GAME)}
    assert headings[PAGE] - headings[GAME] == {f"#{there}" for *_, there in leads_on}


def test_the_search_for_the_game_s_sentences_itself():
    page = """
> **Judge.** "One."
>
> - True
> - False <!-- right -->

**False.** No. *Corrected: two.*

> **Judge.** "Three."
>
> - True <!-- right -->
> - False

**True.**

## End
"""
    one, two = JUDGED.finditer(page)
    assert (one["box"], one["right"], two["right"]) == ('"One."', "False", "True")
    assert CORRECTED.findall(one["answer"]) == ["*Corrected: two.*"]
    assert two["answer"].strip() == "**True.**"
