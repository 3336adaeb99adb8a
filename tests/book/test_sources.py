"""The pages as they are written: clean notebooks, and no number in the prose that nothing holds."""

import ast
import re

import nbformat
import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from quoting import calls, claimed, code, quoted

from dropout_scaling.data import seed_run
from dropout_site import explorables
from dropout_site.live.imports import made_and_taken
from dropout_site.predictions import RIGHT
from tools.book.notebooks import chapters, code_cells, read
from tools.book.reading_time import CLOSED
from tools.paths import BOOK, SOURCE

NOTEBOOKS = chapters()
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
CELL_METADATA = {"jupyter", "mystnb", "tags"}
TAGS = {"hide-cell", "hide-input", "hide-output", "remove-cell", "remove-input", "remove-stderr"}
TAGS |= {"here"}  # what such a cell prints is this machine's, or this random stream's
TAGS |= explorables.TAGS  # what the site puts under such a cell
SHORTEST_ALT = 40  # characters: a sentence, not a file name

each_notebook = pytest.mark.parametrize("name", NOTEBOOKS)


@pytest.fixture
def notebook(name):
    return read(NOTEBOOKS[name])


def markdown(notebook):
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")


@each_notebook
def test_is_valid_and_holds_no_outputs(notebook):
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs, f"{cell.id} has outputs"
            assert cell.execution_count is None, f"{cell.id} has an execution count"


@each_notebook
def test_cells_have_ids_of_their_own(name):
    # Read as it stands: nbformat itself would make up the ids that are missing.
    text = NOTEBOOKS[name].read_text("utf8")
    raw = nbformat.reader.reads(text)
    assert (raw.nbformat, raw.nbformat_minor) == (4, 5)
    ids = [cell["id"] for cell in raw.cells]
    assert len(set(ids)) == len(ids)


@each_notebook
def test_metadata_are_clean(notebook):
    assert notebook.metadata.kernelspec == KERNEL
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert notebook.metadata.get("language_info", {"name": "python"}) == {"name": "python"}
    for cell in notebook.cells:
        assert set(cell.metadata) <= CELL_METADATA, cell.id
        assert set(cell.metadata.get("tags", [])) <= TAGS, cell.id


@each_notebook
def test_shows_no_directive_raw_in_jupyter(notebook):
    text = markdown(notebook)
    assert not re.findall(r"^\s*(?:```|~~~|:::+) *\{.*", text, re.MULTILINE)
    assert not re.findall(r"\{[a-z][\w:-]*\}`[^`]*`", text)


FOLDED = {
    "hide-cell": {"outputs_hidden": True, "source_hidden": True},
    "hide-input": {"source_hidden": True},
}


@each_notebook
def test_what_the_site_folds_jupyter_folds(notebook):
    for cell in notebook.cells:
        for tag in set(FOLDED) & set(cell.metadata.get("tags", [])):
            assert cell.metadata.get("jupyter") == FOLDED[tag], cell.id


@pytest.mark.parametrize("source", sorted(BOOK.rglob("*.md")), ids=lambda path: path.stem)
def test_a_page_that_a_directive_fills_says_so_on_a_code_host(source):
    """There it shows raw, and so does a line with a % before it, which the site leaves out."""
    text = source.read_text("utf8")
    for name in re.findall(r"^```\{(?:eval-rst\}\n\.\. (automodule)|(bibliography)\})", text, re.M):
        assert re.search(rf"^% For readers on a code host: .*`{''.join(name)}`", text, re.M)


@each_notebook
def test_title_is_a_question(notebook):
    titles = re.findall(r"^# (.*)$", markdown(notebook), re.MULTILINE)
    assert len(titles) == 1
    assert titles[0].endswith("?")


@each_notebook
def test_each_figure_says_what_it_shows(notebook):
    for cell, tree in code(notebook):
        calls = [n.func for n in ast.walk(tree) if isinstance(n, ast.Call)]
        if any(isinstance(f, ast.Attribute) and f.attr in ("subplots", "figure") for f in calls):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt) >= SHORTEST_ALT, f"{cell.id}: alt text {alt!r}"


# --- predictions -------------------------------------------------------------------------------

CHOICE = re.compile(r"^> - (.+)$", re.MULTILINE)


def predictions(text):
    """Return the choices of each prediction, a list for each, empty where there are none."""
    quotes = re.findall(r"^> \*\*(?:Predict|Judge)\.\*\*.*(?:\n>.*)*", text, re.MULTILINE)
    return [CHOICE.findall(quote) for quote in quotes]


@each_notebook
def test_a_prediction_with_choices_marks_the_right_one(notebook):
    text = markdown(notebook)
    marked = 0
    for choices in predictions(text):
        right = [choice for choice in choices if choice.endswith(f" {RIGHT}")]
        assert len(right) == bool(choices), choices
        assert len(choices) != 1, choices
        marked += len(right)
    assert len(re.findall(r"<!--\s*right", text, re.IGNORECASE)) == marked  # none elsewhere


def test_the_search_for_predictions_itself():
    text = """
> **Predict.** One?
>
> - 1 <!-- right -->
> - 2

> **Judge.** Two?

> Quoted.
>
> - 3
"""
    assert predictions(text) == [["1 <!-- right -->", "2"], []]


# --- what a reader copies ----------------------------------------------------------------------


def borrowed(cells):
    """What visible cells take from closed ones: the cell and the name, for each."""
    closed = set()  # the names whose last value so far a closed cell has made
    for cell in cells:
        made, taken = made_and_taken(re.sub(r"^[%!].*$", "", cell.source, flags=re.MULTILINE))
        if CLOSED & set(cell.metadata.get("tags", [])):
            closed |= made
        else:
            yield from ((cell.id, name) for name in sorted(taken & closed))
            closed -= made


@each_notebook
def test_the_visible_cells_run_without_the_closed_ones(notebook):
    assert list(borrowed(code_cells(notebook))) == []


def test_the_search_for_what_is_borrowed_itself():
    def cell(name, source, *tags):
        return nbformat.v4.new_code_cell(source, id=name, metadata={"tags": list(tags)})

    cells = [
        cell("a", "import torch\nx = 1", "hide-input"),
        cell("b", "def f():\n    return torch"),
        cell("c", "x = 2\nprint(x)"),
        cell("d", "y = 3\nx = 4", "hide-cell"),
        cell("e", "print(x, y, [z for z in (5,)])", "here"),
    ]
    assert list(borrowed(cells)) == [("b", "torch"), ("e", "x"), ("e", "y")]


# --- numbers -----------------------------------------------------------------------------------

parser = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin)
NUMBER = re.compile(
    r"(?<![\w.§])(?<!§ )"  # not part of a name, nor the number of a section
    r"(?:\d+\.\d+|\d+(?=\s*(?:%|per cent)))"
    r"(?![\w.]*\.\d)"  # nor a version such as 1.0.4
)


def prose(text):
    """The sentences of a page: without code, mathematics, links, headings, quotes and sources."""
    quotes, heading, sources = 0, None, False
    for token in parser.parse(text):
        quotes += {"blockquote_open": 1, "blockquote_close": -1}.get(token.type, 0)
        if token.type in ("heading_open", "heading_close"):
            heading = token.tag if token.type == "heading_open" else None
        elif token.type == "inline" and heading:
            if heading in ("h1", "h2"):
                sources = token.content.strip() == "Sources"
        elif token.type == "inline" and not (quotes or sources):
            yield from sentences(token.children)


def sentences(inline):
    links, words = 0, []
    for token in inline:
        links += {"link_open": 1, "link_close": -1}.get(token.type, 0)
        if token.type == "text" and not links:
            words.append(token.content)
        elif token.type in ("softbreak", "hardbreak", "code_inline", "math_inline"):
            words.append(" ")
    # What someone else said is theirs.
    yield re.sub(r'"[^"]*"|“[^”]*”', " ", "".join(words))


def asserted(notebook):
    """The numbers that are written in the notebook's assertions, numbers and claims."""
    holding = []
    for _, tree in code(notebook):
        holding += [node for node in ast.walk(tree) if isinstance(node, ast.Assert)]
        holding += calls(tree, "claim")
    constants = (c.value for node in holding for c in ast.walk(node) if isinstance(c, ast.Constant))
    return {float(c) for c in constants if isinstance(c, int | float)} | set(
        map(float, quoted(notebook))
    )


@each_notebook
def test_each_number_in_the_prose_is_held_by_an_assertion(notebook):
    held = asserted(notebook)
    for sentence in prose(markdown(notebook)):
        for match in NUMBER.finditer(sentence):
            value = float(match[0])
            percent = sentence[match.end() :].lstrip().startswith(("%", "per cent"))
            # "20 %" is held by 20 and by 0.2.
            near = held & {value, float(f"{value / 100:.12g}")} if percent else held & {value}
            assert near, f"{match[0]} in {sentence.strip()!r} stands in no assert"


@each_notebook
def test_each_number_that_is_held_is_one_that_the_page_says(notebook):
    text = "\n".join(prose(markdown(notebook)))
    said = set(re.findall(r"(?<![\w.])\d+(?:\.\d+)?", text))
    assert set(quoted(notebook)) <= said


@each_notebook
def test_no_number_is_taken_from_a_cell_of_this_machine(notebook):
    for cell, tree in code(notebook):
        if "here" in cell.metadata.get("tags", []):
            assert not list(calls(tree, "number")), cell.id


SEEDED = ("manual_seed", "keyed_rng", "default_rng", "SFC64", "Philox", "KeyedMasks")


@each_notebook
def test_where_something_is_claimed_each_seed_can_be_shifted(notebook):
    if not any(list(calls(tree, "claim")) for _, tree in code(notebook)):
        return
    for cell, tree in code(notebook):
        if "here" in cell.metadata.get("tags", []):
            continue
        given = [call.args[0] for call in calls(tree, *SEEDED) if call.args]
        keywords = (
            k for call in ast.walk(tree) if isinstance(call, ast.Call) for k in call.keywords
        )
        given += [k.value for k in keywords if k.arg in ("seed", "mask_seed")]
        literal = [ast.unparse(node) for node in given if isinstance(node, ast.Constant)]
        assert not literal, f"{cell.id}: write seed({literal[0]})"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The mean is 1.25, in 20 % of runs.", ["1.25", "20"]),
        ("See §9.1, `p = 0.5`, $q = 0.5$, [0.5](x.md), and 1.0.4.post1.", []),
        ('He said "it is 0.5", and it is 0.25.', ["0.25"]),
        ("> quoted: 0.5\n\n# Title 0.5\n\n## Sources\n\n- 0.5", []),
        ("| a | 0.5 |\n|---|---|\n| b | 1.5 |", ["0.5", "1.5"]),
        ("## Sources\n\n- 0.5\n\n## More\n\nThen 2.5.", ["2.5"]),
    ],
)
def test_the_search_for_numbers_itself(text, found):
    assert [m for s in prose(text) for m in NUMBER.findall(s)] == found


# --- claims ---


def test_the_table_of_claims_is_of_the_claims_that_the_chapters_make():
    _, rows = seed_run()
    listed = {(row["page"], row["claim"]) for row in rows}
    made = {(name, text) for name, path in NOTEBOOKS.items() for text in claimed(read(path))}
    assert made == listed, "run `make seeds N=200 WRITE=yes`"


def test_a_claim_that_did_not_always_hold_says_on_its_page_how_often_it_did():
    _, rows = seed_run()
    for row in rows:
        said = f"{row['held']} of {row['of']}" in markdown(read(NOTEBOOKS[row["page"]]))
        assert row["held"] == row["of"] or said, row["claim"]


@each_notebook
def test_the_runs_that_a_page_counts_are_those_of_its_claims(name, notebook):
    _, rows = seed_run()
    counted = {f"{row['held']} of {row['of']}" for row in rows if row["page"] == name}
    runs = "|".join({str(row["of"]) for row in rows})
    assert set(re.findall(rf"\b\d+ of (?:{runs})\b(?= runs|[.)])", markdown(notebook))) <= counted


@each_notebook
def test_a_claim_is_a_sentence(notebook):
    for sentence in claimed(notebook):
        assert sentence[0].isupper(), sentence
        assert sentence.endswith("."), sentence


def test_each_kind_of_finding_has_its_row_on_the_doctor_s_page():
    code = (path.read_text("utf8") for path in (SOURCE / "dropout_scaling/audit").glob("*.py"))
    kinds = {kind for text in code for kind in re.findall(r'Finding\("([^"]+)"', text)}
    rows = re.findall(r"^\| `([^`]+)` \|", markdown(read(NOTEBOOKS["reference/doctor"])), re.M)
    assert sorted(rows) == sorted(kinds)


# --- sources -----------------------------------------------------------------------------------


def sources_section(text):
    return text.partition("\n## Sources\n")[2]


@each_notebook
def test_each_source_is_in_the_bibliography(notebook):
    known = set(re.findall(r"url\s*=\s*\{([^}]*)\}", (BOOK / "references.bib").read_text("utf8")))
    linked = set(re.findall(r"\]\((https?://[^)\s]*)\)", sources_section(markdown(notebook))))
    assert linked <= known
