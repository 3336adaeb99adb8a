"""Ask each framework what its dropout does, and write what came out as one table.

usage: python -m tools.frameworks.run [newest] [NAME ...]      `make frameworks`

Each environment of environments.toml is made by pip under .cache/frameworks, for the CPU, and
kept for the next run. With names, these environments alone are asked, and other rows stay. What
does not install or start here is a row that says so; if the table has that row from a machine
where it ran, made from the same snippet and pins, it stays.

With `newest` the newest versions are taken, in environments that are removed again. Then nothing is
written, and the exit status is 1 if a row reads differently, or if none could be asked. What does
not install is only told.

Nothing is ever installed into .venv.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.environment.set_up import CPU_INDEX, check_python, python_of
from tools.paths import CACHE, PACKAGE, ROOT, SOURCE

HERE = Path(__file__).parent
SNIPPETS = HERE / "snippets"
LINE = "# --- asked besides"  # in a snippet, below what a user writes
TABLE = PACKAGE / "frameworks.json"
FOLDER = CACHE / "frameworks"
INSTALL_SECONDS, ASK_SECONDS = 1800, 900
NOT_AS_BEFORE = "does not run"  # it installs: so what it was asked has changed
PINS = ("first", "pins", "alone")  # installed in this order
INSTALLED = (*PINS, "options")
ALONE = ["--no-deps", "--no-build-isolation"]
MEASURED = ("argument", "takes", "means", "kept", "evaluation", "untold", "drop_none", "drop_all")
MEASURED += ("vector", "half", "shared_axes", "ok", "verdict")


def toml(name):
    import tomllib  # an older Python has to come so far as to hear that it is too old

    return tomllib.loads((HERE / name).read_text("utf8"))


def environments():
    """{name: {"pins": [...], "rows": [...], ...}}, as the file has them."""
    return toml("environments.toml")


def digest(name, settings):
    """What a row was made from, in one word: its snippet, its environment and the questions."""
    parts = [SNIPPETS / f"{name}.py", HERE / "ask.py"]
    made = {key: value for key, value in settings.items() if key != "rows"}
    text = "\0".join([json.dumps(made, sort_keys=True), *(p.read_text("utf8") for p in parts)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def code(name):
    """The lines that a user of the framework would write."""
    return (SNIPPETS / f"{name}.py").read_text("utf8").partition(LINE)[0].strip()


def read_rows():
    """The rows that are read, not run."""
    return toml("read.toml")["row"]


def unpinned(settings):
    """The same environment, of the newest versions; of what has had its last release, the same."""
    if settings.get("last_release"):
        return settings
    return settings | {
        key: [pin.partition("==")[0] for pin in settings[key]] for key in PINS if key in settings
    }


class CannotBeAskedError(Exception):
    """Why a framework has no row here, in a line."""


def run(command, log, seconds, env=None):
    """Run a command, and put what it says into ``log``; return whether it succeeded in time."""
    with log.open("w", encoding="utf8") as out:
        try:
            done = subprocess.run(
                list(map(str, command)), cwd=ROOT, stdout=out, stderr=out, env=env, timeout=seconds
            )
        except subprocess.TimeoutExpired:
            print(f"took longer than {seconds} s", file=out)
            return False
    return done.returncode == 0


def last_words(log):
    """The line of a log that says most: the last one that names an error, or the last one."""
    lines = [line.strip() for line in log.read_text("utf8").splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(\w+\.)*\w*(Error|ERROR)\b", line)]
    return (errors or lines or ["it said nothing"])[-1][:200].replace(str(ROOT), ".")


def install(name, settings):
    """Make the environment, unless it is there; return its Python."""
    venv = FOLDER / name
    stamp, python = venv / "complete", python_of(venv)
    wanted = f"{sys.version} {json.dumps([settings.get(key) for key in INSTALLED])}"
    if stamp.is_file() and stamp.read_text("utf8") == wanted:
        return python
    log = FOLDER / f"{name}.install.log"
    if not run([sys.executable, "-m", "venv", "--clear", venv], log, INSTALL_SECONDS):
        raise CannotBeAskedError(f"no environment: {last_words(log)}")
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    steps = [
        [*settings.get("options", []), *(ALONE if key == "alone" else []), *settings[key]]
        for key in PINS
        if key in settings
    ]
    if sys.platform == "linux":
        # PyTorch's own index has a build without CUDA, a tenth of the default one. What it needs
        # comes from the usual index.
        own = ["--no-deps", "--retries", "1", "--extra-index-url", CPU_INDEX]
        steps = [[*own, pin] for pin in settings["pins"] if pin.startswith("torch")] + steps
    for step in steps:
        if not run([*pip, *step], log, INSTALL_SECONDS):
            raise CannotBeAskedError(f"does not install: {last_words(log)}")
    stamp.write_text(wanted, "utf8")
    return python


def ask(python, name, settings):
    """The row of a framework, asked in its environment."""
    log = FOLDER / f"{name}.ask.log"
    env = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    env |= {"PYTHONPATH": os.pathsep.join(map(str, (SOURCE, ROOT))), "PYTHONNOUSERSITE": "1"}
    env |= {"CUDA_VISIBLE_DEVICES": "-1", "JAX_PLATFORMS": "cpu"} | settings.get("env", {})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "row.json"
        command = [python, "-m", "tools.frameworks.ask", name, file, *settings["pins"]]
        if not run(command, log, ASK_SECONDS, env):
            raise CannotBeAskedError(f"{NOT_AS_BEFORE}: {last_words(log)}")
        return json.loads(file.read_text("utf8"))


def megabytes(folder):
    """What a folder takes on the disk."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return round(sum(path.stat().st_size for path in files) / 2**20)


def table():
    """The table as it is committed, or an empty one."""
    return json.loads(TABLE.read_text("utf8")) if TABLE.is_file() else {"rows": []}


def asked_rows(wanted, newest):
    """Yield (name, settings, row or None, reason) of each framework, and say how it goes."""
    for environment, settings in wanted.items():
        start, problem, said = time.monotonic(), "", []
        print(f"{environment:>12}: ", end="", flush=True)
        folder = f"newest-{environment}" if newest else environment
        try:
            python = install(folder, unpinned(settings) if newest else settings)
        except CannotBeAskedError as error:
            problem = str(error)
            said.append(problem)
        for name in settings["rows"]:
            row, reason = None, problem
            if not problem:
                try:
                    row = ask(python, name, settings)
                    said.append(f"ones become {row['kept']:g}, at evaluation {row['evaluation']:g}")
                except CannotBeAskedError as error:
                    reason = str(error)
                    said.append(reason)
            yield name, settings, row, reason
        said.append(f"{time.monotonic() - start:.0f} s, {megabytes(FOLDER / folder)} MB")
        if newest:  # the disk of a small machine holds one of them, not all
            shutil.rmtree(FOLDER / folder, ignore_errors=True)
        print("; ".join(said), flush=True)


def changes(old, new):
    """What is measured and reads differently, a line each."""
    return [
        f"{new['name']}: {fact} was {old.get(fact)!r}, is {new.get(fact)!r}"
        for fact in MEASURED
        if old.get(fact) != new.get(fact)
    ]


def main(newest, names):
    check_python()
    every = environments()
    if unknown := set(names) - set(every):
        sys.exit(f"no such environment: {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    wanted = {name: every[name] for name in names or every}
    FOLDER.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    before = {row["name"]: row for row in table()["rows"] if row["how"] != "read"}
    rows, differing, silent = {}, [], []
    for name, settings, row, reason in asked_rows(wanted, newest):
        made_from = digest(name, settings)
        if row is not None:
            row = {"name": name, "how": "run", **row, "digest": made_from, "code": code(name)}
            if before.get(name, {}).get("how") == "run":
                differing += changes(before[name], row)
        else:
            silent.append(f"{name}: {reason}")
            if before.get(name, {}).get("how") == "run" and reason.startswith(NOT_AS_BEFORE):
                differing.append(f"{name}: it ran, and {reason}")
            row = {"name": name, "how": "not run", "layer": name, "reason": reason}
            row |= {"digest": made_from, "code": code(name)}
            if before.get(name, {}).get("digest") == made_from:
                row = before[name]  # where it ran, it was so
        rows[name] = row
    minutes = (time.monotonic() - start) / 60
    asked = len(rows) - len(silent)
    print(f"{asked} of {len(rows)} rows asked here in {minutes:.0f} minutes; ", end="")
    print(f"{FOLDER.relative_to(ROOT).as_posix()} has {megabytes(FOLDER)} MB")
    print(*(f"not asked: {line}" for line in silent), sep="\n", end="\n" * bool(silent))
    print(*(f"CHANGED {line}" for line in differing), sep="\n", end="\n" * bool(differing))
    if newest:
        sys.exit(1 if differing or not asked else 0)
    order = [name for settings in every.values() for name in settings["rows"]]
    machine = {
        "system": platform.system(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }
    kept = {**before, **rows}
    found = [kept[name] for name in order if name in kept]
    text = {"run": machine, "rows": found + [{"how": "read", **row} for row in read_rows()]}
    TABLE.write_text(json.dumps(text, indent=1, ensure_ascii=False) + "\n", "utf8")
    print(f"wrote {TABLE.name}")


if __name__ == "__main__":
    main("newest" in sys.argv[1:], [name for name in sys.argv[1:] if name != "newest"])
