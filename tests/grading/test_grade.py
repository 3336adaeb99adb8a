"""The command on a folder of anything: a line for each, results kept, nothing hidden revealed."""

import csv
import io
import json
import os
import re
import subprocess
import zipfile

import pytest
from forked import forked
from helpers import says
from notebooks import FOLDER, FULL, assignment, score, submission, unanswered

from dropout_grading import __main__ as command
from dropout_grading import container, mark_folder
from dropout_grading.__main__ import main
from dropout_grading.execution import sandbox
from dropout_grading.execution.protocol import MAX_ARRAYS, ProtocolError, receive, send
from dropout_grading.execution.sandbox import Limits
from dropout_grading.execution.values import MAX_NESTING, Opaque, pack, unpack
from dropout_grading.mark_folder import grade
from dropout_grading.reports import feedback, tables
from dropout_grading.submissions import files, find
from dropout_grading.submissions import notebook as reader
from tools.paths import ASSIGNMENTS, HANDOUTS

NAME = "inverted-dropout.ipynb"
GOOD = submission()
WRONG = submission({"    return x\n": "    return (1 - p) * x\n"})


def zipped(members):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return held.getvalue()


def lay(folder, files):
    """Write files, {path: bytes}, into a new folder."""
    for path, data in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def rows_of(tmp_path, workers=2):
    more = {"workers": workers, "limits": Limits(), "progress": False}
    with forked():
        return grade(FOLDER, tmp_path / "in", tmp_path / "out", **more)


def run(tmp_path, workers=2):
    rows = rows_of(tmp_path, workers)
    return {entry.student: (result["status"], score(result)) for entry, result, _ in rows}


def table(path):
    with path.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


def fill_in(path, **points):
    """Write a person's points, {student: points}, into the CSV of answers."""
    rows = table(path)
    for row in rows:
        row["points"] = points.get(row["id"].partition(":")[0], row["points"])
        row["comment"] = "good" if row["points"] else row["comment"]
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        out = csv.DictWriter(file, rows[0])
        out.writeheader()
        out.writerows(rows)


def found(folder):
    return {s.student: read(s) for s in find.find_submissions(folder, NAME)}


def read(entry):
    try:
        return entry.problem or entry.read()
    except find.UnreadableError as error:
        return str(error)


# --- who handed in what -------------------------------------------------------------------------


def test_a_folder_of_anything(tmp_path):
    lay(
        tmp_path / "in",
        {
            "ann.ipynb": GOOD,
            "ben.zip": zipped({"hw/sub/any name.ipynb": GOOD, "__MACOSX/hw/._any.ipynb": b"x"}),
            "cid/answer.ipynb": WRONG,
            "cid/data.csv": b"1,2",
            "cid/.ipynb_checkpoints/answer-checkpoint.ipynb": b"x",
            "dan/one.ipynb": GOOD,
            "dan/two.ipynb": GOOD,
            f"eve/{NAME}": GOOD,
            "eve/scratch.ipynb": WRONG,
            "fay/readme.txt": b"sorry",
            "gus.txt": b"sorry",
            "hal.ZIP": zipped({"HOMEWORK.IPYNB": GOOD}),
            "ida.zip": zipped({"inner.zip": zipped({NAME: GOOD})}),
            ".DS_Store": b"",
            "__MACOSX/x.ipynb": b"",
            "jim.zip": b"",
        },
    )
    (tmp_path / "in" / "kim").mkdir()
    rows = run(tmp_path)
    marked, lost = ("marked", FULL), (3, 4, 0, 3, 3, 2)
    assert rows.pop("dan") == ("holds 2 notebooks: one.ipynb, two.ipynb", (0,) * 6)
    assert rows.pop("cid") == ("marked", lost)
    for name in ("fay", "gus.txt", "kim"):
        assert rows.pop(name) == ("holds no notebook (.ipynb)", (0,) * 6)
    assert rows.pop("jim")[0].startswith("is not a readable zip")
    assert rows == dict.fromkeys(("ann", "ben", "eve", "hal", "ida"), marked)
    statuses = {row["student"]: row["status"] for row in table(tmp_path / "out" / "marks.csv")}
    assert statuses["eve"] == "marked; not looked at: scratch.ipynb"
    assert statuses["ann"] == "marked"
    feedback = (tmp_path / "out" / "feedback" / "eve.md").read_text("utf8")
    said = f"This is about `eve/{NAME}`. Nobody looked at what lay beside it: `scratch.ipynb`."
    assert said in feedback


@pytest.mark.parametrize("where", ["a zip", "a folder", "the folder itself"])
def test_a_download_of_moodle(tmp_path, where):
    """Also of one student alone, whose name is in the folder's."""
    for members in (
        {
            f"Ann Lee_12_assignsubmission_file_/{NAME}": b"ann",
            "Ben Öz_34_assignsubmission_file_/my work.zip": zipped({NAME: b"ben"}),
            "Cid_56_assignsubmission_onlinetext_/text.html": b"",
        },
        {f"Ann Lee_12_assignsubmission_file_/{NAME}": b"ann"},
    ):
        folder = tmp_path / str(len(members))
        lay(
            folder,
            {"course.zip": zipped(members)}
            if where == "a zip"
            else {("course/" if where == "a folder" else "") + n: d for n, d in members.items()},
        )
        want = {"Ann Lee_12": b"ann", "Ben Öz_34": b"ben", "Cid_56": "holds no notebook (.ipynb)"}
        assert found(folder) == dict(list(want.items())[: len(members)])


@pytest.mark.parametrize("as_zip", [True, False])
def test_a_download_of_canvas(tmp_path, as_zip):
    """With two students of one name."""
    files = {
        f"leeann_123_456_{NAME}": b"ann",
        f"leeann_1230_455_{NAME}": b"the other ann",
        f"ozben_LATE_124_457_{NAME}": b"ben",
        "poecid_125_458_work.zip": zipped({f"x/{NAME}": b"cid"}),
        "poecid_125_459_plot.png": b"",
        "raydan_126_460_a.ipynb": b"1",
        "raydan_126_461_b.ipynb": b"2",
        "sueeve_127_462_work.zip": b"broken",
    }
    lay(tmp_path, {"submissions.zip": zipped(files)} if as_zip else files)
    got = found(tmp_path)
    assert got.pop("raydan_126").startswith("holds 2 notebooks")
    assert got.pop("sueeve_127").startswith("is not a readable zip")
    rest = {"leeann_123": b"ann", "ozben_124": b"ben", "poecid_125": b"cid"}
    assert got == {**rest, "leeann_1230": b"the other ann"}


def test_a_zip_of_zips_is_one_student_each(tmp_path):
    """And a broken one among them does not take the class with it."""
    class_ = {f"{n}.zip": zipped({NAME: n.encode()}) for n in ("ann", "ben")}
    lay(tmp_path, {"class.zip": zipped({**class_, "cid.zip": b"broken", "dan/x.txt": b""})})
    got = found(tmp_path)
    assert got.pop("cid").startswith("is not a readable zip")
    assert got == {"ann": b"ann", "ben": b"ben", "dan": "holds no notebook (.ipynb)"}


def test_one_name_twice_is_two_rows(tmp_path):
    lay(tmp_path / "in", {"ann.ipynb": GOOD, "ann.zip": zipped({NAME: WRONG})})
    assert set(run(tmp_path)) == {"ann.ipynb", f"ann.zip/{NAME}"}
    assert len(list((tmp_path / "out" / "feedback").iterdir())) == 2
    assert len({row["id"] for row in table(tmp_path / "out" / "manual.csv")}) == 2


def test_an_unreadable_file_is_a_row(tmp_path, monkeypatch):
    """A file that the marker may not open; root may open any, so the error is made here."""
    lay(tmp_path, {"ann.ipynb": GOOD, "ben.ipynb": GOOD})
    opened = os.open

    def refuse(path, *args):
        if str(path).endswith("ann.ipynb"):
            raise PermissionError(13, "Permission denied")
        return opened(path, *args)

    monkeypatch.setattr(files.os, "open", refuse)
    assert found(tmp_path) == {"ann": "cannot be read: Permission denied", "ben": GOOD}


def test_limits_on_what_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "MAX_FILES", 4)
    lay(tmp_path, {"ann.zip": zipped({f"{n}.txt": b"" for n in range(5)})})
    deep = GOOD
    for n in range(6):
        deep = zipped({"x.ipynb" if n == 0 else "x.zip": deep})
    lay(tmp_path, {"ben.zip": deep})
    assert found(tmp_path) == {
        "ann": "holds more than 4 files",
        "ben": "holds zips within zips more than 4 deep",
    }


# --- what comes out -----------------------------------------------------------------------------


def test_the_columns_of_the_csv(tmp_path):
    lay(tmp_path / "in", {"ann.ipynb": GOOD, "ben.ipynb": b"no"})
    run(tmp_path)
    ann, ben = table(tmp_path / "out" / "marks.csv")
    assert list(ann) == [
        "student",
        "file",
        "number",
        "status",
        *(f"q{n}" for n in range(1, 8)),
        "total",
        "of",
    ]
    assert list(ann.values()) == ["ann", "ann.ipynb", "", "marked", *"341332", "", "", "20"]
    assert list(ben.values())[4:] == [*"000000", "0", "0", "20"]
    assert ben["status"].startswith("is not a notebook")


def test_formulas_in_names_are_neutralised(tmp_path):
    names = ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1")
    lay(tmp_path / "in", {f"{name.replace('/', '∕')}.ipynb": b"no" for name in names})
    run(tmp_path)
    for file in ("marks.csv", "manual.csv"):
        for row in table(tmp_path / "out" / file):
            assert not any(str(v).startswith(("=", "+", "-", "@", "\t")) for v in row.values())


def test_names_that_no_file_can_have(tmp_path):
    names = ["x" * 240, "a:b", "a?b", "q1 [final]", "x..", "Ünï", "\udcff"]
    lay(tmp_path / "in", {f"{name}.ipynb": b"no" for name in names})
    assert len(run(tmp_path)) == len(names)
    assert len(list((tmp_path / "out" / "feedback").iterdir())) == len(names)
    assert len(table(tmp_path / "out" / "marks.csv")) == len(names)
    assert len(set(feedback.file_names(["a/../b", "a_.._b"]).values())) == 2


def test_feedback_reveals_no_hidden_check(tmp_path):
    """Submissions that fail everything, in several ways: never a hidden check's words."""
    lay(
        tmp_path / "in",
        {
            "none.ipynb": json.dumps({"cells": []}).encode(),
            "ones.ipynb": submission({"rng.random(shape) < 1 - p": "np.ones(shape, bool)"}),
            "loop.ipynb": submission({"grad * cache": "1\n    raise ValueError"}),
            "x.ipynb": submission({"return x * factor,": "x *= factor\n    return x,"}),
            "last.ipynb": submission({"        x[index] = before\n": ""}),
            "broken.ipynb": b"no",
        },
    )
    run(tmp_path)
    kept = [json.loads(p.read_text()) for p in (tmp_path / "out" / "results").iterdir()]
    entries = [c for result in kept for c in result["checks"] if "message" in c]
    hidden = {c["message"] for c in entries if c["hidden"]}
    shown = {c["message"] for c in entries if not c["hidden"]}
    names = {c.name for c in assignment().checks if c.hidden}
    assert hidden
    assert len(names) == 4
    for file in (tmp_path / "out" / "feedback").iterdir():
        text = file.read_text("utf8")
        assert not any(words in text for words in names | (hidden - shown))
    assert feedback.UNSEEN_IN_NOTEBOOK in (tmp_path / "out" / "feedback" / "x.md").read_text("utf8")


def test_feedback_names_the_misconception(tmp_path):
    lay(tmp_path / "in", {"ann.ipynb": submission({"1 / (1 - p), 0": "1 / p, 0"})})
    run(tmp_path)
    text = (tmp_path / "out" / "feedback" / "ann.md").read_text("utf8")
    assert "## q2: 2 of 4 points" in text
    said = "Not met: *inverted_train scales what it keeps*: kept values are 5 times what they were:"
    assert f"- {said} you divide by p" in text


def test_the_instructor_sees_what_each_check_said(tmp_path):
    """The hidden ones too, in a table that no spreadsheet takes for formulas."""
    files = {"=ann.ipynb": submission({"return x * factor,": "x *= factor\n    return x,"})}
    lay(tmp_path / "in", files | {"ben.ipynb": b"no"})
    run(tmp_path)
    rows = table(tmp_path / "out" / "details.csv")
    assert len(rows) == 2 * len(assignment().checks)
    (lost,) = (row for row in rows if row["got"] == "0" and row["student"] == "'=ann")
    assert [
        lost[name] for name in ("status", "question", "hidden", "got", "points", "message")
    ] == [*("marked", "q2", "yes", "0", "1", "inverted_train changes its input: make a new array")]
    assert {row["message"] for row in rows if row["student"] == "ben"} == {"was not run"}
    assert "was not run" not in (tmp_path / "out" / "feedback" / "ben.md").read_text("utf8")


@pytest.mark.parametrize("name", ["inverted-dropout", "test-time", "rescue"])
def test_the_rubric_is_the_answer_in_words(name):
    text = reader.rubric((ASSIGNMENTS / name / "source.ipynb").read_bytes())
    (question,) = assignment(name).manual
    assert text.startswith(f"## {question}: ")
    assert len(text) > 500
    assert not re.search(reader.ANSWER_PLACEHOLDER, text)
    assert "## q1" not in text


def test_the_rubric_lies_beside_the_answers(tmp_path):
    lay(tmp_path / "in", {"ann.ipynb": GOOD})
    run(tmp_path)
    text = (tmp_path / "out" / "rubric.md").read_text("utf8")
    assert text.startswith("# inverted-dropout\n\n## q7: In your own words (4 points)\n\n")


# --- answers that a person marks ----------------------------------------------------------------


def with_answer(*cells):
    content = json.loads(unanswered(GOOD))
    content["cells"] += [{"cell_type": "markdown", "source": cell} for cell in cells]
    return json.dumps(content).encode()


@pytest.mark.parametrize("name", ["inverted-dropout", "test-time", "rescue"])
def test_an_answer_in_the_notebook_that_students_get_is_found(name):
    """otter-grader frames the question, and puts a cell there to write in."""
    handed_out = json.loads((HANDOUTS / f"{name}.ipynb").read_text("utf8"))
    (question,) = assignment(name).manual
    asked = assignment(name).questions

    def answer():
        found = reader.cells(json.dumps(handed_out).encode())
        return reader.answer(found, question, asked, assignment(name).template)

    assert answer() == ""
    (cell,) = (c for c in handed_out["cells"] if "".join(c["source"]).startswith("_Type your"))
    cell["source"] = ["My *own* words,\n", "in two lines."]
    assert answer() == "My *own* words,\nin two lines."
    for between in ("\n\n", " "):
        cell["source"] = f"_Type your answer here, replacing this text._{between}Below its place."
        assert answer() == "Below its place."


def test_answers_go_out_and_points_come_back(tmp_path):
    """Also those of names that have a quote in front in the file."""
    files = {"ann.ipynb": with_answer("The *mean*, é."), "'ben.ipynb": GOOD, "-cid.ipynb": GOOD}
    odd = [f"{chr(0xDC00 + byte)}.ipynb" for byte in (0xFF, 0xFE)]  # no UTF-8, and one name each
    files |= {"ben.ipynb": GOOD, "a\rb.ipynb": GOOD, **dict.fromkeys(odd, GOOD)}
    lay(tmp_path / "in", files)
    run(tmp_path)
    manual = tmp_path / "out" / "manual.csv"
    assert {row["id"]: row["answer"] for row in table(manual)}["ann:q7"] == "The *mean*, é."
    mine = {"'-cid": "0", "''ben": "4", "ben": "1", "a\rb": "2", "\\udcff": "3", "\\udcfe": "2.5"}
    fill_in(manual, ann="3.5", **mine)
    for _ in range(2):  # and they stay
        run(tmp_path)
        rows = {row["file"]: row for row in table(tmp_path / "out" / "marks.csv")}
        rows = {name.removesuffix(".ipynb"): row for name, row in rows.items()}
        got = {run_[0].student: run_[2]["q7"] for run_ in rows_of(tmp_path)}
        assert (got["\udcff"], got["\udcfe"], got["a\rb"], got["ben"]) == (3, 2.5, 2, 1)
        assert (rows["ann"]["q7"], rows["ann"]["total"]) == ("3.5", "19.5")
        assert (rows["'-cid"]["q7"], rows["'-cid"]["total"]) == ("0", "16")
        assert (rows["''ben"]["q7"], rows["''ben"]["total"]) == ("4", "20")
        assert {row["comment"] for row in table(manual)} == {"good"}


@pytest.mark.parametrize("points", ["4.5", "-1", "nan", "inf", "four"])
def test_points_out_of_range_are_refused(tmp_path, points, capsys):
    lay(tmp_path / "in", {"ann.ipynb": GOOD})
    run(tmp_path)
    manual = tmp_path / "out" / "manual.csv"
    fill_in(manual, ann=points)
    before = manual.read_bytes()
    arguments = [str(FOLDER), str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--unsafe"]
    assert main(arguments) == 2
    rule = f"points of ann:q7 in manual.csv must be a number from 0 to 4, got {points}"
    assert rule in capsys.readouterr().err
    assert manual.read_bytes() == before


def test_points_are_for_the_answer_that_was_read(tmp_path):
    """If it changes, they wait for a person again; what was given before is said."""
    manual = tmp_path / "out" / "manual.csv"
    lay(tmp_path / "in", {"ann.ipynb": with_answer("One."), "ben.ipynb": with_answer("Same.")})
    run(tmp_path)
    fill_in(manual, ann="2.5", ben="3")
    run(tmp_path)
    assert [row["q7"] for row in table(tmp_path / "out" / "marks.csv")] == ["2.5", "3"]
    lay(tmp_path / "in", {"ann.ipynb": with_answer("Another.")})
    for _ in range(2):
        run(tmp_path)
        assert [row["q7"] for row in table(tmp_path / "out" / "marks.csv")] == ["", "3"]
        ann, ben = table(manual)
        said = "the answer has changed since it got 2.5: mark it again"
        assert (ann["points"], ann["answer"], ann["note"]) == ("", "Another.", said)
        assert (ben["points"], ben["note"]) == ("3", "")
    fill_in(manual, ann="4")
    run(tmp_path)
    assert [row["q7"] for row in table(tmp_path / "out" / "marks.csv")] == ["4", "3"]
    assert table(manual)[0]["note"] == ""


def test_points_for_an_answer_that_is_gone(tmp_path):
    manual = tmp_path / "out" / "manual.csv"
    lay(tmp_path / "in", {"ann.ipynb": with_answer("One.")})
    run(tmp_path)
    fill_in(manual, ann="2.5")
    lay(tmp_path / "in", {"ann.ipynb": unanswered(GOOD)})
    run(tmp_path)
    (ann,) = table(tmp_path / "out" / "marks.csv")
    assert ann["q7"] == "0"
    assert "since it got 2.5" in table(manual)[0]["note"]


def test_points_filled_in_beside_an_old_answer_do_not_count_for_a_new_one(tmp_path):
    """The file was open in a spreadsheet while the marker ran again."""
    manual = tmp_path / "out" / "manual.csv"
    lay(tmp_path / "in", {"ann.ipynb": with_answer("One.")})
    run(tmp_path)
    open_in_spreadsheet = manual.read_bytes()
    lay(tmp_path / "in", {"ann.ipynb": with_answer("Another.")})
    run(tmp_path)
    manual.write_bytes(open_in_spreadsheet)
    fill_in(manual, ann="2.5")
    run(tmp_path)
    assert table(tmp_path / "out" / "marks.csv")[0]["q7"] == ""


def test_moodle_gets_the_feedback_by_number(tmp_path):
    """Of those whose answers are marked, and not before."""
    folder, out = "{}_assignsubmission_file_", tmp_path / "out"
    lay(tmp_path / "in", {f"{folder.format(n)}/{NAME}": GOOD for n in ("Ann Lee_7", "-Bo_77")})
    run(tmp_path)
    assert not (out / "feedback.zip").exists()
    fill_in(out / "manual.csv", **{"'-Bo_77": "3"})
    run(tmp_path)
    with zipfile.ZipFile(out / "feedback.zip") as archive:
        (name,) = archive.namelist()
        assert name == "Participant_77_assignsubmission_file_feedback.md"
        assert archive.read(name).startswith(b"# inverted-dropout: ")
        assert b"-Bo_77" in archive.read(name)


def test_points_of_who_is_not_in_the_folder_are_kept(tmp_path):
    lay(tmp_path / "in", {"ann.ipynb": GOOD, "ben.ipynb": GOOD})
    run(tmp_path)
    fill_in(tmp_path / "out" / "manual.csv", ann="2")
    (tmp_path / "in" / "ann.ipynb").rename(tmp_path / "ann.ipynb")
    run(tmp_path)
    (tmp_path / "ann.ipynb").rename(tmp_path / "in" / "ann.ipynb")
    run(tmp_path)
    assert [row["q7"] for row in table(tmp_path / "out" / "marks.csv")] == ["2", ""]


def test_a_spreadsheet_with_semicolons_is_read(tmp_path):
    file = tmp_path / "manual.csv"
    file.write_text("\ufeffid;points;of;comment;answer\r\nann:q7;2;4;a, b;x\r\n", "utf8")
    assert tables.read_answers(file, assignment())["ann:q7"][:3] == ("2", "a, b", "x")
    file.write_text("name,points\nann,2\n", "utf8")
    with pytest.raises(ValueError, match=r"manual\.csv must have the columns id, points, of"):
        tables.read_answers(file, assignment())


def test_a_spreadsheet_with_semicolons_can_be_opened_again(tmp_path):
    lay(tmp_path / "in", {"ann.ipynb": GOOD})
    run(tmp_path)
    manual = tmp_path / "out" / "manual.csv"
    (row,) = table(manual)
    with manual.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file, delimiter=";").writerows([row, (row | {"points": "2,5"}).values()])
    run(tmp_path)
    assert manual.read_text("utf-8-sig").startswith(
        "id;points;of;comment;note;answer;version\nann:q7;2,5;4;;;"
    )
    assert table(tmp_path / "out" / "marks.csv")[0]["total"] == "18.5"


def test_points_may_have_a_decimal_comma(tmp_path):
    file = tmp_path / "manual.csv"
    file.write_text("id;points;of;comment;answer\r\nann:q7;2,5;4;;x\r\n", "utf8")
    assert tables.number(tables.read_answers(file, assignment())["ann:q7"][0]) == 2.5


def test_a_long_answer_is_cut_and_can_be_read_back(tmp_path):
    lay(tmp_path / "in", {"ann.ipynb": with_answer("long " * 10**5)})
    run(tmp_path)
    run(tmp_path)
    (row,) = table(tmp_path / "out" / "manual.csv")
    assert row["answer"].endswith("[cut: 499999 characters]")


def test_an_answer_is_all_below_its_heading():
    found = reader.cells(
        with_answer(
            "# My answer\n\nfirst", "second", "## q6: again\n\nno", "## q7: The rest\n\nthird"
        )
    )
    text = reader.answer(found, "q7", assignment().questions, assignment().template)
    assert text == "# My answer\n\nfirst\n\nsecond\n\n## q7: The rest\n\nthird"


# --- a second run, and errors -------------------------------------------------------------------


def test_a_second_run_marks_only_what_has_changed(tmp_path, monkeypatch):
    calls, mark = [], mark_folder.mark
    monkeypatch.setattr(
        mark_folder, "mark", lambda a, data, **k: calls.append(data) or mark(a, data, **k)
    )
    lay(tmp_path / "in", {"ann.ipynb": GOOD, "ben.ipynb": WRONG})
    first = run(tmp_path)
    assert len(calls) == 2
    assert run(tmp_path) == first
    assert len(calls) == 2
    lay(tmp_path / "in", {"ben.ipynb": GOOD + b"\n"})
    assert run(tmp_path)["ben"] == ("marked", FULL)
    assert calls[2:] == [GOOD + b"\n"]


def test_a_damaged_result_is_made_anew(tmp_path):
    lay(tmp_path / "in", {"ann.ipynb": GOOD})
    first = run(tmp_path)
    (kept,) = (tmp_path / "out" / "results").iterdir()
    kept.write_text("{")
    assert run(tmp_path) == first


def test_many_hand_in_the_same(tmp_path):
    """The same bytes, so the same kept result, at the same moment."""
    lay(tmp_path / "in", {f"{n}.ipynb": GOOD for n in range(12)})
    assert set(run(tmp_path, workers=4).values()) == {("marked", FULL)}
    assert len(list((tmp_path / "out" / "results").iterdir())) == 1


def test_a_fault_of_the_marker_stops_one_submission(tmp_path, monkeypatch):
    mark = mark_folder.mark

    def faulty(assignment, data, **named):
        if data == WRONG:
            raise MemoryError
        return mark(assignment, data, **named)

    monkeypatch.setattr(mark_folder, "mark", faulty)
    lay(tmp_path / "in", {"ann.ipynb": GOOD, "ben.ipynb": WRONG})
    rows = run(tmp_path)
    assert rows["ann"] == ("marked", FULL)
    assert rows["ben"] == (
        "was not marked: the marker failed, run it again: MemoryError()",
        (0,) * 6,
    )
    assert [row["total"] for row in table(tmp_path / "out" / "marks.csv")] == ["", ""]
    monkeypatch.undo()
    assert run(tmp_path)["ben"][0] == "marked"


def test_a_computer_on_which_nothing_runs_is_no_zero_for_all(tmp_path, monkeypatch):
    monkeypatch.setattr(sandbox.sys, "executable", "/usr/bin/false")
    lay(tmp_path / "in", {"ann.ipynb": GOOD})
    with pytest.raises(ValueError, match="no submission can be run on this computer"):
        grade(FOLDER, tmp_path / "in", tmp_path / "out", workers=1, limits=Limits())


def test_the_sandbox_covers_no_place_of_python():
    assert not sandbox.sys.prefix.startswith(sandbox.SANDBOX_HOME)
    assert not sandbox.sys.base_prefix.startswith(sandbox.SANDBOX_HOME)


def test_the_command(tmp_path, capsys):
    lay(tmp_path / "in", {"ann.ipynb": GOOD, "ben.ipynb": b"no"})
    arguments = [str(FOLDER), str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    assert main([*arguments, "--unsafe"]) == 0
    said = capsys.readouterr()
    assert "2 submissions, 1 ran to the end, 1 that could not be marked" in said.out
    assert ("WARNING: --unsafe" in said.err) != sandbox.isolated()


@pytest.fixture
def no_bubblewrap(monkeypatch):
    for module in (sandbox, command, mark_folder):
        monkeypatch.setattr(module, "isolated", lambda: False)
    monkeypatch.setattr(container, "found", lambda: None)


def test_without_isolation_nothing_runs(tmp_path, capsys, no_bubblewrap):
    arguments = [str(FOLDER), str(tmp_path / "in"), "--out", str(tmp_path / "out")]
    lay(tmp_path / "in", {"ann.ipynb": GOOD})
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert "sudo apt install bubblewrap" in said
    assert "It can read and change all your files" in said
    assert not (tmp_path / "out").exists()
    assert main([*arguments, "--unsafe"]) == 0
    assert "WARNING: --unsafe" in capsys.readouterr().err


DOCKER = """#!/bin/sh
printf '%s\\n' "$@" "--" >> {log}
test "$1" != build || exit {status}
"""


@pytest.mark.parametrize("tool", container.OPTIONS)
def test_without_bubblewrap_a_container_marks(tmp_path, monkeypatch, tool):
    """What is mounted, and nothing else; a program takes the tool's place here."""
    for module in (sandbox, command):
        monkeypatch.setattr(module, "isolated", lambda: False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    for name in container.OPTIONS:
        (tmp_path / name).write_text("#!/bin/sh\nexit 1")
        (tmp_path / name).chmod(0o755)
    (tmp_path / tool).write_text(DOCKER.format(log=tmp_path / "log", status=0))
    handed_in, out = tmp_path / 'in, of "1"', tmp_path / "out"
    lay(handed_in, {"ann.ipynb": GOOD})
    assert main([str(FOLDER), str(handed_in), "--out", str(out), "--seconds", "7"]) == 0
    _, build, run_, _ = (tmp_path / "log").read_text().split("--\n")
    assert build.split("\n")[0] == "build"
    run_ = run_.split("\n")
    quoted = str(handed_in).replace('"', '""')
    assert [option for option in run_ if "mount" in option] == [
        f'--mount=type=bind,"source={FOLDER}",target=/assignments/{FOLDER.name},readonly',
        f'--mount=type=bind,"source={quoted}",target=/submissions,readonly',
        f'--mount=type=bind,"source={out}",target=/marks',
    ]
    assert "--network=none" in run_
    assert f"--user={os.getuid()}:{os.getgid()}" in run_
    assert ("--cap-add=SETFCAP" in run_) == (os.getuid() == 0)
    assert "--seconds=7.0" in run_
    (tmp_path / tool).write_text(DOCKER.format(log=tmp_path / "log", status=3))
    assert main([str(FOLDER), str(handed_in), "--out", str(out)]) == 3


def test_the_image_is_built_from_files_that_are_there():
    text = (sandbox.PACKAGE / "Containerfile").read_text("utf8")
    copied = re.findall("^COPY (.+) \\S+$", text, flags=re.MULTILINE)
    for name in " ".join(copied).split():
        assert (container.ROOT / name).exists(), name


def test_the_command_s_limits_are_those_of_the_marker_unless_told_otherwise(monkeypatch):
    given = []
    monkeypatch.setattr(command, "grade", lambda *a, limits, **k: given.append(limits) or [])
    main([str(FOLDER), "b", "--unsafe"])
    limits = ["--seconds", "2.5", "--memory", "3", "--processes", "4"]
    main([str(FOLDER), "b", "--unsafe", *limits])
    assert given == [Limits(), Limits(seconds=2.5, memory_bytes=3 * 2**20, processes=4)]


@pytest.mark.parametrize(
    ("command", "want"),
    [
        ("grade", ["assignments/inverted-dropout", "a 'b' c", "--out", 'x "y"']),
        ("upload", ['x "y"/marks.csv', "l m.csv", "--column", "Dropout (1)"]),
    ],
)
def test_make_takes_paths_with_spaces_and_quotes(tmp_path, command, want):
    shows = tmp_path / "python"
    shows.write_text("#!/bin/sh\nshift 2\nprintf '%s\\n' \"$@\"")
    shows.chmod(0o755)
    given = {"SUBMISSIONS": "a 'b' c", "MARKS": 'x "y"', "LMS": "l m.csv", "COLUMN": "Dropout (1)"}
    arguments = [f"{name}={value}" for name, value in {**given, "VENV_PYTHON": shows}.items()]
    make = ["make", "-s", "-o", "setup", command, *arguments]
    ended = subprocess.run(make, cwd=container.ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == want


def test_what_was_marked_before_counts_as_marked(tmp_path, capsys):
    lay(tmp_path / "in", {"ann.ipynb": GOOD, "ben.ipynb": b"no"})
    arguments = [str(FOLDER), str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--unsafe"]
    for _ in range(2):  # the second time the result is read from its file
        main(arguments)
        assert "2 submissions, 1 ran to the end" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["{in}", "{in}"], "ASSIGNMENT must be a folder with a checks.py"),
        ([str(FOLDER), "{in}/nowhere"], "SUBMISSIONS must be a folder"),
        ([str(FOLDER), "{in}", "--out", "{in}/marks"], "--out must not lie in the submissions"),
        ([str(FOLDER), "{in}", "--workers", "0"], "--workers must be at least 1"),
    ],
)
def test_what_the_command_refuses(arguments, text, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    filled = [a.replace("{in}", str(tmp_path / "in")) for a in arguments]
    if "--out" not in filled:
        filled += ["--out", str(tmp_path / "out")]
    assert main([*filled, "--unsafe"]) == 2
    assert text in capsys.readouterr().err


# --- the messages -------------------------------------------------------------------------------


def test_a_message_comes_back_as_it_was():
    import numpy as np

    arrays = [
        np.arange(6.0).reshape(2, 3).T,
        np.array(True),
        np.zeros((0, 3), "f4"),
        np.array([1j]),
    ]
    value = {
        "a": [1, 2.5, float("inf"), None, "é\ud800", (True, -0.0)],
        "b": arrays,
        "c": np.int8(3),
    }
    file = io.BytesIO()
    send(file, value)
    file.seek(0)
    got = receive(file)
    assert got["a"] == value["a"]
    assert got["c"] == 3
    for one, two in zip(arrays, got["b"], strict=True):
        assert one.dtype == two.dtype
        assert np.array_equal(one, two)
        assert two.flags.writeable


def test_what_is_not_plain_becomes_its_name():
    file = io.BytesIO()
    send(file, [object(), {1: 2}, {1, 2}, b"x", 1j])
    file.seek(0)
    assert receive(file) == [Opaque(n) for n in ("object", "dict", "set", "bytes", "complex")]


@pytest.mark.parametrize(
    ("innermost", "sent"), [(0, 0), ([0], Opaque("list")), ({"a": 0}, Opaque("dict"))]
)
def test_lists_within_lists_are_sent_to_a_depth_and_what_is_below_is_named(innermost, sent):
    for _ in range(MAX_NESTING):
        innermost, sent = [innermost], [sent]
    assert unpack(*pack(innermost)) == sent


def test_messages_have_limits():
    import numpy as np

    with pytest.raises(
        ValueError, match=says(f"a message must hold at most {MAX_ARRAYS} arrays, got 1001")
    ):
        send(io.BytesIO(), [np.zeros(1)] * 1001)
    file = io.BytesIO()
    send(file, np.zeros(100))
    file.seek(0)
    with pytest.raises(ProtocolError, match=says("it sent a value larger than 500 bytes")):
        receive(file, max_bytes=500 + 44, max_json_bytes=500)
