"""A folder served on loopback, and a wait for what comes true in a page."""

import socket
import threading
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit


class _Quiet(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # a connection serves all files of a page

    def __init__(self, *arguments, changed=None, beside=None, **options):
        self.changed, self.beside = changed, beside or {}
        super().__init__(*arguments, **options)

    def log_message(self, *_):
        pass

    def end_headers(self):
        self.send_header("Access-Control-Allow-Origin", "*")  # as a host of scripts does
        super().end_headers()

    def translate_path(self, path):
        asked = urlsplit(path).path
        for place, file in self.beside.items():
            if asked.startswith(place):
                return f"{file}{asked.removeprefix(place)}"
        return super().translate_path(path)

    def send_head(self):
        file = Path(self.translate_path(self.path))
        if not self.changed or file.suffix != ".html" or not file.is_file():
            return super().send_head()
        page = self.changed(file.read_text("utf8")).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        return BytesIO(page)


class _Server(ThreadingHTTPServer):
    """One that can hang up: a browser would otherwise be answered after the end."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.connections = set()

    def process_request(self, request, client_address):
        self.connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self.connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self):
        self.shutdown()
        for connection in list(self.connections):
            with suppress(OSError):  # the browser was quicker
                connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def served(folder, changed=None, beside=None):
    """The address of `folder` while it is served.

    Args:
        folder: What is served.
        changed: A function from the text of a page to the text that is sent.
        beside: What else is served, {the beginning of its address: that of its path}.
    """
    handler = partial(_Quiet, directory=str(folder), changed=changed, beside=beside)
    with _Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.hang_up()


def until(page, condition, argument=None):
    """Whether a condition, an asynchronous function in JavaScript, comes true within ten seconds.

    `page.wait_for_function` does not wait for a promise: one that will say false counts as true.
    """
    return page.evaluate(
        f"""async (argument) => {{
          for (let i = 0; i < 100; i++) {{
            if (await ({condition})(argument)) return true;
            await new Promise((resolve) => setTimeout(resolve, 100));
          }}
          return false;
        }}""",
        argument,
    )
