"""The copy buttons of the code."""

from playwright.sync_api import expect


def test_code_is_copied_by_keyboard_and_without_prompts(page, context):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/reference/api.html")
    doctest = page.locator("div.highlight:has(.gp)").first
    button = doctest.locator("button.copybtn")
    assert "Copy" in button.get_attribute("data-tooltip")
    button.focus()
    page.keyboard.press("Enter")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip()
    expect(button).to_be_focused()  # the next Tab goes on from here
    assert ">>>" not in copied
    page.reload()
    assert page.get_by_role("button", name="Copy code", exact=True).count()


def test_only_code_has_a_copy_button(page):
    page.goto("/inversion/why-divide-while-training.html")
    page.locator("div.cell_input button.copybtn").first.wait_for(state="attached")
    assert page.locator("div.cell_output .highlight").count()
    assert page.locator("div.cell_output button.copybtn").count() == 0
