"""Put Python for the browser together in .cache/pyodide: what the tests of live cells load.

The folder is laid out as Pyodide's release is. The runtime comes from npm, as pinned in
tests/live/package-lock.json, the wheels from a folder that DROPOUT_SCALING_PYODIDE names, or from
../shared/pyodide-wheels, or from the address where the pages fetch them. Each wheel must have the
sha256 that the runtime's own list gives.
"""

import hashlib
import json
import os
import shutil
import subprocess
import urllib.request
from pathlib import Path

import yaml

from tools.paths import CACHE, CONFIG, ROOT, TESTS

RUNTIME_FOLDER = CACHE / "pyodide"
NPM_PINS = TESTS / "live"
COMPLETE_STAMP = RUNTIME_FOLDER / "complete"
PACKAGES = ("numpy", "matplotlib")
RUNTIME_FILES = ("pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
WHEEL_LIST = "pyodide-lock.json"


def prepare():
    """Make the folder whole; return None, or in a line why that cannot be done here."""
    wanted = hashlib.sha256((NPM_PINS / "package-lock.json").read_bytes()).hexdigest()
    if COMPLETE_STAMP.is_file() and COMPLETE_STAMP.read_text() == wanted:
        return None
    if not (shutil.which("node") and shutil.which("npm")):
        return "Node.js with npm is not installed"
    shutil.rmtree(RUNTIME_FOLDER, ignore_errors=True)
    RUNTIME_FOLDER.mkdir(parents=True)
    said = install()
    if said:
        return f"npm could not install Pyodide: {said}"
    try:
        for name, sha256 in wheels():
            data = wheel(name)
            if hashlib.sha256(data).hexdigest() != sha256:
                return f"{name} is not the wheel that {WHEEL_LIST} names"
            (RUNTIME_FOLDER / name).write_bytes(data)
    except OSError as error:
        return f"{name} could not be had ({error})"
    COMPLETE_STAMP.write_text(wanted)
    return None


def install():
    """Copy the runtime out of its npm package; return npm's complaint, or ''."""
    folder = CACHE / "npm"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(NPM_PINS / name, folder / name)
    npm = [shutil.which("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    ended = subprocess.run(npm, cwd=folder, text=True, capture_output=True)
    if ended.returncode:
        lines = [line for line in ended.stderr.splitlines() if "error" in line]
        return lines[0] if lines else f"exit status {ended.returncode}"
    for name in (*RUNTIME_FILES, WHEEL_LIST):
        shutil.copyfile(folder / "node_modules" / "pyodide" / name, RUNTIME_FOLDER / name)
    return ""


def wheels():
    """The file name and sha256 of each wheel that the live cells can ask for."""
    packages = json.loads((RUNTIME_FOLDER / WHEEL_LIST).read_text("utf8"))["packages"]
    todo, seen = list(PACKAGES), {}
    while todo:
        package = packages[todo.pop()]
        if package["file_name"] not in seen:
            seen[package["file_name"]] = package["sha256"]
            todo += package["depends"]
    return sorted(seen.items())


def wheel(name):
    named = os.environ.get("DROPOUT_SCALING_PYODIDE")
    folder = Path(named) if named else ROOT.parent / "shared" / "pyodide-wheels"
    if named or (folder / name).is_file():
        return (folder / name).read_bytes()
    with urllib.request.urlopen(address() + name, timeout=30) as answer:
        return answer.read()


def address():
    """The setting `live_runtime` of _config.yml."""
    settings = yaml.safe_load(CONFIG.read_text("utf8"))
    return settings["sphinx"]["config"]["live_runtime"]


if __name__ == "__main__":
    lacking = prepare()
    print(f"live cells in Pyodide cannot run here: {lacking}" if lacking else RUNTIME_FOLDER)
