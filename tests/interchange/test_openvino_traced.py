"""OpenVINO's constants traced to where they are used: compressed tables, lengths that are computed, plain numbers.

The nets are as OpenVINO 2026.4.1 converts them of ONNX files of torch 2.13.0; the shapes are those that it runs.
"""

from __future__ import annotations

import struct

import pytest
from test_openvino import Xml

from cnncalc import load
from cnncalc.errors import CnncalcError


class Held(Xml):
    """An IR with the numbers of its constants beside it."""

    def __init__(self):
        super().__init__()
        self.data = b""

    def const(self, shape, numbers=(), kind="i64"):
        """A constant; its numbers are in the file beside."""
        packed = struct.pack(f"<{len(numbers)}{ {'i64': 'q', 'f32': 'f'}[kind] }", *numbers)
        offset = len(self.data)
        self.data += packed
        return self.add("Const", [shape], element_type=kind, offset=str(offset), size=str(len(packed)))

    def read(self, folder, made, beside=True, **options):
        """The report of the net that gives `made`."""
        self.add("Result", [], [made])
        (folder / "net.xml").write_text(self.text())
        if beside:
            (folder / "net.bin").write_bytes(self.data)
        return load(str(folder / "net.xml"), **options).report()


def beside(found):
    """The numbers of the file that nothing learned."""
    return sum(row.params for row in found.rows if row.name.startswith("exporter_constants"))


@pytest.mark.parametrize("grouped", [False, True])
def test_a_compressed_table_is_an_embedding(tmp_path, grouped):
    net = Held()
    x = net.add("Parameter", [(1, 12)])
    stored, zeros = ((100, 4, 4), (100, 4, 1)) if grouped else ((100, 16), (100, 1))
    w = net.add("Convert", [stored], [net.add("Const", [stored], element_type="u8")])
    zero = net.add("Convert", [zeros], [net.add("Const", [zeros], element_type="u8")])
    w = net.add("Subtract", [stored], [w, zero])
    w = net.add("Multiply", [stored], [w, net.add("Const", [zeros], element_type="f16")])
    if grouped:
        w = net.add("Reshape", [(100, 16)], [w, net.const((2,), (100, 16))], special_zero="false")
    w = net.add("Convert", [(100, 16)], [w], destination_type="f32")
    found = net.read(tmp_path, net.add("Gather", [(1, 12, 16)], [w, x, net.const((), (0,))], batch_dims="0"))
    scales = 400 if grouped else 100
    assert (found.totals.params - beside(found), beside(found)) == (1600, 2 * scales)


def of_open_lengths():
    """torch's `x.view(N, C, H * W).transpose(1, 2).reshape(N, H, W, C)` behind a convolution with a bias."""
    net = Held()
    x = net.add("Parameter", [(-1, 3, -1, -1)])
    w = net.add("Const", [(4, 3, 3, 3)], element_type="f32")
    c = net.add("Convolution", [(-1, 4, -1, -1)], [x, w], strides="1,1", pads_begin="1,1", pads_end="1,1")
    b, one = net.add("Const", [(4,)], element_type="f32"), net.const((1,), (1,))
    rank = net.add("ShapeOf", [(1,)], [net.add("ShapeOf", [(4,)], [c])])
    ones = net.add("Broadcast", [(-1,)], [one, net.add("Subtract", [(1,)], [rank, net.const((1,), (2,))])])
    shape = net.add("Concat", [(-1,)], [one, net.add("ShapeOf", [(1,)], [b]), ones], axis="0")
    c = net.add("Add", [(-1, 4, -1, -1)], [c, net.add("Reshape", [(1, 4, 1, 1)], [b, shape])])
    stated, zero = net.add("ShapeOf", [(4,)], [x]), net.const((1,), (0,))
    batch, height, width = (
        net.add("Gather", [(1,)], [stated, net.const((1,), (place,)), net.const((), (0,))], batch_dims="0")
        for place in (0, 2, 3)
    )
    pixels = net.add("Multiply", [(1,)], [height, width])
    target = net.add("Concat", [(3,)], [batch, net.const((1,), (-1,)), pixels], axis="0")
    r = net.add("Reshape", [(-1, -1, -1)], [c, target], special_zero="true")
    t = net.add("Transpose", [(-1, -1, -1)], [r, net.const((3,), (0, 2, 1))])
    target = net.add("Concat", [(4,)], [zero, height, width, net.const((1,), (4,))], axis="0")
    return net, net.add("Reshape", [(-1, -1, -1, -1)], [t, target], special_zero="true")


@pytest.mark.parametrize(("height", "width"), [(16, 16), (6, 10)])
def test_lengths_that_the_file_computes(tmp_path, height, width):
    net, made = of_open_lengths()
    found = net.read(tmp_path, made, input=f"3x{height}x{width}")
    assert list(found.outputs.values()) == [(1, height, width, 4)]
    assert [row.params for row in found.rows if row.kind == "conv"] == [4 * 3 * 9 + 4]
    assert found.totals.params == 4 * 3 * 9 + 4


def test_lengths_that_are_nowhere(tmp_path):
    net, made = of_open_lengths()
    with pytest.raises(CnncalcError) as raised:
        net.read(tmp_path, made, beside=False, input="3x16x16")
    assert "the .bin of the weights" in raised.value.faults[0].help
    with pytest.raises(CnncalcError, match="leaves lengths of its input open") as raised:
        load(str(tmp_path / "net.xml"))
    assert raised.value.faults[0].help == 'give them, without the batch: `input="3x224x224"`'


@pytest.mark.parametrize(
    ("by", "said", "size"),
    [("scales", (1.4, 0.5), (7, 4)), ("scales", (1.1, 1 / 3), (5, 3)), ("sizes", (11, 3), (11, 3))],
)
def test_an_enlargement_by_what_the_file_says(tmp_path, by, said, size):
    net = Held()
    x = net.add("Parameter", [(1, 3, 5, 9)])
    more = [net.const((2,), said, "f32" if by == "scales" else "i64"), net.const((2,), (2, 3))]
    made = net.add("Interpolate", [(-1, 3, -1, -1)], [x, *more], mode="nearest", shape_calculation_mode=by)
    found = net.read(tmp_path, made)
    assert list(found.outputs.values()) == [(1, 3, *size)]  # as OpenVINO infers them


def test_plain_numbers_are_learned_by_none(tmp_path):
    net = Held()
    x = net.add("Parameter", [(1, 8)])
    x = net.add("MatMul", [(1, 6)], [x, net.add("Const", [(6, 8)], element_type="f32")], transpose_b="true")
    x = net.add("Multiply", [(1, 6)], [x, net.const((), (0.25,), "f32")])
    x = net.add("Subtract", [(1, 6)], [net.const((), (1.5,), "f32"), x])
    long = net.add("Convert", [(1,)], [net.add("ShapeOf", [(1,)], [net.const((6,))])], destination_type="f32")
    x = net.add("Multiply", [(1, 6)], [x, net.add("Sqrt", [(1,)], [long])])  # what is computed of a length
    found = net.read(tmp_path, x)
    assert (found.totals.params - beside(found), beside(found)) == (48, 2)


def test_a_mean_is_over_the_axis_that_the_file_says(tmp_path):
    net = Held()
    x = net.add("Parameter", [(1, 4, 6, 6)])
    made = net.add("ReduceMean", [(1, 4, 6)], [x, net.const((1,), (2,))], keep_dims="false")
    found = net.read(tmp_path, made)
    assert [row.notation for row in found.rows] == ["mean 1"]
