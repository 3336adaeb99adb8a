"""What the search says of a page: its words, and what a formula becomes."""

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from dropout_site.search import synonyms
from dropout_site.search.plain_formula import plain
from dropout_site.search.sections import sections

PAGE = """
Title
=====
Opens with :math:`\\tfrac{1}{q}`.

Heading
-------
Seen.

    Predict. What?

Hidden from the reader.

::

    code_of(it)

Sources
-------
Left out.
"""


def tree(page):
    read = publish_doctree(page, settings_overrides={"doctitle_xform": False})
    for quote in read.findall(nodes.block_quote):
        quote["classes"].append("predict")
    return read


@pytest.mark.parametrize(
    ("tex", "signs"),
    [
        (r"\tfrac{1}{1-p} \cdot x_i^2", "1/(1-p) · x_i²"),
        (r"\frac{p}{q}\,\mathbf{w}", "p/q w"),
        (r"\mathrm{E}[m_i x_i] \le 1", "E[m_i x_i] ≤ 1"),
    ],
)
def test_a_formula_becomes_signs(tex, signs):
    assert plain(tex) == signs


def test_a_page_is_cut_and_what_is_hidden_is_not_quoted():
    first, second = sections(tree(PAGE), "none", "About it.")
    assert first == ["", "Title", "About it. Opens with 1/q.", "", ""]
    anchor, heading, text, other, asked = second
    assert (anchor, heading, asked) == ("heading", "Heading", "")
    assert text == "Seen. Predict. What?"
    assert other.split() == ["hidden", "from", "the", "reader", "code_of", "it"]


def test_a_fold_is_not_quoted():
    page = publish_doctree(
        "Title\n=====\nSeen.\n\nFolded.", settings_overrides={"doctitle_xform": 0}
    )
    section = page.next_node(nodes.section)
    section.insert(2, nodes.raw("", "<details>", format="html"))
    section.append(nodes.raw("", "</details>", format="html"))
    section.append(nodes.paragraph("", "Seen again."))
    ((_, _, text, other, _),) = sections(page, "none", "")
    assert (text, other) == ("Seen. Seen again.", "folded")


def test_each_group_has_words_of_its_own():
    for group in synonyms():
        assert len(group) == len(set(group)) > 1, group
