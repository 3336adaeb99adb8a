"""Make the slides of the lecture, _build/html/slides, and a PDF of them: `make slides`.

reveal.js shows them, from files of the site: no network. It comes with sphinx-revealjs.
"""

import importlib.util
import re
import shutil
import sys
import time
from html import escape
from pathlib import Path

from bs4 import BeautifulSoup
from playwright.sync_api import sync_playwright

from tools.editions.facts import facts
from tools.editions.lecture import Stale, read, slides
from tools.editions.offered import FOLDER, SLIDES, SLIDES_PDF, offer
from tools.editions.pdf import options
from tools.editions.site_style import site_style

RULES = Path(__file__).with_name("slides.css")
REVEAL = ("dist/reset.css", "dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js", "LICENSE")
# What the site's stylesheet has for formulas, for code and for the typeface.
SITE_RULES = re.compile(
    r"@font-face[^{}]*\{[^{}]*(?:MJX|Book Sans)[^{}]*\}"
    r"|^[^{}@]*(?:mjx|MJX|\.TEX-|\.highlight )[^{}]*\{[^{}]*\}",
    re.MULTILINE,
)
HOMEWORK = "practice/who-is-right"
START = """Reveal.initialize({width: 1280, height: 720, margin: 0.04, center: false, hash: true,
slideNumber: "c/t", transition: "none", pdfMaxPagesPerSlide: 1, plugins: [RevealNotes]});"""


def make(folder):
    """Write the slides into a folder of the site."""
    html = document()
    shutil.rmtree(folder, ignore_errors=True)
    package = Path(importlib.util.find_spec("sphinx_revealjs").origin).parent
    for name in REVEAL:
        target = folder / "reveal" / Path(name).name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / "_static" / "revealjs" / name, target)
    rules = "\n".join(SITE_RULES.findall(site_style()))
    rules = rules.replace("url(../fonts/", "url(../_static/fonts/")
    (folder / "slides.css").write_text(f"{rules}\n{RULES.read_text('utf8')}", "utf8")
    (folder / "index.html").write_text(html, "utf8")


def document():
    about = facts()
    found, left = slides()
    sections, start = [title(about, found)], 0
    for slide in found:
        sections.append(section(slide, start))
        start += slide.minutes
    sections.append(questions(left, start))
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The lecture - {escape(about["title"])}</title>
<link rel="icon" href="../_static/favicon.svg">
<link rel="stylesheet" href="reveal/reset.css"><link rel="stylesheet" href="reveal/reveal.css">
<link rel="stylesheet" href="slides.css"></head>
<body><main class="reveal"><div class="slides">{"".join(sections)}</div></main>
<script src="reveal/reveal.js"></script><script src="reveal/notes.js"></script>
<script>{START}</script></body></html>"""


def title(about, found):
    chapters = dict.fromkeys(f"<li>{escape(slide.chapter.title)}</li>" for slide in found)
    return f"""<section class="first" data-timing="0"><h1>{escape(about["title"])}</h1>
<p>{escape(about["abstract"])}</p><ol>{"".join(chapters)}</ol>
<aside class="notes"><p>Press S for these notes, O for all slides, F for the whole screen.
Each box asks before the next slide shows: collect votes.</p></aside></section>"""


def section(slide, start):
    asks = [element.name == "blockquote" for element in slide.shown]
    shown = []
    for n, element in enumerate(slide.shown):
        html = as_shown(element)
        # What comes after a question answers it.
        shown.append(f'<div class="fragment">{html}</div>' if any(asks[:n]) else html)
    notes = [f"<b>{slide.minutes} minutes</b>, from minute {start}."]
    if slide.ask:
        notes.append(f"<b>Ask:</b> {slide.ask.decode_contents()}")
        right = slide.shown[asks.index(True)].select_one(".right p")
        right.select_one(".tick").extract()
        notes.append(f"<b>Right:</b> {right.decode_contents()}")
    notes.append(escape(slide.say))
    title = escape(slide.chapter.title)
    above = "" if slide.heading == title else f'<p class="chapter">{title}</p>'
    return f"""<section data-timing="{60 * slide.minutes}" data-chapter="{slide.chapter.name}">
{above}<h2>{slide.heading}</h2><div class="shown">{"".join(shown)}</div>
<aside class="notes">{"".join(f"<p>{note}</p>" for note in notes)}</aside></section>"""


def as_shown(element):
    """The element as a slide has it: no links, and the right choice is marked a step later."""
    for heading in element.select("h2"):
        heading.decompose()
    for link in element.select("a[href]"):
        link.unwrap()
    if element.name == "section":
        element.name, element.attrs = "div", {"class": "answer"}
        for onward in element.find_all("p"):
            if onward.get_text().startswith("Next."):
                onward.decompose()
    for right in element.select(".right p"):
        tick = BeautifulSoup('<span class="fragment tick"> ✓</span>', "html.parser")
        right.append(tick)
    return element.decode()


def questions(minutes, start):
    return f"""<section data-timing="{60 * minutes}"><h2>Questions</h2>
<p>At home: <a href="../{HOMEWORK}.html">{escape(read(HOMEWORK).title)}</a></p>
<aside class="notes"><p><b>{minutes} minutes</b>, from minute {start}.</p>
<p>Come back to the questions that most got wrong.</p></aside></section>"""


def print_slides(browser, target):
    page = browser.new_page()
    page.goto(f"{SLIDES.as_uri()}?print-pdf")
    page.wait_for_selector(".pdf-page")
    page.evaluate("document.fonts.ready")
    page.pdf(path=target, prefer_css_page_size=True, print_background=True, tagged=True)
    page.close()


if __name__ == "__main__":
    begun = time.monotonic()
    try:
        make(SLIDES.parent)
    except Stale as error:
        sys.exit(f"slides: {error}")
    print(f"slides: {SLIDES}, after {time.monotonic() - begun:.0f} s", flush=True)
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        print_slides(playwright.chromium.launch(**options()), SLIDES_PDF)
    offer()
    print(f"slides: {SLIDES_PDF}, after {time.monotonic() - begun:.0f} s")
