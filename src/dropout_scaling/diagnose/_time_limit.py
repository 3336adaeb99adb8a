"""Call a function with a time limit: a layer under test may never return."""

import ctypes
import threading
from typing import Any


def within(seconds: float, function, *args):
    """Return function(*args), run in a thread; raise TimeoutError after ``seconds``.

    After a timeout the thread is told to stop. It stops at its next line of Python.
    """
    box: dict[str, Any] = {}

    def work():
        try:
            box["result"] = function(*args)
        except BaseException as raised:  # of any kind: raised again below
            box["raised"] = raised

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        # No simpler way: a process could not get a notebook's layer, and signals work only on Unix,
        # and only in the main thread. If the thread went on, it would draw from the restored
        # generators.
        stop = ctypes.py_object(SystemExit)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), stop)
        raise TimeoutError
    if "raised" in box:
        raise box["raised"]
    return box["result"]
