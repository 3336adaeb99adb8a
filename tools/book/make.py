"""Run the notebooks that have changed, and build the site: `make book`.

Notebooks are run by another process, which is not started if there are none to run: to import
what both need takes longer than the rest.
"""

import subprocess
import sys

from tools.book import build, execute
from tools.file_lock import locked
from tools.paths import ROOT


def main():
    with locked():
        stale = execute.judge()
    if stale and subprocess.run([sys.executable, "-m", "tools.book.execute"], cwd=ROOT).returncode:
        sys.exit(1)  # it has said why
    with locked():
        build.main()


if __name__ == "__main__":
    main()
