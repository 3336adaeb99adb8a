"""Write the zip for Gradescope: what is in it lies in /autograder/source there."""

import re
import stat
import zipfile
from pathlib import Path

from tools.environment.set_up import CPU_INDEX
from tools.paths import MARKER, REQUIREMENTS

HERE = Path(__file__).parent
SCRIPTS = ("setup.sh", "run_autograder")
# What the marker imports, and what a student may expect beside it.
PACKAGES = ("numpy", "ipython", "matplotlib", "psutil", "pyyaml", "scipy", "tqdm")


def requirements(source: str) -> str:
    """Return what pip installs there. ``source``: the text of the assignment's notebook."""
    pins = dict(re.findall(r"^([\w-]+)==(\S+)", REQUIREMENTS.read_text("utf8"), re.MULTILINE))
    lines = ["-c constraints.txt", *(f"{name}=={pins[name]}" for name in PACKAGES)]
    if "import torch" in source:
        lines += [f"--extra-index-url {CPU_INDEX}", f"torch=={pins['torch']}+cpu"]
    return "\n".join(lines) + "\n"


def write(folder: Path, path: Path) -> None:
    """Write the zip of the assignment in ``folder``."""
    source = folder / "source.ipynb"
    files = {name: (HERE / name).read_bytes() for name in SCRIPTS}
    files["requirements.txt"] = requirements(source.read_text("utf8")).encode()
    files["constraints.txt"] = REQUIREMENTS.read_bytes()
    for file in (folder / "checks.py", source):
        files[f"assignment/{file.name}"] = file.read_bytes()
    for file in sorted(MARKER.rglob("*.py")):
        files[f"{MARKER.name}/{file.relative_to(MARKER).as_posix()}"] = file.read_bytes()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name)  # with a date of its own: the same files, the same zip
            mode = 0o755 if name in SCRIPTS else 0o644
            member.external_attr = (stat.S_IFREG | mode) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
