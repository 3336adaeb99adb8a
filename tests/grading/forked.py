"""The marker's own worker in a process that has NumPy and PyTorch already.

To start Python and import PyTorch takes ten times what a submission takes. So the bank, whose
members are ours, runs in copies of one process that has imported both. The worker, the messages,
the guard and its limits are the marker's; only bubblewrap and the start are not there. Where no
submission imports PyTorch, a process of its own is as quick.
"""

import contextlib
import gc
import multiprocessing
import os

import numpy as np
import pytest

from dropout_grading.execution import worker
from dropout_grading.execution.sandbox import Sandbox

PROCESSES = multiprocessing.get_context("forkserver")
# What a copy imports for this module, and what a submission's own imports would load, PyTorch's
# first optimizer among them. This module itself is not found there: that process has no path to it.
PROCESSES.set_forkserver_preload(
    ["pytest", worker.__name__, Sandbox.__module__, "torch", "torch._dynamo"]
)


class Forked(Sandbox):
    """A sandbox without its walls: for submissions that are known."""

    def _start(self, arguments, theirs):
        process = PROCESSES.Process(
            target=serve, args=(theirs, self.limits.file_bytes, self.folder.name), daemon=True
        )
        process.start()
        process.wait = process.join
        return process


@contextlib.contextmanager
def forked():
    """Run submissions in such copies."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dropout_grading.execution.student.Sandbox", Forked)
        yield


def serve(theirs, file_bytes, folder):
    """Be a fresh worker in this folder: nothing printed, a random state of its own."""
    gc.freeze()  # PyTorch's objects: to look for garbage among them takes longer than a submission
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nowhere, descriptor)
    os.chdir(folder)
    np.random.seed()  # noqa: NPY002 (what a student's np.random draws is not the last one's)
    worker.main(theirs.detach(), file_bytes)
