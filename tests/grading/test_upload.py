"""Marks go to the right student of an LMS's CSV, and what finds none is said."""

import csv

import pytest

from dropout_grading.upload import main

MARKS = """student,file,number,status,q1,total,of
Ann Lee_7,a.ipynb,7,marked,3,20,20
Ann Lee_77,b.ipynb,77,marked,2,13.5,20
"Bo, Jr_8",c.ipynb,8,marked,0,0,20
"""
MOODLE = """Identifier,Full name,Email address,Grade,Maximum Grade,"Feedback, comments"
Participant 8,"Bo, Jr",bo@x.org,,20.00,
Participant 77,Ann Lee,ann2@x.org,5,20.00,"line
break"
Participant 7,Ann Lee,ann1@x.org,,20.00,
Participant 70,Cy,cy@x.org,,20.00,
"""
CANVAS = """Student,ID,SIS Login ID,Dropout (42)
Points Possible,,,20
"Lee, Ann",7,ann1,
"Lee, Ann",77,ann2,
Jr Bo,8,bo,
"""


def run(tmp_path, lms, marks=MARKS, column="Grade"):
    (tmp_path / "marks.csv").write_text(marks, "utf8")
    (tmp_path / "lms.csv").write_text(lms, "utf8")
    status = main([str(tmp_path / "marks.csv"), str(tmp_path / "lms.csv"), "--column", column])
    out = tmp_path / "upload.csv"
    if not out.exists():
        return status, None
    with out.open(newline="", encoding="utf-8-sig") as file:
        dialect = ";" if ";" in lms else ","
        return status, list(csv.reader(file, delimiter=dialect))


def test_moodle_by_number_and_all_else_as_it_was(tmp_path):
    status, rows = run(tmp_path, MOODLE)
    assert status == 0
    assert [row[3] for row in rows[1:]] == ["0", "13.5", "20", ""]
    before = list(csv.reader(MOODLE.splitlines(keepends=True)))
    assert [row[:3] + row[4:] for row in rows] == [row[:3] + row[4:] for row in before]


def test_canvas_by_number(tmp_path):
    status, rows = run(tmp_path, CANVAS, column="Dropout (42)")
    assert status == 0
    assert [row[3] for row in rows] == ["Dropout (42)", "20", "20", "13.5", "0"]


def test_saved_with_semicolons(tmp_path):
    lms = "Identifier;Full name;Grade;Maximum Grade\nParticipant 7;Lee, Ann;;20\n"
    marks = MARKS.splitlines(keepends=True)
    status, rows = run(tmp_path, lms, "".join(marks[:2]))
    assert (status, rows[1]) == (0, ["Participant 7", "Lee, Ann", "20", "20"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("ann,a.ipynb,,marked,3,20,20", "ann: no number of an LMS"),
        ("Cy_70,a.ipynb,70,marked,3,,20", "Cy_70: no total yet"),
        ("Di_9,a.ipynb,9,marked,3,20,20", "Di_9: not in lms.csv"),
    ],
)
def test_what_is_not_filled_in_is_said(tmp_path, capsys, line, said):
    status, rows = run(tmp_path, MOODLE, f"{MARKS}{line}\n")
    assert status == 1
    assert f"NOT FILLED IN: {said}" in capsys.readouterr().err
    assert [row[3] for row in rows[1:]] == ["0", "13.5", "20", ""]


def test_what_a_person_should_look_at_is_said(tmp_path, capsys):
    """A 0 for a file that could not be read, a second notebook, a grade that is replaced."""
    marks = MARKS.replace("c.ipynb,8,marked", "c.ipynb,8,is not a notebook (JSONDecodeError)")
    marks = marks.replace("a.ipynb,7,marked", '"a.ipynb",7,"marked; not looked at: b.ipynb"')
    lms = MOODLE.replace("ann1@x.org,,", "ann1@x.org,20.00,")
    assert run(tmp_path, lms, marks)[0] == 0
    assert capsys.readouterr().err.splitlines() == [
        "LOOK AT: Ann Lee_7 gets 20: marked; not looked at: b.ipynb",
        "REPLACED: Ann Lee_77: 5 by 13.5",
        "LOOK AT: Bo, Jr_8 gets 0: is not a notebook (JSONDecodeError)",
        "HANDED IN NOTHING: Participant 70, Cy",
    ]


def test_another_maximum_is_refused(tmp_path, capsys):
    lms = "Identifier,Maximum Grade,Grade\nParticipant 7,100.00,\n"
    assert run(tmp_path, lms) == (2, None)
    said = "the maximum grade in lms.csv must be the assignment's, 20, got 100.00: change it in"
    assert said in capsys.readouterr().err
    (tmp_path / "canvas").mkdir()
    canvas = CANVAS.replace("Points Possible,,,20", "    Points Possible,,,10")
    assert run(tmp_path / "canvas", canvas, column="Dropout (42)") == (2, None)
    (tmp_path / "right").mkdir()
    assert run(tmp_path / "right", lms.replace("100.00", "20.00"))[1][1][2] == "20"


def test_a_maximum_is_looked_for_as_each_moodle_writes_it(tmp_path, capsys):
    lms = "Identifier,Maximum grade,Grade\nParticipant 7,100.00,\n"
    assert run(tmp_path, lms) == (2, None)
    assert "got 100.00" in capsys.readouterr().err
    (tmp_path / "other").mkdir()
    assert run(tmp_path / "other", lms.replace("Maximum grade", "Highest")) == (2, None)
    assert "must have a column 'Maximum Grade' or 'Maximum grade'" in capsys.readouterr().err


def test_who_handed_in_nothing_is_said(tmp_path, capsys):
    """Not who waits for points."""
    run(tmp_path, CANVAS, f"{MARKS}Cy_70,a.ipynb,70,marked,3,,20\n", column="Dropout (42)")
    assert "HANDED IN" not in capsys.readouterr().err
    (tmp_path / "more").mkdir()
    run(tmp_path / "more", f'{CANVAS}"Poe, Di",9,di,\n', column="Dropout (42)")
    assert "HANDED IN NOTHING: Poe, Di, 9, di\n" in capsys.readouterr().err


def test_a_csv_of_another_encoding_says_what_to_do(tmp_path, capsys):
    (tmp_path / "marks.csv").write_text(MARKS, "utf8")
    (tmp_path / "lms.csv").write_bytes("Identifier,Grade\nÖz,\n".encode("cp1252"))
    assert main([str(tmp_path / "marks.csv"), str(tmp_path / "lms.csv")]) == 2
    said = "lms.csv must be UTF-8: download it again, or save it as CSV UTF-8 in a spreadsheet; "
    assert f"{said}got byte 0xd6" in capsys.readouterr().err


def test_no_escape_sequence_reaches_the_terminal(tmp_path, capsys):
    """From the name of a file in a zip, by way of a status."""
    marks = MARKS.replace("c.ipynb,8,marked", "c.ipynb,8,marked; not looked at: \x1b[31m.ipynb")
    run(tmp_path, MOODLE, marks)
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "\\x1b[31m.ipynb" in said


@pytest.mark.parametrize(
    ("lms", "marks", "said"),
    [
        ("Name,Grade\nAnn,\n", MARKS, "lms.csv must have a column 'Identifier' or 'ID', got Name"),
        ("Identifier,Name\n", MARKS, "lms.csv must have a column 'Grade', got Identifier, Name"),
        (MOODLE, f"{MARKS}Ann_7,d.ipynb,7,marked,3,20,20\n", "two students have the number 7"),
        (MOODLE, "a,b\n", "marks.csv must have a column 'student', got a, b"),
        ("", MARKS, "lms.csv must not be empty"),
    ],
)
def test_bad_files_are_refused_whole(tmp_path, capsys, lms, marks, said):
    assert run(tmp_path, lms, marks) == (2, None)
    assert said in capsys.readouterr().err


def test_a_file_that_is_not_there(tmp_path, capsys):
    assert main([str(tmp_path / "marks.csv"), str(tmp_path / "lms.csv")]) == 2
    assert "marks.csv" in capsys.readouterr().err
