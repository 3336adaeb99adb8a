"""Every live cell runs, and gives what the page shows: in Pyodide, and with NumPy alone."""

import ast
import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dropout_site import live
from tools.book.execute import stored
from tools.book.notebooks import chapters, read
from tools.environment.pyodide import COMPLETE_STAMP, RUNTIME_FILES, RUNTIME_FOLDER, address

HERE = Path(__file__).parent
INDICES = {name: live.live_cells(path) for name, path in chapters().items()}
INDICES = {name: indices for name, indices in INDICES.items() if indices}
NUMPY_CHAPTERS = {
    "inversion/why-divide-while-training",
    "paper/what-dropout-samples",
    "pytorch/tokens",
}

each_page = pytest.mark.parametrize("chapter", INDICES)


def sources(page):
    cells = read(chapters()[page]).cells
    return [cells[i].source for i in INDICES[page]]


def answers(command, **more):
    pages = {page: sources(page) for page in INDICES}
    given = json.dumps({"pages": pages, **more})
    ended = subprocess.run(
        command, input=given, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": ""}
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def in_pyodide():
    if not COMPLETE_STAMP.is_file():
        pytest.skip("no Pyodide in .cache: `python -m tools.environment.pyodide` says why")
    files = {name: base64.b64encode(data).decode() for name, data in live.files().items()}
    return answers([shutil.which("node"), HERE / "run_cells.js", RUNTIME_FOLDER], files=files)


@pytest.fixture(scope="module")
def with_numpy_alone(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live")
    for name, data in live.files().items():
        (folder / name).write_bytes(data)
    return answers([sys.executable, "-I", HERE / "run_cells.py", folder])


def check(page, ran):
    """Each cell comes to its end, prints what the page shows, and draws as many figures."""
    kept = stored(page).cells
    assert len(ran) == len(INDICES[page])
    for index, answer in zip(INDICES[page], ran, strict=True):
        said = "".join(text for kind, text in answer["sent"] if kind == "text")
        assert answer["ok"], f"{kept[index].source}\n{answer['sent']}"
        shown = [shown_text(output) for output in kept[index].outputs]
        assert alike(said, "".join(text for text in shown if text)), kept[index].source
        figures = [text for kind, text in answer["sent"] if kind == "figure"]
        assert len(figures) == shown.count(None)


def shown_text(output):
    """What the stored output says, or None for a figure."""
    if output.output_type == "stream":
        return output.text
    return None if "image/svg+xml" in output.data else output.data["text/plain"] + "\n"


def alike(one, other):
    """Whether two texts are the same, but for errors of rounding that are printed as such."""
    rounding = r"\d\.\de-1\d"
    return re.sub(rounding, "tiny", one) == re.sub(rounding, "tiny", other)


@each_page
def test_in_pyodide_each_live_cell_gives_what_the_page_shows(chapter, in_pyodide):
    check(chapter, in_pyodide[chapter])


@each_page
def test_with_numpy_alone_each_live_cell_gives_what_the_page_shows(chapter, with_numpy_alone):
    check(chapter, with_numpy_alone[chapter])


def test_the_numpy_chapters_are_live_from_end_to_end():
    whole = {
        page
        for page, indices in INDICES.items()
        if indices
        == [i for i, c in enumerate(read(chapters()[page]).cells) if c.cell_type == "code"]
    }
    assert whole == NUMPY_CHAPTERS


def test_the_worker_s_digests_are_those_of_the_pinned_runtime():
    if not COMPLETE_STAMP.is_file():
        pytest.skip("no Pyodide in .cache: `python -m tools.environment.pyodide` says why")
    worker = (live.HERE / "worker.js").read_text("utf8")
    pinned = dict(re.findall(r'"(py[\w.-]+)": "(sha256-[^"]+)"', worker))
    there = {
        name: live.digest((RUNTIME_FOLDER / name).read_bytes())
        for name in (*RUNTIME_FILES, "pyodide-lock.json")
    }
    assert pinned == there


def test_the_address_is_that_of_the_pinned_version():
    version = json.loads((HERE / "package.json").read_text("utf8"))["dependencies"]["pyodide"]
    assert f"/v{version}/" in address()
    assert f"// {version}" in (live.HERE / "worker.js").read_text("utf8")


def test_the_lock_names_no_registry():
    assert "http" not in (HERE / "package-lock.json").read_text("utf8")


def test_the_zip_is_the_package_and_nothing_else(tmp_path):
    name, data = live.packed()
    assert live.packed() == (name, data)
    (tmp_path / name).write_bytes(data)
    shutil.unpack_archive(tmp_path / name, tmp_path / "here")
    folder = live.package()
    wanted = {p.relative_to(folder.parent): p.read_bytes() for p in folder.rglob("*.py")}
    files = [p for p in (tmp_path / "here").rglob("*") if p.is_file()]
    assert {p.relative_to(tmp_path / "here"): p.read_bytes() for p in files} == wanted
    assert any(len(path.parts) > 2 for path in wanted)  # of a package inside it


@pytest.mark.parametrize(
    ("sources", "indices"),
    [
        (["import numpy as np", "x = np.ones(3)"], [0, 1]),
        (["import torch", "x = 1"], [1]),
        (["import torch\ny = 2", "def f():\n    return y", "z = 1", "f()"], [2]),
        (["import torch\ny = 2", "y = 3", "print(y)"], [1, 2]),
        (["from dropout_scaling import nn", "from dropout_scaling.exact import variance"], [1]),
        (["from dropout_scaling.audit import watch", "import dropout_scaling.diagnose.call"], [1]),
        (["import subprocess", "%pip install x", "def f():\n    import torch"], []),
    ],
)
def test_a_cell_is_live_if_it_needs_nothing_that_the_page_lacks(sources, indices):
    assert live.live(sources, live.package()) == indices


class TestRunner:
    @pytest.fixture
    def run(self, monkeypatch):
        for file in live.IN_PYTHON:  # in the page they lie side by side
            monkeypatch.syspath_prepend(file.parent)
        from runner import Session

        sent = []
        session = Session(lambda kind, text: sent.append((kind, text)))

        def run(source, label="1", **more):
            sent.clear()
            ok = session.run(source, label, **more)
            return ok, list(sent)

        return run

    def test_the_last_value_is_shown_unless_a_semicolon_ends_it(self, run):
        assert run("x = 3\n'a'") == (True, [("text", "'a'\n")])
        assert run("x;  # no") == (True, [])
        assert run("x  # not the end; no") == (True, [("text", "3\n")])
        assert run("x = 'é'; x") == (True, [("text", "'é'\n")])
        assert run("None") == (True, [])

    def test_an_error_names_the_reader_s_lines_alone(self, run):
        run("from dropout_scaling.masks import all_masks")
        ok, [(kind, text)] = run("def f():\n    all_masks(99)\n\nf()")
        assert (ok, kind) == (False, "error")
        places = r"^ *(\S.*), line (\d)"
        assert re.findall(places, text, re.MULTILINE) == [("This cell", "4"), ("This cell", "2")]
        assert text.rstrip().splitlines()[-1].startswith("ValueError: n, the number of units")
        # A name of the cell above, and a cell above that is run for one below.
        ok, [(_, text)] = run("f()", label="2")
        assert re.findall(places, text, re.MULTILINE) == [("This cell", "1"), ("A cell above", "2")]
        ok, [(_, text)] = run("f()", quiet=True)
        assert "This cell" not in text
        assert "<cell" not in text
        ok, [(_, text)] = run("x = (")
        assert (ok, "SyntaxError" in text, "runner" in text) == (False, True, False)

    def test_what_is_printed_before_an_error_comes_first(self, run):
        ok, sent = run("print('so far')\n1 / 0")
        assert not ok
        assert [kind for kind, _ in sent] == ["text", "error"]

    def test_a_flood_is_cut(self, run):
        ok, sent = run("for i in range(100_000): print('drowning')")
        text = "".join(text for _, text in sent)
        assert ok
        assert 100_000 < len(text) < 100_100
        assert text.endswith("[cut here: a run may print 100,000 characters]\n")

    def test_quiet_is_quiet(self, run):
        assert run("print(1)\n2", quiet=True) == (True, [])
        assert run("1 / 0", quiet=True)[1][0][0] == "error"

    def test_exit_is_an_error_like_others(self, run):
        assert run("raise SystemExit(3)")[1][0][1].endswith("SystemExit: 3\n")

    def test_the_wheels_are_those_that_the_code_asks_for(self, run):
        from runner import wheels

        assert wheels(["import numpy", "from dropout_scaling.exact import variance"]) == ["numpy"]
        assert wheels(["from dropout_scaling import plots", "x = ("]) == ["numpy", "matplotlib"]


def test_the_shared_files_need_the_standard_library_and_the_package_alone():
    """They run in the page before it has asked for a wheel; the package is there by then."""
    for file in live.IN_PYTHON:
        tops = live.imports.modules(file.read_text("utf8"), live.package())
        own = {f.stem for f in live.IN_PYTHON}
        assert tops <= set(sys.stdlib_module_names) | own | {live.OURS}, file
        ast.parse(file.read_text("utf8"), feature_version=(3, 12))
