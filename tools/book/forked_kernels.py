"""Kernels that are copies of one process, which has imported what chapters import.

To start Python and to import PyTorch takes longer than many a chapter. Here both happen once, and
each notebook still gets a kernel of its own, in which nothing was run.
On Linux and the CPU only: elsewhere a copy of a process with PyTorch in it is not sound.
"""

import atexit
import gc
import multiprocessing
import os
import sys
import tempfile
import threading
from importlib.metadata import EntryPoint
from multiprocessing.context import ForkServerProcess

from jupyter_client.provisioning import LocalProvisioner
from jupyter_client.provisioning.factory import KernelProvisionerFactory

from tools.paths import ROOT

# Whole libraries, and parts that these load by themselves when they are asked for: a chapter that
# forgets an import fails here as it would elsewhere. Only pyplot is no such part of Matplotlib.
multiprocessing.get_context("forkserver").set_forkserver_preload(
    [
        *("ipykernel.kernelapp", "ipykernel.debugger", "IPython.core.completerlib", "sqlite3"),
        *("matplotlib.pyplot", "matplotlib.backends.backend_svg"),
        *("sklearn.datasets", "torch", "torch._dynamo"),
    ]
)
PROVISIONER = "forked"


def use():
    """Let Jupyter start such kernels from now on."""
    entry = EntryPoint(
        PROVISIONER, f"{__name__}:ForkedProvisioner", KernelProvisionerFactory.GROUP_NAME
    )
    KernelProvisionerFactory.provisioners[PROVISIONER] = entry
    os.environ[KernelProvisionerFactory.default_provisioner_name_env] = PROVISIONER
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else the debugger, once imported, warns
    # Matplotlib reads it when it is imported; a kernel of its own would set it before.
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"


class Kernel(ForkServerProcess):
    """What Jupyter asks of a process that it has started."""

    stdin = stdout = stderr = None

    def poll(self):
        return self.exitcode

    def wait(self):
        self.join()
        return self.exitcode

    def send_signal(self, number):
        os.kill(self.pid, number)


class ForkedProvisioner(LocalProvisioner):
    async def pre_launch(self, **kwargs):
        # Sockets that are files: a port that was free when Jupyter chose it may be taken by
        # another kernel before this one is there. In /tmp, since a socket's path must not be
        # longer than 107 characters.
        self.folder = tempfile.TemporaryDirectory(prefix="kernel-", dir="/tmp")
        self.parent.transport, self.parent.ip = "ipc", f"{self.folder.name}/socket"
        return await super().pre_launch(**kwargs)

    async def cleanup(self, restart=False):
        await super().cleanup(restart=restart)
        self.folder.cleanup()

    async def launch_kernel(self, cmd, **kwargs):
        arguments = cmd[cmd.index("-f") :]
        self.process = Kernel(target=serve, args=(arguments, kwargs["env"], str(kwargs["cwd"])))
        self.process.start()
        self.pid = self.pgid = self.process.pid
        return self.connection_info


def serve(arguments, env, folder):
    """Be the kernel, as `python -m ipykernel_launcher` in this folder would be."""
    import ipykernel_launcher
    import numpy as np
    from ipykernel.kernelapp import launch_new_instance

    from tools.book import kernel_variants

    gc.freeze()  # to look for garbage among what all copies share takes longer than many a cell
    os.setsid()  # a signal to the group is for it and its children
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    sys.path.remove(str(ROOT))  # whence `tools` was imported: a chapter has no business there
    sys.argv = [ipykernel_launcher.__file__, *arguments]
    np.random.seed()  # noqa: NPY002 (each copy would draw the same)
    if torch := sys.modules.get("torch"):  # the preloaded one, likewise
        torch.seed()
    if agg := sys.modules.get("matplotlib.backends.backend_agg"):
        # After each cell pyplot draws pixels that nobody sees. Of that only the layout is used.
        agg.FigureCanvasAgg.draw_idle = lambda canvas: canvas.figure.draw_without_rendering()
    kernel_variants.apply()
    threading.Thread(target=end_with_parent, daemon=True).start()
    # With a parent it does not print how to connect to it.
    launch_new_instance(argv=arguments, parent_handle=os.getppid())
    atexit._run_exitfuncs()  # multiprocessing ends its processes without


def end_with_parent():
    """End with the process that asked for this kernel; the one copied lives while a copy does."""
    multiprocessing.parent_process().join()
    os._exit(1)
