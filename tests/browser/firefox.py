"""Firefox without a window that is seen: by Marionette, its own way of saying WebDriver's commands.

An answer is an array in JSON behind its length, "12:[1, 1, null, 3]", and so is a command:
https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
"""

import json
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from itertools import count

from framed import PATIENCE, Page

from tools.environment import engines

# Any free port, no proxy before this machine, and five pictures a second, since nobody looks: that
# is a fifth of all that it computes.
PREFERENCES = {"marionette.port": 0, "network.proxy.type": 0, "layout.frame_rate": 5}
SILENT = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
SET = "Services.prefs.setIntPref(...arguments)"
UNSET = "Services.prefs.clearUserPref(...arguments)"


@contextmanager
def started(profile):
    """A page of a new session, whose reader's settings lie in an empty folder."""
    lines = [f'user_pref("{name}", {value});\n' for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("".join(lines))
    options = ["--headless", "--marionette", "--remote-allow-system-access"]
    program = [engines.firefox(), *options, "--profile", profile]
    process = subprocess.Popen(program, **SILENT)
    try:
        with closing(Marionette(listening(profile / "MarionetteActivePort"))) as session:
            session.send("NewSession")
            yield Page(session.send)
    finally:
        process.terminate()
        process.wait()


def listening(file):
    """The port, which Firefox writes down."""
    for _ in range(600):  # a minute
        if file.exists() and (port := file.read_text()):
            return int(port)
        time.sleep(0.1)
    raise AssertionError("Firefox does not start")


class Marionette:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.answers, self.numbers = self.socket.makefile("rb"), count()
        self.answer()  # who it is

    def close(self):
        self.answers.close()
        self.socket.close()

    def answer(self):
        length = b""
        while (sign := self.answers.read(1)) != b":":
            assert sign, "Firefox has ended"
            length += sign
        return json.loads(self.answers.read(int(length)))

    def send(self, command, **values):
        name = command if ":" in command else f"WebDriver:{command}"
        number = next(self.numbers)
        text = json.dumps([0, number, name, values]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, answered, error, answer = self.answer()
        assert answered == number
        assert not error, f"Firefox: {command}: {error}"
        return answer["value"] if set(answer or ()) == {"value"} else answer


@contextmanager
def set_to(page, name, number):
    """One of the reader's settings."""

    def in_firefox_itself(script, *arguments):
        page.send("Marionette:SetContext", value="chrome")
        page.send("ExecuteScript", script=script, args=arguments)
        page.send("Marionette:SetContext", value="content")

    in_firefox_itself(SET, name, number)
    try:
        yield
    finally:
        in_firefox_itself(UNSET, name)
