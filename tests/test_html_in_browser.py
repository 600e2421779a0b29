"""HTML pages in a real browser, where there is one: tables sort and fold, nothing is loaded, no name runs."""

from __future__ import annotations

from shutil import which

import pytest

import cnncalc

sync_api = pytest.importorskip("playwright.sync_api")
CHROMIUM = which("chromium") or which("chromium-browser") or which("google-chrome")
if CHROMIUM is None:
    pytest.skip("there is no browser", allow_module_level=True)

HOSTILE = "<img src=x onerror=alert(1)></title><script>alert(2)</script>"


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def show(browser, tmp_path):
    """Opens a page; whatever it logs, loads or asks for fails the test."""
    trouble = []
    context = browser.new_context()

    def opened(text):
        file = tmp_path / "page.html"
        file.write_text(text, encoding="utf-8")
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: trouble.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        return page

    yield opened
    context.close()
    assert not trouble


def column(page, at):
    return [row.locator("td").nth(at).inner_text() for row in page.locator("table").first.locator("tbody tr").all()]


def test_a_table_folds_and_sorts(show):
    page = show(cnncalc.load("resnet18").report().text("html"))
    rows = page.locator("table").first.locator("tbody tr")
    layers, groups = 69, 15
    assert rows.count() == layers + groups
    group = page.get_by_role("button", name="layer1", exact=True)
    group.click()
    assert rows.count() == layers + groups - 2 - 14
    assert group.get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")  # it has kept the focus
    assert group.get_attribute("aria-expanded") == "true"
    page.keyboard.press("Enter")
    assert page.locator("tr.group", has_text="layer1").first.locator("td").nth(3).inner_text() == "147,968"
    page.get_by_role("button", name="Params", exact=True).click()
    numbers = [int(text.replace(",", "")) for text in column(page, 3)]
    assert numbers == sorted(numbers, reverse=True)
    assert len(numbers) == layers
    page.keyboard.press("Enter")  # the button has the focus: the other way round
    assert [int(text.replace(",", "")) for text in column(page, 3)] == sorted(numbers)
    page.get_by_role("button", name="Params", exact=True).click()
    assert rows.count() == layers + groups - 2 - 14


def test_the_picture_stands_beside_it(show):
    page = show(cnncalc.load("lenet5").report().text("html"))
    text, picture = page.locator(".text").bounding_box(), page.locator("figure svg").bounding_box()
    assert picture["x"] >= text["x"] + text["width"]
    assert page.locator("figure svg").get_by_text("conv 6 k5 p2", exact=True).is_visible()


def test_dark_is_dark(show):
    page = show(cnncalc.load("lenet5").report().text("html"))
    for scheme, ground in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(13, 17, 23)")):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == ground
        assert page.evaluate("getComputedStyle(document.querySelector('svg .bg')).fill") == ground


def test_a_hostile_name_runs_nothing(show):
    net = {"name": HOSTILE, "input": "3x8x8", "layers": ["relu", {"name": "a", "layers": ["relu", "conv 4 k3"]}]}
    page = show(cnncalc.load(net).report().text("html"))
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("img").count() == 0
    page.wait_for_timeout(50)


def test_ten_thousand_layers_stay_usable(show):
    inner = "{repeat: 50, name: b$(i), layers: [conv 1 k1, relu]}"
    text = f"input: 1x4x4\nlayers:\n  - {{repeat: 100, name: a$(i), layers: [{inner}]}}\n"
    page = show(cnncalc.load(text).report().text("html"))
    rows = page.locator("table").first.locator("tbody tr")
    assert rows.count() == 100  # so many rows begin folded
    page.get_by_role("button", name="a0", exact=True).click()
    assert rows.count() == 150
    page.get_by_role("button", name="a0.b3", exact=True).click()
    assert rows.count() == 152
    page.get_by_role("button", name="MACs", exact=True).click()
    assert rows.count() == 2_001
    assert rows.last.inner_text() == "8,000 more rows"
    page.get_by_role("button", name="8,000 more rows").click()
    assert rows.count() == 10_000
