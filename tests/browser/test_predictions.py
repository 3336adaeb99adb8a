"""A prediction's answer is out of sight until it is made, by every way of reading."""

import pytest
from playwright.sync_api import expect

PAGE = "/paper/weight-scaling.html"
PLACE = "blockquote.predict + .answer"
NO_FRAME = "rgba(0, 0, 0, 0)"


@pytest.fixture
def answers(page):
    page.goto(PAGE)
    return page.locator(PLACE)


def test_what_was_chosen_and_what_is_right_stand_beside_the_answer(page, answers):
    assert answers.count() >= 2
    assert page.locator(f"{PLACE}:not([hidden])").count() == 0
    expect(answers.first).not_to_be_visible()
    choices = page.locator("blockquote.predict").first.get_by_role("button")
    right = page.locator("blockquote.predict").first.locator(".right")
    assert right.count() == 1
    it_is = right.inner_text()
    choice = choices.nth(1)
    words = choice.inner_text()
    assert words != it_is
    choice.focus()
    page.keyboard.press("Enter")
    expect(answers.first).to_be_visible()
    said = answers.first.locator(".said")
    expect(said).to_have_text(f"You said: {words}. It is: {it_is}.")
    expect(said).to_be_focused()  # a screen reader goes on from here
    expect(choices.first).to_be_disabled()
    expect(answers.nth(1)).not_to_be_visible()


def test_who_is_right_is_told_so(page, answers):
    right = page.locator("blockquote.predict").first.locator(".right")
    words = right.inner_text()
    right.get_by_role("button").click()
    said = answers.first.locator(".said")
    expect(said).to_have_text(f"You said: {words}. Right.")
    expect(said).to_be_focused()


def test_the_game_counts_what_was_right(page):
    page.goto("/practice/who-is-right.html")
    boxes, hits = page.locator("blockquote.predict"), page.locator(".hits")
    expect(hits).to_have_text("How many did you get, of the eleven?")
    boxes.nth(0).locator(".right").get_by_role("button").click()
    boxes.nth(1).get_by_role("button", name="Show me").click()
    boxes.nth(2).get_by_role("button").first.click()
    expect(hits).to_have_text("1 of 3 right.")
    expect(page.locator(".said").nth(2)).to_contain_text(" So far: 1 of 3 right.")


def test_who_has_no_guess_is_told_what_it_is(page, answers):
    box = page.locator("blockquote.predict").first
    words = box.locator(".right").inner_text()
    box.get_by_role("button", name="Show me").click()
    expect(answers.first.locator(".said")).to_have_text(f"It is: {words}.")
    expect(box.get_by_role("button").first).to_be_disabled()


def test_where_there_is_nothing_to_choose_one_button_shows_the_answer(page):
    page.goto("/pytorch/at-scale.html")
    button = page.locator("blockquote.predict").nth(1).get_by_role("button")
    expect(button).to_have_count(1)
    expect(button).to_have_css("border-top-color", NO_FRAME)  # it is no answer
    button.click()
    expect(button).to_have_css("border-top-color", NO_FRAME)
    expect(page.locator(PLACE).nth(1)).to_be_visible()
    expect(page.locator(PLACE).nth(1).locator(".said")).to_have_text("What happens:")


def test_an_answer_ends_where_the_next_section_begins(page, answers):
    assert page.locator(f"{PLACE} :is(h2, blockquote.predict)").count() == 0


def test_an_answer_takes_its_section_s_parts_along(page):
    page.goto("/pytorch/mc-dropout-meaning.html")
    part = page.get_by_role("heading", name="How many samples?")
    expect(part).not_to_be_visible()
    page.goto("/pytorch/mc-dropout-meaning.html#how-many-samples")
    expect(part).to_be_visible()


def test_a_link_into_an_answer_opens_it(page, answers):
    answers.first.evaluate("e => e.firstElementChild.id = 'inside'")
    page.evaluate("location.hash = 'inside'")
    expect(answers.first).to_be_visible()
    expect(answers.nth(1)).not_to_be_visible()


def test_on_paper_all_answers_stand(page, answers):
    page.emulate_media(media="print")
    for n in range(answers.count()):
        expect(answers.nth(n).locator("p:not(details p)").last).to_be_visible()


def test_without_scripts_the_answer_follows_and_the_choices_are_a_list(new_context):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(PAGE)
    assert page.locator(".answer, .choice").count() == 0
    assert page.locator("blockquote.predict li").first.is_visible()


def test_an_assignment_and_a_page_without_a_prediction_load_no_script(page):
    for name, loads in (("assignments/test-time", 0), ("reference/notation", 0), ("index", 1)):
        page.goto(f"/{name}.html")
        assert page.locator('script[src*="predictions.js"]').count() == loads


def test_a_closed_answer_leaves_no_hole_before_the_next_heading(page, answers):
    gaps = page.evaluate(
        """place => [...document.querySelectorAll(place)].map(answer => {
          const heading = answer.parentElement.nextElementSibling?.querySelector("h2");
          if (answer.nextElementSibling || !heading) return null;
          const above = answer.previousElementSibling.getBoundingClientRect().bottom;
          const below = heading.getBoundingClientRect().top;
          return [below - above, parseFloat(getComputedStyle(heading).marginTop)];
        }).filter(Boolean)""",
        PLACE,
    )
    assert gaps
    assert all(gap == pytest.approx(margin, abs=1) for gap, margin in gaps)
