"""What a reader copies: code by its buttons, a formula as TeX."""

import pytest
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


@pytest.mark.parametrize(
    ("selected", "tex"),
    [
        ("p:has(> span.math)", r"$(p/q)\,x_{ij}^2$"),
        ("div.math", r"\frac{m * X}{q}\,w\Big\rVert^2 &= \lVert y - Xw\rVert^2"),
    ],
)
def test_a_formula_is_copied_as_tex_and_once(page, context, selected, tex):
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto("/paper/penalty.html")
    # From the word before to the word behind, as a reader would drag.
    page.locator(f"article {selected}").filter(has_text=tex).first.evaluate(
        "e => getSelection().selectAllChildren(e)"
    )
    page.keyboard.press("ControlOrMeta+c")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.count(tex) == 1
    assert "𝑥" not in copied
