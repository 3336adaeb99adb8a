"""The pages one looks things up in: their tables fit a phone, and a link in one opens its fold."""

from contextlib import closing

import pytest
from playwright.sync_api import expect

PAGES = [
    "practice/checklist",
    "reference/doctor",
    "reference/frameworks",
    "reference/misconceptions",
    "instructors/assignments",
    "instructors/marks",
]
TOO_WIDE = """() => [...document.querySelectorAll("article table")]
  .filter(table => table.scrollWidth > table.parentElement.clientWidth)
  .map(table => table.innerText.slice(0, 80))"""


@pytest.fixture
def page(browser, base_url):
    phone = {"width": 360, "height": 740}
    with closing(
        browser.new_context(base_url=base_url, viewport=phone, service_workers="block")
    ) as context:
        yield context.new_page()


@pytest.mark.parametrize("name", PAGES)
def test_no_table_is_wider_than_a_phone(page, name):
    page.goto(f"/{name}.html")
    page.evaluate("document.querySelectorAll('.answer').forEach(e => e.removeAttribute('hidden'))")
    assert page.locator("article table").count() > 0
    assert page.evaluate(TOO_WIDE) == []


def test_a_library_in_the_table_leads_to_its_open_lines(page):
    page.goto("/reference/frameworks.html")
    lines = page.locator("details", has=page.locator("#lines-chainer"))
    expect(lines).not_to_have_attribute("open", "")
    page.get_by_role("link", name="Chainer", exact=True).click()
    expect(lines).to_have_attribute("open", "")
    expect(lines.locator("summary")).to_be_in_viewport()


def test_a_name_in_the_table_of_ones_leads_to_its_cure(page):
    page.goto("/reference/misconceptions.html")
    page.locator("a[href='#divides_by_p']").first.click()
    row = page.locator("tr", has=page.locator("#divides_by_p"))
    expect(row).to_be_in_viewport()
    expect(row).to_contain_text("Divide by the probability of keeping")
