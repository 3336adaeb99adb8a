"""One stylesheet: of its parts goes what no page can show, and files are found from it."""

import pytest

from dropout_site.page_weight.one_stylesheet import joined
from dropout_site.page_weight.used_rules import names, only_used

PAGE_CSS = """/* not sent: a { } */
@import "basic.css";
a { background: url("img/a.png"), url(data:image/png;base64,AAAA); }
@media print { a { color: red } /* nor this */ }
"""


def test_a_stylesheet_is_joined_with_what_it_imports(tmp_path):
    static = tmp_path.resolve() / "_static"
    (static / "styles").mkdir(parents=True)
    (static / "basic.css").write_text("b { background: url(file.png) }")
    (static / "styles/theme.css").write_text('@import "../basic.css";')
    (static / "page.css").write_text(PAGE_CSS)
    assert joined(static / "styles/theme.css", static) == "b { background: url(../file.png) }"
    whole = joined(static / "page.css", static)
    assert "/*" not in whole
    assert "b { background: url(../file.png) }" in whole
    assert "url(../img/a.png), url(data:image/png;base64,AAAA)" in whole
    assert "@media print { a { color: red }" in whole


KNOWN = names(['<p class="here too" id="there">'], ["e.classList.add('by-script')"])


@pytest.mark.parametrize(
    "rule",
    [
        "p{a:b}",
        ".here.too #there>p{a:b}",
        ".by-script{a:b}",
        ".bs-tooltip-auto{a:b}",
        ".here:not(.gone):is(.gone,.too){a:b}",
        '@charset "utf-8";',
        "@font-face{a:b}",
        "@keyframes gone{0%{a:b}}",
        """.here:before{content:"} .gone{";b:url('{')}""",
        ".here{a:b;&:hover{c:d}}",
    ],
)
def test_a_rule_that_a_page_can_show_stays(rule):
    assert only_used(rule, KNOWN) == rule


@pytest.mark.parametrize(
    ("css", "left"),
    [
        (".gone{a:b}p{c:d}", "p{c:d}"),
        (".here .gone{a:b}", ""),
        ("#gone{a:b}", ""),
        (".here,.gone,p:is(.gone,.too){a:b}", ".here,p:is(.gone,.too){a:b}"),
        ("@media print{.gone{a:b}p{c:d}}", "@media print{p{c:d}}"),
        ("@media print{.gone{a:b}}", ""),
    ],
)
def test_a_rule_that_no_page_can_show_goes(css, left):
    assert only_used(css, KNOWN) == left
