"""Where there is no browser, `make test` says so; in CI that is a failure."""

import pytest
import run_tests


def test_a_developer_without_a_browser_runs_the_rest_and_is_told(monkeypatch, capsys):
    ran = []
    monkeypatch.setattr(run_tests, "chromium", lambda: None)
    monkeypatch.setattr(run_tests.live_runtime, "prepare", lambda: "no npm")
    monkeypatch.setattr(run_tests.subprocess, "run", lambda c, **_: ran.append(c) or Passed())
    monkeypatch.delenv("CI", raising=False)
    run_tests.main()
    assert ran == [c for name, c in run_tests.PARTS.items() if name != "browser"]
    last = capsys.readouterr().out.splitlines()[-1]
    assert run_tests.NO_BROWSER in last
    assert last.endswith("live cells in Pyodide: NOT RUN, no npm")


def test_in_ci_a_missing_browser_is_a_failure(monkeypatch):
    monkeypatch.setattr(run_tests, "chromium", lambda: None)
    monkeypatch.setenv("CI", "true")
    with pytest.raises(SystemExit, match="FAILED: browser checks NOT RUN"):
        run_tests.main()


class Passed:
    returncode = 0
