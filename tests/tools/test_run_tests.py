"""What cannot run here `make test` leaves out and says so; in CI most of it is a failure."""

import pytest

from tools import run_tests
from tools.paths import ROOT


@pytest.fixture
def ran(monkeypatch, tmp_path):
    """The commands that were run, where all of them pass and nothing is lacking."""
    ran = []
    for module in ("browser", "compiler"):
        monkeypatch.setattr(getattr(run_tests, module), "lacking", lambda: None)
    monkeypatch.setattr(run_tests.engines, "lacking", dict)
    monkeypatch.setattr(run_tests.pyodide, "prepare", lambda: None)
    monkeypatch.setattr(run_tests, "isolated", lambda: True)
    monkeypatch.setattr(run_tests, "no_triton", lambda: None)
    monkeypatch.setattr(run_tests.subprocess, "run", lambda c, **_: ran.append(c) or Passed())
    monkeypatch.setattr(run_tests.green_run, "digests", lambda: {"file": "digest"})
    monkeypatch.setattr(run_tests.green_run, "GREEN", tmp_path / "green.json")
    monkeypatch.delenv("CI", raising=False)
    return ran


class Passed:
    returncode = 0


def last_line(capsys):
    return capsys.readouterr().out.splitlines()[-1]


def test_where_nothing_is_lacking_each_part_runs_and_nothing_is_said(ran, capsys):
    run_tests.main()
    assert sorted(ran) == sorted(run_tests.PARTS.values())
    assert "NOT RUN" not in last_line(capsys)


def test_the_parts_run_in_their_order_and_two_at_once(ran):
    batches = run_tests.batches()
    assert ("site", "assignments") in batches
    assert sorted(name for names in batches for name in names) == sorted(run_tests.PARTS)
    run_tests.main()
    parts = list(run_tests.PARTS.values())
    before_the_site = [run_tests.PARTS[name] for (name, *_) in batches[:4]]
    assert (ran[:4], ran[-1]) == (before_the_site, run_tests.PARTS["the site's checks"])
    assert len(ran) == len(parts)


def test_a_part_that_fails_beside_another_is_named(ran, monkeypatch):
    Failed = type("Failed", (), {"returncode": 1})
    fails = run_tests.PARTS["assignments"]
    monkeypatch.setattr(
        run_tests.subprocess, "run", lambda c, **_: Failed() if c == fails else Passed()
    )
    with pytest.raises(SystemExit, match=r"FAILED at: assignments$"):
        run_tests.main()


def test_a_run_that_passed_is_what_a_check_of_changes_compares_with(ran, monkeypatch):
    run_tests.main()
    assert run_tests.green_run.changed({"file": "digest"}) == []
    Failed = type("Failed", (), {"returncode": 1})
    monkeypatch.setattr(run_tests.subprocess, "run", lambda *_, **__: Failed())
    monkeypatch.setattr(run_tests.green_run, "digests", lambda: {"file": "another"})
    with pytest.raises(SystemExit, match="FAILED at"):
        run_tests.main()
    assert run_tests.green_run.changed({"file": "digest"}) == []


def test_without_a_browser_the_rest_runs_and_the_last_line_says_so(ran, monkeypatch, capsys):
    monkeypatch.setattr(run_tests.browser, "lacking", lambda: "install chromium")
    run_tests.main()
    parts = run_tests.PARTS.values()
    assert sorted(ran) == sorted([w for w in c if w != "tests/browser"] for c in parts)
    assert sorted(ran) != sorted(parts)
    assert last_line(capsys).endswith("; browser checks: NOT RUN, install chromium")


def test_what_single_tests_lack_is_said_too(ran, monkeypatch, capsys):
    monkeypatch.setattr(run_tests.compiler, "lacking", lambda: "install g++")
    monkeypatch.setattr(run_tests.pyodide, "prepare", lambda: "no npm")
    monkeypatch.setattr(run_tests, "isolated", lambda: False)
    monkeypatch.setattr(run_tests, "no_triton", lambda: "no Triton")
    monkeypatch.setattr(run_tests.shutil, "which", lambda name: None)
    run_tests.main()
    assert sorted(ran) == sorted(run_tests.PARTS.values())
    assert last_line(capsys).endswith(
        "; what torch.compile makes: NOT RUN, install g++; live cells in Pyodide: NOT RUN, no npm"
        "; the marker's isolation: NOT RUN, install bubblewrap"
        "; the GPU kernel's arithmetic: NOT RUN, no Triton"
    )


def test_an_engine_that_is_not_there_is_said_and_in_ci_a_failure(ran, monkeypatch, capsys):
    monkeypatch.setattr(run_tests.engines, "lacking", lambda: {"WebKit": "install xvfb"})
    run_tests.main()
    assert sorted(ran) == sorted(run_tests.PARTS.values())
    assert last_line(capsys).endswith("; checks in WebKit: NOT RUN, install xvfb")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match=r"FAILED: checks in WebKit: NOT RUN, install xvfb$"):
        run_tests.main()


@pytest.mark.parametrize("module", ["browser", "compiler"])
def test_in_ci_what_is_lacking_is_a_failure(ran, monkeypatch, module):
    monkeypatch.setattr(getattr(run_tests, module), "lacking", lambda: "install it")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match=r"FAILED: .*: NOT RUN, install it$"):
        run_tests.main()
    assert ran == []


@pytest.mark.parametrize(
    ("file", "kinds"),
    [
        ("src/dropout_scaling/masks.py", ["DoctestModule"]),
        ("tests/test_masks.py", ["Module"]),
        ("tests/helpers.py", []),  # as tests/live/run_cells.py, which is no module to import
    ],
)
def test_doctests_are_collected_in_src_and_tests_in_tests(request, file, kinds):
    session, path = request.session, ROOT / file
    found = session.gethookproxy(path).pytest_collect_file(file_path=path, parent=session)
    assert [type(one).__name__ for one in found] == kinds
