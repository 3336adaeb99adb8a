"""A wrong address leads on."""

from tools.paths import HTML


def test_a_wrong_address_at_any_depth_leads_on(page):
    lost = {"status": 404, "content_type": "text/html", "path": HTML / "404.html"}
    page.route("**/no/such/**", lambda route: route.fulfill(**lost))
    page.goto("/no/such/deep/page.html")
    assert page.locator("article p").first.evaluate("e => e.offsetWidth") < 700  # it has its styles
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to main content"
    page.keyboard.press("Enter")
    page.wait_for_url("**/no/such/deep/page.html#main-content")
    assert page.get_by_role("heading", name="There is no page here").is_visible()
    page.get_by_role("main").get_by_label("Or search the book").fill("twos")
    page.get_by_role("main").get_by_role("button", name="Search", exact=True).click()
    page.wait_for_url("**/search.html?q=twos")
