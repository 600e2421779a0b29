"""Explanations of whole nets, groups and patterns: repeats told once, totals, forms, and wrong input."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from drawn import explained
from explained import QUESTION, chained, run
from notation_value import value_of

from cnncalc.analysis.costs import report
from cnncalc.explain.answer import explain
from cnncalc.explain.explanation import Group, Repeat, Rest, Told
from cnncalc.explain.repeats import Run, depths, runs
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.text import width

# -- the walk -----------------------------------------------------------------------------------------------------


def test_repeats_are_told_once():
    repeats = [part for part in explain(load("resnet50", Options())).parts if isinstance(part, Repeat)]
    assert [(repeat.names, repeat.of, repeat.times) for repeat in repeats] == [
        ("layer1.2", "layer1.1", 1),
        ("layer2.2 to layer2.3", "layer2.1", 2),
        ("layer3.2 to layer3.5", "layer3.1", 4),
        ("layer4.2", "layer4.1", 1),
    ]
    assert repeats[2].params == (1_117_184, 1_117_184)
    assert repeats[2].receptive_field == (139, 267)


@pytest.mark.parametrize("name", ["resnet50", "densenet121", "googlenet", "vgg16", "unet", "mobilenet_v2"])
def test_nothing_is_left_out_of_a_walk(name):
    """Layers told and layers repeated are all layers, and where repeats are exact their parameters add up."""
    graph = load(name, Options())
    parts: list[Any] = [*explain(graph).parts]
    layers = sum(part.layers * part.times if isinstance(part, Repeat) else 1 for part in parts)
    assert not any(isinstance(part, Rest) for part in parts)
    assert layers == len(graph.nodes) - 1
    if all(part.exact for part in parts if isinstance(part, Repeat)):
        params = sum(part.params[0] * part.times if isinstance(part, Repeat) else part.row.params for part in parts)
        assert params == report(graph).totals.params


def test_layers_built_alike():
    repeats = [part for part in explain(load("densenet121", Options())).parts if isinstance(part, Repeat)]
    assert not repeats[0].exact
    assert repeats[0].names == "features.denseblock1.denselayer2 to features.denseblock1.denselayer6"
    text = explained(explain(load("densenet121", Options())))
    assert "are built like features.denseblock1.denselayer1, on 96x56x56 to 224x56x56" in text


@pytest.mark.parametrize(
    ("marks", "found"),
    [
        ("", []),
        ("a", [(0, 1, 1)]),
        ("aaaa", [(0, 1, 4)]),
        ("ababab", [(0, 2, 3)]),
        ("xababy", [(0, 1, 1), (1, 2, 2), (5, 1, 1)]),
        ("abcabd", [(0, 1, 1), (1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 1), (5, 1, 1)]),
        ("aabaab", [(0, 3, 2)]),
    ],
)
def test_runs(marks, found):
    flat = [0] * len(marks)
    assert runs(marks, flat, [True] * len(marks)) == [Run(*run) for run in found]


def test_a_unit_never_cuts_a_group():
    names = ["g.0.a", "g.0.b", "g.1.a", "g.1.b", "g.2.a", "g.2.b"]
    assert runs("ababab", depths(names), [True] * 6) == [Run(0, 2, 3)]
    names = ["g.0.b", "g.1.a", "g.1.b", "g.2.a", "g.2.b", "g.3.a"]
    assert runs("bababa", depths(names), [True] * 6)[:2] == [Run(0, 1, 1), Run(1, 2, 2)]


def test_a_hundred_thousand_layers(tmp_path):
    file = tmp_path / "long.yaml"
    file.write_text("input: 16x8x8\nlayers:\n  - {repeat: 50000, layers: [conv 16 k3 p1, relu]}\n")
    graph = load(str(file), Options())
    text = explained(explain(graph))
    assert "conv2 to relu50000 repeat conv1 to relu1 49,999 times" in text
    assert len(text.splitlines()) < 30


def test_a_walk_is_bounded(tmp_path):
    """Layers that never repeat are told up to a bound, and the rest is added up."""
    lines = "\n".join(
        f"  - conv {4 + i * i % 97} k{1 + 2 * (i * i % 3)} s1 p{i * i % 3} {'nobias' if i * i % 7 < 3 else ''}"
        for i in range(1, 600)
    )
    file = tmp_path / "wild.yaml"
    file.write_text(f"input: 16x8x8\nlayers:\n{lines}\n")
    explanation = explain(load(str(file), Options()))
    layers = sum(
        part.layers * getattr(part, "times", 1) if not isinstance(part, Told) else 1 for part in explanation.parts
    )
    assert layers == 599
    assert len(explanation.parts) <= 301


# -- groups -------------------------------------------------------------------------------------------------------

BOTTLENECK = """\
layer1.0   block bottleneck   64x56x56 → 256x56x56
  layers             12, 4 of them convolutions or linear layers
  parameters         75,008, 0.3% of the net's: conv 98.3%, batchnorm 1.7%; most in layer1.0.conv2: 36,864 (49.1%)
  MACs               231,211,008, 5.7% of the net's: conv 100.0%; most in layer1.0.conv2: 115,605,504 (50.0%)
  receptive field    grows from 11 to 19, stride 4
  activations        19,267,584 bytes, 18.4 MiB
  kept for backward  13,652,992 bytes, 13.0 MiB, 15.9% of what the net keeps
"""


def test_a_group_is_summed_up():
    """Its parameters are those of torchvision's own block, added up by hand."""
    explanation = explain(load("resnet50", Options()), ["layer1.0"])
    assert explained(explanation).split("\n\n")[0] + "\n" == BOTTLENECK
    group: Any
    told: list[Any]
    group, *told = explanation.parts
    assert group.params.total == 4_096 + 36_864 + 2 * 16_384 + 2 * (64 + 64 + 256 + 256)
    assert group.params.total == sum(part.row.params for part in told)
    assert group.macs.total == sum(part.row.macs for part in told)
    assert all(part.whole for part in told)


def test_a_large_group_is_walked_through():
    explanation = explain(load("resnet50", Options()), ["layer3"])
    group = explanation.parts[0]
    assert (group.layers, group.weighted, group.params.total) == (62, 19, 7_098_368)  # torchvision's resnet50().layer3
    assert (group.input_shapes, group.output_shape) == (((1, 512, 28, 28),), (1, 1024, 14, 14))
    assert "receptive field    grows from 91 to 267; its stride from 8 to 16" in explained(explanation)
    (repeat,) = (part for part in explanation.parts if isinstance(part, Repeat))
    assert (repeat.names, repeat.of, repeat.times) == ("layer3.2 to layer3.5", "layer3.1", 4)


def test_a_layer_named_twice_is_told_once():
    parts = explain(load("resnet18", Options()), ["layer1.0", "layer1.0.conv1", "layer1.0"]).parts
    assert len(parts) == 1 + parts[0].layers


def test_a_group_of_several_inputs():
    parts = explain(load("inception_v3", Options()), ["Mixed_5b.branch1x1"]).parts
    assert isinstance(parts[0], Group)


# -- training bytes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("optimizer", "state", "counters", "rule"),
    [
        ("sgd", 0, 0, "(params + trained)·b + buffers + kept"),
        ("momentum", 1, 0, "(params + trained)·b + buffers + state + kept"),
        ("adam", 2, 50, "(params + trained)·b + buffers + state + kept"),
    ],
)
def test_training_bytes_by_optimizer(optimizer, state, counters, rule):
    """Of 62 tensors layer1 has 12: 50 are trained."""
    explanation = explain(load("resnet18", Options(freeze=("layer1",))), optimizer=optimizer)
    totals, counted = explanation.totals, explanation.report.totals
    assert totals.training.text[0] == rule
    assert totals.training.value == counted.train_bytes == value_of(totals.training.text[1])
    parts = dict(totals.training_parts)
    assert sum(parts.values()) == counted.train_bytes
    assert parts["weights"] == 4 * 11_689_512  # torchvision's resnet18
    assert parts["gradients"] == 4 * (11_689_512 - 147_968)  # without layer1
    assert parts.get("optimizer state", 0) == state * parts["gradients"] + 4 * counters
    assert f"training, {optimizer}" in explained(explanation)


@pytest.mark.parametrize("net", ["vgg16", "unet", "densenet121", "mobilenet_v2"])
def test_the_layer_that_keeps_most_is_that_of_the_table(net):
    """A pool keeps its input and the places of its maxima: two tensors, and one layer."""
    graph = load(net, Options())
    largest = explain(graph).totals.saved.largest
    assert largest.value == max(row.saved_bytes for row in report(graph).rows)


def test_the_last_map_is_told_on_each_input(tmp_path):
    """By hand: 3 and 5, and (3 − 1)·1 more."""
    path = tmp_path / "two.yaml"
    path.write_text(
        "inputs: {near: 3x9x9, far: 3x9x9}\n"
        "layers: [{conv: 4 k3 p1, from: near, name: a}, {conv: 4 k5 p2, from: far, name: b}, {add: {from: [a, b]}},"
        " conv 2 k3 p1]\n"
    )
    assert "receptive field  near 5 pixels, far 7 pixels at conv1, stride 1" in run("explain", str(path)).output
    assert "near 5, far 7" in run("compare", str(path)).output


def test_a_net_without_parameters_is_not_trained():
    text = explained(explain(chained("3x8x8", "maxpool k2", "relu")))
    assert "training         nothing in it is trained, so that backward keeps nothing" in text


# -- pixels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "pixel", "sentence"),
    [
        ("conv 1 k3 p5", [0, 15], "sees 3x3 pixels, all of them padding around the input."),
        (
            "conv 1 k3 p5",
            [4, 6],
            "sees 3x3 pixels: rows 0 to 1 and columns 1 to 3 of the input; 1 row before the input",
        ),
        ("conv 1 k3 p5", [3, 12], "sees 3x3 pixels: row 0 and column 7 of the input; 2 rows before, 2 columns after"),
        ("deconv 1 k2 s3", [3, 5], "sees nothing of the input."),
        ("deconv 1 k2 s3", [3, 4], "sees 1x1 pixels: row 1 and column 1 of the input."),
    ],
)
def test_a_pixel_on_the_border_or_in_a_gap(layer, pixel, sentence):
    """Row o of the convolution sees rows o − 5 to o − 3 of 8; the windows of the deconv leave rows 2, 5, … free."""
    text = explained(explain(chained("1x8x8", layer), [layer.split()[0] + "1"], pixel=pixel))
    assert f"Pixel ({pixel[0]}, {pixel[1]}), counted from 0, {sentence}" in text


# -- forms --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [60, 80, 100])
@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2", "googlenet"])
def test_lines_keep_to_the_width(name, room):
    for line in explained(explain(load(name, Options())), room).splitlines():
        words = line.split()
        assert width(line) <= room or len(max(words, key=len)) > room - 40 or " = " not in line[30:], line


def test_printed_results_are_the_counted_ones():
    """The text is read back: every line of numbers evaluates to its result, and results are the report's."""
    graph = load("resnet18", Options())
    rows = {row.name: row for row in report(graph).rows}
    current = None
    checked = 0
    for line in explained(explain(graph)).splitlines():
        if line and not line.startswith(" "):
            current = rows.get(line.split("   ")[0])
        match = re.match(r"  (MACs|weights|weights \+ biases) +(.* = .*)", line)
        if match and current:
            steps = match[2].split(" = ")
            value = value_of(steps[-1])
            assert {"M": current.macs, "w": current.params}[match[1][0]] == value, line
            numbers = [step for step in steps if not re.search("[A-Za-z]", step)]
            assert all(value_of(step) == value for step in numbers), line
            checked += 1
    assert checked > 30


def test_markdown_has_latex():
    text = explained(explain(chained(*QUESTION)), form="markdown")
    assert "### conv1: `conv 16 k5 s2 p1`, 3x200x200 → 16x99x99" in text
    assert (
        r"- **height, width**: $H_{\text{out}} = "
        r"\left\lfloor \frac{H_{\text{in}} + 2 \cdot p - k}{s} \right\rfloor + 1 = "
        r"\left\lfloor \frac{200 + 2 \cdot 1 - 5}{2} \right\rfloor + 1 = \left\lfloor 98.5 \right\rfloor + 1 = 99$"
    ) in text
    assert text.count("$") % 2 == 0


def test_json_has_everything():
    answer = json.loads(explained(explain(chained(*QUESTION)), form="json"))
    first = answer["parts"][0]
    assert first["name"] == "conv1"
    assert first["output_shape"] == [1, 16, 99, 99]
    formulas = {formula["symbol"]: formula for formula in first["formulas"]}
    assert formulas["H_out"]["value"] == 99
    assert formulas["H_out"]["steps"][1] == "⌊(200 + 2·1 − 5)/2⌋ + 1"
    assert formulas["weights"]["value"] == 1200
    assert first["receptive_field"] == {"size": [5, 5], "stride": [2, 2], "padding": [1, 1]}
    assert answer["summary"]["params"]["total"] == 3536
    assert json.loads(explained(explain(load("resnet50", Options())), form="json"))["parts"]


# -- the command --------------------------------------------------------------------------------------------------


def test_layers_groups_and_patterns():
    result = run("explain", "resnet18", "conv1", "layer1.0", "*.downsample.0")
    assert result.exit_code == 0
    heads = [line.split("   ")[0] for line in result.output.splitlines() if line and not line.startswith((" ", "Sym"))]
    assert heads == [
        "conv1",
        "layer1.0",
        "layer1.0.conv1",
        "layer1.0.bn1",
        "layer1.0.relu1",
        "layer1.0.conv2",
        "layer1.0.bn2",
        "layer1.0.add1",
        "layer1.0.relu2",
        "layer2.0.downsample.0",
        "layer3.0.downsample.0",
        "layer4.0.downsample.0",
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["vgg16", "feature.0"], "did you mean `features.0`"),
        (["vgg16", "nothing_like_it"], "the layers and groups are features, avgpool, flatten1, classifier;"),
        (["vgg16", "features.99"], "there are `features.0` to `features.30`"),
        (["vgg16", "features.x"], "in features there are features.0 to features.30;"),
        (["resnet18", "layr1.0.conv1"], "did you mean `layer1.0.conv1`"),
        (["resnet18", "layer5.0"], "there are `layer1` to `layer4`"),
        (["resnet18", "bn2"], "there is `layer1.0.bn2` and 7 more: write that, or the pattern `*.bn2`"),
        (["resnet18", "layer1.0.cnov"], "did you mean `layer1.0.conv1`?"),
        (["resnet18", "conv1.x"], "`conv1` is a layer: name it alone"),
        (["resnet18", "*nothing*"], "there is no layer or group `*nothing*`"),
        (["resnet18", "layer1", "--optimizer", "adem"], "did you mean `adam`"),
        (["vgg16", "features.0", "--pixel", "a"], "write its row and column"),
        (["vgg16", "features.0", "--pixel", "224,0"], "has no pixel 224,0"),
        (["vgg16", "--pixel", "1,1"], "--pixel needs a layer"),
        (["vgg61"], "did you mean"),
    ],
)
def test_bad_input(arguments, words):
    result = run("explain", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr


def test_forms(tmp_path):
    assert run("explain", "resnet18", "conv1", "--format", "json").output.startswith("{")
    assert run("explain", "resnet18", "conv1", "--format", "markdown").output.startswith("## ResNet-18")
    target = tmp_path / "notes.md"
    assert run("explain", "resnet18", "conv1", "-o", str(target)).exit_code == 0
    assert target.read_text(encoding="utf-8").startswith("## ResNet-18")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--columns", "name"], "--columns does not go with --explain"),
        (["--convention", "thop"], "`cnncalc explain NET --convention A,B`"),
        (["--depth", "1"], "--depth does not go with --explain"),
        (["--format", "csv"], "an explanation has no form csv"),
    ],
)
def test_options_of_tables_are_refused(arguments, words):
    result = run("chain", "3x9x9", "conv 3 k3", "--explain", *arguments)
    assert result.exit_code == 2
    assert words in result.stderr


def test_symbols_are_refused():
    assert "this input has symbols" in run("chain", "3xHxW", "conv 3 k3", "--explain").stderr


def test_of_several_outputs_each_map_is_told(tmp_path):
    """A 3x3 convolution sees 3 pixels, the one behind it 5; a vector has no pixels, and the last map is told."""
    (tmp_path / "a.yaml").write_text("input: 3x8x8\noutputs: [conv1, conv2]\nlayers: [conv 4 k3, relu, conv 8 k3]\n")
    text = run("explain", str(tmp_path / "a.yaml")).output
    assert "receptive field  3 pixels at conv1, stride 1; 5 pixels at conv2, stride 1\n" in text
    layers = "[conv 4 k3, conv 8 k3, relu, flatten, linear 2]"
    (tmp_path / "a.yaml").write_text(f"input: 3x8x8\noutputs: [conv1, linear1]\nlayers: {layers}\n")
    text = run("explain", str(tmp_path / "a.yaml")).output
    assert "receptive field  3 pixels at conv1, stride 1; 5 pixels at relu1, stride 1\n" in text
