"""One call on a machine with no network writes what it has, whatever fails or runs out of time."""

import json
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import pytest
from small_repository import FIGURE, Clone

from tools.gpu_check import __main__ as gpu_check
from tools.gpu_check import json_lines, parts, timed_steps, wheels
from tools.paths import ROOT

TESTS = """
import pytest

@pytest.mark.gpu
def test_holds(): pass

@pytest.mark.gpu
def test_fails(): raise AssertionError("the reason")

def test_of_no_gpu(): pass
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run in a clone with a notebook that fails, and one that prints where it is, and draws."""
    clone = Clone.fresh(tmp_path_factory.mktemp("gpu") / "clone")
    clone.write("tests/test_small.py", TESTS)
    figure = "import matplotlib\nmatplotlib.rcParams['svg.hashsalt'] = 'as in the book'\n" + FIGURE
    clone.write_notebook("Here.", "import os\nprint(os.path.basename(os.getcwd()))", figure)
    clone.write_notebook("Wrong.", "x = 1", "assert x == 2, 'the cause'", name="wrong")
    clone.write("book/assignments/never.ipynb", "{}")
    ended = clone.run("gpu_check", clone.root / "wheels", clone.root / "_build", "--device", "cpu")
    written = json.loads((clone.root / "_build" / "gpu.json").read_text("utf8"))
    with zipfile.ZipFile(clone.root / "_build" / "gpu.zip") as kept:
        names = kept.namelist()
    said = ended.stdout + ended.stderr
    return SimpleNamespace(**written, said=said, status=ended.returncode, kept=names)


def outcomes(lines):
    return {line["name"]: line["outcome"] for line in lines}


def test_all_steps_are_run_and_said_though_some_fail(run):
    assert run.status == 1
    assert not run.passed
    assert run.device
    failed = {name for name, step in run.steps.items() if not step["passed"]}
    assert failed == {"tests", "chapters on the cpu", "chapters on cpu", "comparison"}, run.said
    for name, step in run.steps.items():
        assert f"{name}: {'' if step['passed'] else 'FAILED: '}{step['says']}" in run.said
    assert "gpu_check: FAILED" in run.said


def test_the_tests_that_need_a_gpu_are_run_and_no_other(run):
    tests = run.steps["tests"]["tests"]
    at = "tests/test_small.py::test_"
    assert outcomes(tests) == {f"{at}holds": "passed", f"{at}fails": "failed"}
    assert tests[1]["why"] == "AssertionError: the reason"


def test_a_failing_notebook_says_why_and_the_others_are_run(run):
    for name in ("chapters on the cpu", "chapters on cpu"):
        chapters = run.steps[name]["chapters"]
        assert outcomes(chapters) == {"page": "passed", "wrong": "failed"}
        assert "wrong: AssertionError: the cause" in run.steps[name]["says"]


def test_what_two_runs_print_is_compared_and_figures_too(run):
    found = run.steps["comparison"]
    assert found["differences"] == {"page": ["code-0, line 1: 'cpu' here, 'gpu' there"]}
    assert found["compared"] == 1  # not the one that failed


def test_the_runs_and_what_was_said_are_kept(run):
    assert {"cpu/wrong.ipynb", "gpu/page.ipynb", "tests.log", "chapters-gpu.log"} <= set(run.kept)


def test_each_dropout_is_timed_at_each_size(run):
    rows = run.steps["timings"]["rows"]
    settings = {(row["name"], row["size"], row["dtype"]) for row in rows}
    assert len(settings) == len(rows) == 4 * len(parts.SIZES["cpu"]) * 2
    assert all(0 < row["ms_25"] <= row["ms_50"] <= row["ms_75"] for row in rows)


def test_what_is_there_is_not_taken_from_the_wheels(run):
    assert run.steps["wheels"]["taken"] == {}


@pytest.mark.parametrize("how", [["tools/gpu_check"], ["-m", "tools.gpu_check"]])
def test_it_is_run_by_its_path_or_by_its_name(how):
    command = [sys.executable, "-E", "-S", *how, "--help"]
    ended = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert "WHEELS OUT" in ended.stdout


@pytest.fixture
def check(tmp_path):
    return gpu_check.Check(tmp_path / "wheels", tmp_path, "cuda", 100, tmp_path / "work")


def ends_with(lines, wrong=None):
    return lambda *_, **__: (lines, wrong)


def test_what_is_missing_is_taken(check, monkeypatch):
    about = "Metadata-Version: 2.1\nName: missing\nVersion: 1.0\n"
    check.wheels.mkdir()
    with zipfile.ZipFile(check.wheels / "missing-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("missing.py", "")
        wheel.writestr("missing-1.0.dist-info/METADATA", about)
        wheel.writestr("missing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr("missing-1.0.dist-info/RECORD", "")
    monkeypatch.setattr(gpu_check, "REQUESTED", ["missing", "pytest"])
    pins = {"missing": "1.0", "pytest": pytest.__version__, "not-asked-for": "1"}
    monkeypatch.setattr(gpu_check, "pinned", lambda: pins)
    found = check.take_wheels(100)
    assert found["passed"], found["says"]
    assert found["taken"] == {"missing": "1.0"}
    assert (check.site / "missing.py").is_file()


def test_what_no_wheel_has_is_a_failure(check, monkeypatch):
    monkeypatch.setattr(gpu_check, "REQUESTED", ["missing"])
    monkeypatch.setattr(gpu_check, "pinned", lambda: {"missing": "1.0"})
    found = check.take_wheels(100)
    assert not found["passed"]
    assert "No matching distribution found for missing" in found["says"]


def test_a_process_that_runs_out_of_time_is_ended(check):
    assert check.python("step", ["-c", "while True: pass"], 0.1) == ([], "out of time after 0 s")


def test_a_process_that_fails_says_why(check):
    code = "exit('first\\nthe reason')"
    assert check.python("step", ["-c", code], 100) == ([], "exit status 1: the reason")


def test_a_line_that_was_cut_short_is_left_out(tmp_path, monkeypatch):
    file = tmp_path / "lines"
    monkeypatch.setenv(json_lines.LINES_VARIABLE, str(file))
    assert json_lines.read(file) == []
    json_lines.write(name="whole")
    with file.open("a") as lines:
        lines.write('{"name": "cut')
    assert json_lines.read(file) == [{"name": "whole"}]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Traceback\nValueError: first\n\nduring\nKeyError: 'then'", "KeyError: 'then'"),
        (">   assert x\nE   AssertionError: so\nE   assert 0\n\na.py:3: AssertionError", "so"),
        ("[gw1] linux -- Python\nA cell timed out, after 120 s.\nMore.", "A cell timed out"),
        ("E   torch.AcceleratorError: CUDA error: 700\nE   Compile with", "CUDA error: 700"),
    ],
)
def test_of_a_failure_one_line_says_why(text, why):
    assert why in json_lines.cause(text)
    assert "\n" not in json_lines.cause(text)


def test_a_chapter_that_did_not_end_is_no_success(check, monkeypatch):
    monkeypatch.setattr(gpu_check, "chapters", lambda: ["index"])
    monkeypatch.setattr(check, "python", ends_with([], "out of time after 5 s"))
    found = check.run_chapters("gpu", "cuda", 5)
    assert found["chapters"] == [{"name": "index", "outcome": "not ended"}]
    assert (found["passed"], found["says"]) == (False, "1 not ended; out of time after 5 s")


def test_chapters_that_do_not_differ_are_compared_and_not_named(check, monkeypatch):
    for name in check.chapter_runs:
        chapters = [{"name": name, "outcome": "passed"} for name in ("one", "other")]
        check.result["steps"][name] = {"chapters": chapters}
    lines = [{"name": "one", "differences": ["a line"]}, {"name": "other", "differences": []}]
    monkeypatch.setattr(check, "python", ends_with(lines))
    found = check.compare(5)
    assert found["differences"] == {"one": ["a line"]}
    assert (found["passed"], found["says"]) == (False, "2 chapters compared, 1 differ: one")
    lines[0]["differences"] = []
    assert check.compare(5)["passed"]


def test_a_test_that_is_skipped_on_a_gpu_is_no_success(check, monkeypatch):
    monkeypatch.setattr(check, "python", ends_with([{"name": "a", "outcome": "skipped"}]))
    assert check.run_tests(5)["says"] == "1 skipped; not all were run"
    assert not check.run_tests(5)["passed"]
    monkeypatch.setattr(check, "python", ends_with([]))
    assert not check.run_tests(5)["passed"]


def test_without_a_gpu_it_ends_at_once(check, monkeypatch):
    monkeypatch.setattr(check, "python", ends_with([{"problem": "no GPU here"}]))
    assert not check.run()
    written = json.loads((check.out / "gpu.json").read_text())
    assert list(written["steps"]) == ["device"]
    assert written["steps"]["device"]["says"] == "no GPU here"


def test_a_step_gets_its_share_of_what_the_others_left(check, monkeypatch):
    now, limits = [0], []
    monkeypatch.setattr(timed_steps, "time", SimpleNamespace(monotonic=lambda: now[0]))
    check.ends, check.result["device"] = 100, "a device"

    def takes(seconds):
        def step(limit):
            limits.append(limit)
            now[0] += seconds
            if seconds > limit:
                raise TimeoutError("too long")
            return {"passed": True, "says": ""}

        return step

    check.steps = [("quick", 1, takes(10)), ("slow", 1, takes(60)), ("last", 2, takes(1))]
    assert not check.run()
    assert limits == [25, 30, 30]
    steps = json.loads((check.out / "gpu.json").read_text())["steps"]
    assert {name: step["passed"] for name, step in steps.items()} == {
        "quick": True,
        "slow": False,
        "last": True,
    }
    assert steps["slow"]["says"] == "TimeoutError: too long"


# The wheels


def test_all_that_is_wanted_is_pinned_and_none_is_the_machines_own():
    wanted = wheels.wanted()
    assert set(wheels.REQUESTED) <= set(wanted)
    assert not set(wanted) & {"torch", "numpy", "scipy", "scikit-learn", "matplotlib"}


def test_a_folder_that_is_not_what_is_pinned_is_refused(tmp_path):
    (tmp_path / "a_package-1.0-py3-none-any.whl").touch()
    assert wheels.problem(tmp_path, {"a-package": "1.0"}) is None
    other = "not what is pinned: a-package"
    assert wheels.problem(tmp_path, {"a-package": "1.1"}) == other
    assert wheels.problem(tmp_path, {}) == other
    (tmp_path / "b-1-py3-none-any.whl").touch()
    assert wheels.problem(tmp_path, {"a-package": "1.0"}) == "not what is pinned: b"


@pytest.mark.parametrize(("more", "says"), [(0, None), (1, "60 MiB, over 60")])
def test_wheels_over_the_limit_are_refused(tmp_path, more, says):
    with open(tmp_path / "a-1-py3-none-any.whl", "wb") as wheel:
        wheel.truncate(60 * 2**20 + more)  # a file with a hole: it takes no room
    assert wheels.problem(tmp_path, {"a": "1"}) == says
