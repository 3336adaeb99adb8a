"""The book's typeface: three small files with the letters of sentences, asked for early."""

import re
import string
from pathlib import Path
from types import SimpleNamespace

import pytest
from fontTools.ttLib import TTFont

from dropout_site.page_weight.typeface import NAME, SIGNS, STYLES, ask_early, write_files

GREEK = set("αβγδεηθλμρστφχωΔΣΩ")  # the italic has π alone
RESERVED = "Source"  # by its licence no changed font may be called so


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    app = SimpleNamespace(
        doctreedir=tmp_path_factory.mktemp("doctrees"),
        config=SimpleNamespace(html_static_path=["_static"]),
    )
    write_files(app)
    assert app.config.html_static_path[0] == "_static"
    return Path(app.config.html_static_path[1])


@pytest.fixture(scope="module", params=STYLES)
def file(request, folder):
    return folder / "fonts" / f"{request.param}.woff"


def test_a_file_has_the_letters_of_sentences_and_is_small(file):
    letters = set(map(chr, TTFont(file).getBestCmap()))
    lacking = set(string.printable.strip() + " " + SIGNS) - letters
    assert lacking == (GREEK if file.stem == "italic" else set())
    assert file.stat().st_size < 20_000


def test_a_file_keeps_its_licence_and_not_its_reserved_name(file):
    names = {entry.nameID: str(entry) for entry in TTFont(file)["name"].names}
    assert set(names) == {0, 13, 14}
    assert "Open Font License" in names[13]
    assert not any(name.startswith(RESERVED) for name in names.values())


def test_the_stylesheet_has_a_face_for_each_file(folder):
    rules = (folder / "typeface.css").read_text().splitlines()
    assert len(rules) == len(STYLES)
    for rule in rules:
        assert f'font-family: "{NAME}"; font-display: optional' in rule
        (address,) = re.findall(r"url\((.*?)\)", rule)
        assert (folder / address).is_file()


def asked_on(page):
    context = {"pathto": lambda file, resource: f"../{file}", "metatags": "<meta/>"}
    ask_early(None, page, None, context, None)
    return context["metatags"]


def test_a_page_asks_for_each_file_and_keeps_what_its_head_has():
    asked = asked_on("paper/penalty")
    assert asked.startswith("<meta/>")
    assert re.findall(r'"\.\./_static/fonts/(\w+)\.woff"', asked) == list(STYLES)


def test_the_page_of_a_wrong_address_asks_for_none():
    assert asked_on("404") == "<meta/>"
