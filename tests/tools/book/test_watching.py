"""`make watch` shows an edit and a failure, goes on after both, and leaves the site as it is."""

import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from small_repository import INDEX, Clone

from tools.book.watching import EVENTS


@contextmanager
def watching(clone):
    """Yield a function that reads what the command says, up to a line that begins so."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "tools.book.watching", "0"],
        cwd=clone.root,
        env={**os.environ, "DROPOUT_SCALING_DEVICE": "cpu"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    said = []

    def up_to(beginning):
        for line in process.stdout:
            said.append(line)
            if line.startswith(beginning):
                return line
        pytest.fail("".join(said))

    try:
        yield up_to
        assert process.poll() is None
    finally:
        os.killpg(process.pid, 15)
        process.wait()
        process.stdout.close()


def get(address):
    try:
        with urllib.request.urlopen(address) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that are copies")
def test_an_edit_is_shown_and_a_failure_is_no_end(built, tmp_path):
    clone = Clone(tmp_path / "clone")
    shutil.copytree(built.root, clone.root)
    with watching(clone) as up_to:
        address = up_to("watch: http").split()[1]
        up_to("read it")
        status, page = get(f"{address}/index.html")
        assert status == 200
        assert EVENTS in page
        assert EVENTS not in clone.page("index")
        events = page.partition('EventSource("')[2].partition('"')[0]

        with urllib.request.urlopen(address + events) as told:
            clone.write("book/index.md", INDEX + "\nHere is new prose.\n")
            up_to("watch: book/index.md")
            up_to("watch: shown")
            assert any(line == b"data: built\n" for line in told)
        assert "Here is new prose." in get(f"{address}/")[1]

        clone.write("book/index.md", INDEX + "\nSee [nothing](nowhere.md).\n")
        up_to("watch: failed")
        status, page = get(f"{address}/index.html")
        assert status == 404
        assert "has failed" in page
        assert EVENTS in page

        clone.write("book/index.md", INDEX)
        up_to("watch: shown")
        assert get(f"{address}/index.html")[0] == 200
