"""WebKitGTK by WebDriver, with the methods of Playwright's page that the tests of all engines use.

Its window is never narrower than a desktop's, so each page stands in a frame of the wanted size.
"""

import json
import os
import socket
import subprocess
import time
from contextlib import contextmanager
from fnmatch import fnmatch
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin
from urllib.request import ProxyHandler, Request, build_opener

from tools.environment.engines import SCREEN, WEBKIT_DRIVER

PLACE_OF_FRAME = "/frame"
FRAME = """<!DOCTYPE html><html lang="en"><title>Frame</title>
<style>body { margin: 0 } iframe { border: 0; display: block }</style><iframe></iframe>"""
NAVIGATED = """const [address, done] = arguments, frame = document.querySelector("iframe");
frame.addEventListener("load", () => done(), { once: true });
frame.src = address;"""
SIZED = """const frame = document.querySelector("iframe");
[frame.width, frame.height] = arguments;"""
# A function, an expression or a script; a promise is waited for.
EVALUATED = """const [source, argument, done] = arguments;
(async () => {
  let value;
  try {
    value = eval(`(${source})`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    value = (0, eval)(source);
  }
  return typeof value === "function" ? value(argument) : value;
})().then((value) => done([value]), (error) => done([null, `${error}\\n${error.stack}`]));"""
IN_SIGHT = """(selector) => document.querySelector(selector)
  .scrollIntoView({ block: "center", behavior: "instant" })"""
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # what the standard calls a reference to one
KEYS = {"Shift": "\ue008", "Control": "\ue009", "Tab": "\ue004", "Enter": "\ue007"}
KEYS |= {"Escape": "\ue00c", "ArrowLeft": "\ue012", "ArrowRight": "\ue014", "ArrowDown": "\ue015"}


PATIENCE = 300  # seconds for one command: to give up, not a bound on its speed
HERE = build_opener(ProxyHandler({}))  # no proxy stands before this machine
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


@contextmanager
def started():
    """A page of a new session, on a screen that nobody sees."""
    reads, writes = os.pipe()
    screen = [SCREEN, "-displayfd", str(writes), "-screen", "0", "1600x1200x24"]
    with ended(subprocess.Popen(screen, pass_fds=[writes], **SILENT)):
        os.close(writes)
        with os.fdopen(reads) as number:
            environment = {"DISPLAY": f":{number.readline().strip()}"}
        for name in os.environ:
            if not name.lower().endswith("_proxy"):
                environment.setdefault(name, os.environ[name])
        driver = [WEBKIT_DRIVER, f"--port={(port := free_port())}"]
        with ended(subprocess.Popen(driver, env=environment, **SILENT)):
            session = Session(f"http://127.0.0.1:{port}")
            try:
                yield Page(session)
            finally:
                session.send("DELETE", "")


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


class Session:
    """The commands of WebDriver, https://www.w3.org/TR/webdriver2/"""

    def __init__(self, address):
        self.address = f"{address}/session"
        for _ in range(100):  # ten seconds until the driver listens
            try:
                made = self.send("POST", "", {"capabilities": {}})
                break
            except URLError:
                time.sleep(0.1)
        else:
            raise AssertionError(f"{WEBKIT_DRIVER} does not answer")
        self.address += f"/{made['sessionId']}"
        self.send("POST", "/timeouts", {"script": 1000 * PATIENCE})
        self.send("POST", "/window/rect", {"x": 0, "y": 0, "width": 1500, "height": 1150})

    def send(self, method, path, values=None):
        body = None if values is None else json.dumps(values).encode()
        try:
            request = Request(f"{self.address}{path}", body, method=method)
            with HERE.open(request, timeout=PATIENCE) as answer:
                return json.load(answer)["value"]
        except HTTPError as error:
            raise AssertionError(f"WebKit: {path}: {json.load(error)['value']}") from None

    def run(self, script, *arguments, waits=False):
        kind = "async" if waits else "sync"
        return self.send("POST", f"/execute/{kind}", {"script": script, "args": arguments})


class Page:
    def __init__(self, session):
        self.session, self.base_url = session, None
        self.keyboard = Keyboard(session)

    def open_frame(self, base_url):
        """Open the site's frame; what is kept of another site's is not seen from there."""
        self.base_url = base_url
        self.session.send("POST", "/frame", {"id": None})
        self.session.send("POST", "/url", {"url": f"{base_url}{PLACE_OF_FRAME}"})

    def in_window(self, script, *arguments, **options):
        self.session.send("POST", "/frame", {"id": None})
        self.session.run(script, *arguments, **options)
        self.session.send("POST", "/frame", {"id": 0})

    def set_viewport_size(self, size):
        self.in_window(SIZED, size["width"], size["height"])

    def goto(self, address):
        self.in_window(NAVIGATED, urljoin(self.base_url, address), waits=True)

    def reload(self):
        self.goto(self.evaluate("location.href"))

    def wait_for_url(self, pattern):
        """Wait ten seconds for a page; the window is asked, since the frame's page may be gone."""
        here = "return document.querySelector('iframe').contentWindow.location.pathname"
        self.session.send("POST", "/frame", {"id": None})
        for _ in range(100):
            if fnmatch(self.session.run(here), pattern):
                break
            time.sleep(0.1)
        else:
            raise AssertionError(f"no page came whose address is {pattern}")
        self.session.send("POST", "/frame", {"id": 0})

    def evaluate(self, source, argument=None):
        answer = self.session.run(EVALUATED, source, argument, waits=True)
        assert len(answer) == 1, answer[-1]
        return answer[0]

    def click(self, selector):
        self.evaluate(IN_SIGHT, selector)
        found = self.session.send("POST", "/element", {"using": "css selector", "value": selector})
        self.session.send("POST", f"/element/{found[ELEMENT]}/click", {})


class Keyboard:
    def __init__(self, session):
        self.session = session

    def press(self, keys):
        """One key, with others held down before it: `Control+k`."""
        keys = [KEYS.get(key, key) for key in keys.split("+")]
        steps = [{"type": "keyDown", "value": key} for key in keys]
        steps += [{"type": "keyUp", "value": key} for key in reversed(keys)]
        self.perform(steps)

    def type(self, words):
        kinds = "keyDown", "keyUp"
        self.perform([{"type": kind, "value": sign} for sign in words for kind in kinds])

    def perform(self, steps):
        keys = {"type": "key", "id": "keyboard", "actions": steps}
        self.session.send("POST", "/actions", {"actions": [keys]})
