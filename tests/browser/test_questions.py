"""The field on the page of questions: it keeps what answers, and hides nothing for good."""

from contextlib import closing

import pytest
from playwright.sync_api import expect
from questions import ALONE, wrong_within

ADDRESS = "/reference/questions.html"
SHOWN = "article .here > section"


@pytest.fixture
def page(browser, base_url):
    with closing(browser.new_context(base_url=base_url, service_workers="block")) as context:
        page = context.new_page()
        page.goto(ADDRESS)
        yield page


@pytest.fixture
def field(page):
    return page.get_by_label("Type a few words of your question")


def ids(page):
    return page.locator("article section:has(> h3):visible").evaluate_all(
        "sections => sections.map((section) => section.id)"
    )


def type_words(page, field, words):
    field.focus()
    page.locator("article .here").wait_for(state="attached")
    page.keyboard.type(words)


def test_it_keeps_what_answers_by_keys_alone_and_says_how_many(page, field):
    whole = ids(page)
    assert len(whole) >= 95
    assert page.evaluate("typeof Here") == "undefined"  # nothing is loaded before the focus
    type_words(page, field, "lstm each step another mask")
    kept = ids(page)
    assert kept[0] == "lstm-is-the-mask-the-same-at-each-time-step"
    assert 1 <= len(kept) <= 8
    said = page.locator("form [role=status]")
    expect(said).to_have_text(
        f"{len(kept)} of {len(whole)} questions; Enter searches the whole book"
    )
    assert page.locator("article section > h2:visible").count() == 0
    page.keyboard.press("Tab")
    inside = "document.activeElement.closest('section').id"
    assert page.evaluate(inside) == kept[0]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    assert ids(page) == whole
    expect(said).to_be_empty()


def test_what_no_question_has_leaves_the_page_whole(page, field):
    whole = ids(page)
    type_words(page, field, "zebra xylophone")
    expect(page.locator("form [role=status]")).to_contain_text(f"None of {len(whole)}")
    assert ids(page) == whole
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=zebra+xylophone")


@pytest.mark.parametrize("to", ["where-to-put-it", "why-multiply-the-gradient-by-the-mask"])
def test_a_link_to_what_is_hidden_leads_there(page, field, to):
    whole = ids(page)
    type_words(page, field, "keras rate")
    target = page.locator(f"#{to} > :is(h2, h3)")
    expect(target).to_be_hidden()
    page.locator(f"a[href='#{to}']:visible").first.click()
    expect(target).to_be_in_viewport()
    assert ids(page) == whole


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_a_phone_and_is_accessible(page, field, theme):
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    type_words(page, field, "batch norm")
    assert page.locator(SHOWN).count() > 1
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) == 360
    assert field.bounding_box()["height"] >= 36
    page.evaluate(ALONE, "article")
    parts = {"include": [["article form"], ["article .here"]]}
    assert wrong_within(page, parts) == []


def test_without_scripts_the_page_is_whole_and_has_no_field(browser, base_url):
    with closing(browser.new_context(base_url=base_url, java_script_enabled=False)) as context:
        page = context.new_page()
        page.goto(ADDRESS)
        assert len(ids(page)) >= 95
        assert not page.get_by_label("Type a few words of your question").is_visible()
