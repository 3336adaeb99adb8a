"""Which Chromium the checks of the built pages run in, and what keeps it from starting."""

import os
import re
import shutil
import subprocess
import sys

CHROMIUM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# What a headless browser otherwise does by itself: look up hosts, update, sync.
CHROMIUM_FLAGS = ["disable-quic", "disable-background-networking", "disable-component-update"]
CHROMIUM_FLAGS += ["disable-sync", "no-first-run", "disable-gpu"]
CHROMIUM_FLAGS += ["host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
if getattr(os, "geteuid", lambda: None)() == 0:
    CHROMIUM_FLAGS += ["no-sandbox"]  # for root, as in a container, Chromium has no other way
HOW_TO_INSTALL = "install chromium, or run `.venv/bin/playwright install --with-deps chromium`"


def chromium():
    """The path of the system's; None if there is none: Playwright then takes its own."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def launched():
    """The arguments of Playwright's ``launch``."""
    return {"args": [f"--{flag}" for flag in CHROMIUM_FLAGS], "executable_path": chromium()}


def lacking():
    """None if a browser starts here, else in one line what to install for it."""
    from playwright.sync_api import Error, sync_playwright  # here, as it takes a while

    said = complaint_of_driver()
    if said is not None:
        # The browser cannot be tried then. Of what it needs, say what is known.
        browser = "" if chromium() else f", then {HOW_TO_INSTALL}"
        return f"Playwright's own Node.js does not start: {remedy(said)}{browser}"
    try:
        with sync_playwright() as playwright:
            playwright.chromium.launch(**launched()).close()
    except Error as error:
        if "Executable doesn't exist" in error.message:
            return HOW_TO_INSTALL
        return f"{chromium() or 'Chromium'} does not start: {remedy(error.message)}"
    return None


def complaint_of_driver():
    """None if Playwright's Node.js starts, else what it says."""
    # In a process of its own: it says so on stderr, and all that can be caught here is a
    # connection that was closed.
    driver = [sys.executable, "-m", "playwright", "--version"]
    ended = subprocess.run(driver, capture_output=True, text=True)
    return ended.stderr if ended.returncode else None


def remedy(said):
    """What to install, or the words themselves, from those of a program that did not start."""
    library = re.search(r"(lib[\w.+-]+\.so[.\d]*): cannot open shared object file", said)
    if library and library[1] == "libatomic.so.1":
        return "install libatomic1 (Fedora: libatomic), the library libatomic.so.1"
    if library:
        return f"install the library {library[1]}"
    if "missing dependencies" in said:
        return "run `.venv/bin/playwright install-deps chromium`"
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[0] if lines else "it does not say why"
