"""What the page asks, answered by any Python: the same functions run in the browser."""

from __future__ import annotations

import json

import pytest

import cnncalc

TEXT = """\
input: 3x32x32
variables: {width: 16}
layers:
  - conv $width k3 p1
  - relu
  - {global_avgpool: , name: pool}
"""


def ask(content=b"", **question):
    from web.answers.asking import answer

    return json.loads(answer(json.dumps(question), content))


def put(text, setting, value):
    """The text with another value of a setting, as the page writes it."""
    first, start, last, end = setting["at"]
    lines = text.split("\n")
    offset = sum(len(line) + 1 for line in lines[: first - 1]) + start
    until = sum(len(line) + 1 for line in lines[: last - 1]) + end
    return text[:offset] + str(value).join(setting["pieces"]) + text[until:]


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("extends: resnet50\nreplace: {fc: linear 10}\n", "23,528,522"),
        ("input: 3x64x64\nlayers: [{net: resnet18, to: layer1}]\n", "157,504"),
    ],
)
def test_nets_made_of_others_are_shown(text, parameters):
    """torchvision's body of 23,508,032 with a new head of 20,490; its stem of 9,536 with 147,968 of layer1."""
    assert ask(ask="show", text=text)["totals"][0][1] == parameters


def test_a_net_is_shown_as_the_command_counts_it():
    shown = ask(ask="show", text="extends: vgg16\n")
    assert ["Parameters", "138,357,544", "138,344,128 weights + 13,416 biases"] in shown["totals"]
    report = cnncalc.load("vgg16").report()
    layers = [row for row in shown["rows"] if row[7] != "group"]
    assert [row[1] for row in layers] == [row.name for row in report.rows]
    assert [int(row[4][0].replace(",", "")) for row in layers] == [row.params for row in report.rows]


def test_groups_have_the_sums_of_their_layers():
    shown = ask(ask="show", text="extends: resnet50\n")
    rows = {row[1]: row for row in shown["rows"]}
    report = cnncalc.load("resnet50").report()
    assert rows["layer1"][4][0] == f"{report.total('layer1')['params']:,}"
    assert rows["layer1.0"][0] == 1
    assert rows["layer1.0"][7] == "group"


def test_a_mistake_is_marked_where_it_stands():
    faults = ask(ask="show", text=TEXT.replace("k3", "x3"))["faults"]
    assert [(fault["at"], fault["message"]) for fault in faults] == [([4, 16, 2], "`conv` does not know `x3`")]
    assert "k<kernel>" in faults[0]["help"]


def test_columns_are_those_of_a_browser():
    """Its texts are of 16 bits a letter: beyond them a letter counts twice."""
    faults = ask(ask="show", text="input: 3x8x8\nlayers: [{relu: , name: '😀'}, conv 8 x3]\n")["faults"]
    line = "layers: [{relu: , name: '😀'}, conv 8 x3]"
    assert [fault["at"][1] for fault in faults][-1] == line.index("x3") + 1


@pytest.mark.parametrize(
    ("text", "name", "value", "params"),
    [
        (TEXT, "width", 32, 3 * 9 * 32 + 32),
        ("extends: vgg16\n", "classes", 10, 138_357_544 - 4097 * 990),
        ("extends: vgg16\nvariables: {depths: [2, 2, 3, 3, 3]}\n", "depths[4]", 4, 138_357_544 + 512 * 512 * 9 + 512),
        ("extends: vgg16\nvariables: {depths: [2, 2, 3, 3, 3]}\n", "classes", 10, 138_357_544 - 4097 * 990),
        ("extends: vgg16\nvariables:\n  depths: [2, 2, 3, 3, 3]\n", "classes", 10, 138_357_544 - 4097 * 990),
    ],
)
def test_a_slider_writes_into_the_text(text, name, value, params):
    setting = next(one for one in ask(ask="show", text=text)["settings"] if one["name"] == name)
    changed = put(text, setting, value)
    shown = ask(ask="show", text=changed)
    assert shown["totals"][0][1] == f"{params:,}"
    again = next(one for one in shown["settings"] if one["name"] == name)
    assert again["value"] == value
    assert put(changed, again, setting["value"]).count(name.split("[")[0]) == changed.count(name.split("[")[0])


@pytest.mark.parametrize("text", [TEXT, "extends: vgg16\n", "input: 3x32x48\nlayers: [conv 8 k3]\n"])
def test_the_input_is_slid_too(text):
    setting = ask(ask="show", text=text)["settings"][0]
    assert setting["name"].startswith("input")
    shown = ask(ask="show", text=put(text, setting, 64))
    assert "64" in shown["facts"][0]


def test_a_layer_is_explained_and_its_field_is_drawn():
    told = ask(ask="explain", text="extends: vgg16\n", layer="features.2", pixel=[3, 4])
    assert "C_out·C_in·k² + C_out = 64·64·3² + 64" in told["html"]
    assert told["lengths"] == [224, 224]
    assert "pixel (3, 4)" in told["svg"]


def test_a_pixel_is_moved_into_a_map_that_became_smaller():
    told = ask(ask="explain", text=TEXT, layer="conv1", pixel=[500, 500])
    assert told["pixel"] == [31, 31]


def test_a_layer_that_sees_everything_has_no_field():
    told = ask(ask="explain", text="extends: vgg16\n", layer="classifier.0")
    assert told["svg"] == ""
    assert "102,760,448" in told["html"]


@pytest.mark.parametrize(
    ("form", "given", "part"),
    [
        ("conv", {"input": "224", "output": "112", "kernel": "7", "stride": "2", "padding": " "}, "<td>3</td>"),
        ("batch", {"memory": "24GiB"}, "The largest batch is"),
        ("input", {"output": "7x7"}, "193 ≤ H ≤ 224"),
        ("variable", {"name": "width_per_group", "want": "params <= 5M"}, None),
    ],
)
def test_questions_are_solved(form, given, part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = ask(ask="solve", form=form, given=given, text="extends: resnet50\n")
    if part is None:
        assert found["faults"][0]["help"]
    else:
        assert part in found["html"]


def test_every_form_can_be_asked_as_it_stands(tmp_path, monkeypatch):
    """With what stands in its fields at first it is answered, or says what is missing."""
    from web.answers.solving import forms

    monkeypatch.chdir(tmp_path)
    for form in forms():
        found = ask(
            ask="solve", form=form["key"], given={one["name"]: one["value"] for one in form["fields"]}, text=TEXT
        )
        assert found.get("html") or all(fault["help"] for fault in found["faults"]), form["key"]


def test_a_file_of_another_tool_becomes_text():
    caffe = ask(ask="write", text=TEXT, form="caffe")["text"]
    found = ask(caffe.encode(), ask="open", name="net.prototxt")
    assert ask(ask="show", text=found["text"])["totals"][0][1] == "448"


@pytest.mark.parametrize("content", [b"\x80\x04\x95 a pickle", b"\xff\xfe\x00", b"\0" * 100])
def test_a_file_that_is_none_is_refused_with_a_way_out(content):
    faults = ask(content, ask="open", name="<b>x</b>.bin")["faults"]
    assert faults[0]["help"]


def test_hostile_names_stay_names():
    text = "name: <img src=x onerror=alert(1)>\ninput: 3x8x8\nlayers: [conv 8 k3]\n"
    assert "<img" not in ask(ask="draw", text=text)["svg"]
    assert "<img" not in ask(ask="explain", text=text, layer="conv1")["html"]


@pytest.mark.parametrize("form", ["markdown", "csv", "json", "html", "latex", "torch", "caffe", "darknet"])
def test_a_net_is_written(form):
    assert len(ask(ask="write", text="extends: vgg16\n", form=form)["text"]) > 500


def test_a_net_of_the_library_is_its_file():
    text = ask(ask="library", name="resnet50")["text"]
    assert text.startswith("name: ResNet-50\nextends: resnet\n")
    assert ask(ask="library", name="../resnet50")["faults"]
