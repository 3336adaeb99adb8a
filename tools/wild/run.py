"""Audit models of the world, and print how often the word of `audit` was right.

usage: python -m tools.wild.run [newest] [shown | GROUP ...]      `make wild`

The packages are installed, once, in an environment of their own under .cache/frameworks; the group
`own` needs none of them. With `newest` the newest versions are taken. The exit status is 1 if a
verdict was wrong. `shown` writes the table of the models that the book shows.
"""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from tools.frameworks.run import FOLDER, CannotBeAskedError, install, unpinned
from tools.paths import ROOT, SOURCE

ENVIRONMENTS = Path(__file__).parent / "environments.toml"


def main(newest, groups):
    ((name, settings),) = tomllib.loads(ENVIRONMENTS.read_text("utf8")).items()
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        if newest:
            name, settings = f"newest-{name}", unpinned(settings)
        python = install(name, settings)
    except CannotBeAskedError as error:
        sys.exit(str(error))
    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    env |= {"PYTHONPATH": os.pathsep.join(map(str, (SOURCE, ROOT))), "CUDA_VISIBLE_DEVICES": "-1"}
    module = ["tools.wild.shown"] if groups == ["shown"] else ["tools.wild.models", *groups]
    command = [python, "-W", "ignore", "-m", *module]
    sys.exit(subprocess.run(command, cwd=ROOT, env=env).returncode)


if __name__ == "__main__":
    main("newest" in sys.argv[1:], [name for name in sys.argv[1:] if name != "newest"])
