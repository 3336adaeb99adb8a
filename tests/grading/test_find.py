"""What is found is not read until it is marked: a class need not fit into memory."""

import json
import tracemalloc

import pytest
from test_grade import NAME, lay, zipped

from dropout_grading.submissions import find

LARGE = 2**22


@pytest.mark.parametrize("kind", ["files", "zips", "a zip", "a zip of zips"])
def test_the_notebooks_of_a_class_are_not_held_in_memory(tmp_path, kind, monkeypatch):
    """Twenty notebooks of 4 MiB each."""
    monkeypatch.setattr(find, "MAX_FILE_BYTES", 2 * LARGE)  # a buffer of this size is asked for
    files = {}
    for n in range(20):
        data = json.dumps({"n": n, "cells": []}).encode().ljust(LARGE)
        name, zip_ = f"ann{n}_{n}_assignsubmission_file_/", kind in ("zips", "a zip of zips")
        files |= {name + "x.zip": zipped({NAME: data})} if zip_ else {name + NAME: data}
    lay(tmp_path, {"class.zip": zipped(files)} if kind.startswith("a zip") else files)
    del files, data
    tracemalloc.start()
    try:
        found = find.find_submissions(tmp_path, NAME)
        assert len(found) == 20
        for entry in found:
            assert len(entry.read()) == LARGE
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 5 * LARGE
    assert len({json.loads(entry.read())["n"] for entry in found}) == 20


def test_a_large_class_in_one_zip_is_read_whole(tmp_path, monkeypatch):
    """Only zips within zips count: what is unpacked to be looked into, not to be marked."""
    monkeypatch.setattr(find, "MAX_INNER_ZIP_BYTES", 3 * LARGE)
    files = {f"ann{n}/{NAME}": b" " * LARGE for n in range(5)}
    lay(tmp_path, {"class.zip": zipped(files)})
    assert [len(entry.read()) for entry in find.find_submissions(tmp_path, NAME)] == [LARGE] * 5
    stored = {f"ann{n}/x.zip": zipped({NAME: b" " * LARGE, "y.ipynb": b""}) for n in range(5)}
    monkeypatch.setattr(find, "MAX_INNER_ZIP_BYTES", 3 * len(stored["ann0/x.zip"]))
    lay(tmp_path, {"class.zip": zipped(stored)})
    problems = [entry.problem for entry in find.find_submissions(tmp_path, NAME)]
    assert [p.startswith("is larger than") for p in problems] == [False] * 3 + [True] * 2
