"""The page in a real browser: what a reader does, and what is seen then. Skipped where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from browser import Seen
from onnx_files import net, node, tensor

ROOT = Path(__file__).resolve().parents[2]
NET = """\
input: 3x32x32
variables: {width: 16}
layers:
- conv $width k3 p1
- relu
- global_avgpool
- flatten
- linear 10
"""


def test_the_page_opens_with_a_net(page):
    assert page.page.locator("#net-name").inner_text() == "VGG-16"
    assert page.page.locator("[role=treegrid] [role=row]").count() > 20


def test_what_is_typed_is_counted(page):
    page.type("extends: vgg16\nvariables: {classes: 10}\n")
    page.sees("#totals", f"{138_357_544 - 4097 * 990:,}")
    page.type("extends: vgg16\n")
    page.sees("#totals", "138,357,544")


def test_a_mistake_is_marked_and_the_way_out_is_said(page):
    page.type(NET.replace("k3", "x3"))
    page.sees("#problems", "`conv` does not know `x3`".replace("`", ""))
    page.sees("#problems", "k<kernel>")
    assert page.page.locator(".cm-lintRange-error").inner_text() == "x3"
    page.page.locator(".problem").click()
    page.page.keyboard.press("Shift+ArrowRight")
    page.page.keyboard.insert_text("k")
    page.sees("#totals", f"{3 * 9 * 16 + 16 + 16 * 10 + 10:,}")
    assert not page.page.locator("#problems-box").is_visible()


def test_a_slider_changes_the_text_and_the_numbers(page):
    page.type(NET)
    page.sees("#settings", "width")
    slider = page.page.get_by_label("width", exact=True)
    slider.focus()
    slider.press("ArrowRight")
    page.sees(".cm-content", "variables: {width: 17}")
    page.sees("#totals", f"{3 * 9 * 17 + 17 + 17 * 10 + 10:,}")
    box = slider.bounding_box()
    page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2, steps=8)
    page.page.mouse.up()
    page.sees(".cm-content", "variables: {width: 3")


def test_a_layer_is_explained_with_its_field(page):
    page.type("extends: vgg16\n")
    page.sees("#table", "features")
    page.page.get_by_role("row", name="2 conv 64 k3 p1").first.click()
    page.sees("#layer-told", "C_out·C_in·k² + C_out = 64·64·3² + 64 = 36,864 + 64 = 36,928")
    page.sees("#layer-field", "pixel (112, 112)")
    page.page.get_by_label("output row").fill("0")
    page.sees("#layer-field", "pixel (0, 112)")
    page.page.get_by_label("Close").click()
    assert not page.page.locator("#layer").is_visible()


def test_a_picture_follows_what_is_typed_and_its_boxes_are_chosen(page):
    page.page.get_by_role("tab", name="Drawing").click()
    page.type(NET)
    page.sees("#flow svg", "conv 16 k3 p1")
    page.type(NET.replace("16", "24"))
    page.sees("#flow svg", "conv 24 k3 p1")
    page.page.locator("#flow [data-layer=conv1]").click()
    page.sees("#layer-name", "conv1")
    page.page.get_by_role("tab", name="Volumes").click()
    page.sees("#volumes svg", "24")
    page.page.get_by_label("Close").click()
    page.page.get_by_role("tab", name="Table").click()


def test_a_question_is_solved_backwards(page):
    page.page.get_by_role("tab", name="Solve").click()
    page.page.get_by_role("button", name="Solve").click()
    page.sees("#solve .told", "symmetric")
    page.page.get_by_role("tab", name="Table").click()


def test_a_model_file_that_is_dropped_is_read_here(page):
    model = net(node("Conv", "x w b", "y", pads=(1, 1, 1, 1)), tensors=[tensor("w", (8, 3, 3, 3)), tensor("b", (8,))])
    handle = page.page.evaluate_handle(
        """(bytes) => {
            const held = new DataTransfer();
            held.items.add(new File([new Uint8Array(bytes)], "small.onnx"));
            return held;
        }""",
        [*model],
    )
    page.page.dispatch_event("body", "drop", {"dataTransfer": handle})
    page.sees("#totals", f"{8 * 3 * 9 + 8:,}")
    page.sees(".cm-content", "conv 8 k3 p1")


def test_a_file_that_leaves_its_input_open_asks_for_it(page):
    model = net(node("Conv", "x w", "y"), x=("N", 3, "H", "W"), tensors=[tensor("w", (8, 3, 3, 3))])
    page.page.set_input_files("#file", {"name": "open.onnx", "mimeType": "", "buffer": model})
    page.sees("#retry-told", "--input")
    page.page.locator("#retry-input").fill("3x33x35")
    page.page.keyboard.press("Enter")
    page.sees("#net-facts", "output 8×31×33")


def test_a_net_of_the_library_is_found_by_keyboard_alone(page):
    page.page.keyboard.press("ControlOrMeta+k")
    page.page.keyboard.type("mobilenet v2")
    page.page.keyboard.press("Enter")
    page.sees("#totals", "3,504,872")
    page.page.locator("#table").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowDown", "Enter"):
        page.page.keyboard.press(key)
    page.page.locator("#layer").wait_for(state="visible")
    page.page.locator("#layer-close").focus()
    page.page.keyboard.press("Escape")
    assert not page.page.locator("#layer").is_visible()


def test_a_link_holds_the_net(page, address):
    page.type(NET)
    page.sees("#totals", "618")
    page.page.wait_for_url("**/#net=*")
    link = page.page.url
    page.type("extends: lenet5\n")
    page.page.wait_for_url(lambda url: url != link)
    page.page.evaluate("link => { location.href = link; }", link)
    page.sees("#totals", "618")
    page.sees(".cm-content", "conv $width k3 p1")


@pytest.mark.parametrize(("form", "part"), [("yaml", "global_avgpool"), ("svg", "<svg"), ("csv", "conv1,conv")])
def test_a_net_is_saved(page, form, part):
    page.type(NET)
    page.sees("#totals", "618")
    page.page.get_by_role("button", name="Save", exact=True).click()
    with page.page.expect_download() as saving:
        page.page.locator(f"[data-form={form}]").click()
    assert part in saving.value.path().read_text(encoding="utf-8")


def test_dark_follows_the_system_and_the_button(page):
    dark, light = "rgb(13, 17, 23)", "rgb(255, 255, 255)"
    page.page.emulate_media(color_scheme="dark")
    page.has_ground(dark)
    page.page.emulate_media(color_scheme="light")
    page.has_ground(light)
    for _ in range(2):
        page.page.locator("#theme").click()
    page.has_ground(dark)
    page.page.locator("#theme").click()
    page.has_ground(light)


def test_what_is_offered_completes_a_layer(page):
    page.type("input: 3x8x8\nlayers:\n- maxp")
    page.page.keyboard.type("o")
    page.page.locator(".cm-tooltip-autocomplete").wait_for(state="visible")
    page.sees(".cm-tooltip-autocomplete", "maxpool")
    page.page.wait_for_timeout(150)  # an offer is not taken the moment that it appears
    page.page.keyboard.press("Enter")
    page.page.keyboard.type(" k2")
    page.page.keyboard.press("Escape")
    page.sees("#net-facts", "output 3×4×4")


def test_names_are_inert_and_ten_thousand_layers_stay_quick(page):
    hostile = "<img src=x onerror=document.title=1>"
    page.type(f"name: '{hostile}'\ninput: 3x8x8\nlayers:\n- {{repeat: 10_000, layers: [relu]}}\n")
    page.sees("#net-name", hostile)
    page.sees("#totals", "10,000")
    assert page.page.locator("#table [role=row]").count() < 100
    page.page.get_by_role("tab", name="Drawing").click()
    page.page.locator("#flow :is(svg, .refused)").first.wait_for()
    page.page.get_by_role("tab", name="Table").click()
    assert page.page.locator("img").count() == 0
    assert hostile in page.page.title()
    page.type("extends: lenet5\n")
    page.sees("#totals", "61,706")


def test_it_opens_without_a_network_once_it_was_loaded(chromium, address):
    with chromium.new_context() as context:
        page = context.new_page()
        page.goto(address)
        page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        context.set_offline(True)
        again = Seen(context.new_page())
        again.page.goto(address)
        again.sees("#totals", "138,357,544")
        assert again.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(page, scheme):
    script = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not script.is_file():
        pytest.skip("axe-core is not there: npm ci in web/")
    page.page.emulate_media(color_scheme=scheme)
    page.type("extends: resnet50\n")
    page.sees("#totals", "25,557,032")
    page.page.get_by_role("row", name="conv1").first.click()
    page.page.locator("#layer").wait_for(state="visible")
    page.page.evaluate(script.read_text(encoding="utf-8"))
    for tab in ("Drawing", "Solve", "Table"):
        page.page.get_by_role("tab", name=tab).click()
        page.page.wait_for_timeout(300)
        found = page.page.evaluate("() => axe.run()")
        serious = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
        told = [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in serious]
        assert told == [], json.dumps(told, indent=1)
    page.page.get_by_label("Close").click()
    page.page.emulate_media(color_scheme="light")
