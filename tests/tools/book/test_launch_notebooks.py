"""A notebook that is opened in Colab or on Binder finds the package by itself."""

import io
import re
import tomllib

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager

from tools.book.launch_notebooks import handout_with_set_up, with_set_up
from tools.book.repository import Repository
from tools.paths import PYPROJECT

URL = "https://github.com/someone/somewhere"
KNOWN = {"REPOSITORY_URL": URL, "REPOSITORY_BRANCH": "main", "COMMIT": "0123abc"}
REQUIREMENT = f"dropout-scaling[book] @ git+{URL}@0123abc"


@pytest.fixture
def repository(monkeypatch):
    for name, value in KNOWN.items():
        monkeypatch.setenv(name, value)
    return Repository.from_environment()


@pytest.fixture
def notebook(repository, clone):
    chapter = nbformat.read(clone.root / "book" / "page.ipynb", as_version=4)
    return with_set_up(chapter, repository)


def run_set_up(notebook, *, found):
    """Run the first cell where the package is or is not found; return the magics it called."""
    called = []

    class Shell:
        @staticmethod
        def run_line_magic(*call):
            called.append(call[:2])

    source = notebook.cells[0].source
    if not found:
        source = source.replace('"dropout_scaling"', '"no_such_package"')
    exec(TransformerManager().transform_cell(source), {"get_ipython": Shell})
    return called


def test_the_notebook_is_valid_and_its_other_cells_are_the_chapter_s(notebook, clone):
    nbformat.validate(notebook)
    chapter = nbformat.read(clone.root / "book" / "page.ipynb", as_version=4)
    assert notebook.cells[1:] == chapter.cells
    assert notebook.cells[0].metadata.tags == ["remove-cell"]


def test_the_set_up_installs_the_package_from_the_commit_of_the_site(notebook):
    assert run_set_up(notebook, found=False) == [("pip", f'install -q "{REQUIREMENT}"')]


def test_the_set_up_does_nothing_where_the_package_is(notebook):
    assert run_set_up(notebook, found=True) == []


def ids_of(notebook):
    return [cell.id for cell in notebook.cells]


def test_the_branch_has_the_notebooks_and_what_binder_needs(clone, tmp_path):
    clone.write("pyproject.toml", 'requires-python = ">=3.12"\n')
    chapter = nbformat.read(clone.root / "book" / "page.ipynb", as_version=4)
    ended = clone.run("book.launch_notebooks", str(tmp_path / "launch"), **KNOWN)
    assert ended.returncode == 0, ended.stderr
    launched = nbformat.read(tmp_path / "launch" / "book" / "page.ipynb", as_version=4)
    text, prints, *figures = ids_of(chapter)
    described = [name for figure in figures for name in (figure, f"{figure}-alt")]
    assert ids_of(launched) == ["set-up", text, prints, *described]
    assert REQUIREMENT in (tmp_path / "launch" / "binder" / "requirements.txt").read_text()
    assert (tmp_path / "launch" / "binder" / "runtime.txt").read_text() == "python-3.12\n"


def test_the_kernel_that_runs_a_notebook_is_left_alone():
    extras = tomllib.loads(PYPROJECT.read_text("utf8"))["project"]["optional-dependencies"]
    asked = [re.match(r"[\w-]+", line)[0] for line in extras["book"]]
    assert not [name for name in asked if re.match("i?python|ipy|jupyter|nb", name)]


def test_no_address_is_made_up(monkeypatch, clone, tmp_path):
    monkeypatch.delenv("REPOSITORY_URL", raising=False)
    assert Repository.from_environment() is None
    ended = clone.run("book.launch_notebooks", str(tmp_path / "launch"))
    assert ended.returncode != 0
    assert not (tmp_path / "launch").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"REPOSITORY_URL": "https://example.org/someone/somewhere"},
        {"REPOSITORY_URL": "https://github.com/someone"},
        {"COMMIT": ""},
        {"REPOSITORY_BRANCH": ""},
    ],
)
def test_half_an_address_is_an_error(monkeypatch, wrong):
    for name, value in (KNOWN | wrong).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match="REPOSITORY_URL must be"):
        Repository.from_environment()


def test_an_assignment_finds_its_checks_where_its_own_file_is_missing(
    repository, monkeypatch, tmp_path
):
    given = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("1")],
        metadata={"otter": {"tests": {"q1": "one", "q2": "two"}}},
    )
    asked = []

    def urlopen(url):
        asked.append(url)
        return io.BytesIO(nbformat.writes(given).encode())

    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    monkeypatch.chdir(tmp_path)
    notebook = handout_with_set_up(nbformat.from_dict(given), "rescue", repository)
    source = notebook.cells[0].source.replace('find_spec("otter")', 'find_spec("json")')
    set_up = TransformerManager().transform_cell(source)
    run = {"get_ipython": lambda: pytest.fail("nothing is to be installed")}
    exec(set_up, run)
    assert asked == [f"{URL}/raw/launch/book/assignments/rescue.ipynb"]
    assert (tmp_path / "tests" / "q2.py").read_text() == "two"
    assert "otter" not in nbformat.read("rescue.ipynb", as_version=4).metadata
    exec(set_up, run)
    assert len(asked) == 1
