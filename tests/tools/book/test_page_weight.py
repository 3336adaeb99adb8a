"""One stylesheet: nothing of its parts is lost but the comments, and files are found from it."""

from dropout_site.page_weight.one_stylesheet import joined

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
