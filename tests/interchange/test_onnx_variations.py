"""ONNX's operators with all they may say: shapes are those that onnxruntime 1.32 runs.

`python -m benchmarks.onnx_variations` draws thousands of such models and runs them.
"""

from __future__ import annotations

from typing import Any

import pytest
from onnx_files import graph as graph_of
from onnx_files import model, net, node, tensor, whole
from reading import Read, read

from cnncalc import report
from cnncalc.errors import CnncalcError


def onnx(*nodes: bytes, x=(1, 3, 8, 8), tensors=(), **more) -> Read:
    return read(net(*nodes, x=x, tensors=tensors, **more), "net.onnx")


SIZES, LESS = [whole("s", 15, 11)], [whole("s", 8, 9)]
SHAPE: dict[str, Any] = {"mode": "nearest", "axes": (2, 3)}
# nodes, tensors, input -> output, parameters
CASES = {
    "a global norm pool": ([node("GlobalLpPool", "x", "y", p=3)], [], (1, 3, 8, 8), "3x1x1", 0),
    "a sum of squares": ([node("ReduceSumSquare", "x a", "y", keepdims=0)], [whole("a", 1)], (1, 3, 8, 8), "8x8", 0),
    "the logarithm of a sum": ([node("ReduceLogSum", "x a", "y")], [whole("a", -1)], (1, 3, 8, 8), "3x8x1", 0),
    "a product along axes": ([node("ReduceProd", "x a", "y")], [whole("a", 1, 3)], (1, 3, 8, 8), "1x8x1", 0),
    "a dilated average": (
        [node("AveragePool", "x", "y", kernel_shape=(2, 2), dilations=(3, 2))], [], (1, 3, 8, 8), "3x5x6", 0,
    ),
    "to a size, not larger": (
        [node("Resize", "x - - s", "y", keep_aspect_ratio_policy="not_larger", **SHAPE)], LESS, (1, 6, 9, 11),
        "6x7x9", 0,
    ),
    "to a size, not smaller": (
        [node("Resize", "x - - s", "y", keep_aspect_ratio_policy="not_smaller", **SHAPE)], SIZES, (1, 6, 9, 11),
        "6x15x18", 0,
    ),
    "a group norm of groups": (
        [node("GroupNormalization", "x g b", "y", num_groups=2)],
        [tensor("g", (2,)), tensor("b", (2,))], (1, 4, 8, 8), "4x8x8", 4,
    ),
    "the batch in an axis of its own again": (
        [node("Reshape", "x f", "a"), node("Reshape", "a m", "b"), node("Conv", "b w", "y")],
        [whole("f", -1), whole("m", 1, 3, 8, 8), tensor("w", (2, 3, 3, 3))], (1, 3, 8, 8), "2x6x6", 54,
    ),
    "an output without a batch": ([node("Reshape", "x f", "y")], [whole("f", 6, 32)], (1, 3, 8, 8), "6x32", 0),
    "a maximum of all": ([node("ReduceMax", "x", "m", keepdims=0), node("Mul", "x m", "y")], [], (1, 3, 8, 8), "3x8x8",
                         0),
    "axes that stay where there are none": (
        [node("ReduceSum", "x a", "y", noop_with_empty_axes=1)], [whole("a")], (1, 3, 8, 8), None, 0,
    ),
    "a roll by no places": (
        [node("Slice", "x z z a", "none"), node("Concat", "x none", "y", axis=2)], [whole("z", 0), whole("a", 2)],
        (1, 3, 8, 8), "3x8x8", 0,
    ),
    "heads that a convolution takes for a batch": (
        [node("Reshape", "x h", "a"), node("Conv", "a w b", "c"), node("Reshape", "c m", "y")],
        [whole("h", 2, 3, 8, 8), whole("m", 1, 8, 6, 6), tensor("w", (4, 3, 3, 3)), tensor("b", (4,))],
        (1, 6, 8, 8), "8x6x6", 112,
    ),
    "heads that a pool takes for a batch": (
        [node("Reshape", "x h", "a"), node("MaxPool", "a", "c", kernel_shape=(2, 2)), node("Reshape", "c m", "y")],
        [whole("h", 3, 2, 8, 8), whole("m", 1, 6, 7, 7)], (1, 6, 8, 8), "6x7x7", 0,
    ),
    "a scale whose logarithm is learned": (
        [node("Clip", "s - m", "c"), node("Exp", "c", "e"), node("Mul", "x e", "y")],
        [tensor("s", (3, 1, 1)), tensor("m", (), [4.6])], (1, 3, 8, 8), "3x8x8", 3,
    ),
    "a matrix for each place along an axis": (
        [
            node("Einsum", "x w", "a", equation="nwc,wkc->nwk"), node("Transpose", "a", "b", perm=(1, 0, 2)),
            node("MatMul", "b v", "c"), node("Transpose", "c", "y", perm=(1, 0, 2)),
        ],
        [tensor("w", (8, 5, 6)), tensor("v", (8, 5, 2))], (1, 8, 6), "8x2", 240 + 80,
    ),
    "a part that is written over": (
        [node("Slice", "x o t a", "p"), node("Sigmoid", "p", "s"), node("ScatterND", "x i s", "y")],
        [whole("o", 1), whole("t", 3), whole("a", 1), tensor("i", (1, 2, 2), [0, 1, 0, 2], 7)],
        (1, 4, 8, 6), "4x8x6", 0,
    ),
    "places too many to be told one by one": (
        [
            node("Range", "z n o", "r"), node("Reshape", "r m", "p"), node("Shape", "p", "s"),
            node("Reshape", "x s", "y"),
        ],
        [tensor("z", (), [0], 7), tensor("n", (), [5000], 7), tensor("o", (), [1], 7), whole("m", 1, 50, 100)],
        (1, 2, 2500), "50x100", 0,
    ),
    "places that are made of several weights": (
        [
            node("Tile", "time t", "a"), node("Flatten", "a", "b", axis=2), node("Expand", "place e", "c"),
            node("Reshape", "c r", "d"), node("Add", "b d", "sum"), node("Concat", "first sum", "all", axis=0),
            node("Add", "x all", "y"),
        ],
        [
            tensor("time", (2, 1, 5)), whole("t", 1, 4, 1), tensor("place", (1, 4, 5)), whole("e", 2, 4, 5),
            whole("r", -1, 5), tensor("first", (1, 5)),
        ],
        (1, 9, 5), "9x5", 10 + 20 + 5,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_variation(case):
    nodes, tensors, x, output, params = CASES[case]
    if output is None:  # nothing is left of it
        nodes, output = [*nodes[:-1], node("Relu", "x", "r"), nodes[-1].replace(b"x", b"r", 1)], "3x8x8"
    found = onnx(*nodes, x=x, tensors=tensors)
    assert (list(found.outputs.values()), found.params) == ([output], params)


CELLS = [("LSTM", 4), ("GRU", 3), ("RNN", 1)]


@pytest.mark.parametrize(("kind", "gates"), CELLS)
@pytest.mark.parametrize("batchwise", [True, False], ids=["batch first", "time first"])
@pytest.mark.parametrize("both", [1, 2], ids=["one way", "both ways"])
def test_layouts_of_cells(kind, gates, batchwise, both):
    held = [tensor("w", (both, gates * 6, 8)), tensor("r", (both, gates * 6, 6)), tensor("b", (both, gates * 12))]
    said: dict[str, Any] = {"hidden_size": 6, "direction": "bidirectional" if both == 2 else "forward"}
    if batchwise:
        found = onnx(node(kind, "x w r b", "y", layout=1, **said), x=(1, 5, 8), tensors=held)
        wanted = f"5x{both}x6"  # onnxruntime: 1, 5, directions, 6
    else:
        turned = node("Transpose", "x", "t", perm=(1, 0, 2))
        back = node("Transpose", "h", "y", perm=(2, 0, 1, 3))
        found = onnx(turned, node(kind, "t w r b", "h", **said), back, x=(1, 5, 8), tensors=held)
        wanted = f"5x{both}x6"
    assert (list(found.outputs.values()), found.params) == ([wanted], both * gates * (6 * 8 + 6 * 6 + 12))


PADS = [
    # auto_pad, kernel, stride, length -> convolution, transposed, as onnxruntime 1.32 makes them
    ("SAME_UPPER", 3, 2, 7, 4, 14),
    ("SAME_LOWER", 2, 3, 7, 3, 20),
    ("SAME_LOWER", 4, 1, 7, 7, 7),
    ("VALID", 3, 2, 7, 3, 15),
    ("NOTSET", 3, 2, 7, 3, 15),
]


@pytest.mark.parametrize(("auto", "kernel", "stride", "n", "made", "turned"), PADS)
def test_auto_pad(auto, kernel, stride, n, made, turned):
    held = [tensor("w", (1, 1, kernel, kernel))]
    said = {"auto_pad": auto, "strides": (stride, stride)}
    found = [onnx(node(kind, "x w", "y", **said), x=(1, 1, n, n), tensors=held) for kind in ("Conv", "ConvTranspose")]
    assert [list(one.outputs.values()) for one in found] == [[f"1x{made}x{made}"], [f"1x{turned}x{turned}"]]


def test_a_table_of_distances_that_is_multiplied_counts_once_by_its_name():
    far = [3 + a - b for a in range(4) for b in range(4)]
    held = [tensor("blocks.0.attn.rel_pos", (7, 6)), tensor("i", (4, 4), far, 7)]
    nodes = [node("Gather", "blocks.0.attn.rel_pos i", "r"), node("Einsum", "x r", "y", equation="bthwc,hkc->bthwk")]
    found = onnx(*nodes, x=(1, 2, 4, 5, 6), tensors=held)
    assert (list(found.outputs.values()), found.params, found.macs) == (["2x4x5x4"], 42, 2 * 4 * 5 * 6 * 4)
    assert [row.name for row in report(found.graph).rows if row.params] == ["blocks.0.attn.rel_pos"]


def test_maps_of_an_image_share_a_weight_and_each_is_convolved():
    nodes = [node("Reshape", "x h", "a"), node("Conv", "a w", "c"), node("Reshape", "c m", "y")]
    held = [whole("h", 2, 3, 8, 8), whole("m", 1, 8, 6, 6), tensor("w", (4, 3, 3, 3))]
    found = onnx(*nodes, x=(1, 6, 8, 8), tensors=held)
    assert (found.params, found.macs) == (108, 2 * 108 * 36)
    many = onnx(*nodes, x=(1, 195, 8, 8), tensors=[whole("h", 65, 3, 8, 8), whole("m", 1, 260, 6, 6), held[-1]])
    assert (many.params, many.macs, list(many.outputs.values())) == (108, 65 * 108 * 36, ["260x6x6"])
    nodes[1] = node("LRN", "a", "c", size=3)
    with pytest.raises(CnncalcError, match="of 65 maps of one image, more than 64"):
        onnx(*nodes, x=(1, 195, 8, 8), tensors=[whole("h", 65, 3, 8, 8), whole("m", 1, 195, 8, 8)])


def test_an_output_without_a_batch_is_said():
    from cnncalc.interchange.file import ForeignFile
    from cnncalc.interchange.opening import imported
    from cnncalc.interchange.sketch import Asked
    from cnncalc.limits import Limits

    data = model(graph_of([node("Reshape", "x f", "y")], [("x", (1, 3, 8, 8))], [("y", ())], [whole("f", 6, 32)]))
    notes = imported(ForeignFile("net.onnx", None, Limits(), data), Asked()).notes
    assert "the output `y` of one image is 6x32, without an axis for the batch" in notes


LACKING = [
    node("Range", "n n", "r"), node("Reshape", "w", "r"), node("Expand", "w", "r"), node("Sqrt", "w -", "r"),
    node("Concat", "w - w", "r", axis=0), node("ScatterND", "-", "r"), node("Identity", "", "r"),
    node("Add", "- -", "r"),
]  # fmt: skip


@pytest.mark.parametrize("lacking", LACKING, ids=range(len(LACKING)))
def test_a_node_without_what_it_must_have_is_told(lacking):
    with pytest.raises(CnncalcError):
        onnx(lacking, node("Mul", "x r", "y"), tensors=[tensor("w", (8,)), whole("n", 3)])
