"""The small repository as fixtures: new, and with its notebook run and its site built."""

import shutil

import pytest
from small_repository import Clone


@pytest.fixture
def clone(tmp_path):
    return Clone.fresh(tmp_path / "clone")


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A clone whose notebook was run and whose site was built, for tests that start from there."""
    clone = Clone.fresh(tmp_path_factory.mktemp("built") / "clone")
    for tool in ("book.execute", "book.build"):
        ended = clone.run(tool)
        assert ended.returncode == 0, ended.stdout + ended.stderr
    return clone


@pytest.fixture
def executed(built, tmp_path):
    """A copy of the built clone without its site, to change."""
    root = tmp_path / "executed"
    shutil.copytree(built.root, root, ignore=shutil.ignore_patterns("_build"))
    return Clone(root)
