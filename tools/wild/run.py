"""Judge models and layers of the world, and print how often that was right.

usage: python -m tools.wild.run [newest] [shown | GROUP ...]      `make wild`

`audit` is given the models, and `diagnose` the layers, which are the group `layers`. The packages
are installed, once, in environments of their own under .cache/frameworks. With `newest` the
newest versions are taken. The exit status is 1 if a verdict was wrong, or if something does not
install. `shown` writes the table of the models that the book shows.
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
    FOLDER.mkdir(parents=True, exist_ok=True)
    models = [group for group in groups if group != "layers"]
    failed = False
    for name, settings in tomllib.loads(ENVIRONMENTS.read_text("utf8")).items():
        commands = []
        if settings.get("models") and (models or not groups):
            shown = models == ["shown"]
            commands.append(["tools.wild.shown"] if shown else ["tools.wild.models", *models])
        if "layers" in groups or not groups:
            commands.append(["tools.wild.layers", "--packages", settings["layers"]])
        if not commands:
            continue
        try:
            if newest:
                name, settings = f"newest-{name}", unpinned(settings)
            python = install(name, settings)
        except CannotBeAskedError as error:
            print(f"{name}: {error}")
            failed = True
            continue
        env = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        env |= {"PYTHONPATH": os.pathsep.join(map(str, (SOURCE, ROOT)))}
        env |= {"CUDA_VISIBLE_DEVICES": "-1"} | settings["env"]
        for command in commands:
            print(f"{name}: {' '.join(command)}", flush=True)
            done = subprocess.run([python, "-W", "ignore", "-m", *command], cwd=ROOT, env=env)
            failed = failed or done.returncode != 0
    sys.exit(int(failed))


if __name__ == "__main__":
    main("newest" in sys.argv[1:], [name for name in sys.argv[1:] if name != "newest"])
