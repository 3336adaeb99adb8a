"""WebKitGTK, on a screen that nobody sees: by WebDriver."""

import json
import os
import socket
import subprocess
import time
from contextlib import contextmanager
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from framed import PATIENCE, Page

from tools.environment.engines import SCREEN, WEBKIT_DRIVER

# Where each command goes: https://www.w3.org/TR/webdriver2/
PLACES = {
    "SetTimeouts": "/timeouts",
    "SetWindowRect": "/window/rect",
    "Navigate": "/url",
    "SwitchToFrame": "/frame",
    "ExecuteScript": "/execute/sync",
    "ExecuteAsyncScript": "/execute/async",
    "FindElement": "/element",
    "ElementClick": "/element/{id}/click",
    "PerformActions": "/actions",
}
HERE = build_opener(ProxyHandler({}))  # no proxy stands before this machine
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@contextmanager
def started():
    """A page of a new session."""
    reads, writes = os.pipe()
    screen = [SCREEN, "-displayfd", str(writes), "-screen", "0", "1600x1200x24"]
    with ended(subprocess.Popen(screen, pass_fds=[writes], **SILENT)):
        os.close(writes)
        with os.fdopen(reads) as number:
            environment = {"DISPLAY": f":{number.readline().strip()}"}
        # Nobody looks, and the way by a graphics card is computed here: a quarter of the whole.
        environment["WEBKIT_DISABLE_DMABUF_RENDERER"] = "1"
        for name in os.environ:
            if not name.lower().endswith("_proxy"):
                environment.setdefault(name, os.environ[name])
        driver = [WEBKIT_DRIVER, f"--port={(port := free_port())}"]
        with ended(subprocess.Popen(driver, env=environment, **SILENT)):
            session = opened(f"http://127.0.0.1:{port}/session")

            def send(command, **values):
                return answered("POST", session + PLACES[command].format(**values), values)

            try:
                yield Page(send)
            finally:
                answered("DELETE", session)


@contextmanager
def ended(process):
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def opened(address):
    """The address of a new session."""
    for _ in range(100):  # ten seconds until the driver listens
        try:
            return f"{address}/{answered('POST', address, {'capabilities': {}})['sessionId']}"
        except URLError:
            time.sleep(0.1)
    raise AssertionError(f"{WEBKIT_DRIVER} does not answer")


def answered(method, address, values=None):
    body = None if values is None else json.dumps(values).encode()
    try:
        request = Request(address, body, method=method)
        with HERE.open(request, timeout=PATIENCE) as answer:
            return json.load(answer)["value"]
    except HTTPError as error:
        raise AssertionError(f"WebKit: {address}: {json.load(error)['value']}") from None
