"""The built site, served on loopback, in a real browser. No other host can be reached."""

import os
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from browser import chromium
from layout import CACHE, HTML

# What a headless browser otherwise does by itself: look up hosts, update, sync.
FLAGS = ["disable-quic", "disable-background-networking", "disable-component-update"]
FLAGS += ["disable-sync", "no-first-run", "disable-gpu"]
FLAGS += ["host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
if getattr(os, "geteuid", lambda: None)() == 0:
    FLAGS += ["no-sandbox"]  # for root, as in a container, Chromium has no other way


def pytest_configure(config):
    # What pytest-playwright keeps of a failed test; its default is a folder in the repository.
    config.option.output = str(CACHE / "browser")


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    """The address of `folder` while it is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return browser_type_launch_args | {
        "args": [f"--{flag}" for flag in FLAGS],
        "executable_path": chromium(),
    }


@pytest.fixture(scope="session")
def base_url():
    """The address of the site: `page.goto("/index.html")` begins from it."""
    with served(HTML) as address:
        yield address
