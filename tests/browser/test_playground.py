"""The playground on the first page, as a reader uses it: hand, keys, address, no scripts."""

import gzip
import re
from contextlib import closing
from itertools import product
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from questions import ALONE, wrong_within

from dropout_site import playground
from tools.paths import HTML

KINDS = ["standard", "inverted", "none", "both"]
SETTING = {"p": "0.2", "kind": "standard", "mode": "train", "masks": "3", "seed": "42"}
# Of all that it loads, compressed. It was 9000 before there was a button that copies the link, a
# picture for print, and labels that stand clear of the lines; then 9500, before each line had its
# name beside it; then 9800, before it opened with a mask drawn.
MOST_BYTES = 9850


def address(**more):
    return "/index.html?" + "&".join(f"{k}={v}" for k, v in {**SETTING, **more}.items())


# All in one step: the tests by hand, keys and touch say that a reader can do it.
CHOOSE = """([p, options]) => {
  const slider = document.querySelector("#pg-p");
  if (p !== null) {
    slider.value = p;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
  }
  for (const [name, value] of Object.entries(options))
    document.querySelector(`[name=pg-${name}][value=${value}]`).click();
}"""


def choose(page, p=None, **options):
    """Set p, the kind and the mode by their controls; the seed and the masks stay."""
    page.evaluate(CHOOSE, [p, options])


def values(page, field="out"):
    return page.locator(f".pg-{field} td").all_inner_texts()


def table(page):
    """The numbers of the table, {row: (so far, exact)}."""
    rows = page.locator(".pg-table tbody tr").all()
    cells = [row.locator("th, td").all_inner_texts() for row in rows]
    return {name: (seen, exact) for name, seen, exact, _ in cells}


def unfold(page):
    """Open the fold with the chart and the table."""
    page.locator(".pg-more > summary").click()
    page.wait_for_function("document.querySelector('.pg-chart').viewBox.baseVal.width > 0")


def state(page):
    return {k: v for k, (v,) in parse_qs(urlsplit(page.url).query).items()}


DESKTOP = {"width": 1280, "height": 720}


@pytest.fixture(scope="module")
def tab(browser, browser_context_args):
    """One tab for the tests that open the page anew: scripts are compiled once."""
    with closing(browser.new_context(**browser_context_args)) as context:
        yield context.new_page()


@pytest.fixture
def page(tab):
    """The tab, with nothing that a test before has set."""
    tab.set_viewport_size(DESKTOP)
    tab.emulate_media(media="screen", color_scheme="light", reduced_motion="no-preference")
    tab.context.clear_permissions()
    return tab


@pytest.fixture
def errors(page):
    """What went wrong in the page's scripts."""
    found = []

    def hear(error):
        found.append(error)

    page.on("pageerror", hear)
    yield found
    page.remove_listener("pageerror", hear)
    assert not found


def test_starts_with_a_mask_that_makes_some_of_the_forum_s_ones_two(page, errors):
    page.goto("/index.html")
    expect(page.locator(".pg-one")).to_have_text("A kept 1 becomes 1 ÷ 0.5 = 2")
    # At first only what the reader is to see: the means, the spread and the chart are a press away.
    for part in (".pg-means", ".pg-table", ".pg-chart"):
        expect(page.locator(part)).not_to_be_visible()
    unfold(page)
    expect(page.locator(".pg-table")).to_be_visible()
    assert table(page)["spread"][1] == "1"
    kept = values(page).count("2")
    assert sorted(values(page)) == ["0"] * (25 - kept) + ["2"] * kept
    dropped = page.locator(".pg-out td.pg-dropped")
    assert dropped.all_inner_texts() == ["0"] * (25 - kept)
    # Told apart without colour: hollow and dashed.
    expect(dropped.first).to_have_css("border-style", "dashed")
    expect(page.locator(".pg-out + .pg-key")).to_have_text(f"{kept} kept, {25 - kept} dropped")


def test_asks_for_one_thing_at_a_time_and_each_is_answered_at_once(page, errors):
    page.emulate_media(reduced_motion="reduce")
    page.goto("/index.html")
    asked = page.locator(".pg-try")
    expect(asked).to_contain_text("Drag p")
    choose(page, p=0.2)
    expect(page.locator(".pg-one")).to_have_text("A kept 1 becomes 1 ÷ 0.8 = 1.25")
    assert set(values(page)) == {"0", "1.25"}
    expect(asked).to_contain_text("Draw 100 masks")
    page.get_by_role("button", name="100 masks").click()
    expect(page.locator(".pg-means")).to_be_visible()
    expect(page.locator(".pg-one")).to_be_hidden()
    expect(asked).to_contain_text("Choose none")
    choose(page, kind="none")
    expect(asked).to_contain_text("How far apart")
    expect(page.locator(".pg-verdict")).to_contain_text("1.25 times")


@pytest.mark.parametrize(("height", "last"), [(640, ".pg-buttons"), (740, ".pg-kind")])
def test_on_a_phone_control_and_result_are_on_one_screen(page, errors, height, last):
    page.set_viewport_size({"width": 360, "height": height})
    page.goto("/index.html")
    top = page.locator(".pg-p").bounding_box()["y"]
    below = page.locator(last).bounding_box()
    header = page.locator(".bd-header-article").bounding_box()["height"]
    assert below["y"] + below["height"] - top <= height - header


@pytest.mark.parametrize(
    ("kind", "kept", "evaluation", "factor"),
    [
        ("standard", "1", "0.8", None),
        ("inverted", "1.25", "1", None),
        ("none", "1", "1", "1.25"),
        ("both", "1.25", "0.8", "0.8"),
    ],
)
def test_the_four_kinds_on_one_mask_and_at_evaluation(page, errors, kind, kept, evaluation, factor):
    page.goto(address())
    before = [value == "0" for value in values(page)]
    page.get_by_role("radio", name=kind).check()
    assert set(values(page)) == {"0", kept}
    assert [value == "0" for value in values(page)] == before
    verdict = page.locator(".pg-verdict")
    if factor:
        expect(verdict).to_contain_text(f"{factor} times what the next layer was trained on")
    else:
        expect(verdict).to_contain_text("they agree")
    page.get_by_role("radio", name="eval", exact=True).check()
    assert values(page) == [evaluation] * 25
    page.get_by_role("button", name="New mask").click(force=True)
    expect(page.locator(".pg-try")).to_contain_text("Evaluation draws no mask")
    assert values(page) == [evaluation] * 25


def test_the_mean_settles_and_the_spread_stays(page, errors):
    page.goto(address(kind="inverted", masks=10000))
    unfold(page)
    seen = table(page)
    # A setting with its seed gives always the same: that it is near is no matter of chance here.
    assert seen["mean"][1] == "1"
    assert abs(float(seen["mean"][0]) - 1) < 0.005
    assert seen["spread"][1] == "0.5"
    assert abs(float(seen["spread"][0]) - 0.5) < 0.005
    means = [float(value) for value in values(page, "means")]
    assert max(means) - min(means) < 0.05
    page.goto(address(kind="inverted", masks=1))
    unfold(page)
    assert table(page)["spread"][1] == "0.5"


def test_a_hundred_masks_at_a_press_and_a_new_start(page, errors):
    page.emulate_media(reduced_motion="no-preference")
    page.goto(address())
    page.get_by_role("button", name="100 masks").click()
    expect(page.locator(".pg-means + .pg-key")).to_contain_text("over 103 masks")
    page.get_by_role("button", name="Start again").click()
    expect(page.locator(".pg-means")).to_be_hidden()
    assert values(page).count("1") == 25 - values(page).count("0")


def test_with_reduced_motion_nothing_moves(page, errors):
    page.emulate_media(reduced_motion="reduce")
    page.goto(address())
    # Within the press itself: no later frame is waited for.
    text = page.evaluate(
        "() => { document.querySelector('#playground button[value=\"100\"]').click();"
        " return document.querySelector('.pg-means + .pg-key').textContent; }"
    )
    assert "over 103 masks" in text
    expect(page.locator(".pg-out td").first).to_have_css("transition-duration", "0s")


def test_by_keyboard_alone(page, errors):
    page.goto("/index.html")
    page.locator("#pg-p").focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("#playground .pg-value")).to_have_text("= 0.20")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="New mask")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".pg-means + .pg-key")).to_contain_text("over 103 masks")
    expect(page.locator(".pg-said")).to_contain_text("Mean of 103 masks")
    page.keyboard.press("Tab")  # start again
    page.keyboard.press("Tab")  # who scales
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="standard")).to_be_checked()
    assert set(values(page)) <= {"0", "1"}
    page.keyboard.press("Tab")  # the mode
    page.keyboard.press("ArrowRight")
    assert set(values(page)) == {"0.8"}


def test_by_touch_at_360_pixels(browser, base_url):
    context = browser.new_context(
        base_url=base_url, viewport={"width": 360, "height": 800}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto("/index.html")
    page.get_by_role("button", name="New mask").tap()
    page.get_by_text("standard × q at evaluation").tap()
    expect(page.get_by_role("radio", name="standard")).to_be_checked()
    assert set(values(page)) <= {"0", "1"}
    slider = page.locator("#pg-p")
    box = slider.bounding_box()
    slider.tap(position={"x": 0.8 * box["width"], "y": box["height"] / 2})
    expect(page.locator("#playground .pg-value")).to_have_text("= 0.80")
    for target in page.locator("#playground :is(button, fieldset label, input[type=range])").all():
        assert target.bounding_box()["height"] >= 44
    context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_evaluation_moves_nothing_on_the_page(page, errors, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address(masks=601))
    unfold(page)
    height = "e => e.getBoundingClientRect().height"
    for kind, p in product(KINDS, (0, 0.35, 0.95, 1)):
        choose(page, kind=kind, mode="train", p=p)
        end = page.locator("#playground").evaluate(height)
        choose(page, mode="eval")
        assert page.locator("#playground").evaluate(height) == end, (kind, p)


def test_at_p_1_none_is_kept(page, errors):
    page.goto(address(p=1, masks=1))
    expect(page.locator(".pg-out + .pg-key")).to_have_text("0 kept, 25 dropped")
    expect(page.locator(".pg-one")).to_have_text("None is kept")


def test_a_cell_is_filled_to_the_middle_at_the_exact_mean(page, errors):
    page.goto(address(p=0.75, kind="inverted", masks=601))
    key = page.locator(".pg-means + .pg-key")
    words = "In training, over 601 masks. Each cell’s marks: the exact mean, 1."
    expect(key).to_have_text(words)
    for cell in page.locator(".pg-means td").all():
        level = cell.evaluate("e => Number(e.style.getPropertyValue('--pg-level'))")
        # The text has two decimals, of a mean whose exact value is 1.
        assert abs(level - float(cell.inner_text()) / 2) <= 0.005 / 2 + 1e-9


def test_what_is_seen_beyond_the_scale_is_not_drawn_over_the_page(page, errors):
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto("/index.html")
    # A seed whose first mask keeps many more than one in twenty.
    far = "() => { let s = 0; while (dropout.run(s, 0.95, 1).kept < 4) s++; return s; }"
    page.goto(address(p=0.95, kind="both", masks=601, seed=page.evaluate(far)))
    unfold(page)
    chart = page.locator(".pg-chart")
    chart.evaluate("e => e.scrollIntoView({ block: 'center' })")
    tops = page.evaluate(
        "[...document.querySelectorAll('.pg-edge')].map(e => e.getBoundingClientRect().top)"
    )
    top = chart.bounding_box()["y"]
    assert min(tops) < top  # or there is nothing to clip
    assert page.evaluate(
        """([top]) => {
          for (const edge of document.querySelectorAll(".pg-edge")) {
            const matrix = edge.getScreenCTM();
            for (let at = 0; at < edge.getTotalLength(); at += 1) {
              const point = edge.getPointAtLength(at).matrixTransform(matrix);
              if (point.y < top && document.elementsFromPoint(point.x, point.y).includes(edge))
                return false;
            }
          }
          return true;
        }""",
        [top],
    )


@pytest.mark.parametrize("width", [360, 1280])
def test_each_line_of_the_chart_has_its_name_and_none_crosses_one(page, errors, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address(masks=10000))
    unfold(page)
    for kind, p in product(KINDS, (0.2, 0.5, 0.8, 0.95)):
        choose(page, kind=kind, p=p)
        crossed = page.evaluate(
            """() => {
              const boxes = [...document.querySelectorAll(".pg-chart text")]
                .map((text) => [text.textContent, text.getBBox()]);
              const lines = document.querySelectorAll(".pg-edge, .pg-line, .pg-eval, .pg-exact");
              const top = document.querySelector("#pg-clip path").getBBox().y;
              const found = [];
              for (const line of lines) {
                for (let at = 0; at < line.getTotalLength(); at += 1) {
                  const { x, y } = line.getPointAtLength(at);
                  if (y < top) continue; // clipped
                  for (const [words, box] of boxes) {
                    // A text's box has the room of the letters that go below its line and above it.
                    const low = box.y + 0.15 * box.height, high = box.y + 0.85 * box.height;
                    if (x > box.x && x < box.x + box.width && y > low && y < high)
                      found.push(`${words}: ${line.getAttribute("class")}`);
                  }
                }
              }
              return [...new Set(found)];
            }"""
        )
        assert crossed == [], (kind, p)
        names = page.locator(".pg-chart text").all_text_contents()
        assert "so far" in names
        evaluation = page.evaluate("([kind, p]) => dropout.evaluationValue(kind, p)", [kind, p])
        assert f"eval {float(f'{evaluation:.3g}'):g}" in names
        assert sum(name.startswith("mean ") for name in names) == 1
        # A name lies beside its line, and no two lie on each other.
        beside = page.evaluate(
            """() => {
              const box = (e) => e.getBoundingClientRect();
              const texts = [...document.querySelectorAll(".pg-chart text")];
              const near = (text, place) => Math.abs(box(text).top + box(text).height / 2 - place);
              const of = (words) => texts.find((text) => text.textContent.startsWith(words));
              const far = [];
              const dot = box(document.querySelector(".pg-now"));
              if (near(of("so far"), dot.top + dot.height / 2) > 4 * dot.height) far.push("so far");
              const edges = [...document.querySelectorAll(".pg-edge")].map(
                (edge) => edge.getPointAtLength(edge.getTotalLength())
                  .matrixTransform(edge.getScreenCTM()).y);
              for (const [index, words] of ["+ spread", "− spread"].entries())
                if (of(words) && near(of(words), edges[index]) > 8) far.push(words);
              texts.forEach((text, index) => texts.slice(index + 1).forEach((other) => {
                const a = box(text), b = box(other);
                if (Math.min(a.right, b.right) > Math.max(a.left, b.left)
                    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0.3 * a.height)
                  far.push(`${text.textContent} / ${other.textContent}`);
              }));
              return far;
            }"""
        )
        assert beside == [], (kind, p)


def test_the_link_is_copied_and_said(page, errors):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(address())
    button = page.get_by_role("button", name="Copy link")
    button.click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    expect(page.locator(".pg-said")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator(".pg-link a").evaluate("a => a.href")
    page.get_by_role("button", name="New mask").click()
    expect(button).to_be_visible()  # another setting, which is not copied


@pytest.mark.parametrize(
    "clipboard", ["undefined", "{ writeText: () => Promise.reject(new Error()) }"]
)
def test_without_a_clipboard_there_is_the_link(new_context, clipboard):
    page, found = new_context().new_page(), []
    page.on("pageerror", lambda error: found.append(error))
    page.add_init_script(
        "delete Navigator.prototype.clipboard;"
        + (f"navigator.clipboard = {clipboard};" if clipboard != "undefined" else "")
    )
    page.goto(address())
    if clipboard != "undefined":
        page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("link", name="Link to this setting")).to_be_visible()
    expect(page.locator(".pg-link button")).to_be_hidden()
    assert not found


def test_print_has_the_picture_and_no_form(page, errors):
    page.goto("/index.html")
    picture = page.get_by_role("img", name=re.compile("Inverted dropout makes kept ones 2 while"))
    expect(picture).to_be_hidden()
    page.emulate_media(media="print")
    expect(picture).to_be_visible()
    expect(page.locator("#playground")).to_be_hidden()


@pytest.mark.parametrize("percent", [100, 200])
@pytest.mark.parametrize("width", [360, 768, 1280])
def test_nothing_sticks_out(page, errors, width, percent):
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(address(p=0.85, kind="inverted", masks=100))
    page.add_style_tag(content=f"html {{ font-size: {percent}% !important }}")
    unfold(page)
    outside = page.evaluate(
        "[...document.querySelectorAll('#playground :not(svg *)')].filter(e =>"
        " e.getBoundingClientRect().right > innerWidth + 1 || (e.tagName === 'TD' &&"
        " e.scrollWidth > e.clientWidth + 1)).map(e => `${e.tagName} ${e.className}`)"
    )
    assert outside == []


def test_the_address_holds_the_state_there_and_back(page, errors):
    page.goto("/index.html?from=forum")
    page.locator("#pg-p").fill("0.2")
    page.get_by_role("radio", name="both").check()
    page.get_by_role("button", name="100 masks").click()
    page.get_by_role("radio", name="eval", exact=True).check()
    page.wait_for_url("**mode=eval**")
    saved = state(page)
    assert saved.pop("seed").isdecimal()
    wanted = {"p": "0.2", "kind": "both", "mode": "eval", "masks": "101"}
    assert saved == {"from": "forum", **wanted}
    expect(page.locator(".pg-means + .pg-key")).to_contain_text("over 101 masks")
    seen = values(page), values(page, "means"), table(page)
    link = page.locator(".pg-link a").get_attribute("href")
    page.reload()
    assert (values(page), values(page, "means"), table(page)) == seen
    page.goto(f"/index.html{link[link.index('?') :]}")
    assert (values(page), values(page, "means"), table(page)) == seen
    assert page.locator(".pg-note").is_hidden()


@pytest.mark.parametrize(
    ("name", "bad", "used"),
    [
        ("p", "1.2", "1"),
        ("p", "-3", "0"),
        ("p", "0.33", "0.35"),
        ("p", "half", "0.5"),
        ("p", "", "0.5"),
        ("kind", "dropconnect", "inverted"),
        ("mode", "<b>test</b>", "train"),
        ("masks", "1e9", "10\u202f000"),
        ("masks", "2.6", "3"),
        ("masks", "0", "1"),
        ("masks", "Infinity", "10\u202f000"),
        ("seed", "-1", "0"),
    ],
)
def test_what_an_address_cannot_have_is_replaced_and_said(page, errors, name, bad, used):
    page.goto(address(**{name: bad}))
    note = page.locator(".pg-note")
    expect(note).to_be_visible()
    expect(note).to_contain_text(f"{name} must be")
    expect(note).to_contain_text(f"got “{bad}”: here it is {used}.")
    used = used.replace("\u202f", "")
    assert f"{name}={used}" in page.locator(".pg-link a").get_attribute("href").split("?")[1]


def test_the_two_themes_and_what_axe_says(page, errors):
    colours = set()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.goto(address())
        unfold(page)
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        page.evaluate(ALONE, "#playground")
        for kind, mode in product(("standard", "inverted", "none"), ("train", "eval")):
            choose(page, kind=kind, mode=mode)
            assert wrong_within(page, "#playground") == []
            cell = page.locator(".pg-out td:not(.pg-dropped)").first
            colours.add(cell.evaluate("e => getComputedStyle(e).backgroundColor"))
    assert len(colours) == 6


def test_controls_have_names_and_groups(page, errors):
    page.goto("/index.html")
    slider = page.get_by_role("slider", name="Drop with p")
    expect(slider).to_have_attribute("aria-valuetext", "p is 0.5, q is 0.5")
    assert page.get_by_role("group", name="Who scales?").get_by_role("radio").count() == 4
    assert page.get_by_role("group", name="Mode").get_by_role("radio").count() == 2
    expect(page.get_by_role("table", name="Output, train")).to_be_visible()
    # Said once the hand rests, not at each step.
    slider.press("ArrowRight")
    slider.press("ArrowRight")
    assert page.locator(".pg-said").inner_text() == ""
    expect(page.locator(".pg-said")).to_contain_text("Training gives 1 on average")


def test_without_scripts_there_is_a_still_picture(browser, base_url):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/index.html")
    picture = page.get_by_role("img", name=re.compile("Inverted dropout makes kept ones 2 while"))
    expect(picture).to_be_visible()
    assert picture.locator("text", has_text="standard, eval: 0.5").count() == 1
    expect(page.locator("#playground")).to_be_hidden()
    context.close()


def test_opens_from_a_folder_without_a_server(browser):
    context = browser.new_context()
    page = context.new_page()
    found = []
    page.on("pageerror", lambda error: found.append(error))
    page.goto(f"{(HTML / 'index.html').as_uri()}?p=0.2&seed=1&masks=2")
    assert set(values(page)) == {"0", "1.25"}
    page.get_by_role("button", name="New mask").click()
    page.wait_for_url("**masks=3**")
    assert not found
    context.close()


def test_asks_for_its_four_files_and_other_pages_for_none(new_context):
    page, asked, found = new_context().new_page(), set(), []
    page.on("pageerror", lambda error: found.append(error))
    page.on("request", lambda request: asked.add(urlsplit(request.url).path))
    page.goto("/reference/notation.html")
    assert not any("playground" in path for path in asked)
    page.goto("/index.html")
    page.get_by_role("button", name="100 masks").click()
    mine = {path for path in asked if "playground" in path}
    assert mine == {f"/playground/{name}" for name in playground.SERVED}
    assert not found


def test_is_small():
    files = [playground.HERE / name for name in playground.SERVED]
    size = sum(len(gzip.compress(file.read_bytes())) for file in files)
    assert size <= MOST_BYTES
