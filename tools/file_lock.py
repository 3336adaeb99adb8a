"""One command at a time in this folder: what they write is shared.

Standard library only: the set-up uses it before anything is installed.
"""

import contextlib
import os

from tools.paths import CACHE

LOCK = CACHE / "lock"


@contextlib.contextmanager
def locked(lock=None):
    """Wait until no other command holds the lock, and hold it. It goes with its process.

    ``lock``: a file of another lock than the commands'.
    """
    lock = lock or LOCK
    lock.parent.mkdir(exist_ok=True)
    with open(str(lock), "w") as file:
        if os.name == "nt":
            import msvcrt

            while True:
                with contextlib.suppress(OSError):  # it gives up after ten seconds
                    msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                    break
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield
