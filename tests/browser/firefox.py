"""Start Firefox for Playwright, and speak between them: a program, whose first word is Firefox.

Both know WebDriver BiDi. Playwright asks one thing of each page that Firefox 153 does not know: to
override the reader's colours. If it asks for none, there is nothing to do, and this says so in
Firefox's place. All else passes through, and so does that if it asks for some.
"""

import asyncio
import json
import re
import sys

from tornado import httpserver, netutil, web, websocket

LISTENS = "WebDriver BiDi listening on "
ANY_SIZE = {"max_message_size": 2**30}


def asks_for_nothing(said):
    if said["method"] != "emulation.setMediaFeaturesOverride":
        return False
    return not any(said["params"]["features"].values())


class Between(websocket.WebSocketHandler):
    def initialize(self, address):
        self.address = address

    def check_origin(self, _):
        return True

    async def prepare(self):
        self.firefox = await websocket.websocket_connect(
            f"{self.address}{self.request.path}", on_message_callback=self.back, **ANY_SIZE
        )

    async def on_message(self, message):
        said = json.loads(message)
        if asks_for_nothing(said):
            message = json.dumps({"type": "success", "id": said["id"], "result": {}})
            await self.write_message(message)
        else:
            await self.firefox.write_message(message)

    def back(self, message):
        if message is None:
            self.close()
        else:
            self.write_message(message)

    def on_close(self):
        self.firefox.close()


async def main(program, *options):
    out = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
    firefox = await asyncio.create_subprocess_exec(program, *options, **out)
    async for line in firefox.stdout:
        found = re.match(f"{LISTENS}(.*)", line.decode())
        if found:
            between = [("/.*", Between, {"address": found[1]})]
            server = web.Application(between, websocket_max_message_size=2**30)
            sockets = netutil.bind_sockets(0, "127.0.0.1")
            httpserver.HTTPServer(server).add_sockets(sockets)
            line = f"{LISTENS}ws://127.0.0.1:{sockets[0].getsockname()[1]}\n".encode()
        sys.stderr.write(line.decode())
        sys.stderr.flush()
    return await firefox.wait()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
