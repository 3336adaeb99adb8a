"""The small repository as fixtures: new, and with its notebook run and its site built."""

import os
import shutil

import pytest
from small_repository import Builder, Clone

from tools.file_lock import locked


@pytest.fixture
def clone(tmp_path):
    return Clone.fresh(tmp_path / "clone")


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A clone whose notebook was run and whose site was built, for tests that start from there.

    It is one for all workers, so a test that changes it takes a copy.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    clone = Clone(folder / "built")
    with locked(folder / "lock of built"):
        if not clone.root.exists():
            clone = Clone.fresh(clone.root)
            for tool in ("book.execute", "book.build"):
                ended = clone.run(tool)
                assert ended.returncode == 0, ended.stdout + ended.stderr
    assert (clone.root / "_build").exists()  # else another worker has said what is wrong
    return clone


@pytest.fixture(scope="module")
def builder():
    with Builder() as builder:
        yield builder


@pytest.fixture
def executed(built, tmp_path):
    """A copy of the built clone without its site, to change."""
    root = tmp_path / "executed"
    shutil.copytree(built.root, root, ignore=shutil.ignore_patterns("_build"))
    return Clone(root)
