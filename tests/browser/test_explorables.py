"""The explorables as a reader uses them: hand, keys, ear, phone, paper, no scripts."""

import gzip
import re

import pytest
from playwright.sync_api import expect
from questions import ALONE, wrong_within

from dropout_site import explorables
from tools.book.notebooks import chapters, read
from tools.paths import HTML

PLACES = {
    "scale-moves": "inversion/why-divide-while-training",
    "learning-rate": "inversion/same-network",
    "depth": "inversion/vanishing-gradients",
}
# What the sliders are set to, and what is said then.
SAID = {
    "scale-moves": [
        (
            {"p": 0.1},
            ["the mean sum is 9, and evaluation multiplies by 0.9", "1 becomes 1.11, the"],
        ),
        (
            {"p": 0.4},
            ["the mean sum is 6, and evaluation multiplies by 0.6", "1 becomes 1.67, the"],
        ),
        ({"p": 0.5}, ["the mean sum is 5, and evaluation multiplies by 0.5", "1 becomes 2, the"]),
    ],
    "learning-rate": [
        ({"p": 0.2, "ratio": 0.64}, ["One line, up to rounding: ", "is 0.64 times"]),
        ({"p": 0.8, "ratio": 1.5}, ["The two losses differ by up to 42.2"]),
        ({"p": 0.5, "ratio": 0.01}, ["The two losses differ"]),
        ({"p": 0.5, "ratio": 0.25}, ["One line, to the last bit: ", "is 0.25 times", "q is 0.5"]),
    ],
    "depth": [
        ({"p": 0.05, "layers": 1}, ["after 1 layer: inverted mean 1, variance 0.0526"]),
        ({"p": 0.5, "layers": 12}, ["variance 4095", "64 times the mean"]),
        ({"p": 0.2, "layers": 10}, ["variance 8.31", "standard mean 0.107, variance 0.0958"]),
    ],
}
MOST_BYTES = 5000  # compressed, that a page loads for its explorable

SET = """([root, values]) => {
  for (const [key, value] of Object.entries(values)) {
    const input = root.querySelector(`#${root.id}-${key}`);
    input.value = value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}"""
# Texts of the drawing that lie on each other, or beyond the window. A text's box has the room of
# the letters that go above and below the line.
CRAMPED = """root => {
  const texts = [...root.querySelectorAll("text")]
    .map((e) => [e.textContent, e.getBoundingClientRect()]);
  const found = texts.filter(([, box]) => box.left < 0 || box.right > innerWidth)
    .map(([words]) => words);
  texts.forEach(([words, a], index) => {
    for (const [others, b] of texts.slice(index + 1)) {
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      if (across > 0 && down > 0.3 * a.height) found.push(`${words} / ${others}`);
    }
  });
  return found;
}"""


@pytest.mark.parametrize("name", PLACES)
def test_asks_answers_and_says_at_320_pixels(new_context, name):
    page = new_context(viewport={"width": 320, "height": 800}).new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"/{PLACES[name]}.html")
    root = page.locator(f"#explorable-{name}")
    for box in page.locator("blockquote.predict").all():  # it may be in an answer
        box.locator(".choice").first.click()
    expect(root).to_be_visible()

    # It asks first, in one sentence; its parts have names.
    question = root.locator(".ex-question").inner_text()
    assert re.fullmatch(r"[^.?!]+\?", question)
    expect(page.get_by_role("group", name=question)).to_be_visible()
    sliders = root.get_by_role("slider").all()
    assert len(sliders) == len(SAID[name][0][0])
    for slider in sliders:
        label = root.locator(f"label[for={slider.get_attribute('id')}]").inner_text()
        assert root.get_by_role("slider", name=label).count() == 1
        assert slider.bounding_box()["height"] >= 44

    # By keyboard; and said once the hand rests, not at each step.
    said = root.get_by_role("status")
    before = root.locator("svg").inner_html(), root.locator(".ex-says").inner_text()
    heard = "e => { window.heard = []; new MutationObserver(() => heard.push(e.textContent))"
    said.evaluate(f"{heard}.observe(e, {{ childList: true }}); }}")
    sliders[0].press("ArrowLeft")
    sliders[0].press("ArrowLeft")
    after = root.locator("svg").inner_html(), root.locator(".ex-says").inner_text()
    assert before[0] != after[0]
    assert before[1] != after[1]
    assert page.evaluate("heard") == []
    expect(said).to_have_text(after[1])
    assert page.evaluate("heard") == [after[1]]
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"

    for values, words in SAID[name]:
        page.evaluate(SET, [root.element_handle(), values])
        for part in words:
            expect(root.locator(".ex-says")).to_contain_text(part)
        assert root.evaluate(CRAMPED) == [], values
        # Told apart without colour: squares and dashes, discs and a full line.
        assert root.locator(".ex-standard rect").count() > 0
        assert root.locator(".ex-inverted circle").count() > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 320

    # One drawing at a time: on a screen a figure that shows the same gives way, on paper it stands.
    figure = page.locator(f".cell:has(+ #explorable-{name}, > #explorable-{name}) svg.inline-svg")
    if name != "depth":
        expect(figure).not_to_be_visible()
        # What a reader draws by running the cell is shown.
        figure.evaluate(
            "e => e.closest('.cell_output').insertAdjacentHTML('beforebegin', "
            "`<div class='cell_output live-output'>${e.outerHTML}</div>`)"
        )
        expect(figure.first).to_be_visible()
        expect(figure.last).not_to_be_visible()
    page.emulate_media(media="print")
    expect(root).not_to_be_visible()
    for number in range(figure.count()):
        expect(figure.nth(number)).to_be_visible()

    page.emulate_media(media="screen")
    page.evaluate(ALONE, f"#explorable-{name}")
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        page.locator(f"html[data-theme={theme}]").wait_for()
        assert wrong_within(page, f"#explorable-{name}") == []
        for kind in ("standard", "inverted"):
            colour = root.locator(f"text.ex-{kind}").first.evaluate("e => getComputedStyle(e).fill")
            wanted = page.evaluate(
                """kind => { const e = document.body.appendChild(document.createElement("i"));
                  e.style.color = `var(--${kind})`; return getComputedStyle(e).color; }""",
                kind,
            )
            assert colour == wanted
    assert errors == []


def test_what_scale_moves_draws_is_what_each_kind_multiplies(page):
    page.goto(f"/{PLACES['scale-moves']}.html")
    page.locator("blockquote.predict .choice").first.click()
    root = page.locator("#explorable-scale-moves")
    page.evaluate(SET, [root.element_handle(), {"p": 0.5}])
    drawn = root.locator("svg text").all_text_contents()
    assert [t for t in drawn if re.match("kept|each|mean", t)] == [
        *("kept: stays 1", "each: 1 × 0.5 = 0.5", "mean 5 = eval 5"),
        *("kept: 1 ÷ 0.5 = 2", "each: stays 1", "mean 10 = eval 10"),
    ]
    dropped = root.locator(".ex-dropped")
    assert dropped.count() == 2
    expect(dropped.first).to_have_css("fill", "none")
    # A kept one's area is its value: twice, so the radius is the root of two times.
    radius = "all => all.map(e => Number(e.getAttribute('r')))"
    ring = dropped.first.evaluate_all(radius)
    two = root.locator("circle.ex-inverted").first.evaluate_all(radius)
    assert two[0] == pytest.approx(2**0.5 * ring[0], abs=0.06)  # of a pixel: they are rounded


@pytest.mark.parametrize("name", PLACES)
def test_without_scripts_the_figure_stands_alone(new_context, name):
    page = new_context(java_script_enabled=False).new_page()
    page.goto(f"/{PLACES[name]}.html")
    expect(page.locator(f"#explorable-{name}")).not_to_be_visible()
    expect(
        page.locator(f".cell:has(+ #explorable-{name}, > #explorable-{name}) svg.inline-svg")
    ).to_be_visible()


def test_each_explorable_has_its_chapter_and_other_pages_load_nothing():
    assert set(PLACES) == set(explorables.NAMES)
    tagged = {
        (tag.removeprefix("explorable-"), page)
        for page, path in chapters().items()
        for cell in read(path).cells
        for tag in cell.metadata.get("tags", [])
        if tag.startswith("explorable-")
    }
    assert tagged == set(PLACES.items())
    for file in HTML.rglob("*.html"):
        page = file.relative_to(HTML).with_suffix("").as_posix()
        text = file.read_text("utf8")
        here = [name for name, place in PLACES.items() if place == page]
        assert re.findall(r'id="explorable-([\w-]+)"', text) == here, page
        loaded = re.findall(r'(?:href|src)="[./]*explorables/([\w.-]+)\?', text)
        assert loaded == explorables.files(text), page
        assert (loaded != []) == (here != []), page


@pytest.mark.parametrize("name", PLACES)
def test_is_small(name):
    names = [explorables.RULES, *explorables.files(f'id="explorable-{name}"')]
    files = [explorables.HERE / file for file in names]
    assert len(files) == 3
    assert sum(len(gzip.compress(file.read_bytes())) for file in files) <= MOST_BYTES
