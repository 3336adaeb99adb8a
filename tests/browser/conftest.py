"""The built site, served on loopback, in a real browser. No other host can be reached."""

import pytest
from serving import served

from tools.environment.browser import launched
from tools.paths import CACHE, HTML


def pytest_configure(config):
    # What pytest-playwright keeps of a failed test; its default is a folder in the repository.
    config.option.output = str(CACHE / "browser")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    return browser_type_launch_args | launched()


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """Without the service worker, which fetches all files again: its tests ask for it."""
    return browser_context_args | {"service_workers": "block"}


@pytest.fixture(scope="session")
def base_url():
    """The address of the site: `page.goto("/index.html")` begins from it."""
    with served(HTML) as address:
        yield address
