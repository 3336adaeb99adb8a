"""What a page costs to load: everything that the browser asks for, compressed, without figures.

Text is compressed by gzip -9, as a static host does; fonts are compressed already. A figure in
the page is taken out of it before.
"""

import gzip
import re
from itertools import pairwise

import pytest
from sphinx_external_toc.parsing import parse_toc_yaml

from tools.book.settings import pages
from tools.paths import HTML, TOC

FIRST, NEXT = 300_000, 120_000  # bytes
FIGURE = re.compile(rb'<svg (?=[^>]*class="inline-svg").*?</svg>|data:image/[^"]*', re.DOTALL)
IMAGES = (".png", ".svg")
COMPRESSED = (".woff", ".woff2")
OTHERS = ["404", "genindex", "search"]
STORY = [page for page in parse_toc_yaml(TOC) if page in pages()]


@pytest.fixture
def asked(page, base_url):
    """The files of the site that each page asks for, by the page's name."""
    files = {}
    for name in [*STORY, *OTHERS]:
        addresses = set()
        page.on("request", lambda request, seen=addresses: seen.add(request.url))
        page.goto(f"/{name}.html", wait_until="networkidle")
        ahead = page.locator("link[rel=prefetch]").evaluate_all("links => links.map(l => l.href)")
        for link in set(ahead) - addresses:  # asked for when the browser has nothing else to do
            if link not in addresses:
                page.wait_for_event("request", lambda request, link=link: request.url == link)
        here = {a.removeprefix(base_url + "/") for a in addresses if a.startswith(base_url)}
        files[name] = {re.split("[?#]", a)[0] for a in here}
        page.goto("about:blank")
    return files


def size(file):
    content = (HTML / file).read_bytes()
    if file.endswith(IMAGES):
        return 0
    if file.endswith(COMPRESSED):
        return len(content)
    return len(gzip.compress(FIGURE.sub(b"", content), 9))


def weigh(files):
    return sum(map(size, files))


def test_pages_are_light(asked):
    first = {name: weigh(files) for name, files in asked.items()}
    following = {new: weigh(asked[new] - asked[old]) for old, new in pairwise(STORY)}
    assert not {name: total for name, total in first.items() if total > FIRST}
    assert not {name: total for name, total in following.items() if total > NEXT}
