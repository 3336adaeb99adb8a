"""Read the built pages as chapters of one book: no scripts, nothing to open, ids of their own.

On the site a reader opens what is folded. A book cannot be opened, so here

- a solution stands at the end of the book, and the right choice of each prediction with it;
- code that draws or checks is left out: it is in the notebooks;
- everything else that is folded stands open, under the name of its fold.
"""

import copy
import re
from dataclasses import dataclass, field
from html import escape
from string import ascii_uppercase
from urllib.parse import unquote, urljoin, urlsplit

from bs4 import BeautifulSoup, SoupStrainer
from sphinx_external_toc.parsing import parse_toc_yaml

from tools.book.repository import site_address
from tools.editions.offered import PLACE
from tools.paths import HTML, TOC

# Folds that say so on paper (dropout_site/text/folds.py). An import is read with the code after it.
LEFT_OUT = ("Checked", "Code")
SOLUTION = "Solution"
ON_SCREEN_ONLY = "script, link, form, .headerlink, noscript > p, [hidden]"


@dataclass
class Chapter:
    name: str  # of its page: paper/weight-scaling
    part: str  # the caption above it in the contents, "" for the first page
    body: object  # its article, as parsed
    title: str
    answers: list = field(default_factory=list)  # (label, element): predictions and solutions

    @property
    def id(self):
        return slug(self.name)


def slug(name):
    return name.replace("/", "-")


def listed():
    """The pages in their order, as {name: caption of its part}."""
    site_map = parse_toc_yaml(TOC)
    parts = {site_map.root.docname: ""}
    for part in site_map.root.subtrees:
        parts |= {str(item): part.caption for item in part.items}
    return parts


def chapters(names=None):
    """The chapters of these pages, or of all, in the order of the contents."""
    parts = listed()
    found = []
    for name in parts:
        if names is None or name in names:
            html = PLACE.sub("", (HTML / f"{name}.html").read_text("utf8"))
            only = SoupStrainer("article", class_="bd-article")
            soup = BeautifulSoup(html, "html.parser", parse_only=only)
            found.append(Chapter(name, parts[name], *cleaned(soup.article)))
    ids = {chapter.name: identify(chapter) for chapter in found}
    for chapter in found:
        move_answers(chapter)
        open_folds(chapter.body)
    for chapter in found:
        for element in [chapter.body, *(answer for _, answer in chapter.answers)]:
            for link in element.select("a[href]"):
                redirect(link, chapter.name, ids)
    return found


def cleaned(body):
    """The article of a page, as it can be read on paper, and its title."""
    for element in body.select(ON_SCREEN_ONLY):
        if not element.decomposed:
            element.decompose()
    for element in body.select("noscript"):
        element.unwrap()
    for fold in body.select("details.hide"):
        if fold.summary["data-printed"] in LEFT_OUT:
            fold.decompose()
    for cell in body.select("div.cell"):
        if not cell.get_text(strip=True) and not cell.select("svg, img"):
            cell.decompose()
    return body, " ".join(body.h1.get_text().split())


def identify(chapter):
    """Put the chapter's name in front of its ids; return them as they were."""
    old = set()
    for element in chapter.body.find_all(True):
        for name, value in element.attrs.items():
            if name == "id":
                old.add(value)
                element[name] = f"{chapter.id}--{value}"
            elif name == "xlink:href" or (name == "href" and element.name == "use"):
                element[name] = f"#{chapter.id}--{value.removeprefix('#')}"
            elif isinstance(value, str) and "url(#" in value:
                element[name] = value.replace("url(#", f"url(#{chapter.id}--")
    return old


def redirect(link, page, ids):
    """Lead a link to another page to its chapter; out of the book to the site, if it has one."""
    url = urlsplit(urljoin(f"/{page}.html", link["href"]))
    if url.scheme:
        return
    target = re.sub(r"\.html$", "", url.path.removeprefix("/"))
    anchor = unquote(url.fragment)
    if link["href"].startswith("#answer"):  # already of this book
        return
    if target in ids:
        if anchor and anchor not in ids[target]:
            raise ValueError(f"{page} links to {target}#{anchor}, which is not in the book")
        link["href"] = f"#{slug(target)}--{anchor}" if anchor else f"#{slug(target)}"
    elif site_address():
        link["href"] = urljoin(site_address(), url._replace(scheme="", netloc="").geturl()[1:])
    else:
        link.name = "span"
        del link["href"]


def move_answers(chapter):
    """Take the solutions out, and the right choices; leave a link to each, and number them."""
    new = BeautifulSoup("", "html.parser").new_tag
    questions = chapter.body.select("blockquote.predict, details")
    n_predictions = n_solutions = 0
    for element in questions:
        if element.name == "blockquote":
            choices = element.select("li")
            right = [n for n, choice in enumerate(choices) if "right" in choice.get("class", [])]
            if not right:
                continue
            n_predictions += 1
            label = f"Prediction {n_predictions}"
            choices[0].parent.name = "ol"
            choices[0].parent["type"] = "A"
            answer = new("p")
            answer.append(f"{ascii_uppercase[right[0]]}. ")
            said = choices[right[0]]
            answer.extend(copy.copy(child) for child in (said.p or said).children)
            place = element.div
        elif element.summary.get("data-printed", element.summary.get_text(strip=True)) == SOLUTION:
            n_solutions += 1
            label = f"Solution {n_solutions}"
            answer = new("div")
            element.summary.decompose()
            answer.extend(list(element.children))
            place = element
            element.name, element.attrs = "div", {}
        else:
            continue
        id_ = f"answer-{chapter.id}-{len(chapter.answers) + 1}"
        answer["id"] = id_
        line = new("p", id=f"to-{id_}", **{"class": "to-answer"})
        line.append(new("a", href=f"#{id_}"))
        line.a.string = label if element.name == "div" else "Answer"
        place.append(line)
        chapter.answers.append((label, answer))


def open_folds(body):
    """Turn what is folded into a block under the name of its fold; imports need no name."""
    for fold in body.select("details"):
        summary = fold.summary
        printed = summary.get("data-printed")
        if printed:
            summary.clear()
            summary.append(printed)
        if printed == "Imports":
            summary.decompose()
        else:
            summary.name, summary.attrs = "p", {"class": "fold-name"}
        fold.name, fold.attrs = "div", {"class": "fold"}


def answers(book, written):
    """The answers of all chapters as HTML, each behind a link back to its question.

    ``written``: makes text of an element, as the edition needs it.
    """
    found = []
    for chapter in book:
        if chapter.answers:
            found.append(f'<h2><a href="#{chapter.id}">{escape(chapter.title)}</a></h2>')
        for label, answer in chapter.answers:
            back = f'<p class="fold-name"><a href="#to-{answer["id"]}">{label}</a></p>'
            found.append(f'<div class="answer">{back}{written(answer)}</div>')
    return "".join(found)
