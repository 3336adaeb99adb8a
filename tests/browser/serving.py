"""A folder served on loopback, and a wait for what comes true in a page."""

import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(folder):
    """The address of `folder` while it is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def until(page, condition, argument):
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
