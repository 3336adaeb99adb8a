"""Firefox and WebKitGTK, in which the built pages are tested too, and what keeps them from that."""

import shutil
import subprocess

FIREFOX_NAMES = ("firefox-esr", "firefox")
# WebKitGTK opens windows: Xvfb is a screen for them that nobody sees.
WEBKIT_DRIVER, SCREEN = "WebKitWebDriver", "Xvfb"


def firefox():
    """The path of Firefox; None if there is none."""
    return next(filter(None, map(shutil.which, FIREFOX_NAMES)), None)


def lacking():
    """What to install, by the engine that cannot be tested in without it."""
    found = {}
    if not starts(firefox(), "--version"):
        found["Firefox"] = "install firefox-esr"
    packages = []
    if not starts(WEBKIT_DRIVER, "--help"):
        packages.append("webkit2gtk-driver")
    if not starts(SCREEN, "-help"):
        packages.append("xvfb")
    if packages:
        found["WebKit"] = f"install {' and '.join(packages)}"
    return found


def starts(program, harmless):
    """Whether a program is there with all the libraries that it needs."""
    if program is None or shutil.which(program) is None:
        return False
    return subprocess.run([program, harmless], capture_output=True).returncode == 0
