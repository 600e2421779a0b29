"""What is several layers of Caffe: read back, and run by OpenCV, against the formula of the kind."""

from __future__ import annotations

from math import pi

import pytest

from cnncalc.errors import CnncalcError
from cnncalc.interchange.writers import writer_for
from cnncalc.language import load_text
from cnncalc.language.options import Options
from cnncalc.layers import KINDS


def net(shape, layer):
    return load_text(f"input: {shape}\nlayers: [{layer}]", "net", options=Options())


def written(shape, layer):
    return str(writer_for(None, "caffe").write(net(shape, layer), 1).content)  # which reads it back


def types(text):
    return [line.split('"')[1] for line in text.splitlines() if line.startswith("  type:")][1:]


SAID = (
    ("4x6x5", "hardsigmoid", ["Power", "Clip"]),
    ("4x6x5", "hardswish", ["Power", "Clip", "Eltwise"]),
    ("4x6x5", "mish", ["BNLL", "TanH", "Eltwise"]),
    ("4x6x5", "gelu tanh", ["Eltwise", "Power", "Eltwise", "Power", "TanH", "Power", "Eltwise"]),
    ("4x6x5", "selu", ["ELU", "Power"]),
    ("4x6x5", "maximum 0.5", ["Power", "ReLU", "Power"]),
    ("4x6x5", "minimum 0.5", ["Power", "ReLU", "Power"]),
    ("4x6x5", "subtract 2", ["Power"]),
    ("4x6x5", "divide 4", ["Power"]),
    ("4x6x5", "function square", ["Power"]),
    ("8x3x4", "pixel_shuffle 2", ["Reshape", "Permute", "Reshape"]),
    ("2x6x4", "pixel_unshuffle 2", ["Reshape", "Permute", "Reshape"]),
    ("2x6x4", "space_to_depth 2", ["Reshape", "Permute", "Reshape"]),
    ("4x6x5", "topk 2 axis=1", ["ArgMax"]),
    ("4x6x5", "argmax 1", ["ArgMax", "Reshape"]),
    ("4x6x5", "reduce mean 1x2 keep", ["Reduction", "Reshape"]),
    ("4x6x5", "select 2 axis=1", ["Slice", "Silence", "Silence", "Reshape"]),
    ("4x6x5", "crop 1", ["Slice", "Silence", "Silence", "Slice", "Silence", "Silence"]),
    ("4x1x5", "expand -1x3x-1", ["Tile"]),
    ("4x3x6x5", "global_avgpool", ["Reshape", "Pooling", "Reshape"]),
    ("4x7", "global_maxpool flat", ["Reshape", "Pooling", "Reshape"]),
    ("1x6", "embedding 9 3", ["Flatten", "Embed", "Permute"]),
    ("6", "embedding 9 3 axis=last", ["Embed"]),
    ("4x6x5", "parameter 4x1x1 multiply", ["Scale"]),
    ("4x6x5", "parameter 4x6x5 add", ["Bias"]),
    ("4x6", "positional", ["Bias"]),
)


@pytest.mark.parametrize(("shape", "layer", "layers"), SAID)
def test_a_kind_is_several_layers(shape, layer, layers):
    assert types(written(shape, layer)) == layers


def test_every_kind_is_said_or_has_a_reason_and_a_way_out():
    from cnncalc.interchange.caffe.writing.lacking import LACKED
    from cnncalc.interchange.caffe.writing.saying import RULES

    assert KINDS.keys() == RULES.keys() | LACKED.keys()
    assert all(why and help for why, help in LACKED.values())


@pytest.mark.parametrize(("layer", "why"), [("topk 1 axis=1", "read as its place"), ("reduce max 2", "a sum, a mean")])
def test_what_caffe_has_in_part_is_told(layer, why):
    with pytest.raises(CnncalcError) as error:
        written("4x6x5", layer)
    assert why in error.value.faults[0].values and error.value.faults[0].help


NUMBERS = {
    "mish": lambda np, x: x * np.tanh(np.log1p(np.exp(x))),
    "selu": lambda np, x: np.where(x > 0, 1.0507009873554805 * x, 1.7580993408473766 * np.expm1(x)),
    "gelu tanh": lambda np, x: x * (1 + np.tanh((2 / pi) ** 0.5 * (x + 0.044715 * x**3))) / 2,
    "maximum 0.5": lambda np, x: np.maximum(x, 0.5),
    "minimum 0.5": lambda np, x: np.minimum(x, 0.5),
    "subtract 2": lambda np, x: x - 2,
    "divide 4": lambda np, x: x / 4,
    "function square": lambda np, x: x * x,
    "function negate": lambda np, x: -x,
    "pixel_shuffle 2": lambda np, x: np.array(
        [[[[x[0, 2 * (h % 2) + w % 2, h // 2, w // 2] for w in range(10)] for h in range(12)]]]
    ),
    "select 2 axis=1": lambda np, x: x[:, :, 2],
}  # fmt: skip


@pytest.mark.parametrize("layer", NUMBERS)
def test_opencv_gives_the_numbers_of_the_formula(layer):
    cv2 = pytest.importorskip("cv2")
    import numpy as np

    x = np.sin(np.arange(120, dtype=np.float64) * pi / 7).reshape(1, 4, 6, 5) * 4
    text = written("4x6x5", layer)
    model = cv2.dnn.readNetFromCaffe(np.frombuffer(text.encode(), np.uint8), np.frombuffer(b"\xa2\x06\x00", np.uint8))
    model.setInput(x.astype(np.float32))
    wanted = NUMBERS[layer](np, x)
    assert np.abs(model.forward().reshape(wanted.shape) - wanted).max() < 1e-5
