"""Core ML: neural networks and ML Programs written field by field, packages, pipelines, what is no network."""

from __future__ import annotations

import io
import struct
import zipfile
from contextlib import suppress

import pytest
from onnx_files import field, varint
from reading import mutated, read

from cnncalc import load, report
from cnncalc.errors import CnncalcError
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.opening import imported
from cnncalc.interchange.sketch import Asked
from cnncalc.limits import Limits

FLOAT32, INT32, STRING, BOOL = 11, 23, 2, 1


def packed(*numbers: int) -> bytes:
    return b"".join(map(varint, numbers))


def weights(count: int) -> bytes:
    """WeightParams of so many float32."""
    return field(1, struct.pack(f"<{count}f", *[0.5] * count))


def feature(name: str, *shape: int) -> bytes:
    """A FeatureDescription of an array; of two lengths of an image in colour."""
    if len(shape) == 2:
        return field(1, name) + field(3, field(4, field(1, shape[1]) + field(2, shape[0]) + field(3, 20)))
    return field(1, name) + field(3, field(5, field(1, packed(*shape))))


def model(kind: int, body: bytes, inputs: bytes, outputs: tuple[str, ...] = ("y",)) -> bytes:
    described = field(1, inputs) + b"".join(field(10, field(1, one)) for one in outputs)
    return field(1, 7) + field(2, described) + field(kind, body)


def layer(name: str, inputs: str, outputs: str, kind: int, settings: bytes) -> bytes:
    parts = field(1, name) + b"".join(field(2, one) for one in inputs.split())
    return field(1, parts + b"".join(field(3, one) for one in outputs.split()) + field(kind, settings))


def conv(out: int, inner: int, kernel: int, more: bytes = b"", groups: int = 1) -> bytes:
    size = field(20, packed(kernel, kernel)) + field(90, weights(out * inner * kernel * kernel))
    return field(1, out) + field(2, inner) + field(10, groups) + size + field(70, 1) + field(91, weights(out)) + more


def border(*edges: tuple[int, int]) -> bytes:
    return field(50, field(1, b"".join(field(10, field(1, a) + field(2, b)) for a, b in edges)))


def network(*layers: bytes, exact: bool = True, shape=(1, 3, 9, 9), outputs=("y",)) -> bytes:
    return model(500, b"".join(layers) + field(5, int(exact)), feature("x", *shape), outputs)


def coreml(data: bytes, **options):
    return read(data, "net.mlmodel", **options)


SAME = field(51, field(1, 0))
NET = network(
    layer("first", "x", "a", 100, conv(8, 3, 3, SAME + field(30, packed(2, 2)))),
    layer("act", "a", "b", 130, field(10, b"")),
    layer("deep", "b", "c", 100, conv(8, 1, 3, border((1, 1), (1, 1)), groups=8)),
    layer("sum", "b c", "d", 230, b""),
    layer("norm", "d", "e", 160, field(1, 8) + b"".join(field(n, weights(8)) for n in (15, 16, 17, 18))),
    layer("pool", "e", "f", 120, field(1, 1) + field(60, 1)),
    layer("flat", "f", "g", 301, b""),
    layer("fc", "g", "h", 140, field(1, 8) + field(2, 5) + field(10, 1) + field(20, weights(40))),
    layer("out", "h", "y", 175, b""),
)


def test_a_network_is_read_with_the_names_of_its_layers():
    found = coreml(NET)
    assert (found.params, found.buffers, found.outputs) == (8 * 27 + 8 + 72 + 8 + 16 + 45, 16, {"softmax1": "5"})
    assert [node.name for node in found.graph.nodes if node.name in ("first", "deep", "norm", "fc")] == [
        "first", "deep", "norm", "fc",
    ]  # fmt: skip


# What a layer makes of 1x4x8x8; outputs by the formulas of NeuralNetwork.proto.
LAYERS = [
    (120, field(10, packed(3, 3)) + field(20, packed(2, 2)) + field(30, b""), "4x3x3"),
    (120, field(10, packed(3, 3)) + field(20, packed(2, 2)) + field(31, b""), "4x4x4"),
    (120, field(10, packed(3, 3)) + field(20, packed(2, 2)) + field(32, field(10, packed(0, 0))), "4x4x4"),
    (100, conv(6, 4, 3, border((0, 1), (2, 1))), "6x7x9"),
    (100, field(1, 6) + field(2, 4) + field(20, packed(2, 2)) + field(30, packed(2, 2)) + field(60, 1)
     + field(50, b"") + field(90, weights(96)), "6x16x16"),
    (200, field(1, b"") + field(10, b"".join(field(10, field(1, a) + field(2, b)) for a, b in ((1, 2), (3, 4)))),
     "4x11x15"),
    (190, field(1, b"".join(field(10, field(1, a) + field(2, b)) for a, b in ((1, 0), (2, 3)))), "4x7x3"),
    (210, field(1, packed(2, 3)), "4x16x24"),
    (211, field(1, packed(5, 6)), "4x5x6"),
    (345, field(1, 1) + field(2, 2), "1x16x16"),
    (345, field(1, 0) + field(2, 2), "16x4x4"),
    (310, field(1, packed(0, 2, 3, 1)), "8x8x4"),
    (300, field(1, packed(16, 4, 4)), "16x4x4"),
    (350, field(1, 1) + field(2, 3) + field(3, 1) + field(4, 0), "2x8x8"),
    (280, field(1, 1) + field(3, 1), "4x1x1"),
    (1280, field(1, packed(2, 3)), "4"),
    (995, field(1, packed(0, 1, 0, 0)) + field(3, packed(1, 3, 8, 8)) + field(5, packed(1, 1, 2, 1)), "2x4x8"),
    (1125, field(1, packed(2)), "4x1x8x8"),
    (180, field(3, 5), "4x8x8"),
    (220, field(1, 3) + varint(2 << 3 | 5) + struct.pack("<f", 2.0), "4x8x8"),
    (1460, varint(2 << 3 | 5) + struct.pack("<f", 6.0), "4x8x8"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "settings", "output"), LAYERS)
def test_what_a_layer_makes(kind, settings, output):
    found = coreml(network(layer("l", "x", "y", kind, settings), shape=(1, 4, 8, 8)))
    assert list(found.outputs.values()) == [output]


def test_the_older_form_has_no_batch_and_images_have_three_channels():
    rows = [layer("fc", "x", "y", 140, field(1, 48) + field(2, 5) + field(20, weights(240)))]
    assert coreml(network(*rows, exact=False, shape=(3, 4, 4))).params == 240
    image = model(403, layer("c", "x", "y", 100, conv(4, 3, 3)), feature("x", 6, 7))
    assert coreml(image).outputs == {"c": "4x4x5"}


def test_weights_in_half_precision_or_in_bits_are_as_many():
    bits = field(2, b"\0" * 8)  # four numbers of 16 bits
    table = field(30, b"\0" * 2) + field(40, field(1, 4))  # four numbers of 4 bits
    for stored in (bits, table, field(1, b"\0" * 16)):
        one = layer("l", "x", "y", 245, field(2, stored))
        assert coreml(network(one, shape=(1, 4, 3, 3))).params == 4


# -- ML Programs --


def kind_of(*shape: int, of: int = FLOAT32) -> bytes:
    dims = b"".join(field(3, field(1, field(1, n))) for n in shape)
    return field(1, field(1, of) + field(2, len(shape)) + dims)


def value(numbers, of: int, *shape: int) -> bytes:
    """A Value: whole numbers, a text, a real number."""
    if of == STRING:
        held = field(4, field(1, numbers))
    elif of == FLOAT32:
        held = field(1, field(1, struct.pack(f"<{len(numbers)}f", *numbers)))
    else:
        held = field(3 if of == BOOL else 2, field(1, packed(*numbers)))
    return field(2, kind_of(*shape, of=of)) + field(3, field(1, held))


def entry(key: str, message: bytes) -> bytes:
    return field(1, key) + field(2, message)


def operation(kind: str, output: str, shape: tuple[int, ...], inputs: dict) -> bytes:
    """An operation; inputs are names, values, or lists of names."""
    parts = field(1, kind)
    for key, one in inputs.items():
        many = one if isinstance(one, list) else [one]
        bindings = b"".join(field(1, field(1, each) if isinstance(each, str) else field(2, each)) for each in many)
        parts += field(2, entry(key, bindings))
    return parts + field(3, field(1, output) + field(2, kind_of(*shape)))


def weight(name: str, *shape: int) -> bytes:
    """A const whose numbers lie in another file."""
    blob = field(2, kind_of(*shape)) + field(5, field(1, "@model_path/weights/weight.bin") + field(2, 64))
    return field(1, "const") + field(3, field(1, name) + field(2, kind_of(*shape))) + field(5, entry("val", blob))


def program(*operations: bytes, shape=(1, 3, 9, 9), outputs=("y",)) -> bytes:
    block = b"".join(field(2, one) for one in outputs) + b"".join(field(3, one) for one in operations)
    function = field(1, field(1, "x") + field(2, kind_of(*shape))) + field(2, "CoreML7")
    function += field(3, entry("CoreML7", block))
    return model(502, field(1, 1) + field(2, entry("main", function)), feature("x", *shape))


def ints(*numbers: int) -> bytes:
    return value(numbers, INT32, len(numbers))


PROGRAM = program(
    weight("layer1_conv_weight_to_fp16", 8, 3, 3, 3),
    weight("layer1_conv_bias_to_fp16", 8),
    operation("conv", "a", (1, 8, 5, 5), {
        "x": "x", "weight": "layer1_conv_weight_to_fp16", "bias": "layer1_conv_bias_to_fp16",
        "strides": ints(2, 2), "pad_type": value("custom", STRING), "pad": ints(1, 1, 1, 1),
    }),
    operation("silu", "b", (1, 8, 5, 5), {"x": "a"}),
    operation("max_pool", "c", (1, 8, 3, 3), {
        "x": "b", "kernel_sizes": ints(2, 2), "strides": ints(2, 2), "pad_type": value("valid", STRING),
        "ceil_mode": value((1,), BOOL),
    }),
    operation("reduce_mean", "d", (1, 8), {"x": "c", "axes": ints(2, 3), "keep_dims": value((0,), BOOL)}),
    weight("fc_weight", 5, 8),
    weight("fc_bias", 5),
    operation("linear", "y", (1, 5), {"x": "d", "weight": "fc_weight", "bias": "fc_bias"}),
)  # fmt: skip


def test_a_program_is_read_with_the_names_of_its_weights():
    found = coreml(PROGRAM)
    assert (found.params, list(found.outputs.values())) == (8 * 27 + 8 + 45, ["5"])
    assert [node.name for node in found.graph.nodes][1] == "layer1_conv"
    assert found.macs == 8 * 27 * 25 + 40


OPERATIONS = [
    ("concat", {"values": ["x", "x"], "axis": value((1,), INT32)}, (1, 8, 6, 6)),
    ("transpose", {"x": "x", "perm": ints(0, 2, 3, 1)}, (1, 6, 6, 4)),
    ("reshape", {"x": "x", "shape": ints(1, 4, 36)}, (1, 4, 36)),
    ("slice_by_index", {"x": "x", "begin": ints(0, 1, 0, 0), "end": ints(1, 3, 6, 6),
                        "begin_mask": value((1, 0, 1, 1), BOOL, 4), "end_mask": value((1, 0, 1, 1), BOOL, 4)},
     (1, 2, 6, 6)),
    ("expand_dims", {"x": "x", "axes": ints(2)}, (1, 4, 1, 6, 6)),
    ("pixel_shuffle", {"x": "x", "upscale_factor": value((2,), INT32)}, (1, 1, 12, 12)),
    ("upsample_nearest_neighbor", {"x": "x", "scale_factor_height": value((2.0,), FLOAT32),
                                   "scale_factor_width": value((3.0,), FLOAT32)}, (1, 4, 12, 18)),
    ("resize_bilinear", {"x": "x", "target_size_height": value((5,), INT32),
                         "target_size_width": value((7,), INT32)}, (1, 4, 5, 7)),
    ("pad", {"x": "x", "pad": ints(1, 2, 3, 4), "mode": value("constant", STRING)}, (1, 4, 9, 13)),
    ("avg_pool", {"x": "x", "kernel_sizes": ints(3, 3), "strides": ints(2, 2), "pad_type": value("same", STRING)},
     (1, 4, 3, 3)),
    ("matmul", {"x": "x", "y": "x", "transpose_y": value((1,), BOOL)}, (1, 4, 6, 6)),
    ("softmax", {"x": "x", "axis": value((1,), INT32)}, (1, 4, 6, 6)),
    ("stack", {"values": ["x", "x"], "axis": value((2,), INT32)}, (1, 4, 2, 6, 6)),
    ("clip", {"x": "x", "alpha": value((0.0,), FLOAT32), "beta": value((6.0,), FLOAT32)}, (1, 4, 6, 6)),
    ("add", {"x": "x", "y": value((1.0,), FLOAT32)}, (1, 4, 6, 6)),
    ("scaled_dot_product_attention", {"query": "x", "key": "x", "value": "x"}, (1, 4, 6, 6)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "inputs", "shape"), OPERATIONS)
def test_what_an_operation_makes_is_what_the_program_states(kind, inputs, shape):
    found = coreml(program(operation(kind, "y", shape, inputs), shape=(1, 4, 6, 6)))
    assert (list(found.outputs.values()), found.params) == (["x".join(map(str, shape[1:]))], 0)


def test_a_package_is_a_folder_or_its_zip(tmp_path):
    inside = tmp_path / "net.mlpackage" / "Data" / "com.apple.CoreML"
    inside.mkdir(parents=True)
    (inside / "model.mlmodel").write_bytes(PROGRAM)
    assert report(load(str(tmp_path / "net.mlpackage"))).totals.params == 269
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("net.mlpackage/Data/com.apple.CoreML/model.mlmodel", PROGRAM)
    assert coreml(zipped.getvalue()).params == 269


def test_the_one_network_of_a_pipeline_is_read():
    described = field(2, field(1, feature("x", 1, 3, 9, 9)))
    trees = field(1, 1) + field(402, b"")
    assert coreml(field(1, 4) + described + field(202, field(1, NET) + field(1, trees))).params == 365
    with pytest.raises(CnncalcError, match="a pipeline with 2 networks"):
        coreml(field(1, 4) + described + field(202, field(1, NET) + field(1, NET)))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (model(402, b"", feature("x", 1, 4)), "it is an ensemble of trees, no network"),
        (network(layer("l", "x", "y", 1400, b"")), "nonMaximumSuppression 1×"),
        (program(operation("hurz", "y", (1, 2), {"x": "x"})), "hurz 1×"),
        (network(layer("l", "x", "y", 100, conv(8, 5, 3))), "the weight is for 5 channels, and 3 come in"),
        (NET[:-40], "left"),
        (network(layer("l", "z", "y", 175, b"")), "which nothing before it makes"),
        (program(operation("conv", "y", (1, 2), {"x": "x", "weight": "x"})), "its weight is made by the net"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(data, told):
    with pytest.raises(CnncalcError) as raised:
        coreml(data)
    assert told in str(raised.value)


@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_file_is_a_net_or_an_error(seed):
    found = None
    with suppress(CnncalcError):
        found = coreml(mutated((NET, PROGRAM)[seed % 2], seed, least=20, kept=4))
    assert found is None or found.layers > 0


@pytest.mark.parametrize(("called", "told"), [("const_0", True), ("layer1_conv", False)])
def test_a_program_tells_what_was_folded_by_names_that_its_converter_made_up(called, told):
    weights_of = (f"{called}_to_fp16", "const_1_to_fp16") if told else (f"{called}_weight", f"{called}_bias")
    data = program(
        weight(weights_of[0], 8, 3, 3, 3),
        weight(weights_of[1], 8),
        operation("conv", "y", (1, 8, 7, 7), {"x": "x", "weight": weights_of[0], "bias": weights_of[1]}),
    )
    notes = imported(ForeignFile("net.mlmodel", None, Limits(), data), Asked()).notes
    said = "1 convolution has a batch norm folded in: the net had 8 parameters more, and 16 statistics, before the fold"
    assert (said in notes) == told
