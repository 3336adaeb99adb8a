"""The built site, served on loopback, in a real browser. No other host can be reached."""

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tools.environment.browser import launched
from tools.paths import CACHE, HTML


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


def until(page, condition, argument):
    """Whether a condition, an asynchronous function in JavaScript, comes true within ten seconds.

    `page.wait_for_function` does not wait for a promise: one that will say false counts as true.
    """
    return page.evaluate(
        f"""async (argument) => {{
          for (let i = 0; i < 100; i++) {{
            if (await ({condition})(argument)) return true;
            await new Promise((resolve) => setTimeout(resolve, 100));
          }}
          return false;
        }}""",
        argument,
    )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return browser_type_launch_args | launched()


@pytest.fixture(scope="session")
def base_url():
    """The address of the site: `page.goto("/index.html")` begins from it."""
    with served(HTML) as address:
        yield address
