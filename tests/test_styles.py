"""show --style: the rows, shapes, counts and totals that Keras, Paddle, torchinfo and torchsummary print themselves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cnncalc.cli.main import cnncalc

STYLES = Path(__file__).parent / "data" / "styles"
FACTS = json.loads((STYLES / "facts.json").read_text(encoding="utf-8"))
TOTAL = re.compile(r"^ ?([A-Z][A-Za-z/\- ]+?)(?: \((?:MB|G|M)\))?: (.+)$", re.MULTILINE)
# the blocks of our ResNet are called as in the paper, those of torchvision by their classes
CLASSES = {"Basic": "BasicBlock"}


def run(*arguments):
    found = CliRunner().invoke(cnncalc, arguments, catch_exceptions=False)
    return found.exit_code, found.output


def printed(net, style):
    code, text = run("show", net, "--style", style)
    assert code == 0
    return text


def totals_of(text):
    return {match[1]: match[2].strip() for match in TOTAL.finditer(text) if match[1] != "Model"}


def as_torch_has_it(label):
    return re.sub(r"^\w+", lambda match: CLASSES.get(match[0], match[0]), label)


@pytest.mark.parametrize("name", ["VGG16", "ResNet50", "MobileNet"])
def test_keras_prints_the_same_rows_and_totals(name):
    text = printed(str(STYLES / f"keras_{name.lower()}.yaml"), "keras")
    rows = []
    for line in text.splitlines():
        if line.startswith("│"):
            label, shape, params, *_ = [cell.strip() for cell in line.strip("│").split("│")]
            rows.append([*re.fullmatch(r"(\S+) \((\S+)\)", label).groups(), shape, params])
    fact = FACTS[f"keras {name}"]
    fact["rows"][0][0] = "input_layer"  # Keras numbers its inputs through the whole process
    assert rows == fact["rows"]
    assert totals_of(text) == fact["totals"]
    assert ("Connected to" in text) == (name == "ResNet50")


def test_keras_names_the_layers_that_feed_a_merge():
    text = printed(str(STYLES / "keras_resnet50.yaml"), "keras")
    assert "conv2_block1_0_bn[0][0], conv2_block1_3_bn[0][0]" in text


@pytest.mark.parametrize("name", ["lenet5", "lenet5_variant"])
def test_paddle_prints_the_same_rows_and_totals(name):
    text = printed(name, "paddle")
    rows = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if re.match(r"\s*\w+-\d+ ", line)]
    for row in rows:
        row[0] = row[0].rpartition("-")[0]
    assert rows == FACTS[f"paddle {name}"]["rows"]
    assert totals_of(text) == FACTS[f"paddle {name}"]["totals"]


def test_lenet_in_paddles_style_gives_the_sums_of_the_course():
    text = printed("lenet5", "paddle")
    assert "Total params: 61,706" in text
    assert "Forward/backward pass size (MB): 0.11" in text
    assert [line.split()[0] for line in text.splitlines()[3:7]] == ["Conv2D-1", "Sigmoid-1", "AvgPool2D-1", "Conv2D-2"]


@pytest.mark.parametrize("name", ["vgg16", "resnet18"])
def test_torchsummary_prints_the_same_rows_and_totals(name):
    text = printed(name, "torchsummary")
    rows = [re.split(r"\s{2,}", line.strip()) for line in text.splitlines() if re.match(r"\s*\w+-\d+ ", line)]
    fact = FACTS[f"torchsummary {name}"]
    assert [[as_torch_has_it(label), *rest] for label, *rest in rows] == fact["rows"]
    assert totals_of(text) == fact["totals"]


@pytest.mark.parametrize("name", ["vgg16", "resnet18"])
def test_torchinfo_prints_the_same_rows_and_totals(name):
    text = printed(name, "torchinfo")
    found = [line.lstrip("│├└─ ") for line in text.splitlines() if re.search(r": \d+-\d+ ", line)]
    rows = [re.split(r"\s{2,}", line) for line in found]
    fact = FACTS[f"torchinfo {name}"]
    assert [[as_torch_has_it(label), *rest] for label, *rest in rows] == fact["rows"]
    assert totals_of(text) == fact["totals"]


def test_resnet50_has_the_megabytes_that_torchsummary_prints():
    assert totals_of(printed("resnet50", "torchsummary"))["Forward/backward pass size"] == "286.56"


def test_paddles_parameters_hold_the_running_statistics():
    totals = totals_of(printed("resnet50", "paddle"))
    assert (totals["Total params"], totals["Trainable params"]) == ("25,610,152", "25,557,032")


def test_depth_folds_the_tree_and_adds_up_what_it_hides():
    _, text = run("show", "vgg16", "--style", "torchinfo", "--depth", "1")
    assert re.search(r"^├─Sequential: 1-1 +\[1, 512, 7, 7\] +14,714,688$", text, re.MULTILINE)
    assert "2-1" not in text


SHARED = """
input: 3x8x8
layers:
  - {conv: 3 k3 p1, name: body}
  - relu
  - {share: body}
  - flatten
  - linear 2
"""


@pytest.fixture
def shared(tmp_path):
    path = tmp_path / "shared.yaml"
    path.write_text(SHARED, encoding="utf-8")
    return str(path)


def test_a_layer_that_is_called_again_is_counted_as_each_tool_does(shared):
    own = 3 * 3 * 9 + 3
    whole = own + 192 * 2 + 2
    assert totals_of(printed(shared, "torchinfo"))["Total params"] == f"{whole:,}"
    assert "(recursive)" in printed(shared, "torchinfo")
    assert totals_of(printed(shared, "paddle"))["Total params"] == f"{whole:,}"
    assert len(re.findall(r"Conv2D-\d", printed(shared, "paddle"))) == 1
    assert totals_of(printed(shared, "keras"))["Total params"].startswith(f"{whole:,} ")
    assert totals_of(printed(shared, "torchsummary"))["Total params"] == f"{whole + own:,}"


# what Keras 3.15.1 prints: the layer and what it is connected to
CALLED_AGAIN = {
    """
input: 4x9x9
dialect: keras
layers: [{conv: 4 k3 same, name: d}, relu, {share: d}, relu, {share: d}]
""": {
        "input_layer (InputLayer)": "-",
        "d (Conv2D)": "input_layer[0][0], activation[0][0], activation_1[0][0]",
        "activation (Activation)": "d[0][0]",
        "activation_1 (Activation)": "d[1][0]",
    },
    """
inputs: {left: 1x8x8, right: 1x8x8}
dialect: keras
layers:
  - {from: left, layers: [{conv: 4 k3, name: tower}]}
  - {from: right, layers: [{share: tower, name: again}]}
  - {add: {from: [tower, again]}}
  - flatten
  - linear 2
""": {
        "left (InputLayer)": "-",
        "right (InputLayer)": "-",
        "tower (Conv2D)": "left[0][0], right[0][0]",
        "add (Add)": "tower[0][0], tower[1][0]",
        "flatten (Flatten)": "add[0][0]",
        "dense (Dense)": "flatten[0][0]",
    },
}


@pytest.mark.parametrize("text", CALLED_AGAIN)
def test_keras_names_what_every_call_of_a_shared_layer_takes(text, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(text, encoding="utf-8")
    cells = [line.split("│") for line in printed(str(path), "keras").splitlines() if line.startswith("│")]
    assert {cell[1].strip(): cell[4].strip() for cell in cells} == CALLED_AGAIN[text]


def test_a_half_type_halves_what_keras_weighs(shared):
    _, text = run("show", shared, "--style", "keras", "--dtype", "float16")
    assert "Total params: 470 (940.00 B)" in text


def test_a_layer_that_the_framework_has_not_is_said(tmp_path):
    path = tmp_path / "grn.yaml"
    path.write_text("input: 4x6x6\nlayers: [conv 4 k1, grn, spp]\n", encoding="utf-8")
    for style in ("keras", "paddle", "torchinfo", "torchsummary"):
        text = printed(str(path), style)
        assert re.search(r"PARTIAL: \w+ has no layer of the kinds grn, spp \(grn1, spp1\)", text)


def test_frozen_layers_are_not_trainable():
    _, text = run("show", "vgg16", "--style", "torchinfo", "--freeze", "features.*")
    totals = totals_of(text)
    assert totals["Non-trainable params"] == "14,714,688"
    assert "(1,792)" in text


@pytest.mark.parametrize("options", [["--columns", "name"], ["--sort", "macs"], ["--depth", "2"],
                                     ["--convention", "thop"], ["--format", "json"]])  # fmt: skip
def test_what_does_not_go_with_a_style_is_refused(options):
    assert run("show", "lenet5", "--style", "keras", *options)[0] == 2


def test_chain_has_styles_too():
    code, text = run("chain", "3x8x8", "conv 4 k3", "relu", "--style", "torchsummary")
    assert code == 0
    assert "Conv2d-1" in text
    assert "Total params: 112" in text


def test_a_batch_is_the_batch():
    _, text = run("show", "lenet5", "--style", "paddle", "--batch", "4")
    assert "[[4, 1, 28, 28]]" in text
    _, text = run("show", "lenet5", "--style", "torchsummary", "--batch", "4")
    assert "[4, 6, 28, 28]" in text
