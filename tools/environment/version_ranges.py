"""Print what pyproject.toml declares as requirements: the oldest versions, or any newer.

usage: python -m tools.environment.version_ranges oldest|newest
"""

import re
import sys
import tomllib

from tools.paths import PYPROJECT


def requirements(which):
    project = tomllib.loads(PYPROJECT.read_text("utf8"))["project"]
    extras = [line for extra in project["optional-dependencies"].values() for line in extra]
    ranges = [r for r in project["dependencies"] + extras if not r.startswith(project["name"])]
    if which == "newest":
        return ranges
    # numpy>=2.0 -> numpy==2.0.*
    return [re.sub(r">=([\d.]+)$", r"==\1.*", text) for text in ranges]


if __name__ == "__main__":
    if sys.argv[1:] not in (["oldest"], ["newest"]):
        sys.exit(__doc__)
    print("\n".join(requirements(sys.argv[1])))
