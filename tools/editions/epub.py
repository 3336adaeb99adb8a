"""Put the whole book into an EPUB 3, _build/html/editions/dropout-to-scale.epub: `make epub`.

A file a chapter, with figures as SVG and formulas as MathML, and no scripts. The workflow that
publishes the site asks epubcheck whether all is as it should be.
"""

import re
import time
import uuid
import zipfile
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from tools.editions import cover
from tools.editions.chapters import answers, chapters
from tools.editions.facts import facts
from tools.editions.offered import EPUB, FOLDER, offer

RULES = Path(__file__).with_name("epub.css")
# The parser of HTML writes these names small; XML tells them apart.
SVG_NAMES = ["viewBox", "clipPath", "preserveAspectRatio", "clipPathUnits", "linearGradient"]
# A reader's own colours are light or dark: a line is as the text is.
COLOURS = {"var(--ink)": "currentColor", "var(--standard)": "#b84c00", "var(--inverted)": "#0072b2"}

CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="book/content.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>
"""
PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops" lang="en"
xml:lang="en"><head><meta charset="utf-8"/><title>{title}</title>
<link rel="stylesheet" type="text/css" href="book.css"/></head><body>{body}</body></html>
"""
PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="en">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="id">{id}</dc:identifier>
<dc:title>{title}</dc:title><dc:language>en</dc:language><dc:creator>{authors}</dc:creator>
<dc:description>{abstract}</dc:description><dc:rights>{licence}</dc:rights><dc:date>{year}</dc:date>
<meta property="dcterms:modified">{changed}</meta>
<meta property="schema:accessMode">textual</meta><meta property="schema:accessMode">visual</meta>
<meta property="schema:accessModeSufficient">textual</meta>
<meta property="schema:accessibilityFeature">alternativeText</meta>
<meta property="schema:accessibilityFeature">MathML</meta>
<meta property="schema:accessibilityFeature">tableOfContents</meta>
<meta property="schema:accessibilityHazard">none</meta>
<meta property="schema:accessibilitySummary">Figures have descriptions, formulas are MathML.</meta>
</metadata><manifest>{manifest}</manifest><spine>{spine}</spine></package>
"""


def make(target, names=None):
    """Write the chapters of these pages, or of all, into a file."""
    about = facts()
    book = chapters(names)
    pages = {"title.xhtml": (about["title"], title_page(about))}
    pages["nav.xhtml"] = ("Contents", contents(book))
    pages |= {f"{c.id}.xhtml": (c.title, as_xml(c.body)) for c in book}
    pages["answers.xhtml"] = (
        "Answers",
        f"<section><h1>Answers</h1>{answers(book, as_xml)}</section>",
    )
    place = {chapter.id: f"{chapter.id}.xhtml" for chapter in book}
    for name, (_, xml) in pages.items():
        place |= {id_: f"{name}#{id_}" for id_ in re.findall(r'\bid="([^"]+)"', xml)}
    files = {
        name: PAGE.format(title=escape(title), body=linked(xml, place))
        for name, (title, xml) in pages.items()
    }
    write(target, files, about)


def title_page(about):
    site = f'<p><a href="{about["site"]}">{about["site"]}</a></p>' if about["site"] else ""
    return f"""<section class="cover"><h1>{escape(about["title"])}</h1>
<p>{escape(about["abstract"])}</p>
<p>{escape(about["authors"])}. Version {about["version"]}, {about["year"]}.</p>{site}
<p>{escape(about["left_out"])} {escape(about["licence"])}</p></section>"""


def contents(book):
    lines, part = [], ""
    for chapter in book:
        if chapter.part != part:
            lines.append(f"</ol></li><li><span>{escape(chapter.part)}</span><ol>")
            part = chapter.part
        lines.append(f'<li><a href="{chapter.id}.xhtml">{escape(chapter.title)}</a></li>')
    items = "".join(lines)
    # The first page has no part, and so no list to close.
    items = items.replace("</ol></li>", "", 1) + ("</ol></li>" if part else "")
    return f"""<nav epub:type="toc" id="toc"><h1>Contents</h1><ol>
<li><a href="title.xhtml">Title page</a></li>{items}
<li><a href="answers.xhtml">Answers</a></li></ol></nav>"""


def as_xml(element):
    """The element as XHTML: MathML for each formula, and the names and colours of its drawings."""
    for formula in element.select(".math"):
        math = formula.select_one("mjx-assistive-mml > math").extract()
        math["alttext"] = formula.select_one(".tex").get_text().strip("$")
        formula.clear()
        formula.append(math)
    xml = element.decode(formatter="minimal")
    for name in SVG_NAMES:
        xml = re.sub(rf"(</?|\s){name.lower()}(?=[\s=>/])", rf"\g<1>{name}", xml)
    for variable, colour in COLOURS.items():
        xml = xml.replace(variable, colour)
    return xml


def linked(xml, place):
    """Lead each link to its target: a file, or a place in one. A drawing's own stay as they are."""
    return re.sub(r'(?<!xlink:)href="#([^"]+)"', lambda link: f'href="{place[link[1]]}"', xml)


def write(target, pages, about):
    items = ['<item id="css" href="book.css" media-type="text/css"/>']
    items.append(
        '<item id="cover" href="cover.png" media-type="image/png" properties="cover-image"/>'
    )
    spine = []
    for name, xml in pages.items():
        has = {"svg": "<svg" in xml, "mathml": "<math" in xml, "nav": name == "nav.xhtml"}
        properties = " ".join(what for what, there in has.items() if there)
        said = f' properties="{properties}"' if properties else ""
        id_ = name.removesuffix(".xhtml")
        items.append(f'<item id="{id_}" href="{name}" media-type="application/xhtml+xml"{said}/>')
        spine.append(f'<itemref idref="{id_}"/>')
    fields = {name: escape(str(value)) for name, value in about.items()}
    package = PACKAGE.format(
        **fields,
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"{about['title']} {about['version']}").urn,
        changed=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        manifest="".join(items),
        spine="".join(spine),
    )
    files = {"META-INF/container.xml": CONTAINER, "book/content.opf": package}
    files |= {f"book/{name}": xml for name, xml in pages.items()}
    files |= {"book/book.css": RULES.read_text("utf8"), "book/cover.png": cover.draw(about)}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        # By EPUB's rule the first file says what this is, and is not compressed.
        archive.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        for name, data in files.items():
            archive.writestr(name, data)


if __name__ == "__main__":
    start = time.monotonic()
    FOLDER.mkdir(exist_ok=True)
    make(EPUB)
    offer()
    took, size = time.monotonic() - start, EPUB.stat().st_size / 1e6
    print(f"epub: {EPUB}, {size:.1f} MB, after {took:.0f} s")
