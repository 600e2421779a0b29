"""Operators that others have added: MediaPipe's, and the detections of TensorFlow's object detection.

Their settings are structures of whole numbers, or a map in FlexBuffers (`flatbuffers/flexbuffers.h`).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

from cnncalc.interchange.tflite.call import Call, Live, Rule, Value
from cnncalc.interchange.tflite.stated import alone, said
from cnncalc.layers import show_shape

__all__ = ["ADDED"]

SAME = 1
MAP, INT, UINT = 9, 1, 2


def numbers(call: Call, count: int) -> tuple[int, ...]:
    """The whole numbers of a structure. Raises CnncalcError."""
    data = call.operator.custom
    if len(data) < 4 * count:
        raise call.fault("its settings are cut short")
    return struct.unpack_from(f"<{count}i", data)


def padding(number: int) -> str:
    """Padding as ours."""
    return "same" if number == SAME else "valid"


def deconvolution(call: Call) -> list[Value]:
    """Convolution2DTransposeBias, with the size that the file states."""
    x, dims = call.map(), call.fixed(1).dims
    said_dims = call.stated[0] if call.stated else None
    if len(dims) != 4 or said_dims is None or len(said_dims) != 4:
        raise call.fault("its kernel and its output have four axes", show_shape(dims))
    _, across, down = numbers(call, 3)
    strides = (down, across)
    over = [(n - 1) * s + k - wanted for n, s, k, wanted in zip(x.dims[1:3], strides, dims[1:3], said_dims[1:3])]
    return [
        call.biased(
            "deconv", x, 2, out=dims[0], kernel=dims[1:3], stride=strides,
            padding=tuple((max(one, 0) // 2, max(one, 0) - max(one, 0) // 2) for one in over),
            output_padding=tuple(max(-one, 0) for one in over),
        )
    ]  # fmt: skip


def pool(call: Call) -> list[Value]:
    """MaxPoolingWithArgmax2D: the largest, and their places, which an unpooling knows the pool by."""
    border, across, down, width, height = numbers(call, 5)
    made = call.put("maxpool", call.map(), kernel=(height, width), stride=(down, across), padding=padding(border))
    return [made, made]


def unpool(call: Call) -> list[Value]:
    """MaxUnpooling2D: of a pool's places, as large as the file states."""
    size = call.stated[0] if call.stated else None
    if size is None:
        raise call.fault("the file states no shape for what it makes")
    return [alone(call, size, call.map(), call.live(1))]


def settings(data: bytes) -> dict[str, int]:
    """The whole numbers of a map in FlexBuffers by their keys; none of anything else."""
    found: dict[str, int] = {}
    if len(data) < 3 or data[-2] >> 2 != MAP or data[-1] not in (1, 2, 4, 8):
        return found
    width = 1 << (data[-2] & 3)

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], "little") if 0 <= at <= len(data) - size else 0

    root = len(data) - 2 - data[-1]
    values = root - number(root, data[-1])
    keys, key_width = values - 3 * width - number(values - 3 * width, width), number(values - 2 * width, width)
    count = min(number(values - width, width), len(data))
    for place in range(count if key_width in (1, 2, 4, 8) else 0):
        at = keys + place * key_width
        start = at - number(at, key_width)
        kind = number(values + count * width + place, 1) >> 2
        if 0 <= start < len(data) and kind in (INT, UINT):
            name = data[start : data.find(0, start)].decode("ascii", "replace")
            found[name] = number(values + place * width, width)
    return found


def detections(call: Call) -> list[Value]:
    """TFLite_Detection_PostProcess: so many boxes, their classes and scores, and how many there are."""
    given = settings(call.operator.custom)
    most = given.get("max_detections", 0) * given.get("max_classes_per_detection", 1)
    if not 0 < most < 10**6:
        return said(call)
    boxes, scores = call.live(0), call.live(1)
    shapes = ((1, most, 4), (1, most), (1, most), (1,))
    return [alone(call, dims, boxes, scores) for dims in shapes[: len(call.operator.outputs)]]


def transformed(call: Call) -> list[Value]:
    """What has no weights, as large as the file states."""
    lives = [value for value in call.values if isinstance(value, Live)]
    return said(call) if lives else []


ADDED: Mapping[str, Rule] = {
    "CUSTOM Convolution2DTransposeBias": deconvolution,
    "CUSTOM MaxPoolingWithArgmax2D": pool,
    "CUSTOM MaxUnpooling2D": unpool,
    "CUSTOM TFLite_Detection_PostProcess": detections,
    **dict.fromkeys(
        ("CUSTOM TransformLandmarks", "CUSTOM Landmarks2TransformMatrix", "CUSTOM TransformTensorBilinear"), transformed
    ),
}
