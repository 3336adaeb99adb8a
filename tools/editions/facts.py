"""What an edition says of the book: title, authors, version, licence, and what it leaves out."""

import yaml

from tools.book.repository import site_address
from tools.paths import CITATION, CONFIG

LEFT_OUT = (
    "What is folded on the site stands open here. Answers to predictions and exercises stand at "
    "the end. Code that draws a figure or checks a number is left out: the notebooks have it."
)


def facts():
    cff = yaml.safe_load(CITATION.read_text("utf8"))
    settings = yaml.safe_load(CONFIG.read_text("utf8"))
    return {
        "title": cff["title"],
        "abstract": cff["abstract"],
        "authors": " and ".join(author["name"] for author in cff["authors"]),
        "version": str(cff["version"]),
        "year": str(settings["copyright"]),
        "licence": settings["html"]["extra_footer"],
        "left_out": LEFT_OUT,
        "site": site_address(),
    }
