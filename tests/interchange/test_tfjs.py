"""Graph models of TensorFlow.js, with the files of their weights and without; for layers models see test_keras.py."""

from __future__ import annotations

import base64
import contextlib
import json
import random
import time

import pytest

from cnncalc import report
from cnncalc.errors import CnncalcError
from cnncalc.language import load
from cnncalc.language.options import Options


def text(word):
    return {"s": base64.b64encode(word.encode()).decode()}


def whole(*numbers):
    return {"list": {"i": [str(one) for one in numbers]}}


def node(op, name, *inputs, **attributes):
    return {"op": op, "name": name, "input": list(inputs), "attr": attributes}


def entering(name, *lengths):
    dims = [{"size": str(one)} for one in (-1, *lengths)]
    return node("Placeholder", name, shape={"shape": {"dim": dims}})


WINDOW = {
    "strides": whole(1, 2, 2, 1),
    "dilations": whole(1, 1, 1, 1),
    "padding": text("SAME"),
    "data_format": text("NHWC"),
}
FUSED = {"fused_ops": {"list": {"s": [base64.b64encode(one).decode() for one in (b"BiasAdd", b"Relu6")]}}}

NODES = [
    entering("x", 16, 16, 3),
    node("_FusedConv2D", "conv", "x", "k", "b", **WINDOW, **FUSED),
    node("DepthwiseConv2dNative", "dw", "conv", "d", **WINDOW),
    node("Add", "shift", "dw", "s"),
    node("Pad", "pad", "shift", "p"),
    node("AvgPool", "pool", "pad", ksize=whole(1, 2, 2, 1), strides=whole(1, 2, 2, 1), padding=text("VALID")),
    node("Mean", "mean", "pool", "axes", keep_dims={"b": False}),
    node("_FusedMatMul", "fc", "mean", "w", "c", fused_ops={"list": {"s": [base64.b64encode(b"BiasAdd").decode()]}}),
    node("Softmax", "soft", "fc"),
    node("Identity", "y", "soft"),
]
# name, shape, and of whole numbers what they are
WEIGHTS = [
    ("k", [3, 3, 3, 8], None), ("b", [8], None), ("d", [3, 3, 8, 1], None), ("s", [8], None),
    ("p", [4, 2], [0, 0, 1, 0, 0, 2, 0, 0]), ("axes", [2], [1, 2]), ("w", [8, 10], None), ("c", [10], None),
]  # fmt: skip
PARAMS = 216 + 8 + 72 + 8 + 80 + 10


def count(shape):
    total = 1
    for one in shape:
        total *= one
    return total


def model(nodes=NODES, weights=WEIGHTS):
    listed = [
        {"name": name, "shape": shape, "dtype": "float32" if values is None else "int32"}
        for name, shape, values in weights
    ]
    constants = [node("Const", name) for name, _, _ in weights]
    manifest = [{"paths": ["group1-shard1of2.bin", "group1-shard2of2.bin"], "weights": listed}]
    return {"format": "graph-model", "modelTopology": {"node": [*constants, *nodes]}, "weightsManifest": manifest}


def shards(folder, weights=WEIGHTS, cut=300):
    """The files of the weights, cut in two at a place that no tensor minds."""
    data = b"".join(
        b"".join(int(one).to_bytes(4, "little", signed=True) for one in values) if values else bytes(4 * count(shape))
        for _, shape, values in weights
    )
    (folder / "group1-shard1of2.bin").write_bytes(data[:cut])
    (folder / "group1-shard2of2.bin").write_bytes(data[cut:])


@pytest.fixture
def graph_of(tmp_path):
    def made(root, **options):
        file = tmp_path / "model.json"
        file.write_text(json.dumps(root), encoding="utf-8")
        return load(str(file), Options(**options))

    return made


@pytest.mark.parametrize("cut", [8, 300, 1221, 1500])
def test_a_graph_with_its_weights(graph_of, tmp_path, cut):
    shards(tmp_path, cut=cut)
    graph = graph_of(model())
    assert report(graph).totals.params == PARAMS
    shapes = {one.name: one.shape for one in graph.nodes}
    assert shapes["dw"] == (8, 4, 4)
    assert shapes["pad"] == (8, 5, 6)
    assert shapes["pool"] == (8, 2, 3)
    assert [graph.nodes[end].shape for end in graph.outputs.values()] == [(10,)]


def test_what_lies_in_files_that_are_not_there(graph_of):
    with pytest.raises(CnncalcError, match="its size lies in the file of the weights"):
        graph_of(model())
    without = [one for one in NODES if one["op"] != "Pad"]
    nodes = [{**one, "input": ["shift", *one["input"][1:]]} if one["name"] == "pool" else one for one in without]
    assert report(graph_of(model(nodes))).totals.params == PARAMS  # the axes of a mean are those of the map


def test_a_border_is_as_the_sum_needs_it(graph_of):
    nodes = [
        entering("x", 16, 16, 3),
        node("_FusedConv2D", "wide", "x", "k", "b", **WINDOW, **FUSED),
        node("MaxPool", "small", "x", ksize=whole(1, 2, 2, 1), strides=whole(1, 2, 2, 1), padding=text("VALID")),
        node("Pad", "more", "small", "p"),
        node("AddV2", "y", "more", "wide"),
    ]
    graph = graph_of(model(nodes, WEIGHTS[:2] + WEIGHTS[4:5]))
    assert {one.name: one.shape for one in graph.nodes}["more"] == (8, 8, 8)


def test_numbers_that_are_not_at_hand_are_told_together(graph_of):
    nodes = [
        entering("x", 16, 16, 3),
        node("Pad", "more", "x", "p"),
        node("Relu", "y", "more"),
        node("Relu", "after", "y"),
        node("ExpandDims", "wide", "x", "dim"),
        node("Reshape", "z", "x", "shape"),
    ]
    with pytest.raises(CnncalcError) as caught:
        graph_of(model(nodes, [("p", [4, 2], [0] * 8), ("dim", [], [1]), ("shape", [3], [1, 16, 48])]))
    faults = caught.value.faults
    assert [(one.layer, one.values) for one in faults] == [
        ("more", "`p` (int32, [4, 2])"),
        ("wide", "`dim` (int32, [])"),
        ("z", "`shape` (int32, [3])"),
    ]
    assert {one.help for one in faults} == {
        "put the .bin files that model.json names beside it: `group1-shard1of2.bin`, `group1-shard2of2.bin`"
    }


def test_a_reshape_before_a_search_needs_no_shape(graph_of, tmp_path):
    nodes = [
        entering("x", 16, 16, 3),
        node("_FusedConv2D", "conv", "x", "k", "b", **WINDOW, **FUSED),
        node("Reshape", "flat", "conv", "shape"),
        node("ArgMax", "best", "flat", "dim"),
    ]
    weights = [*WEIGHTS[:2], ("shape", [3], [1, 64, 8]), ("dim", [], [1])]
    graph = graph_of(model(nodes, weights))
    assert [graph.nodes[end].shape for end in graph.outputs.values()] == [(8, 8, 8)]
    shards(tmp_path, weights)
    read = graph_of(model(nodes, weights))
    assert [read.nodes[end].shape for end in read.outputs.values()] == [(8, 64)]
    assert report(graph).totals.params == report(read).totals.params == 216 + 8


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (node("Foo", "q", "x"), "the graph has operations that are not known"),
        (node("Relu", "q", "nowhere"), "a node takes what no node makes"),
        (node("Relu", "q", "q"), "take each other in a circle"),
        (node("MatMul", "q", "x", "w"), "it takes a vector"),
        (node("Conv2D", "q", "x", "x", **WINDOW), "is computed, and no constant"),
    ],
)
def test_what_is_wrong_is_said(graph_of, tmp_path, change, message):
    shards(tmp_path)
    with pytest.raises(CnncalcError, match=message):
        graph_of(model([*NODES, change]))


def test_a_reshape_that_is_not_at_hand_is_as_the_matrix_needs_it(graph_of):
    nodes = [entering("x", 4, 4, 3), node("Reshape", "flat", "x", "shape"), node("MatMul", "y", "flat", "m")]
    graph = graph_of(model(nodes, [("shape", [2], [-1, 48]), ("m", [48, 7], None)]))
    assert [graph.nodes[end].shape for end in graph.outputs.values()] == [(7,)]


def test_searches_behind_the_last_weights_are_left_out_and_their_numbers_counted(graph_of):
    window = {**WINDOW, **FUSED}
    nodes = [
        entering("x", 16, 16, 3), node("_FusedConv2D", "heat", "x", "k", "b", **window),
        node("TopKV2", "best", "heat", "n"), node("Mul", "scaled", "best", "grid"),
    ]  # fmt: skip
    extra = [("n", [], [4]), ("grid", [5, 2], None)]
    graph = graph_of(model(nodes, [*WEIGHTS[:2], *extra]))
    assert report(graph).totals.params == 216 + 8 + 10
    assert (8, 8, 8) in [graph.nodes[end].shape for end in graph.outputs.values()]
    again = node("_FusedConv2D", "late", "scaled", "k", "b", **window)
    with pytest.raises(CnncalcError, match="operations that are not known"):
        graph_of(model([*nodes, again], [*WEIGHTS[:2], *extra]))


def test_a_batch_of_one_that_is_taken_apart_and_put_together(graph_of, tmp_path):
    nodes = [
        entering("x", 16, 16, 3), node("Unpack", "one", "x", num={"i": "1"}), node("ExpandDims", "again", "one", "at"),
        node("AddN", "sum", "x", "again"), node("_FusedConv2D", "y", "sum", "k", "b", **WINDOW, **FUSED),
    ]  # fmt: skip
    graph = graph_of(model(nodes, [*WEIGHTS[:2], ("at", [], [0])]))
    assert report(graph).totals.params == 216 + 8


def test_paths_out_of_the_folder_are_not_followed(graph_of, tmp_path):
    shards(tmp_path)
    root = model()
    root["weightsManifest"][0]["paths"] = ["../group1-shard1of2.bin"]
    with pytest.raises(CnncalcError, match="not at hand"):
        graph_of(root)


@pytest.mark.parametrize("seed", range(120))
def test_any_broken_file_ends_in_an_answer_or_an_error(tmp_path, seed):
    chance = random.Random(seed)
    shards(tmp_path, cut=chance.randrange(1_600))
    content = json.dumps(model())
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(content))
        content = chance.choice([
            content[:at] + chance.choice('[]{}:,-9"') + content[at + 1 :], content.replace('"16"', '"-3"', 1),
            content.replace("[8", f"[{chance.choice([0, -1, 10**12, 7])}", chance.randint(1, 4)), content[:at],
            content.replace('"1"', f'"{chance.choice([0, 10**11, "x"])}"', chance.randint(1, 9)),
            content.replace('"conv"', '"pool"', 1), content.replace("int32", "float32"),
        ])  # fmt: skip
    file = tmp_path / "model.json"
    file.write_text(content, encoding="utf-8")
    begun = time.monotonic()
    with contextlib.suppress(CnncalcError):
        assert load(str(file), Options()).outputs
    assert time.monotonic() - begun < 20
