"""Formulas drawn while a site is built: what MathJax cannot read, numbers, and the cut fonts."""

from pathlib import Path
from types import SimpleNamespace

import font_source_sans_pro
import fontTools
import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from dropout_site.cut_font import FOLDER, cut_font
from dropout_site.formulas import signs, typeset

PAGE = r"""# A page

By {eq}`mean`, $a \le b$ and $a \le b$.

```{math}
:label: mean

a < b
```
"""


def test_a_formula_that_mathjax_cannot_read_is_named():
    with pytest.raises(ExtensionError, match=r"Undefined control sequence.* \\foo, in .* a \\foo"):
        typeset([("b", False), (r"a \foo", True)])


def test_the_same_tex_is_drawn_within_a_sentence_and_apart():
    drawn, _ = typeset([(r"\sum_i x_i", False), (r"\sum_i x_i", True)])
    within, apart = (BeautifulSoup(html, "html.parser").find("math") for html in drawn.values())
    assert within.find("msub")
    assert apart.find("munder")


def test_signs_are_read_as_they_are_and_by_number():
    assert (
        signs(r'a::before { content: "\2212"; } b::before { content: "D"; }') == "\N{MINUS SIGN}D"
    )


def test_an_equation_has_its_number_and_is_referred_to(tmp_path):
    (tmp_path / "conf.py").write_text(
        "extensions = ['myst_parser', 'dropout_site.formulas']\n"
        "myst_enable_extensions = ['dollarmath']\n"
        "html_theme = 'basic'\n"
    )
    (tmp_path / "index.md").write_text(PAGE)
    out = tmp_path / "out"
    app = Sphinx(tmp_path, tmp_path, out, tmp_path / "doctrees", "html", status=None)
    app.build()
    page = BeautifulSoup((out / "index.html").read_text("utf8"), "html.parser")
    (equation,) = page.select("div.math")
    assert equation.select_one(".eqno").get_text() == "(1)"
    assert equation.select_one(".tex").get_text() == "$$a < b$$"
    (reference,) = page.select("a[href^='#equation-']")
    assert reference["href"] == f"#{equation['id']}"
    assert reference.get_text() == "(1)"
    assert [f.get_text() for f in page.select("span.math .tex")] == [r"$a \le b$"] * 2


def test_a_font_is_cut_once_for_its_signs_and_again_by_another_version(tmp_path, monkeypatch):
    app = SimpleNamespace(doctreedir=tmp_path / "doctrees")
    font, target = Path(font_source_sans_pro.SourceSansPro), tmp_path / "cut.woff"

    def kept(signs):
        cut_font(app, font, target, signs, layout_features=[])
        files = list((tmp_path / FOLDER).iterdir())  # not among what a build anew throws away
        assert target.read_bytes() in [file.read_bytes() for file in files]
        return len(files)

    assert [kept([65]), kept([65]), kept([65, 66])] == [1, 1, 2]
    monkeypatch.setattr(fontTools, "version", "0")
    assert kept([65]) == 3
