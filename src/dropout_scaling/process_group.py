"""Two or more real ``torch.distributed`` processes on one machine, for use from a notebook.

A *rank* is the number of a process in its group. The processes meet through a file and talk
through gloo on the machine's loopback: no network, no GPU. They show on a laptop what can go wrong
on a cluster; they are not fast.
"""

import contextlib
import inspect
import multiprocessing
import os
import signal
import sys
import tempfile
import textwrap
import time
import traceback
from multiprocessing import connection

import numpy as np
import torch
from torch import distributed as dist
from torch.nn import functional as F

from dropout_scaling._arguments import check_count
from dropout_scaling.masks import bernoulli_mask, keyed_rng

LOOPBACK = {"linux": "lo", "darwin": "lo0"}
NAMES = {
    "np": np,
    "torch": torch,
    "dist": dist,
    "F": F,
    "bernoulli_mask": bernoulli_mask,
    "keyed_rng": keyed_rng,
}


def _serve(pipe, rank, size, meeting_point):
    """Join the group, then run each function that the pipe sends, until it sends None."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the notebook handles an interrupt
    torch.set_num_threads(1)
    if sys.platform in LOOPBACK:  # else gloo looks up the host's name, which may need a network
        os.environ.setdefault("GLOO_SOCKET_IFNAME", LOOPBACK[sys.platform])
    try:
        store = dist.FileStore(meeting_point, size)
        dist.init_process_group("gloo", store=store, rank=rank, world_size=size)
        while (work := pipe.recv()) is not None:
            name, source = work
            names = dict(NAMES)
            exec(compile(source, f"<{name}>", "exec"), names)
            pipe.send((True, names[name](rank, size)))
        dist.destroy_process_group()
    except EOFError:  # the notebook has gone
        return
    except Exception:
        pipe.send((False, traceback.format_exc()))


class Ranks:
    """A group of ``size`` processes that can ``all_reduce``; each has its own generator.

    They start at once and load torch in the background. Use as a context manager, or call
    ``close``. Raises TypeError or ValueError if ``size`` is not an integer in [1, 8].

    A script, unlike a notebook, needs the usual ``if __name__ == "__main__":``.
    """

    def __init__(self, size=2):
        self.size = check_count("size, the number of ranks,", size, 1, 8)
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        meeting_point = os.path.join(self._folder.name, "store")
        context = multiprocessing.get_context("spawn")  # a fork would copy torch's threads
        self._pipes, self._processes = [], []
        for rank in range(self.size):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=_serve, args=(theirs, rank, self.size, meeting_point), daemon=True
            )
            process.start()
            theirs.close()
            self._pipes.append(ours)
            self._processes.append(process)

    def run(self, function, *, timeout: float = 120) -> list:
        """Run ``function(rank, size)`` on each rank; return a list of the results, rank 0 first.

        The ranks get the function's *source*, so one written in a notebook's cell works. It sees
        ``np``, ``torch``, ``dist``, ``F``, ``bernoulli_mask`` and ``keyed_rng``, and no other name
        of the notebook. It may return plain values and NumPy arrays.
        Raises RuntimeError with the rank's traceback if one fails, TimeoutError after ``timeout``
        seconds, ValueError if the group is closed. An error closes the group.
        """
        if not self._pipes:
            raise ValueError("the group must be open, and it is closed: start a new Ranks")
        work = function.__name__, textwrap.dedent(inspect.getsource(function))
        results, deadline = {}, time.monotonic() + timeout
        try:
            for pipe in self._pipes:
                pipe.send(work)
            while len(results) < self.size:
                waiting = [p for p in self._pipes if p not in results]
                ready = connection.wait(waiting, max(0, deadline - time.monotonic()))
                if not ready:
                    raise TimeoutError(f"the ranks must answer within {timeout} s, and did not")
                for pipe in ready:
                    results[pipe] = self._receive(pipe)
        except BaseException:
            self.close(kill=True)
            raise
        return [results[pipe] for pipe in self._pipes]

    def _receive(self, pipe):
        rank = self._pipes.index(pipe)
        try:
            fine, answer = pipe.recv()
        except (EOFError, OSError) as error:
            raise RuntimeError(f"rank {rank} ended without an answer") from error
        if not fine:
            raise RuntimeError(f"rank {rank} failed:\n{answer}")
        return answer

    def close(self, *, kill=False):
        """End the processes and remove their folder. Closing twice does nothing."""
        if not kill:
            for pipe in self._pipes:
                with contextlib.suppress(OSError):  # the process has ended already
                    pipe.send(None)
            for process in self._processes:
                process.join(timeout=30)
        for pipe, process in zip(self._pipes, self._processes, strict=True):
            process.kill()  # does nothing if it has ended
            process.join()
            pipe.close()
        self._pipes, self._processes = [], []
        self._folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.close(kill=kind is not None)
