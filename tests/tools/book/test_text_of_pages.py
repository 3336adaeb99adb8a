"""What the site makes of plain Markdown: openings, the two kinds, short code, whole numbers."""

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from myst_parser.docutils_ import Parser

from dropout_site.text.kinds import Kinds
from dropout_site.text.opening import Opening
from dropout_site.text.short_code import ShortCode
from dropout_site.text.unbroken import Unbroken

OPENING = (
    "**After this page you can** scale. "
    "**Takes** 3 minutes. **Needs** [a page](https://example.org), and `q`."
)


def transformed(markdown, transform):
    document = publish_doctree(markdown, parser=Parser())
    transform(document).apply()
    return document


def paragraphs(document):
    return [(p.astext(), p["classes"]) for p in document.findall(nodes.paragraph)]


def test_what_a_chapter_takes_gets_a_paragraph_of_its_own_behind_what_it_gives():
    document = transformed(f"Before.\n\n{OPENING}\n\nBehind.\n", Opening)
    assert paragraphs(document) == [
        ("Before.", []),
        ("After this page you can scale. ", []),
        ("Takes 3 minutes. Needs a page, and q.", ["takes"]),
        ("Behind.", []),
    ]
    takes = list(document.findall(nodes.paragraph))[2]
    assert takes.next_node(nodes.reference).astext() == "a page"
    assert takes.next_node(nodes.literal).astext() == "q"


@pytest.mark.parametrize(
    "text",
    [
        "**Takes** 3 minutes.",
        "**After this page you can** scale.",
        "After this page you can scale. Takes 3 minutes.",
        "**After this page you can** scale. Takes 3 minutes.",
    ],
)
def test_another_paragraph_stays_whole(text):
    (found,) = paragraphs(transformed(text, Opening))
    assert found == (text.replace("*", ""), [])


@pytest.mark.parametrize("kind", ["standard", "inverted"])
@pytest.mark.parametrize("words", ["{0}", "{1}", "{1} dropout", "{1}:", "{0}.", "{0},"])
def test_the_bold_name_of_a_kind_has_its_class(kind, words):
    name = words.format(kind, kind.capitalize())
    (strong,) = transformed(f"So **{name}** it is.", Kinds).findall(nodes.strong)
    assert strong["classes"] == [kind]


@pytest.mark.parametrize("words", ["standards", "not inverted", "the standard", "dropout", "p"])
def test_other_bold_words_have_none(words):
    (strong,) = transformed(f"So **{words}** it is, and inverted.", Kinds).findall(nodes.strong)
    assert strong["classes"] == []


@pytest.mark.parametrize(
    ("code", "classes"),
    [("p = 0.5", ["short"]), ("m * x / q", ["short"]), ("F.dropout(x, p, training=False)", [])],
)
def test_short_code_stays_in_one_line(code, classes):
    (literal,) = transformed(f"At `{code}` it is so.", ShortCode).findall(nodes.literal)
    assert literal["classes"] == classes


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("**Drops 20 % of** it.", "Drops 20\xa0% of it."),
        ("It saves 9.0 ± 2.4 errors.", "It saves 9.0\xa0±\xa02.4 errors."),
        ("The sum is 2 + 1 − 2 = 1 here.", "The sum is 2\xa0+\xa01\xa0−\xa02\xa0=\xa01 here."),
        ("`q³` = 64/125", "q³\xa0=\xa064/125"),
        ("`x = 20 % 3` as it is, 20 per cent", "x = 20 % 3 as it is, 20 per cent"),
        ("1000 + 2000 + 3000 + 4000 = 10000", "1000 + 2000 + 3000 + 4000 = 10000"),
    ],
)
def test_a_number_and_what_belongs_to_it_stay_in_one_line(words, shown):
    assert transformed(words, Unbroken).astext() == shown
