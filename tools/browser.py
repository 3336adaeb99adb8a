"""Which Chromium the checks of the built pages run in."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

INSTALLED = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def chromium():
    """Its path: the system's, else the one of `playwright install chromium`, else None."""
    for name in INSTALLED:
        if found := shutil.which(name):
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).is_file() else None
