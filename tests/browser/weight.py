"""What a page costs to load: everything that the browser asks for, compressed, without figures.

Text is compressed by gzip -9, as a static host does; fonts are compressed already. A figure in
the page is taken out of it before.
"""

import gzip
import re
from itertools import pairwise

from sphinx_external_toc.parsing import parse_toc_yaml

from tools.book.settings import pages
from tools.paths import HTML, TOC

FIRST, NEXT = 300_000, 120_000  # bytes
FIGURE = re.compile(rb'<svg (?=[^>]*class="inline-svg").*?</svg>|data:image/[^"]*', re.DOTALL)
IMAGES = (".png", ".svg")
FONTS = (".woff", ".woff2")  # compressed already
# The fonts that a stylesheet names, and that no link and no text asks for. Faces and rules have one
# order.
FONTS_NOT_USED = r"""() => {
  const faces = [...document.fonts];
  const linked = [...document.querySelectorAll("link")].map((link) => link.href);
  return [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]
    .filter((rule) => rule instanceof CSSFontFaceRule)
    .filter(() => faces.shift().status === "unloaded")
    .map((rule) => new URL(rule.style.src.match(/url\("([^"]+)"\)/)[1], sheet.href).href)
    .filter((address) => !linked.includes(address)));
}"""
STORY = [page for page in parse_toc_yaml(TOC) if page in pages()]


def asked_ahead(page, addresses):
    """Wait until the page has asked for what it fetches ahead, when it has nothing else to do."""
    ahead = page.locator("link[rel=prefetch]").evaluate_all("links => links.map(l => l.href)")
    for link in set(ahead) - addresses:
        if link not in addresses:
            page.wait_for_event("request", lambda request, link=link: request.url == link)


def fonts_not_used(page):
    """The addresses of fonts that this page does not need.

    A tab that has one in memory, from a page before, says that it asks for it.
    """
    return set(page.evaluate(FONTS_NOT_USED))


def too_heavy(name, addresses, base_url, folder):
    """What a page asks for beyond its limits, a line each.

    As the first page that a reader opens, and as the next one after the page before it. What each
    asked for lies in `folder`: of two pages the one that comes second finds what the first left.
    """
    here = {a.removeprefix(base_url + "/") for a in addresses if a.startswith(base_url)}
    files = {re.split("[?#]", a)[0] for a in here}
    (folder / name.replace("/", "-")).write_text("\n".join(files))
    total = weigh(files)
    found = [f"{name}: {total} bytes"] if total > FIRST else []
    for pair in pairwise(STORY):
        notes = [folder / page.replace("/", "-") for page in pair]
        if name in pair and all(note.exists() for note in notes):
            old, new = (set(note.read_text().split("\n")) for note in notes)
            if weigh(new - old) > NEXT:
                found.append(f"{pair[1]} after {pair[0]}: {weigh(new - old)} bytes")
    return found


def size(file):
    content = (HTML / file).read_bytes()
    if file.endswith(IMAGES):
        return 0
    if file.endswith(FONTS):
        return len(content)
    return len(gzip.compress(FIGURE.sub(b"", content), 9))


def weigh(files):
    return sum(map(size, files))
