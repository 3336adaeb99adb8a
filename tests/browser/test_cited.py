"""A citation shows its source under a mouse and with focus; Escape takes it away."""

import pytest
from playwright.sync_api import expect

PAGE, WORDS = "/paper/weight-scaling.html", "Srivastava"


@pytest.fixture
def citation(page):
    page.goto(PAGE)
    return page.locator("article a.cited").filter(has_text=WORDS).first


def shown(citation):
    return citation.evaluate("a => getComputedStyle(a, '::after').content")


def test_it_shows_what_it_cites_until_escape(page, citation):
    title = "Dropout: A Simple Way"
    assert title not in shown(citation)
    citation.hover()
    assert title in shown(citation)
    page.keyboard.press("Escape")
    assert title not in shown(citation)
    page.mouse.move(0, 0)
    page.keyboard.press("Tab")  # from now on the keyboard, so that focus shows
    citation.focus()
    expect(citation).to_be_focused()
    assert title in shown(citation)
    page.keyboard.press("Escape")
    assert title not in shown(citation)


@pytest.mark.parametrize("name", ["reference/frameworks", "reference/api", "pytorch/inside"])
def test_what_it_shows_stays_on_the_screen(page, name):
    page.set_viewport_size({"width": 1280, "height": 700})  # the least at which it is shown
    page.goto(f"/{name}.html")
    seen = 0
    for link in page.locator("article a.cited:not(td *)").filter(visible=True).all():
        link.hover()
        right = link.evaluate(
            "a => a.getBoundingClientRect().left + parseFloat(getComputedStyle(a, '::after').width)"
        )
        seen += shown(link) != "none"
        assert right <= 1280
    assert seen
