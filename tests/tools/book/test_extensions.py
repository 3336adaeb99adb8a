"""All parts are set up; figures follow the theme and the font; the boxes get their class."""

import io
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
from bs4 import BeautifulSoup

import dropout_site
from dropout_scaling import plots
from dropout_site.figures.theme_svg import inline

INK, INVERTED = plots.INK, plots.INVERTED["color"]
STANDARD = plots.STANDARD["color"].upper()  # the case of a colour does not matter
SVG = f"""<?xml version="1.0"?>
<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
     width="72pt" height="36pt" viewBox="0 0 72 36">
 <metadata><date>today</date></metadata>
 <defs><style type="text/css">*{{stroke-linejoin: round; stroke-linecap: butt}}</style></defs>
 <defs><path id="m1" d="M 0 0" style="stroke: {STANDARD}"/><clipPath id="c1"/></defs>
 <g clip-path="url(#c1)"><use xlink:href="#m1" fill="{INVERTED}"/></g>
 <text style="font: italic 10px 'DejaVu Sans', sans-serif; fill: {INK}">p</text>
 <text style="font-size: 9px; font-family: 'cmr10'">q</text>
</svg>"""


@pytest.fixture(scope="module")
def figure():
    return inline(SVG, 'one < two & "three"', prefix="f1-")


def test_the_figure_has_a_label_and_scales(figure):
    root = BeautifulSoup(figure, "html.parser").svg
    assert root["role"] == "img"
    assert root["aria-label"] == 'one < two & "three"'
    assert 'viewBox="0 0 72 36"' in figure  # the parser folds its letters
    assert not {"width", "height"} & set(root.attrs)
    # 72 pt are 96 px; a quarter more is the most.
    assert "max-width:120px" in root["style"]
    assert "width:100%" in root["style"]


def test_nothing_in_the_figure_reaches_the_rest_of_the_page(figure):
    assert not re.search("<[?!]|<style|<metadata|today", figure)
    assert "stroke-linejoin: round" in BeautifulSoup(figure, "html.parser").svg["style"]
    assert re.findall(r'id="(\w+-\w+)"', figure) == ["f1-m1", "f1-c1"]
    assert 'href="#f1-m1"' in figure
    assert "url(#f1-c1)" in figure


def test_a_style_for_the_whole_page_is_refused():
    with pytest.raises(ValueError, match="reach the whole page"):
        inline(SVG.replace("*{", "text{"), "alt", prefix="")


def test_the_colours_become_the_theme_s(figure):
    assert "stroke: var(--standard)" in figure
    assert 'style="fill:var(--inverted);"' in figure
    assert "fill: var(--ink)" in figure
    assert "#" not in re.sub(r"#f1-", "", figure)


def test_the_text_takes_the_page_s_font_and_keeps_its_size_and_slant(figure):
    assert "DejaVu" not in figure
    assert "font-style:italic;font-size:10px; fill" in figure
    # The letters of a formula are placed one by one for their own font.
    assert "font-family: 'cmr10'" in figure


def test_the_boxes_have_their_class_and_quotes_have_none(built):
    quotes = BeautifulSoup(built.page("index"), "html.parser").find_all("blockquote")
    assert [quote.get("class", []) for quote in quotes] == [["predict"], ["check"], []]


def test_each_module_with_a_setup_is_a_part():
    folder = Path(dropout_site.__file__).parent
    modules = [path for path in folder.rglob("*.py") if path.parent != folder]
    of_setup = {
        ".".join(path.relative_to(folder).with_suffix("").parts).removesuffix(".__init__")
        for path in modules
        if "\ndef setup(app):" in path.read_text("utf8")
    }
    assert sorted(dropout_site.PARTS) == sorted(of_setup)


@pytest.mark.parametrize(
    ("aligned", "anchor"), [("left", "start"), ("center", "middle"), ("right", "end")]
)
@pytest.mark.parametrize("weight", ["normal", "bold"])
def test_the_lines_of_a_label_stay_aligned_in_another_font(aligned, anchor, weight):
    figure, ax = plots.subplots(2)
    ax.text(0.5, 0.5, "mean of the ReLUs:\n0.992", ha=aligned, weight=weight)
    drawn = io.StringIO()
    figure.savefig(drawn, format="svg")
    plt.close(figure)
    shown = inline(drawn.getvalue(), "what it shows", "figure-", plots.text_width)
    svg = BeautifulSoup(shown, "html.parser")
    lines = [svg.find("text", string=words) for words in ("mean of the ReLUs:", "0.992")]
    assert all(f"text-anchor: {anchor}" in line["style"] for line in lines)
    first, second = (float(line["transform"].split("(")[1].split()[0]) for line in lines)
    assert first == pytest.approx(second, abs=0.01)
