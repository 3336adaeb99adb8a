"""The compiled loop: made once on a machine, kept, and compared with the plain operations."""

import ctypes
import hashlib
import os
import platform
import shlex
import stat
import subprocess
import sys
import tempfile
import warnings
from functools import cache
from pathlib import Path

import torch

from dropout_scaling.fast import _law

SOURCE = Path(__file__).with_name("loop.cpp")
# What PyTorch's own loops use here, not all that the processor has: so a file of another machine
# with the same name runs here too, and ATEN_CPU_CAPABILITY holds for this loop as for PyTorch's.
VECTORS = {
    "AVX2": ["-mavx2", "-mf16c"],
    "AVX512": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mf16c"],
}
_checked = {}  # for each dtype the compiled function, or None


@cache
def folder():
    """Return the folder that keeps what was made on this machine. Nobody else can write there."""
    if os.name != "posix":
        return Path(tempfile.mkdtemp(prefix="dropout_scaling_"))
    path = Path(tempfile.gettempdir(), f"dropout_scaling_{os.getuid()}")
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(f"{path} is not a folder that only this user can write to")
    return path


def commands(out):
    """Return the two commands that make the file ``out``."""
    compiler = shlex.split(os.environ.get("CXX", "clang++" if sys.platform == "darwin" else "g++"))
    inside = Path(torch.__file__).parent
    compile_ = [*compiler, "-std=c++17", "-O3", "-fPIC", "-I", inside / "include"]
    compile_ += VECTORS.get(torch.backends.cpu.get_cpu_capability(), [])
    if sys.platform == "linux":
        # Not in the second command: it would bring another OpenMP than the one in PyTorch, whose
        # threads would be in the way of PyTorch's.
        compile_.append("-fopenmp")
    link = [*compiler, "-shared", f"{out}.o", "-L", inside / "lib", "-ltorch_cpu", "-lc10"]
    return [*compile_, "-c", SOURCE, "-o", f"{out}.o"], [*link, "-o", out]


def name():
    """Return the kept file's name: other sources, commands or versions have another."""
    parts = [SOURCE.read_text("utf8"), commands("out"), torch.__version__, platform.machine()]
    return f"loop-{hashlib.sha256(repr(parts).encode()).hexdigest()[:16]}"


@cache
def library():
    """Return the loaded library and None, or None and why there is none."""
    try:
        path = folder() / f"{name()}.so"
        if not path.exists():
            with tempfile.TemporaryDirectory(dir=folder()) as work:
                out = Path(work, "loop.so")
                for command in commands(out):
                    subprocess.run(command, check=True, capture_output=True, text=True)
                os.replace(out, path)  # at once: another process may be about to load it
        return ctypes.CDLL(path), None
    except subprocess.CalledProcessError as error:
        lines = error.stderr.strip().splitlines() or [f"the compiler's status {error.returncode}"]
        return None, next((line for line in lines if "error" in line), lines[0])
    except OSError as error:  # no compiler, no folder, or a library that cannot be loaded
        return None, str(error)


def compiled(dtype):
    """Return the compiled ``drop`` for ``dtype``, or None; if there is none, warn once.

    It is called with the addresses of x, y, their number of elements, the address of what was
    drawn, both numbers of ``threshold``, and the address of the scale.
    """
    if dtype not in _checked:
        loop, why = library()
        if loop:
            function = getattr(loop, f"drop_{str(dtype)[6:]}")
            address, int64 = ctypes.c_void_p, ctypes.c_int64
            function.argtypes = [address, address, int64, address, ctypes.c_int32, int64, address]
            function.restype = None

            def write(x, y, drawn, high, low, scale):
                addresses = x.data_ptr(), y.data_ptr(), x.numel(), drawn.data_ptr()
                function(*addresses, high, low, scale.data_ptr())

            if not _law.computed_by(write, dtype, "cpu"):
                why = "its loop is wrong"
        if why:
            text = f"FastDropout uses NumPy, since it could not compile its loop: {why}"
            warnings.warn(text, RuntimeWarning, stacklevel=2)
        _checked[dtype] = None if why else function
    return _checked[dtype]
