"""Build the site again at each edit, and show it in the browser: `make watch`.

usage: python -m tools.book.watching [PORT]

One process looks for edits and keeps imported what a build imports: each build is a copy of it,
and ends. Another serves the site, and adds to each page that it sends a script which loads the
page anew once the site has been built: no file of the site has it. A failure is shown, and does
not end it; the page in the browser stays until the next build that passes.
"""

import gc
import hashlib
import http.server
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from http import HTTPStatus

from tools.book import make
from tools.book.build import BUILT_FROM
from tools.paths import BOOK, CITATION, CONFIG, HTML, ROOT, SOURCE, TOC, TOOLS

PAUSE_SECONDS = 0.1  # between two looks: at some 500 files, a few milliseconds
BEAT_SECONDS = 1  # how soon a page that was closed is noticed
EVENTS = "/.events"
SCRIPT = """<script>
new EventSource("{events}?{shown}").onmessage = () => location.reload();
</script>"""
FAILED = "<!doctype html><title>Not built</title><p>The build has failed: the terminal says why."
CAN_COPY = hasattr(os, "fork")
WARM = ("jupyter_book.sphinx", "myst_nb.sphinx_ext", "sphinx_book_theme", "sphinxcontrib.bibtex")
WARM += ("sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.builders.html", "sphinx_external_toc")
WARM += ("matplotlib.pyplot",)


def seen():
    """When each file that the site is made from was written."""
    files = [CONFIG, TOC, CITATION]
    for folder in (BOOK, SOURCE, TOOLS):
        for path, folders, names in os.walk(folder):
            folders[:] = [f for f in folders if not f.startswith((".", "__")) and "egg" not in f]
            files += [os.path.join(path, name) for name in names if not name.startswith(".")]
    return {str(file): modified(file) for file in files}


def modified(file):
    try:
        return os.stat(file).st_mtime_ns
    except FileNotFoundError:  # between two looks, as an editor saves
        return None


def built():
    """What changes at each build that passes; None while there is no site."""
    if not (HTML.is_dir() and BUILT_FROM.is_file()):
        return None
    return hashlib.sha256(BUILT_FROM.read_bytes()).hexdigest()


class Pages(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        path, _, shown = self.path.partition("?")
        if path == EVENTS:
            self.tell_of_builds(shown)
        elif path.endswith(("/", ".html")):
            self.send_page(self.translate_path(path))
        else:
            super().do_GET()

    def send_page(self, file):
        file = os.path.join(file, "index.html") if os.path.isdir(file) else file
        status = HTTPStatus.OK
        try:
            with open(file, encoding="utf8") as opened:
                html = opened.read()
        except FileNotFoundError:
            status = HTTPStatus.NOT_FOUND
            html = FAILED if built() is None else "<!doctype html><p>There is no such page."
        head, end, tail = html.rpartition("</body>")
        script = SCRIPT.format(events=EVENTS, shown=built() or "")
        body = f"{head}{script}{end}{tail}" if end else html + script
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body.encode())

    def end_headers(self):
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def tell_of_builds(self, last):
        """Send an event when there is another build than the one that the page is of."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        beat = time.monotonic()
        try:
            while True:
                time.sleep(PAUSE_SECONDS)
                now = built()
                if now not in (None, last):
                    last = now
                    self.wfile.write(b"data: built\n\n")
                elif time.monotonic() - beat > BEAT_SECONDS:
                    beat = time.monotonic()
                    self.wfile.write(b":\n\n")
        except (BrokenPipeError, ConnectionResetError):
            pass  # the page was closed

    def log_message(self, *arguments):
        """Say nothing: the terminal is for the builds."""


def quietly(function):
    """Call it in a copy of this process, which Ctrl-C ends without a word."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    function()


def start(function):
    if not CAN_COPY:
        return threading.Thread(target=function, daemon=True).start()
    copy = multiprocessing.get_context("fork").Process(target=quietly, args=(function,))
    copy.start()
    return copy


def build_once():
    """Build in a process that ends, so that no build meets what an earlier one has left."""
    if not CAN_COPY:
        return subprocess.run([sys.executable, "-m", make.__name__], cwd=ROOT).returncode
    copy = start(make.main)
    copy.join()
    return copy.exitcode


def main(port=8000):
    before = seen()
    address = ("127.0.0.1", port)
    server = http.server.ThreadingHTTPServer(address, partial(Pages, directory=str(HTML)))
    for module in WARM if CAN_COPY else ():
        __import__(module)
    gc.freeze()  # what a copy never looks at, it need not have of its own
    serving = start(server.serve_forever)
    try:
        watch(server, before)
    finally:
        if CAN_COPY:
            serving.terminate()


def watch(server, before):
    """Build at each edit of what ``before`` has seen, until an edit of the tools."""
    print(
        f"watch: http://localhost:{server.server_port} shows each edit; Ctrl-C ends it", flush=True
    )
    build_once()
    while True:
        time.sleep(PAUSE_SECONDS)
        now = seen()
        changed = sorted(f for f in {*before, *now} if before.get(f) != now.get(f))
        if not changed:
            continue
        before = now
        print(f"\nwatch: {', '.join(os.path.relpath(f, ROOT) for f in changed)}", flush=True)
        if any(f.startswith(str(TOOLS)) for f in changed):
            sys.exit("watch: the tools have changed; start it again")
        begun = time.monotonic()
        if build_once():
            print("watch: failed; the next edit tries again", flush=True)
        else:
            print(f"watch: shown after {time.monotonic() - begun:.1f} s", flush=True)


if __name__ == "__main__":
    try:
        main(*map(int, sys.argv[1:]))
    except KeyboardInterrupt:
        print()
