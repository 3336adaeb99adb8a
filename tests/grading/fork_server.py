"""The process that ``forked`` starts: it imports what submissions need, and copies itself."""

import contextlib
import gc
import importlib
import os
import socket
import sys

import numpy as np

from dropout_grading.execution import worker

READS_MAGICS = "IPython.core.inputtransformer2"
# NumPy imports it when it is first asked for: here that would be in each copy.
RANDOM = "numpy.random"


def serve(channel, first):
    """Copy this process for each request, until the other end of the channel is closed.

    ``first``: the code that it runs before.
    """
    for name in (READS_MAGICS, RANDOM):
        importlib.import_module(name)
    exec(first, {})
    gc.freeze()  # to look for garbage among PyTorch's objects takes longer than a submission
    while True:
        request, descriptors, *_ = socket.recv_fds(channel, 4096, 2)
        with contextlib.suppress(ChildProcessError):  # there is none
            while os.waitpid(-1, os.WNOHANG if request else 0)[0]:  # those that have ended
                pass
        if not request:
            return
        pid = os.fork()
        if not pid:
            channel.close()
            try:
                work(descriptors[0], *request.decode().split(" ", 1))
            finally:
                os._exit(0)
        for descriptor in descriptors:
            os.close(descriptor)
        channel.send(str(pid).encode())


def work(descriptor, file_bytes, folder):
    """Be a fresh worker in this folder: nothing printed, a random state of its own."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nowhere, standard)
    os.chdir(folder)
    np.random.seed()  # noqa: NPY002 (what a student's np.random draws is not the last one's)
    # Where attacks look for the worker, and for its socket.
    sys.modules["__main__"] = worker
    sys.argv = [worker.__file__, str(descriptor), file_bytes]
    worker.main(descriptor, int(file_bytes))


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])), sys.argv[2])
