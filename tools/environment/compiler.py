"""What torch.compile lacks here to make machine code for the CPU."""

import os
import shutil
import sys
import sysconfig
from pathlib import Path


def lacking():
    """None if it has what it needs, else in one line what to install for it."""
    if " " in sys.prefix:
        return "its path must not hold a space"
    name = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
    wanted = []
    if not shutil.which("cl" if os.name == "nt" else name):
        wanted.append(name)
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        wanted.append("Python's header files (Debian, Ubuntu: python3-dev)")
    return f"install {' and '.join(wanted)}" if wanted else None
