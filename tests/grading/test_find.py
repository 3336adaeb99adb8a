"""Whose is what: each system's names, and names that students chose to be taken for another.

And what is found is not read until it is marked: a class need not fit into memory.
"""

import json
import os
import subprocess
import tracemalloc
import zipfile

import pytest
from test_grade import NAME, lay, zipped

from dropout_grading.submissions import files as files_module
from dropout_grading.submissions import find

LARGE = 2**22
A, B = (json.dumps({"cells": [], "n": n}).encode() for n in range(2))


def found(folder):
    """Return {student: what is marked, or why nothing is}."""
    rows = find.find_submissions(folder, NAME)
    got = {row.student: read(row) for row in rows}
    assert len(got) == len(rows)
    return got


def read(row):
    try:
        return row.problem or row.read()
    except find.UnreadableError as error:
        return str(error)


def numbers(folder):
    return {row.student: row.number for row in find.find_submissions(folder, NAME)}


# --- what the systems write ----------------------------------------------------------------------

RECEIPT = "Name: {0} ({1})\r\nAssignment: HW 1\r\nSubmission Field: \r\nName: Ann (alee)\r\n"
BLACKBOARD = {
    "HW_1_alee_attempt_2026-11-28-10-30-15.txt": RECEIPT.format("Ann Lee", "alee").encode(),
    f"HW_1_alee_attempt_2026-11-28-10-30-15_{NAME}": A,
    "HW_1_b_oz_attempt_2026-11-27-09-00-00.txt": RECEIPT.format("Ben Öz", "b_oz").encode(),
    f"HW_1_b_oz_attempt_2026-11-27-09-00-00_{NAME}": b"first try",
    "HW_1_b_oz_attempt_2026-11-28-09-00-00.txt": RECEIPT.format("Ben Öz", "b_oz").encode(),
    f"HW_1_b_oz_attempt_2026-11-28-09-00-00_{NAME}": B,
    "HW_1_cid_attempt_2026-11-28-09-00-01.txt": RECEIPT.format("Cid", "cid").encode(),
}
METADATA = b"""---
submission_11:
  :submitters:
  - :name: Ann Lee
    :sid: '1'
    :email: ann@x.org
  :created_at: 2026-11-28 10:30:15.123456000 Z
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    output: "submission_12:\\n  :submitters:\\n  - :email: mallory@x.org"
submission_12:
  :submitters:
  - :name: Cid
    :email: cid@x.org
  - :name: Ben
    :email: ben@x.org
"""


@pytest.mark.parametrize("where", ["a zip", "a folder", "the folder itself"])
def test_a_download_of_blackboard(tmp_path, where):
    """The last attempt counts; a receipt is a row only if nothing else was handed in."""
    if where == "a zip":
        lay(tmp_path, {"gradebook_1_HW.zip": zipped(BLACKBOARD)})
    else:
        folder = "HW/" if where == "a folder" else ""
        lay(tmp_path, {f"{folder}{name}": data for name, data in BLACKBOARD.items()})
    assert found(tmp_path) == {"alee": A, "b_oz": B, "cid": "holds no notebook (.ipynb)"}


def test_a_download_of_blackboard_without_receipts(tmp_path):
    """Where the title ends and the user name begins is then unknown: both are shown."""
    lay(tmp_path, {name: data for name, data in BLACKBOARD.items() if not name.endswith(".txt")})
    assert found(tmp_path) == {"HW_1_alee": A, "HW_1_b_oz": B}


def test_a_receipt_names_nobody_else(tmp_path):
    name = "HW_1_alee_attempt_2026-11-28-10-30-15"
    lay(tmp_path, {f"{name}.txt": b"Name: Eve (eve)\n", f"{name}_{NAME}": A})
    assert found(tmp_path) == {"HW_1_alee": A}


@pytest.mark.parametrize("where", ["a zip", "a folder"])
def test_an_export_of_gradescope(tmp_path, where):
    """With what a student printed, and a group, among the data on who handed in."""
    export = {"submission_metadata.yml": METADATA, f"submission_11/{NAME}": A}
    export |= {f"submission_12/{NAME}": B, "submission_12/data/x.csv": b"", "submission_13/a": b""}
    inside = {f"assignment_9_export/{name}": data for name, data in export.items()}
    lay(tmp_path, {"assignment_9_export.zip": zipped(inside)} if where == "a zip" else inside)
    none = "holds no notebook (.ipynb)"
    assert found(tmp_path) == {"ann@x.org": A, "ben@x.org, cid@x.org": B, "submission_13": none}


def test_an_export_of_gradescope_whose_data_cannot_be_read(tmp_path):
    lay(tmp_path, {"submission_metadata.yml": b"&a [*a, {", f"submission_11/{NAME}": A})
    assert found(tmp_path) == {"submission_11": A}


@pytest.mark.parametrize(
    "folder", ["Ann Lee_12_assignsubmission_file_", "Ann Lee_12_assignsubmission_file"]
)
def test_moodle_with_folders_of_any_version(tmp_path, folder):
    """And the worksheet that an instructor put beside them."""
    lay(tmp_path, {f"{folder}/{NAME}": A, "Ben_34_assignsubmission_file_x.ipynb": B, "g.csv": b""})
    assert found(tmp_path) == {"Ann Lee_12": A, "Ben_34": B}
    assert numbers(tmp_path) == {"Ann Lee_12": "12", "Ben_34": "34"}


def test_moodle_without_a_number(tmp_path):
    """As of those who are in no team."""
    lay(tmp_path, {f"Default group_assignsubmission_file/{NAME}": A})
    assert numbers(tmp_path) == {"Default group": ""}


@pytest.mark.parametrize("same", [True, False])
def test_two_downloads_of_one_system_beside_each_other(tmp_path, same):
    """Those of two groups, or the same one again, after late hand-ins."""
    ann, ben = (f"{n}_assignsubmission_file_/{NAME}" for n in ("Ann_1", "Ben_2"))
    lay(tmp_path, {"a.zip": zipped({ann: A}), "b.zip": zipped({ann if same else ben: B})})
    twice = {"Ann_1": "is in 2 downloads: keep the one that counts"}
    assert found(tmp_path) == (twice if same else {"Ann_1": A, "Ben_2": B})


def test_folders_of_a_hub(tmp_path):
    """Names in them are the students' own: none is taken for a download's."""
    lay(tmp_path, {"ann/week_3_1_dropout.ipynb": A, "ben/week_3_1_dropout.ipynb": B})
    assert found(tmp_path) == {"ann": A, "ben": B}
    assert set(numbers(tmp_path).values()) == {""}


def test_one_folder_of_a_hub(tmp_path):
    lay(tmp_path, {"ann/week_3_1_dropout.ipynb": A})
    assert found(tmp_path) == {"ann": A}


@pytest.mark.parametrize("ending", [".ipynb.txt", ".ipynb.json", ".IPYNB.TXT"])
def test_what_a_browser_saves(tmp_path, ending):
    lay(tmp_path, {f"ann{ending}": A, f"ben/{NAME}.txt": B, "ben/other.ipynb": A})
    assert found(tmp_path) == {"ann": A, "ben": B}


# --- what students write --------------------------------------------------------------------------


def test_a_file_s_name_of_another_s_number(tmp_path):
    """In a download of Canvas: what follows the file's number is the student's own."""
    evil = "mallory_88_2_x_77_assignsubmission_y.ipynb"
    lay(tmp_path, {evil: A, f"annlee_77_1_{NAME}": B})
    assert numbers(tmp_path) == {"mallory_88": "88", "annlee_77": "77"}


def test_a_loose_file_named_as_in_a_download_has_no_number(tmp_path):
    names = ["Ann Lee_77_assignsubmission_file_x", "mallory_77", "lee_77_1_x"]
    lay(tmp_path, {f"{name}.ipynb": A for name in names} | {"ben.ipynb": B})
    assert numbers(tmp_path) == dict.fromkeys([*names, "ben"], "")


def test_names_that_only_look_like_canvas_s(tmp_path):
    lay(tmp_path, {"hw_1_2026_dan.ipynb": A, "hw_1_2026_eve.ipynb": B})
    assert found(tmp_path) == {"hw_1_2026_dan": A, "hw_1_2026_eve": B}


def test_a_zip_of_many_folders_is_one_row_beside_others(tmp_path):
    """It takes nobody's row, and makes no second one."""
    many = zipped({f"{name}/{NAME}": A for name in ("ann", "bob", *map(str, range(60)))})
    lay(tmp_path, {"ann.ipynb": B, "mallory.zip": many})
    got = found(tmp_path)
    assert got.pop("ann") == B
    assert list(got) == ["mallory"]
    assert got["mallory"].startswith("holds 62 notebooks")


@pytest.mark.parametrize(
    "inside",
    [
        {f"Ann Lee_77_assignsubmission_file_/{NAME}": A},
        {f"annlee_77_1_{NAME}": A, f"bo_78_2_{NAME}": A},
        {f"HW_alee_attempt_2026-11-28-10-30-15_{NAME}": A},
        {"submission_metadata.yml": METADATA, f"submission_11/{NAME}": A},
    ],
)
def test_a_zip_that_looks_like_a_download_is_one_row_that_says_so(tmp_path, inside):
    lay(tmp_path, {"ann.ipynb": B, "mallory.zip": zipped(inside)})
    got = found(tmp_path)
    assert got.pop("ann") == B
    assert list(got) == ["mallory"]
    assert got["mallory"].startswith("looks like a download of ")
    assert set(numbers(tmp_path).values()) == {""}


def test_a_student_s_zip_inside_a_download_is_theirs_alone(tmp_path):
    evil = zipped({f"Ann Lee_77_assignsubmission_file_/{NAME}": A})
    ann = f"Ann Lee_77_assignsubmission_file_/{NAME}"
    lay(tmp_path, {ann: B, "Mallory_88_assignsubmission_file_/x.zip": evil})
    assert found(tmp_path) == {"Ann Lee_77": B, "Mallory_88": A}


def test_names_that_become_alike_are_told_apart_until_none_are(tmp_path):
    """A third one is named as one of two would be called by its path."""
    lay(tmp_path, {"ann.ipynb": A, "ann.zip": zipped({NAME: B}), "ann.ipynb.ipynb": B})
    rows = find.find_submissions(tmp_path, NAME)
    assert len({row.student for row in rows}) == 3
    assert [bool(row.note) for row in rows] == [True, True, True]


# --- each entry by itself -------------------------------------------------------------------------


def deep_zip(levels):
    return zipped({"/".join(["d"] * levels + [NAME]): A})


def test_folders_within_folders_in_a_zip(tmp_path):
    """Two at each level, so that each looks like a class."""
    members = {}
    for depth in range(900):
        members |= {"a/" * depth + f"b/{n}/{NAME}": A for n in range(2)}
    lay(tmp_path, {"ann.ipynb": A, "mallory.zip": zipped(members)})
    got = found(tmp_path)
    assert got["ann"] == A
    assert len(got) == 2


@pytest.mark.parametrize("alone", [True, False])
def test_a_deep_path_in_a_zip(tmp_path, alone):
    lay(tmp_path, {"mallory.zip": deep_zip(10_000)} | ({} if alone else {"ann.ipynb": A}))
    assert found(tmp_path)["mallory"] == "holds folders more than 32 deep"


def test_a_deep_folder(tmp_path):
    """Deeper than a path may be long."""
    lay(tmp_path, {"in/ann.ipynb": A, "in/mallory/x": b""})
    here = os.getcwd()
    try:
        os.chdir(tmp_path / "in" / "mallory")
        for _ in range(3000):
            os.mkdir("d")
            os.chdir("d")
        os.chdir(here)
        assert found(tmp_path / "in") == {"ann": A, "mallory": "holds folders more than 32 deep"}
    finally:  # pytest's own way to remove it raises RecursionError
        os.chdir(here)
        subprocess.run(["rm", "-rf", tmp_path / "in" / "mallory"], check=True)


def test_a_pipe_swapped_in_after_the_listing(tmp_path):
    lay(tmp_path, {"ann.ipynb": A, "mallory.ipynb": A})
    rows = find.find_submissions(tmp_path, NAME)
    (tmp_path / "mallory.ipynb").unlink()
    os.mkfifo(tmp_path / "mallory.ipynb")
    assert [read(row) for row in rows] == [A, "is neither a file nor a folder"]


def test_a_zip_with_a_list_of_files_without_end(tmp_path):
    """It is not read: to hold it takes gigabytes."""
    with zipfile.ZipFile(tmp_path / "mallory.zip", "w") as archive:
        for n in range(2000):
            archive.writestr(f"{n}{'x' * 60_000}.txt", b"")
    lay(tmp_path, {"ann.ipynb": A})
    tracemalloc.start()
    try:
        got = found(tmp_path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert got == {"ann": A, "mallory": "holds more than 20000 files"}
    assert most < 2**24


@pytest.mark.parametrize("error", [RecursionError, MemoryError, ValueError, OSError(5, "broken")])
def test_whatever_an_entry_raises_it_is_a_row(tmp_path, monkeypatch, error):
    lay(tmp_path, {"ann/x.ipynb": A, "mallory/x.ipynb": A})
    add_file = files_module._Listing.add_file

    def fail(self, open_file, shown, depth_left):
        if shown.parts[0] == "mallory":
            raise error
        return add_file(self, open_file, shown, depth_left)

    monkeypatch.setattr(files_module._Listing, "add_file", fail)
    got = found(tmp_path)
    assert got.pop("ann") == A
    assert got["mallory"].startswith("cannot be read")


def test_what_takes_too_long_to_look_into_is_a_row(tmp_path, monkeypatch):
    monkeypatch.setattr(files_module, "MAX_SECONDS", 0.0)
    lay(tmp_path, {"mallory.zip": zipped({f"{n}.txt": b"" for n in range(9)})})
    assert found(tmp_path) == {"mallory": "took longer than 0 s to look into"}


DEEP = b"submission_11: " + b"[" * 500_000
FALSE_EXPORTS = {
    "data without end": {"submission_metadata.yml": DEEP, f"submission_11/{NAME}": A},
    "a folder of data": {"submission_metadata.yml/x": b"", f"submission_11/{NAME}": A},
    "an empty list": {"submission_metadata.yml": b"", "submission_11/x/y": b""},
}


@pytest.mark.parametrize("inside", FALSE_EXPORTS.values(), ids=FALSE_EXPORTS)
def test_a_false_export_stops_nobody(tmp_path, inside):
    """PyYAML's own way to read the first one ends the whole process."""
    lay(tmp_path, {"ann.ipynb": B, "mallory.zip": zipped(inside)})
    got = found(tmp_path)
    assert got["ann"] == B
    assert got["mallory"].startswith("looks like a download of Gradescope")


# --- memory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["files", "zips", "a zip", "a zip of zips"])
def test_the_notebooks_of_a_class_are_not_held_in_memory(tmp_path, kind, monkeypatch):
    """Twenty notebooks of 4 MiB each."""
    monkeypatch.setattr(files_module, "MAX_FILE_BYTES", 2 * LARGE)
    files = {}
    for n in range(20):
        data = json.dumps({"n": n, "cells": []}).encode().ljust(LARGE)
        name, zip_ = f"ann{n}_{n}_assignsubmission_file_/", kind in ("zips", "a zip of zips")
        files |= {name + "x.zip": zipped({NAME: data})} if zip_ else {name + NAME: data}
    lay(tmp_path, {"class.zip": zipped(files)} if kind.startswith("a zip") else files)
    del files, data
    tracemalloc.start()
    try:
        rows = find.find_submissions(tmp_path, NAME)
        assert len({number_in_large(row.read()) for row in rows}) == len(rows) == 20
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5 * LARGE


def number_in_large(data):
    assert len(data) == LARGE
    return json.loads(data.rstrip())["n"]


def test_only_zips_within_zips_count_and_each_student_s_for_themselves(tmp_path, monkeypatch):
    """What is unpacked to be looked into, not to be marked."""
    monkeypatch.setattr(files_module, "MAX_INNER_ZIP_BYTES", 3 * LARGE)
    files = {f"ann{n}/{NAME}": b" " * LARGE for n in range(5)}
    lay(tmp_path, {"class.zip": zipped(files)})
    assert [len(row.read()) for row in find.find_submissions(tmp_path, NAME)] == [LARGE] * 5
    inner = zipped({"x.ipynb": b" " * LARGE})
    monkeypatch.setattr(files_module, "MAX_INNER_ZIP_BYTES", len(inner))
    stored = {"ann/x.zip": inner, "ben/x.zip": inner, "cid/x.zip": inner, "cid/y.zip": inner}
    lay(tmp_path, {"class.zip": zipped(stored)})
    ann, ben, cid = (row.problem for row in find.find_submissions(tmp_path, NAME))
    assert (ann, ben, cid) == ("", "", "")  # with the second zip opened it would hold two notebooks
