"""A browser driven by WebDriver, with the methods of Playwright's page that the tests of all use.

Its window is never narrower than a desktop's, so each page stands in a frame of the wanted size.
"""

import time
from fnmatch import fnmatch
from urllib.parse import urljoin

PLACE_OF_FRAME = "/frame"
FRAME = """<!DOCTYPE html><html lang="en"><title>Frame</title>
<style>body { margin: 0 } iframe { border: 0; display: block }</style><iframe></iframe>"""
NAVIGATED = """const [address, done] = arguments, frame = document.querySelector("iframe");
frame.addEventListener("load", () => {
  frame.focus();  // the keyboard is the page's, as in a window of its own
  done();
}, { once: true });
frame.src = address;"""
SIZED = "[frameElement.width, frameElement.height] = arguments"
# A function, an expression or a script, as the page would run it; a promise is waited for.
EVALUATED = """const [source, argument, done] = arguments;
(async () => {
  let value;
  try {
    value = window.eval(`(${source})`);
  } catch (error) {
    if (error.name !== "SyntaxError") throw error;
    value = window.eval(source);
  }
  return typeof value === "function" ? value(argument) : value;
})().then((value) => done([value]), (error) => done([null, `${error}\\n${error.stack}`]));"""
IN_SIGHT = """(selector) => document.querySelector(selector)
  .scrollIntoView({ block: "center", behavior: "instant" })"""
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # what the standard calls a reference to one
KEYS = {"Shift": "\ue008", "Control": "\ue009", "Tab": "\ue004", "Enter": "\ue007"}
KEYS |= {"Escape": "\ue00c", "ArrowLeft": "\ue012", "ArrowRight": "\ue014", "ArrowDown": "\ue015"}

PATIENCE = 300  # seconds for one command: to give up, not a bound on its speed


class Page:
    """A page of a session.

    Args:
        send: A function that sends a command of https://www.w3.org/TR/webdriver2/ by its name, with
            its parameters by theirs, and returns the answer.
    """

    def __init__(self, send):
        self.send, self.base_url = send, None
        self.keyboard = Keyboard(send)
        send("SetTimeouts", script=1000 * PATIENCE)
        send("SetWindowRect", x=0, y=0, width=1500, height=1150)

    def open_frame(self, base_url):
        """Open the site's frame if it is not open; what another site keeps is not seen there."""
        self.send("SwitchToFrame", id=None)
        if base_url != self.base_url:
            self.send("Navigate", url=f"{base_url}{PLACE_OF_FRAME}")
        self.base_url = base_url
        self.send("SwitchToFrame", id=0)

    def set_viewport_size(self, size):
        self.send("ExecuteScript", script=SIZED, args=[size["width"], size["height"]])

    def goto(self, address):
        to = urljoin(self.base_url, address)
        self.send("SwitchToFrame", id=None)
        self.send("ExecuteAsyncScript", script=NAVIGATED, args=[to])
        self.send("SwitchToFrame", id=0)

    def reload(self):
        self.goto(self.evaluate("location.href"))

    def wait_for_url(self, pattern):
        """Wait ten seconds for a page; the window is asked, since the frame's page may be gone."""
        here = "return document.querySelector('iframe').contentWindow.location.pathname"
        self.send("SwitchToFrame", id=None)
        for _ in range(100):
            if fnmatch(self.send("ExecuteScript", script=here, args=[]), pattern):
                break
            time.sleep(0.1)
        else:
            raise AssertionError(f"no page came whose address is {pattern}")
        self.send("SwitchToFrame", id=0)

    def evaluate(self, source, argument=None):
        answer = self.send("ExecuteAsyncScript", script=EVALUATED, args=[source, argument])
        assert len(answer) == 1, answer[-1]
        return answer[0]

    def click(self, selector):
        self.evaluate(IN_SIGHT, selector)
        found = self.send("FindElement", using="css selector", value=selector)
        self.send("ElementClick", id=found[ELEMENT])


class Keyboard:
    def __init__(self, send):
        self.send = send

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
        self.send("PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": steps}])
