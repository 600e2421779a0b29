"""ONNX: searches behind the last weights, tables of which a text needs a part, and what older files and others say.

Shapes are those of onnxruntime, which runs the same bytes where it is installed and takes the operator.
"""

from __future__ import annotations

from typing import Any

import pytest
from onnx_files import field, graph, model, node, tensor, whole
from reading import read

from cnncalc import load
from cnncalc.errors import CnncalcError
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.opening import imported
from cnncalc.interchange.sketch import Asked
from cnncalc.limits import Limits

INT32, INT64 = 6, 7
IMAGE = {"x": (1, 3, 8, 8)}
LABELS = field(8, field(1, "ai.onnx.ml") + field(2, 1))


def zeros(name, *dims):
    """Weights, written out, so that a runtime can run them."""
    size = 1
    for n in dims:
        size *= n
    return tensor(name, dims, bytes(4 * size))


def file(nodes, tensors, inputs=IMAGE, outputs="y", opset=17) -> bytes:
    """A model; the types of its outputs are inferred."""
    ends = b"".join(field(12, field(1, one)) for one in outputs)
    made = graph(nodes, inputs.items(), (), tensors) + ends
    return model(made, opset).replace(field(1, 10), field(1, 8), 1) + (LABELS if b"ai.onnx.ml" in made else b"")


HEAD = [
    node("Conv", "x w", "c", kernel_shape=(1, 1)),
    node("Reshape", "c rows", "r"),
    node("Transpose", "r", "t", perm=(0, 2, 1)),
    node("Slice", "t zero four two", "boxes"),
    node("Slice", "r four six one", "scores"),
]
HELD = [
    zeros("w", 6, 3, 1, 1), whole("rows", 1, 6, -1), whole("zero", 0), whole("one", 1), whole("two", 2),
    whole("four", 4), whole("six", 6), whole("most", 9), tensor("half", (1,), [0.5]),
]  # fmt: skip
NMS = node("NonMaxSuppression", "boxes scores most half half", "found", "nms")


def test_what_a_search_takes_comes_out_and_what_it_finds_is_left_out():
    nodes = [*HEAD, NMS, node("GatherND", "scores found", "best"), node("Cast", "best", "y", to=INT32)]
    found = read(file(nodes, HELD), "net.onnx")
    assert (sorted(found.outputs.values()), found.params, found.macs) == (["2x64", "64x4"], 18, 64 * 18)


def test_numbers_that_a_search_alone_takes_are_told():
    nodes = [*HEAD, NMS, node("Gather", "anchors found", "y")]
    data = file(nodes, [*HELD, zeros("anchors", 64, 4)])
    notes = imported(ForeignFile("net.onnx", None, Limits(), data), Asked()).notes
    said, numbers = [note for note in notes if "NonMax" in note or "alone" in note]
    assert said.startswith(
        "what NonMaxSuppression, node 6 `nms` finds an image decides: `y` and what else follows from it"
    )
    assert numbers == "257 numbers that these alone take count as nothing"  # a threshold, and the anchors


def test_an_output_beside_a_search_keeps_its_place():
    nodes = [node("Conv", "x w", "y"), node("NonZero", "y", "z"), node("Unique", "y", "u v")]
    found = read(file(nodes, [zeros("w", 2, 3, 1, 1)], outputs="yz"), "net.onnx")
    assert list(found.outputs.values()) == ["2x8x8"]


def test_a_search_whose_findings_the_file_states_is_opaque():
    nodes = [*HEAD, node("EfficientNMS_TRT", "boxes t", "n b", domain="TRT")]
    made = graph(nodes, IMAGE.items(), [("n", (1, 1)), ("b", (1, 100, 4))], HELD)
    found = read(model(made, 17), "net.onnx")
    assert (sorted(found.outputs.values()), found.params) == (["1", "100x4"], 18)


def test_weights_behind_a_search_count_for_all_that_it_can_find():
    places = whole("third", 2)
    nodes = [
        *HEAD, NMS, node("Gather", "found third", "p", axis=1), node("Squeeze", "p one", "q"),
        node("Squeeze", "boxes zero", "b"), node("Gather", "b q", "rois"), node("Gather", "few q", "of"),
        node("RoiAlign", "x rois of", "m", output_height=2, output_width=2), node("Conv", "m w", "d"),
        node("Flatten", "d", "f"), node("MatMul", "f v", "y"),
    ]  # fmt: skip
    data = file(nodes, [*HELD, places, whole("few", *[0] * 64), zeros("v", 24, 5)])
    found = read(data, "net.onnx")
    # 9 boxes of each of two classes
    macs = 64 * 18 + 18 * 4 * 18 + 18 * 24 * 5
    assert (list(found.outputs.values()), found.params, found.macs) == (["18x5"], 18 + 120, macs)
    notes = imported(ForeignFile("net.onnx", None, Limits(), data), Asked()).notes
    assert any("all that there can be: NonMaxSuppression, node 6 `nms` (18x3)" in note for note in notes)


@pytest.mark.parametrize(("kind", "shape"), [("NonZero", "2x64"), ("Unique", "64")])
def test_all_places_are_all_that_there_can_be(kind, shape):
    nodes = [node("Flatten", "c", "f"), node(kind, "f", "n"), node("Cast", "n", "g", to=1), node("MatMul", "g v", "y")]
    held = [zeros("w", 1, 3, 1, 1), zeros("v", 64, 5)]
    found = read(file([node("Conv", "x w", "c"), *nodes], held), "net.onnx")
    assert (sorted(found.outputs.values()), found.params) == (["2x5" if "x" in shape else "5"], 3 + 64 * 5)


def test_weights_behind_a_search_of_unknown_size_are_not_read():
    nodes = [*HEAD, node("YoloNMS", "boxes scores", "n"), node("MatMul", "n v", "y"), node("Relu", "n", "z")]
    with pytest.raises(CnncalcError, match=r"YoloNMS .an image decides how much it finds, and weights follow"):
        read(file(nodes, [*HELD, zeros("v", 3, 5)], outputs="yz"), "net.onnx")


def test_what_an_image_decides_is_left_out_of_a_net_that_searches_alone():
    nodes = [*HEAD, node("ReduceMax", "c", "m", keepdims=0), node("Cast", "m", "i", to=INT64),
             node("Reshape", "i one", "j"), node("Slice", "t zero j one", "y")]  # fmt: skip
    with pytest.raises(CnncalcError, match="Slice"):
        read(file(nodes, HELD), "net.onnx")
    found = read(file([*nodes, NMS], HELD, outputs=["y", "found"]), "net.onnx")
    assert found.params == 18


# nodes, initialisers, opset, inputs, outputs -> shapes as onnxruntime makes them, parameters, multiply–accumulates
CASES: dict[str, tuple[Any, ...]] = {
    "a range as torch's older exporters write it": (
        [
            node("NonZero", "ones", "places"), node("Squeeze", "places", "line", axes=(0,)),
            node("Gather", "x line", "y", axis=2),
        ],
        [whole("ones", 1, 1, 1, 1, 1)], 9, IMAGE, "y", ["3x5x8"], 0, 0,
    ),
    "a table of places longer than the text": (
        [node("Shape", "x", "s"), node("Slice", "s one two", "n"), node("Slice", "p zero n one", "q"),
         node("Add", "x q", "y")],
        [whole("zero", 0), whole("one", 1), whole("two", 2), zeros("p", 1, 64, 12)], 17, {"x": (1, 5, 12)}, "y",
        ["5x12"], 64 * 12, 0,
    ),
    "a table of places that numbers look up": (
        [node("Gather", "p n", "q"), node("Add", "x q", "y")], [whole("n", 0, 1, 2, 3, 4), zeros("p", 64, 12)], 17,
        {"x": (1, 5, 12)}, "y", ["5x12"], 64 * 12, 0,
    ),
    "parts of a weight that several take": (
        [node("Slice", "w zero six one", "a"), node("Slice", "w six nine one", "b"), node("MatMul", "x a", "y"),
         node("MatMul", "x b", "z")],
        [whole("zero", 0), whole("six", 6), whole("nine", 9), whole("one", 1), zeros("w", 12, 9)], 17,
        {"x": (1, 5, 12)}, "yz", ["5x6", "5x3"], 108, 5 * 108,
    ),
    "gates that see the cell": (
        [node("LSTM", "x w r b - - - p", "y", hidden_size=5)],
        [zeros("w", 1, 20, 6), zeros("r", 1, 20, 5), zeros("b", 1, 40), zeros("p", 1, 15)], 17, {"x": (1, 1, 6)}, "y",
        ["1x1x5"], 120 + 100 + 40 + 15, 220,
    ),
    "gates of both directions that see the cell, the last state": (
        [node("LSTM", "x w r - - - - p", "- y", hidden_size=5, direction="bidirectional")],
        [zeros("w", 2, 20, 6), zeros("r", 2, 20, 5), zeros("p", 2, 15)], 17, {"x": (1, 1, 6)}, "y", ["2x5"],
        440 + 30, 440,
    ),
    "a number for all that is added to a product": (
        [node("Gemm", "x w c", "y")], [zeros("w", 6, 4), tensor("c", (1,), [1.0])], 17, {"x": (1, 6)}, "y", ["4"], 25,
        24,
    ),
    "a row for each that is added to a product": (
        [node("Gemm", "x w c", "y")], [zeros("w", 6, 4), zeros("c", 5, 4)], 17, {"x": (5, 6)}, "y", ["5x4"], 44, 120,
    ),
    "places along with an axis": (
        [node("GatherND", "x p", "y", batch_dims=1)], [tensor("p", (1, 2, 2), [0, 1, 2, 3], INT64)], 17, IMAGE, "y",
        ["2x8"], 0, 0,
    ),
    "places that the net computes": (
        [node("ArgMax", "x", "i", axis=3), node("GatherND", "x i", "y", batch_dims=3)], [], 17, IMAGE, "y", ["3x8"], 0,
        0,
    ),
    "a map with channels last that grows": (
        [node("Transpose", "x", "t", perm=(0, 2, 3, 1)), node("Resize", "t - s", "y")],
        [tensor("s", (4,), [1.0, 2.0, 3.0, 1.0])], 17, IMAGE, "y", ["16x24x3"], 0, 0,
    ),
    "parts along a new axis": (
        [node("SplitToSequence", "x one", "s"), node("ConcatFromSequence", "s", "y", axis=1, new_axis=1)],
        [tensor("one", (), [8], INT64)], 17, {"x": (1, 3, 8, 8)}, "y", ["1x3x8x8"], 0, 0,
    ),
    "offsets that the file holds": (
        [node("DeformConv", "x w o", "y", kernel_shape=(3, 3))], [zeros("w", 4, 3, 3, 3), zeros("o", 1, 18, 6, 6)], 19,
        IMAGE, "y", ["4x6x6"], 108, 36 * 108,
    ),
    "a weight that is divided by its largest singular value": (
        [node("Reshape", "w rows", "m"), node("MatMul", "m v", "a"), node("MatMul", "u a", "s"),
         node("Div", "w s", "n"), node("Conv", "x n", "y")],
        [zeros("w", 4, 3, 3, 3), tensor("v", (27,), [1.0] * 27), zeros("u", 4), whole("rows", 4, -1)], 17, IMAGE, "y",
        ["4x6x6"], 108, 36 * 108,
    ),
    "two images side by side in the batch": (
        [node("Concat", "x z", "b", axis=0), node("Conv", "b w", "c"), node("BatchNormalization", "c s s s s", "n"),
         node("GlobalAveragePool", "n", "g"), node("Flatten", "g", "f"), node("Split", "f parts", "l r", axis=0),
         node("Sub", "l r", "y")],
        [zeros("w", 4, 3, 3, 3), tensor("s", (4,), [1.0] * 4), whole("parts", 1, 1)], 17,
        {"x": (1, 3, 8, 8), "z": (1, 3, 8, 8)}, "y", ["4"], 108 + 8, 2 * 36 * 108,
    ),
    "frames of a film, shifted": (
        [node("Conv", "x w", "c"), node("Reshape", "c film", "f"), node("Slice", "f one eight one", "later"),
         node("ConstantOfShape", "gap", "none"), node("Concat", "later none", "s", axis=1),
         node("Reshape", "s frames", "g"), node("GlobalMaxPool", "g", "p"), node("Flatten", "p", "y")],
        [zeros("w", 4, 3, 3, 3), whole("film", 1, 8, 4, 6, 6), whole("frames", 8, 4, 6, 6), whole("one", 1),
         whole("eight", 8), whole("gap", 1, 1, 4, 6, 6)], 17, {"x": (8, 3, 8, 8)}, "y", ["8x4"], 108, 8 * 36 * 108,
    ),
    "many maps of one image": (
        [node("RoiAlign", "x rois of", "m", output_height=4, output_width=4),
         node("Conv", "m w b", "c", pads=(1, 1, 1, 1)),
         node("BatchNormalization", "c s s s s", "n"), node("MaxPool", "n", "p", kernel_shape=(2, 2), strides=(2, 2)),
         node("ConvTranspose", "p u", "d", strides=(2, 2), output_shape=(5, 4)),
         node("Conv", "d k", "y", group=2, auto_pad="SAME_UPPER", strides=(2, 2))],
        [zeros("rois", 70, 4), whole("of", *[0] * 70), zeros("w", 4, 3, 3, 3), zeros("b", 4),
         tensor("s", (4,), [1.0] * 4), zeros("u", 4, 6, 2, 2), zeros("k", 2, 3, 3, 3)], 17, IMAGE, "y",
        ["70x2x3x2"], 108 + 4 + 8 + 96 + 54, 70 * (16 * 108 + 4 * 96 + 6 * 54),
    ),
    "a list of levels that is looked up in": (
        [node("ArgMax", "x", "i", axis=2, keepdims=0), node("Gather", "levels i", "y")],
        [tensor("levels", (8, 3), range(24), INT64)], 17, IMAGE, "y", ["3x8x3"], 0, 0,
    ),
    "a size that is computed in single precision": (
        [node("Shape", "x", "s"), node("Gather", "s two", "h"), node("Cast", "h", "f", to=1),
         node("Div", "wanted f", "scale"), node("Mul", "f scale", "g"), node("Cast", "g", "n", to=INT64),
         node("Concat", "front n n", "size", axis=0), node("Resize", "x - - size", "y")],
        [whole("two", 2), whole("front", 1, 3), tensor("wanted", (1,), [320.0])], 17, {"x": (1, 3, 301, 301)}, "y",
        ["3x319x319"], 0, 0,
    ),
    "filters of a volume that the net computes": (
        [node("GlobalAveragePool", "x", "g"), node("Flatten", "g", "f"), node("MatMul", "f m", "k"),
         node("Reshape", "k size", "v"), node("Conv", "x v", "y", group=2, pads=(1, 1, 1, 1, 1, 1), strides=(2, 1, 1))],
        [zeros("m", 4, 6 * 2 * 27), whole("size", 6, 2, 3, 3, 3)], 17, {"x": (1, 4, 5, 5, 5)}, "y", ["6x3x5x5"],
        4 * 324, 4 * 324 + 6 * 75 * 54,
    ),
    "a mask of what was dropped": (
        [node("Dropout", "x", "y m")], [], 13, IMAGE, ["y", "m"], ["3x8x8", "3x8x8"], 0, 0,
    ),
    "what may be there": (
        [node("Optional", "x", "o"), node("OptionalGetElement", "o", "t"), node("Relu", "t", "y")], [], 18, IMAGE, "y",
        ["3x8x8"], 0, 0,
    ),
    "labels behind a net": (
        [node("Flatten", "x", "f"), node("ArgMax", "f", "i", axis=1),
         node("ArrayFeatureExtractor", "labels i", "y", domain="ai.onnx.ml"),
         node("Normalizer", "f", "z", domain="ai.onnx.ml", norm="L2")],
        [tensor("labels", (192,), range(192), INT64)], 9, IMAGE, "yz", ["1", "192"], 0, 0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_is_read(name):
    nodes, tensors, opset, inputs, outputs, shapes, params, macs = CASES[name]
    found = read(file(nodes, tensors, inputs, outputs, opset), "net.onnx")
    assert (sorted(found.outputs.values()), found.params, found.macs) == (sorted(shapes), params, macs)


@pytest.mark.parametrize("name", CASES)
def test_onnxruntime_makes_these_shapes(name):
    runtime = pytest.importorskip("onnxruntime")
    numpy = pytest.importorskip("numpy")
    nodes, tensors, opset, inputs, outputs, shapes, *_ = CASES[name]
    session = runtime.InferenceSession(file(nodes, tensors, inputs, outputs, opset))
    made = session.run(None, {one: numpy.zeros(shape, numpy.float32) for one, shape in inputs.items()})
    longer = sorted([n for n in one.shape if n != 1] for one in made)
    assert longer == sorted([int(n) for n in shape.split("x") if n != "1"] for shape in shapes)


# what runtimes no longer take, by the operators' older specifications
OLDER: dict[str, tuple[Any, ...]] = {
    "a bias along an axis that is said": (
        [node("Conv", "x w", "c"), node("Add", "c b", "y", broadcast=1, axis=1)],
        [zeros("w", 6, 3, 1, 1), zeros("b", 6)], 6, "6x8x8", 24,
    ),
    "a table over two axes that are said": (
        [node("Mul", "x b", "y", broadcast=1, axis=1)], [zeros("b", 3, 8)], 6, "3x8x8", 24,
    ),
    "factors of height and width": (
        [node("Upsample", "x", "y", height_scale=2.0, width_scale=3.0, mode="nearest")], [], 1, "3x16x24", 0,
    ),
    "a power that is a real number": ([node("GlobalLpPool", "x", "y", p=2.0)], [], 1, "3x1x1", 0),
    "a factor": ([node("Scale", "x", "y", scale=0.5)], [], 1, "3x8x8", 0),
    "a scaled tangent": ([node("ScaledTanh", "x", "y", alpha=1.0, beta=2.0)], [], 1, "3x8x8", 0),
}  # fmt: skip


@pytest.mark.parametrize("name", OLDER)
def test_older_operators_are_read(name):
    nodes, tensors, opset, shape, params = OLDER[name]
    found = read(file(nodes, tensors, IMAGE, "y", opset), "net.onnx")
    assert (list(found.outputs.values()), found.params) == ([shape], params)


def test_statistics_that_a_batch_norm_hands_on_are_left_out():
    held = [tensor(name, (3,), [1.0] * 3) for name in "smbv"]
    nodes = [node("BatchNormalization", "x s b m v", "y n w", training_mode=1)]
    found = read(file(nodes, held, IMAGE, "ynw", 15), "net.onnx")
    assert (list(found.outputs.values()), found.params, found.buffers) == (["3x8x8"], 6, 6)


def test_a_search_of_a_damaged_file_ends_in_one_error(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes(file([node("NonZero", "", "y")], []))
    with pytest.raises(CnncalcError):
        load(str(path))


def test_states_that_a_cell_starts_from_are_told():
    held = [zeros("w", 1, 20, 6), zeros("r", 1, 20, 5), zeros("h", 1, 1, 5), zeros("c", 1, 1, 5)]
    data = file([node("LSTM", "x w r - - h c", "y", hidden_size=5)], held, {"x": (1, 1, 6)})
    told = imported(ForeignFile("net.onnx", None, Limits(), data), Asked()).notes
    why = "count as nothing: cells start from them, places are turned by them, or a spectrum is seen through them"
    assert [note for note in told if "count as nothing" in note] == [f"5 numbers of `{name}` {why}" for name in "hc"]
