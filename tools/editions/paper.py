"""The whole book as one HTML page for paper: a cover, contents, chapters, answers."""

import re
from html import escape
from pathlib import Path

import matplotlib

from tools.editions.chapters import answers
from tools.editions.facts import facts
from tools.editions.site_style import STYLE, site_style
from tools.editions.truetype import in_truetype
from tools.paths import CACHE

RULES = Path(__file__).with_name("print.css")
FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
# The same on every machine, as they come with matplotlib. Headings and figures have the site's.
FACES = {
    "Book": ("STIXGeneral", "STIXGeneralItalic", "STIXGeneralBol", "STIXGeneralBolIta"),
    "Code": ("DejaVuSansMono", "DejaVuSansMono-Oblique", "DejaVuSansMono-Bold"),
}
STYLES = (("normal", 400), ("italic", 400), ("normal", 700), ("italic", 700))
ANSWERS = "Answers"
HEADINGS = ["h1", "h2", "h3", "h4", "h5", "h6"]


def document(book):
    """The HTML of the whole book. The numbers in its contents are still to be put in."""
    about = facts()
    return f"""<!DOCTYPE html>
<html lang="en" data-theme="light"><head><meta charset="utf-8">
<title>{escape(about["title"])}</title><meta name="author" content="{escape(about["authors"])}">
<style>{"".join([site_rules(), *faces(), *heads(book), RULES.read_text("utf8")])}</style></head>
<body class="bd-article">{cover(book, about)}{contents(book)}{"".join(parts(book))}
<div class="chapter" id="answers"><h1>{ANSWERS}</h1>{answers(book, drawn)}</div></body></html>"""


def site_rules():
    """The site's stylesheet, with fonts that Chromium can put into a PDF as text."""

    def at(address):
        font = in_truetype((STYLE.parent / address[1]).resolve(), CACHE / "fonts")
        return f"url({font.as_uri()})"

    return re.sub(r"url\((\.\./fonts/[^)]*\.woff)\)", at, site_style())


def faces():
    for family, files in FACES.items():
        for file, (style, weight) in zip(files, STYLES, strict=False):
            yield (
                f'@font-face{{font-family:"{family}";font-style:{style};font-weight:{weight};'
                f'src:url("{(FONTS / file).as_uri()}.ttf")}}'
            )


def heads(book):
    """Above each page its chapter's title."""
    for id_, title in [*((chapter.id, chapter.title) for chapter in book), ("answers", ANSWERS)]:
        words = title.replace('"', "\\22 ")
        yield f'@page {id_}{{@top-right{{content:"{words}"}}}}'
        yield f"#{id_}{{page:{id_}}}"


def cover(book, about):
    site = f'<p><a href="{about["site"]}">{about["site"]}</a></p>' if about["site"] else ""
    figure = book[0].body.svg.decode().replace(book[0].id + "--", "cover--")
    return f"""<section class="cover"><p class="title">{escape(about["title"])}</p>
<p class="abstract">{escape(about["abstract"])}</p>{figure}
<p>{escape(about["authors"])}<br>Version {about["version"]}, {about["year"]}</p>{site}
<p class="note">{escape(about["left_out"])} {escape(about["licence"])}</p></section>"""


def contents(book):
    lines, part = [], ""
    for chapter in book:
        if chapter.part != part:
            part = chapter.part
            lines.append(f"<li class='part'>{escape(part)}</li>")
        lines.append(line(chapter.id, chapter.title))
    lines.append(
        f"<li class='part'>{ANSWERS}</li>{line('answers', 'To predictions and exercises')}"
    )
    return (
        f"<nav class='book-contents'><p class='title'>Contents</p><ol>{''.join(lines)}</ol></nav>"
    )


def line(target, words):
    number = f"<b data-page='{target}'></b>"
    return f"<li><a href='#{target}'><span>{escape(words)}</span> {number}</a></li>"


def parts(book):
    """Each chapter, its headings one level down: above them in the outline are the parts."""
    part = ""
    for chapter in book:
        for heading in chapter.body.find_all(HEADINGS):
            heading.name = f"h{int(heading.name[1]) + 1}"
        above = ""
        if chapter.part != part:
            part = chapter.part
            above = f"<h1 class='part'>{escape(part)}</h1>"
        yield f"<div class='chapter' id='{chapter.id}'>{above}{drawn(chapter.body)}</div>"


def drawn(element):
    """The element, with the drawing of each formula alone: the rest of it would be text twice."""
    for formula in element.select(".math"):
        formula.select_one("mjx-container")["role"] = "img"
        formula.select_one("mjx-container")["aria-label"] = formula.select_one(".tex").get_text()
        for hidden in formula.select(".tex, mjx-assistive-mml"):
            hidden.decompose()
    return element.decode()
