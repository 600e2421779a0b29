"""Core ML's windows, open lengths, and operations of which the program states the shape (coremltools 9.0)."""

from __future__ import annotations

import struct

import pytest
from onnx_files import field
from test_coreml import (
    BOOL,
    FLOAT32,
    INT32,
    STRING,
    coreml,
    entry,
    feature,
    ints,
    layer,
    network,
    operation,
    packed,
    program,
    value,
    weight,
)

# Kernel, stride, border and length, and what coremltools states; without a border no window is left out.
ROUNDED_UP = [(2, 3, 0, 6, 3), (2, 2, 1, 5, 3), (3, 2, 0, 12, 6), (3, 2, 1, 12, 7), (3, 3, 1, 5, 2), (2, 2, 0, 5, 3)]


@pytest.mark.parametrize(("kernel", "stride", "border", "length", "made"), ROUNDED_UP)
def test_a_pool_that_rounds_up(kernel, stride, border, length, made):
    inputs = {
        "x": "x", "kernel_sizes": ints(kernel, kernel), "strides": ints(stride, stride),
        "pad_type": value("custom", STRING), "pad": ints(*[border] * 4), "ceil_mode": value((1,), BOOL),
    }  # fmt: skip
    shape = (1, 4, length, length)
    for kind in ("max_pool", "avg_pool"):
        found = coreml(program(operation(kind, "y", (1, 4, made, made), inputs), shape=shape))
        assert list(found.outputs.values()) == [f"4x{made}x{made}"]
    settings = field(10, packed(kernel, kernel)) + field(20, packed(stride, stride))
    settings += field(32, field(10, packed(border, border)))
    assert list(coreml(network(layer("p", "x", "y", 120, settings), shape=shape)).outputs.values()) == [
        f"4x{made}x{made}"
    ]


def opened(*shape: int | None) -> bytes:
    """A type of which some lengths are open."""
    dims = b"".join(field(3, field(2, b"") if n is None else field(1, field(1, n))) for n in shape)
    return field(1, field(1, FLOAT32) + field(2, len(shape)) + dims)


def flexible(*operations: bytes, usual: tuple[int, ...]) -> bytes:
    """A program whose input has open sides, and is described with usual ones."""
    block = field(2, "y") + b"".join(field(3, one) for one in operations)
    function = field(1, field(1, "x") + field(2, opened(1, usual[1], None, None))) + field(2, "CoreML7")
    function += field(3, entry("CoreML7", block))
    described = field(2, field(1, feature("x", *usual)) + field(10, field(1, "y")))
    return field(1, 7) + described + field(502, field(1, 1) + field(2, entry("main", function)))


def test_open_sides_are_those_that_the_model_is_described_with():
    inputs: dict[str, str | bytes] = {
        "x": "x", "kernel_sizes": ints(3, 3), "strides": ints(2, 2), "pad_type": value("valid", STRING),
        "ceil_mode": value((1,), BOOL),
    }  # fmt: skip
    one = field(1, "max_pool")
    for key, held in inputs.items():
        one += field(2, entry(key, field(1, field(1, held) if isinstance(held, str) else field(2, held))))
    one += field(3, field(1, "y") + field(2, opened(1, 4, None, None)))
    data = flexible(one, usual=(1, 4, 12, 15))
    assert list(coreml(data).outputs.values()) == ["4x6x7"]
    assert list(coreml(data, input="4x8x8").outputs.values()) == ["4x4x4"]


def test_lengths_are_computed_of_a_tensor_that_is_held_as_numbers():
    held = field(1, packed(2)) + field(2, field(1, struct.pack("<2f", 1.0, 2.0)))
    rows = [
        layer("s", "x", "s", 1065, b""), layer("t", "s", "t", 995, field(1, packed(2)) + field(3, packed(4)) +
                                               field(5, packed(1))),
        layer("k", "", "k", 1070, held), layer("c", "k t", "c", 980, b""),
    ]  # fmt: skip
    half = [layer("h", "x", "h", 350, field(1, 0) + field(2, 2) + field(3, 1)), *rows,
            layer("r", "h c", "y", 1145, b"")]  # fmt: skip
    assert list(coreml(network(*half, shape=(1, 4, 8, 8))).outputs.values()) == ["2x8x8"]


def test_sides_are_counted_from_the_last_axis():
    cut = field(1, 1) + field(2, 7) + field(3, 1) + field(4, 2)
    assert list(coreml(network(layer("s", "x", "y", 350, cut), shape=(1, 4, 9))).outputs.values()) == ["4x6"]
    total = field(1, 0) + field(3, 4)
    assert list(coreml(network(layer("s", "x", "y", 280, total), shape=(1, 4, 9))).outputs.values()) == ["4x1"]


STATED = [
    ("crop", {"x": "x", "crop_height": ints(1, 0), "crop_width": ints(2, 1)}, (1, 4, 5, 3)),
    ("pixel_unshuffle", {"x": "x", "downscale_factor": value((2,), INT32)}, (1, 16, 3, 3)),
    ("reverse", {"x": "x", "axes": ints(3)}, (1, 4, 6, 6)),
    ("cumsum", {"x": "x", "axis": value((2,), INT32)}, (1, 4, 6, 6)),
    ("resample", {"x": "x", "coordinates": "x"}, (1, 4, 3, 3)),
    ("greater", {"x": "x", "y": value((0.0,), FLOAT32)}, (1, 4, 6, 6)),
    ("not_equal", {"x": "x", "y": "x"}, (1, 4, 6, 6)),
    ("select", {"cond": "x", "a": "x", "b": value((0.0,), FLOAT32)}, (1, 4, 6, 6)),
    ("floor_div", {"x": "x", "y": value((2.0,), FLOAT32)}, (1, 4, 6, 6)),
    ("exp2", {"x": "x"}, (1, 4, 6, 6)),
    ("threshold", {"x": "x", "alpha": value((0.5,), FLOAT32)}, (1, 4, 6, 6)),
    ("clamped_relu", {"x": "x", "alpha": value((0.5,), FLOAT32), "beta": value((3.0,), FLOAT32)}, (1, 4, 6, 6)),
    ("scaled_tanh", {"x": "x", "alpha": value((0.5,), FLOAT32), "beta": value((3.0,), FLOAT32)}, (1, 4, 6, 6)),
    ("linear_activation", {"x": "x", "alpha": value((0.5,), FLOAT32), "beta": value((3.0,), FLOAT32)}, (1, 4, 6, 6)),
    ("l2_norm", {"x": "x"}, (1, 4, 6, 6)),
    ("l2_pool", {"x": "x", "kernel_sizes": ints(2, 2), "strides": ints(2, 2), "pad_type": value("valid", STRING)},
     (1, 4, 3, 3)),
    ("einsum", {"values": ["x", "x"], "equation": value("bchw,bcwv->bchv", STRING)}, (1, 4, 6, 6)),
    ("classify", {"probabilities": "x"}, (1, 4, 6, 6)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "inputs", "shape"), STATED)
def test_what_an_operation_makes(kind, inputs, shape):
    found = coreml(program(operation(kind, "y", shape, inputs), shape=(1, 4, 6, 6)))
    assert (list(found.outputs.values()), found.params) == (["x".join(map(str, shape[1:]))], 0)


def test_slopes_and_factors_a_channel_are_learned():
    rows = [weight("a", 4), weight("b", 4),
            operation("softplus_parametric", "y", (1, 4, 6, 6), {"x": "x", "alpha": "a", "beta": "b"})]  # fmt: skip
    assert coreml(program(*rows, shape=(1, 4, 6, 6))).params == 8


OLDER = [
    (830, field(2, 0), "4x6x6"), (820, b"", "4x6x6"), (960, field(1, packed(0, 0, 0, 1)), "4x6x6"),
    (1455, field(1, 2), "4x6x6"), (700, b"", "4x6x6"), (165, field(1, 1) + field(2, 1), "4x6x6"), (165, b"", "4x6x6"),
    (1105, field(1, packed(1, 4, 6, 6)), "4x6x6"), (1320, b"", "4x6x6"), (1295, field(1, packed(1)), "6x6"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "settings", "made"), OLDER)
def test_what_a_layer_of_the_older_form_makes(kind, settings, made):
    found = coreml(network(layer("l", "x", "y", kind, settings), shape=(1, 4, 6, 6)))
    assert (list(found.outputs.values()), found.params) == ([made], 0)


@pytest.mark.parametrize("turned", [(1, 0), (0, 1), (1, 1)])
def test_products_of_turned_tensors_need_no_stated_axes(turned):
    settings = b"".join(field(place + 1, one) for place, one in enumerate(turned) if one)
    found = coreml(network(layer("m", "x x", "y", 1045, settings), shape=(1, 4, 6, 6)))
    assert (list(found.outputs.values()), found.macs) == (["4x6x6"], 4 * 6**3)
