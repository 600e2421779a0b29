"""Runtimes: every size that the real ones made, and what is said where there is none."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cnncalc import Options, chain
from cnncalc.cli.main import cnncalc
from cnncalc.notation.lines import parse
from cnncalc.tools.runtimes.running import sized, sizes
from cnncalc.tools.runtimes.table import RUNTIMES, asked_for

ROOT = Path(__file__).parent
TABLE = list(csv.DictReader((ROOT / "data" / "runtimes.csv").read_text(encoding="utf-8").splitlines()))
VERSIONS, ROWS = TABLE[0], TABLE[1:]


def run(*arguments):
    found = CliRunner().invoke(cnncalc, arguments, catch_exceptions=False)
    return found.exit_code, found.output


@pytest.mark.parametrize("name", RUNTIMES)
def test_the_runtime_itself_makes_this_size(name):
    runtime = RUNTIMES[name]
    assert VERSIONS[name].startswith(runtime.version.partition(" ")[0])
    differing = {}
    for row in ROWS:
        length, text = row["case"].split(" ", 1)
        shape = (1, int(length), int(length))
        made, reason = sized(parse(text, "onnx").layer, runtime, (shape,), (shape,))
        found = str(made[1]) if made else ""
        if found != (row[name] if row[name].isdigit() else "") or bool(reason) == bool(made):
            differing[row["case"]] = (row[name], found, reason)
    assert differing == {}
    assert sum(row[name].isdigit() for row in ROWS) >= 70


def test_runtimes_part_as_the_page_says():
    page = (ROOT.parent / "docs" / "runtimes.md").read_text(encoding="utf-8")
    order = ("onnxruntime", "openvino", "opencv", "opencv-4", "coreml", "ncnn")
    for case, words in {
        "6 maxpool k2 s3 p0 ceil": "max pool, kernel 2, stride 3, `ceil`, on 6",
        "6 avgpool k2 s3 p0 ceil": "the same of averages",
        "7 maxpool k2 s3 p1 ceil": "max pool, kernel 2, stride 3, padding 1, `ceil`, on 7",
        "7 maxpool k3 s1 same d2": "max pool, kernel 3, dilation 2, `same`, on 7",
        "6 maxpool k2 s1 d2": "max pool, kernel 2, dilation 2, on 6",
        "3 deconv 1 k2 s3 same nobias": "transposed convolution, kernel 2, stride 3, `same`, on 3",
        "5 upsample 1.4 nearest": "a map of 5, 1.4 times as large",
    }.items():
        row = next(row for row in ROWS if row["case"] == case)
        assert f"| {words} | {' | '.join(row[name] or '–' for name in order)} |" in page
    for runtime in RUNTIMES.values():
        assert f"| `{runtime.name}` |" in page
        assert runtime.version.partition(" ")[0] in page


def test_a_layer_keeps_its_own_words_in_every_dialect():
    torch = chain("1x6x6", ["maxpool k2 s3 ceil"], Options())
    assert [one.made for one in sizes(torch, RUNTIMES["openvino"])] == [(1, 3, 3)]
    assert [one.own for one in sizes(torch, RUNTIMES["openvino"])] == [(1, 2, 2)]
    assert torch.layers().__next__()[2].rules.runs == ""  # the net's own layer is as it was


def test_behind_a_layer_without_a_size_nothing_is_said_and_weights_keep_their_shapes():
    net = chain("1x6x6", ["maxpool k2 s3 ceil", "relu", "flatten", "linear 3"], Options())
    *_, flat, linear = sizes(net, RUNTIMES["opencv"])
    assert flat.made == (9,)
    assert linear.made is None
    assert linear.reason == "its weights are for 4, and 9 comes in"
    pool, *behind = sizes(net, RUNTIMES["tflite"])
    assert pool.reason.startswith("its pools do not round up")
    assert all(one.made is None and not one.reason and not one.parts for one in behind)


def test_show_prints_both_sizes_and_where_they_differ():
    code, text = run("chain", "1x6x6", "conv 1 k1", "maxpool k2 s3 ceil", "--dialect", "onnx", "--runtime", "openvino")
    assert code == 0
    assert "sizes of OpenVINO 2026.4.1" in text
    assert re.search(r"^Layer +Kind +onnx +openvino *$", text, re.MULTILINE)
    assert re.search(r"^conv1 .* 1x6x6 +1x6x6 *$", text, re.MULTILINE)
    assert re.search(r"^maxpool1 .* 1x2x2 +1x3x3 +differs$", text, re.MULTILINE)
    found = json.loads(run("show", "squeezenet1_0", "--runtime", "ncnn", "--format", "json")[1])
    assert found["runtime"] == {"name": "ncnn", "title": "ncnn", "version": "1.0.20261020"}
    assert found["differing"] == 0
    assert all(layer["made"] == layer["output_shape"] for layer in found["layers"])


def test_compare_has_a_line_for_each_layer_at_which_they_part():
    _, text = run("compare", "googlenet", "--input", "3x224x224", "--runtimes", "--format", "csv")
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["name"] for row in rows] == ["maxpool1"]
    assert rows[0]["tflite"] == "?"
    assert rows[0]["openvino"] == rows[0]["own"] == "64x56x56"
    _, text = run("compare", "lenet5", "--runtimes")
    assert "no layer parts" in text


def test_a_release_that_was_not_measured_is_said_to_be():
    assert asked_for("OpenVINO==2026.4.1")[1] == ""
    runtime, note = asked_for("openvino==2025.1")
    assert runtime is RUNTIMES["openvino"]
    assert note == "OpenVINO 2025.1 was not measured; these are the sizes of 2026.4.1."
    assert note in run("show", "lenet5", "--runtime", "openvino==2025.1")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "lenet5", "--runtime", "openvnio"), "did you mean `openvino`"),
        (("show", "lenet5", "--runtime", "ncnn", "--columns", "name"), "--columns does not go with --runtime"),
        (("show", "lenet5", "--runtime", "ncnn", "--input", "1xHxW"), "--runtime does not go with symbols"),
        (("compare", "lenet5", "alexnet", "--runtimes"), "--runtimes takes one net, not 2"),
        (("compare", "lenet5", "--runtimes", "--device", "t4"), "--runtimes does not go with --device"),
    ],
)
def test_what_does_not_go_together_is_told(arguments, words):
    code, text = run(*arguments)
    assert code == 2
    assert words in text


def test_the_runtimes_are_listed():
    code, text = run("show", "lenet5", "--runtime", "help")
    assert code == 0
    assert [line.split()[0] for line in text.splitlines()] == list(RUNTIMES)
