"""Which files the last green run has seen: of `make test`, and of `make check` after it."""

import hashlib
import json
import subprocess

from tools.paths import CACHE, ROOT

GREEN = CACHE / "green.json"  # the digest of every file


def digests():
    """Return {path: digest} of the repository's files, new ones included; None without git."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    files = [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in files}


def note(files):
    """Write down ``files``, what ``digests`` returned before a run that has passed."""
    if files is not None:
        GREEN.parent.mkdir(exist_ok=True)
        GREEN.write_text(json.dumps(files))


def changed(files):
    """Return the paths that differ from the last green run, sorted; None if there was none."""
    if not GREEN.is_file():
        return None
    green = json.loads(GREEN.read_text())
    every = files.keys() | green.keys()
    return sorted(name for name in every if files.get(name) != green.get(name))
