"""The text of a flat net: what a person would have written, and the same net when it is read back."""

from __future__ import annotations

from random import Random

import pytest
from networks import network
from onnx_files import graph as onnx_graph
from onnx_files import model, node, tensor
from reading import read
from structures import flat, said

from cnncalc import Options, load, report, rewrite
from cnncalc.errors import CnncalcError
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.opening import imported
from cnncalc.interchange.sketch import Asked
from cnncalc.interchange.structure.holding import unlike
from cnncalc.interchange.structure.writing import written
from cnncalc.language import load_text
from cnncalc.limits import Limits

# net -> the most lines that its text may have
BUNDLED = {
    "lenet5": 16,
    "vgg16": 30,
    "resnet18": 80,
    "resnet50": 95,
    "densenet121": 45,
    "mobilenet_v2": 120,
    "googlenet": 90,
    "inception_v3": 140,
    "unet": 32,
    "efficientnet_b0": 180,
    "shufflenet_v2_x1_0": 130,
}


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_net_made_flat_is_written_and_read_back(name):
    text, names, sketch = said(flat(load(name, Options())))
    assert unlike(text, names, sketch, Limits()) == ""
    assert text.count("\n") <= BUNDLED[name]


# net -> the most lines of the design; as exporters to ONNX leave it, with its batch norms in its convolutions
READABLE = {"resnet50": 60, "vgg16": 30, "densenet121": 60, "mobilenet_v2": 60, "googlenet": 90}


@pytest.mark.parametrize("name", READABLE)
def test_a_net_with_its_batch_norms_folded_is_as_readable_as_the_design_says(name):
    folded = name != "vgg16"  # which has none
    graph = load_text(rewrite(name, "fold-batchnorm").yaml, name, Options()) if folded else load(name, Options())
    text, names, sketch = said(flat(graph))
    assert unlike(text, names, sketch, Limits()) == ""  # every operator, its fields, shapes, inputs, owners, outputs
    assert text.count("\n") <= READABLE[name]


@pytest.mark.parametrize("seed", range(60))
def test_a_random_net_is_the_same_however_it_is_written(seed, tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(network(Random(seed)).text, encoding="utf-8")
    try:
        graph = load(str(path), Options())
    except CnncalcError:
        return  # the generator makes nets with faults too
    text, names, sketch = said(flat(graph))
    plain, flat_names = written(sketch, "net")
    assert unlike(plain, flat_names, sketch, Limits()) == ""
    assert unlike(text, names, sketch, Limits()) == ""


def test_a_difference_is_found():
    text, names, sketch = said(flat(load("lenet5", Options())))
    assert "the layer of" in unlike(text.replace("linear 84", "linear 85"), names, sketch, Limits())
    assert (
        "layers and inputs" in unlike(text.replace("  - relu\n", "", 1), names, sketch, Limits()) or "relu" not in text
    )


def residual(width: int, name: str, first: str) -> tuple[list[bytes], list[bytes]]:
    """A residual block as torch exports it."""
    nodes = [
        node("Conv", f"{first} {name}.conv1.weight", f"{name}a", pads=(1, 1, 1, 1)),
        node("Relu", f"{name}a", f"{name}b", f"/{name}/relu/Relu"),
        node("Conv", f"{name}b {name}.conv2.weight", f"{name}c", pads=(1, 1, 1, 1)),
        node("Add", f"{name}c {first}", f"{name}d", f"/{name}/Add"),
        node("Relu", f"{name}d", f"{name}e", f"/{name}/relu_1/Relu"),
    ]
    return nodes, [tensor(f"{name}.conv{one}.weight", (width, width, 3, 3)) for one in (1, 2)]


EXPECTED = """\
name: net
source: "ONNX, opset 20, by test"
dialect: onnx
defaults: {conv: {bias: false}}
inputs: {x: 8x16x16}
layers:
  - {name: layer1, layers: [{repeat: 4, name: $i, layers: [{add: [[conv 8 k3 p1, relu, conv 8 k3 p1], []]}, relu]}]}
"""


def test_equal_blocks_are_a_repeat_of_groups():
    nodes, tensors, last = [], [], "x"
    for place in range(4):
        more, weights = residual(8, f"layer1.{place}", last)
        nodes, tensors, last = nodes + more, tensors + weights, f"layer1.{place}e"
    data = model(onnx_graph(nodes, [("x", (1, 8, 16, 16))], [(last, ())], tensors))
    found = read(data, "net.bin")
    assert [one.name for _, one, _ in found.graph.layers()][:5] == [
        f"layer1.0.{name}" for name in ("conv1", "relu1", "conv2", "add1", "relu2")
    ]
    assert report(found.graph).totals.params == 8 * 8 * 8 * 9
    made = imported(ForeignFile("net.bin", None, Limits(), data), Asked())
    assert made is not None and made.text == EXPECTED


UNITS = """\
name: net
source: "ONNX, opset 20, by test"
dialect: onnx
defaults: {conv: {bias: false}}
inputs: {x: 8x16x16}
blocks:
  conv_conv_conv:
    with: {out: required, kernel: required}
    layers:
      - conv $out k$kernel p$(kernel // 2)
      - relu
      - conv $out k3 p1
      - relu
      - {conv: $out k3 p1, name: last_of_them}
      - relu
layers:
  - name: stages
    layers: [{conv_conv_conv: 8 k1, name: a}, {conv_conv_conv: 16 k7, name: b}, {conv_conv_conv: 24 k5, name: c}]
"""


def test_groups_that_differ_in_numbers_are_a_block():
    nodes, tensors, last, channels = [], [], "x", 8
    for name, width, kernel in (("a", 8, 1), ("b", 16, 7), ("c", 24, 5)):
        for place, own in enumerate(("conv1", "conv2", "last_of_them")):
            k = kernel if place == 0 else 3
            weight = f"stages.{name}.{own}.weight"
            nodes.append(node("Conv", f"{last} {weight}", f"{name}{place}", pads=(k // 2,) * 4))
            nodes.append(node("Relu", f"{name}{place}", f"{name}{place}r", f"/stages/{name}/relu/Relu"))
            tensors.append(tensor(weight, (width, channels, k, k)))
            last, channels = f"{name}{place}r", width
    data = model(onnx_graph(nodes, [("x", (1, 8, 16, 16))], [(last, ())], tensors))
    made = imported(ForeignFile("net.bin", None, Limits(), data), Asked())
    assert made is not None and made.text == UNITS


def test_a_merge_has_the_names_of_what_it_takes_among_its_fields():
    net = load_text(
        "input: 3x8x8\nlayers:\n  - {conv: 4 k3 p1, name: a}\n  - {conv: 4 k3 p1, name: b}\n"
        "  - {conv: 4 k3 p1, name: c}\n"
        "  - {concat: {from: [a, c]}, name: d}\n  - {conv: 4 k1, name: e}\n  - concat: {from: [b, e, d]}\n",
        "net.yaml",
        Options(),
    )
    text, names, sketch = said(flat(net))
    assert "- {concat: {from: [a, c]}, name: d}\n" in text
    assert "- concat: {from: [b, e, d]}\n" in text
    assert not unlike(text, names, sketch, Limits())
    plain, names = written(sketch, "net")
    assert "{concat: {from: [b, e, d]}, name: concat1}" in plain
    assert not unlike(plain, names, sketch, Limits())
