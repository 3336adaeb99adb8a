"""The table of frameworks is what the snippets and pins of this repository gave: no network."""

import json

import pytest

from dropout_scaling.data import frameworks
from tools.frameworks import run

EVERY = run.environments()
NAMES = [name for settings in EVERY.values() for name in settings["rows"]]
_, ROWS = frameworks()
MADE = [row for row in ROWS if row["how"] != "read"]
RAN = [row for row in ROWS if row["how"] == "run"]
AGAIN = "run `make frameworks ONLY=...` after an edit of a snippet, a pin or a question"
OUTCOMES = {"gives x", "gives zeros", "gives nan", "gives inf", "gives others"}
MOST_LINES = 16  # what a user writes


def ids(row):
    return row["name"]


def test_each_snippet_runs_in_one_environment():
    assert sorted(NAMES) == sorted(path.stem for path in run.SNIPPETS.glob("*.py"))


def test_the_table_has_each_of_them_and_then_what_was_read():
    assert [row["name"] for row in MADE] == NAMES, AGAIN
    assert ROWS[len(MADE) :] == [{"how": "read", **row} for row in run.read_rows()], AGAIN


def test_most_of_them_have_been_run():
    assert len(RAN) >= 15


@pytest.mark.parametrize("row", MADE, ids=ids)
def test_a_row_is_what_its_snippet_and_pins_gave(row):
    settings = next(each for each in EVERY.values() if row["name"] in each["rows"])
    assert row["digest"] == run.digest(row["name"], settings), AGAIN


@pytest.mark.parametrize("row", MADE, ids=ids)
def test_a_row_has_the_lines_of_a_user(row):
    assert row["code"] == run.code(row["name"])
    assert run.LINE not in row["code"]
    assert 4 <= len(row["code"].splitlines()) <= MOST_LINES
    assert "in_training" in row["code"]
    assert "in_evaluation" in row["code"]


@pytest.mark.parametrize("row", RAN, ids=ids)
def test_a_row_says_all_that_was_asked(row):
    assert set(run.MEASURED) <= set(row)
    assert row["argument"]
    assert row["means"] in ("drop", "keep")
    assert row["kept"] in (1, 1.25, 5)
    assert row["evaluation"] in (1, 0.8)
    for fact in ("untold", "drop_none", "drop_all", "half"):
        assert (
            row[fact].startswith("raises ") or fact in ("untold", "half") or row[fact] in OUTCOMES
        )
    assert all(row[words] for words in ("layer", "mode", "seed", "sharing", "verdict", "versions"))


@pytest.mark.parametrize("row", RAN, ids=ids)
def test_a_row_was_run_with_its_pins(row):
    settings = next(each for each in EVERY.values() if row["name"] in each["rows"])
    pinned = dict(pin.replace("[cpu]", "").split("==") for pin in settings["pins"])
    found = {name: version.partition("+")[0] for name, version in row["versions"].items()}
    assert found == pinned


@pytest.mark.parametrize("row", RAN, ids=ids)
def test_where_a_sharing_call_is_told_it_shares(row):
    assert (
        bool(row["shared_axes"]) != row["sharing"].startswith(("none", "not"))
        or row["name"] == "equinox"
    )


def test_what_was_read_has_its_source():
    for row in run.read_rows():
        assert row["source"].startswith("https://")
        assert row["means"] in ("drop", "keep")


def test_newest_versions_are_those_without_a_number_and_a_last_release_stays():
    settings = {"pins": ["a[cpu]==1.2", "b==3"], "first": ["c==4"], "rows": ["a"]}
    assert run.unpinned(settings) == {"pins": ["a[cpu]", "b"], "first": ["c"], "rows": ["a"]}
    assert run.unpinned({"pins": ["a==1"]}) == {"pins": ["a"]}
    last = settings | {"last_release": True}
    assert run.unpinned(last) == last


def test_what_is_to_be_alone_is_installed_last_and_without_what_it_needs(monkeypatch, tmp_path):
    monkeypatch.setattr(run, "FOLDER", tmp_path)
    done = []

    def pip(command, log, seconds):
        (tmp_path / "one").mkdir(exist_ok=True)
        done.append(list(map(str, command)))
        return True

    monkeypatch.setattr(run, "run", pip)
    run.install("one", {"pins": ["a==1"], "alone": ["b==2"]})
    assert done[-1][-3:] == ["--no-deps", "--no-build-isolation", "b==2"]
    assert done[-2][-1] == "a==1"
    assert "--no-deps" not in done[-2]


def test_a_digest_is_another_for_another_pin(tmp_path):
    settings = EVERY["pytorch"]
    assert run.digest("pytorch", settings) == run.digest("pytorch", settings | {"rows": []})
    assert run.digest("pytorch", settings) != run.digest("pytorch", settings | {"pins": ["torch"]})
    assert run.digest("pytorch", settings) != run.digest("mlx", settings)


def test_the_last_words_of_a_log_are_its_last_error(tmp_path):
    log = tmp_path / "log"
    log.write_text("Collecting a\nERROR: no match for a\nValueError: wrong\nnote: ask pip\n\n")
    assert run.last_words(log) == "ValueError: wrong"
    log.write_text("it stopped\n")
    assert run.last_words(log) == "it stopped"
    log.write_text("")
    assert run.last_words(log) == "it said nothing"


# --- a whole run, with a library that never was -------------------------------------------------

ROW = dict.fromkeys(run.MEASURED, 1) | {"layer": "One", "kept": 1.25, "evaluation": 1.0}


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A run of one environment, which gives what is in the returned dictionary."""
    snippets = tmp_path / "snippets"
    snippets.mkdir()
    (snippets / "one.py").write_text("x = 1\n# --- asked besides\ny = 2\n")
    answer = {"install": "python", "row": dict(ROW), "table": tmp_path / "table.json"}

    def give(what):
        if isinstance(answer[what], Exception):
            raise answer[what]
        return answer[what]

    monkeypatch.setattr(run, "SNIPPETS", snippets)
    monkeypatch.setattr(run, "FOLDER", run.ROOT / ".cache" / "frameworks")
    monkeypatch.setattr(run, "megabytes", lambda folder: 0)
    monkeypatch.setattr(run, "TABLE", answer["table"])
    monkeypatch.setattr(run, "environments", lambda: {"one": {"pins": ["one==1"], "rows": ["one"]}})
    monkeypatch.setattr(run, "install", lambda name, settings: give("install"))
    monkeypatch.setattr(run, "ask", lambda python, name, settings: give("row"))
    return answer


def written(answer):
    return json.loads(answer["table"].read_text("utf8"))["rows"][0]


def test_a_run_writes_the_row_and_its_code(small):
    run.main(False, [])
    assert written(small)["kept"] == 1.25
    assert written(small)["code"] == "x = 1"


def test_what_does_not_install_is_a_row_that_says_so_and_the_run_goes_on(small, capsys):
    small["install"] = run.CannotBeAskedError("does not install: no wheel")
    run.main(False, [])
    assert written(small)["how"] == "not run"
    assert written(small)["reason"] == "does not install: no wheel"
    assert "0 of 1 rows asked here" in capsys.readouterr().out


def test_a_row_from_where_it_ran_stays_while_nothing_is_edited(small):
    run.main(False, [])
    small["install"] = run.CannotBeAskedError("does not install: no wheel")
    run.main(False, [])
    assert written(small)["how"] == "run"
    (run.SNIPPETS / "one.py").write_text("x = 3\n# --- asked besides\n")
    run.main(False, [])
    assert written(small)["how"] == "not run"


@pytest.mark.parametrize(
    ("what", "value", "status", "said"),
    [
        ("row", ROW, 0, ""),
        ("row", ROW | {"kept": 5.0}, 1, "CHANGED one: kept was 1.25, is 5.0"),
        ("row", run.CannotBeAskedError("does not run: TypeError"), 1, "CHANGED one: it ran, and"),
        ("install", run.CannotBeAskedError("does not install: no wheel"), 1, "not asked: one"),
    ],
)
def test_newest_writes_nothing_and_fails_if_a_row_has_changed(
    small, capsys, what, value, status, said
):
    run.main(False, [])
    before = small["table"].read_bytes()
    small[what] = value
    with pytest.raises(SystemExit) as ended:
        run.main(True, [])
    assert ended.value.code == status
    assert said in capsys.readouterr().out
    assert small["table"].read_bytes() == before


def test_an_unknown_name_is_refused(small):
    with pytest.raises(SystemExit, match="no such environment: two; there are one"):
        run.main(False, ["two"])
