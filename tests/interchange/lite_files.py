"""TensorFlow Lite files written for tests, tensor by tensor."""

from __future__ import annotations

import struct
from typing import Any

from flat_tables import Byte, Flat, written
from reading import read

CODES = {
    "ADD": 0, "AVERAGE_POOL_2D": 1, "CONCATENATION": 2, "CONV_2D": 3, "DEPTHWISE_CONV_2D": 4, "DEPTH_TO_SPACE": 5,
    "FULLY_CONNECTED": 9, "LOGISTIC": 14, "MAX_POOL_2D": 17, "MUL": 18, "RESHAPE": 22, "RESIZE_BILINEAR": 23,
    "SOFTMAX": 25, "SPACE_TO_DEPTH": 26, "SVDF": 27, "CUSTOM": 32, "PAD": 34, "GATHER": 36, "BATCH_TO_SPACE_ND": 37,
    "SPACE_TO_BATCH_ND": 38, "TRANSPOSE": 39, "MEAN": 40, "SQUEEZE": 43, "UNIDIRECTIONAL_SEQUENCE_LSTM": 44,
    "STRIDED_SLICE": 45, "SPLIT": 49, "SLICE": 65, "TRANSPOSE_CONV": 67, "SHAPE": 77, "PACK": 83, "UNPACK": 88,
    "HASHTABLE_LOOKUP": 10, "L2_POOL_2D": 12, "LSTM": 16, "RNN": 24, "UNIDIRECTIONAL_SEQUENCE_RNN": 35,
    "BIDIRECTIONAL_SEQUENCE_RNN": 46, "BIDIRECTIONAL_SEQUENCE_LSTM": 52, "TILE": 69, "CONV_3D_TRANSPOSE": 141,
    "TOPK_V2": 48, "NON_MAX_SUPPRESSION_V5": 121, "WHILE": 119, "BATCH_MATMUL": 126, "QUANTIZE": 114, "MIRROR_PAD": 100,
    "EQUAL": 71,
    "REVERSE_V2": 105, "RFFT2D": 131, "CONV_3D": 132, "READ_VARIABLE": 143, "ASSIGN_VARIABLE": 144,
}  # fmt: skip
FLOAT, INT32, INT8 = 0, 2, 9
VALID = {0: Byte(1)}


class Lite:
    """A file, tensor by tensor; each is known by its number."""

    def __init__(self, *shape, signature=None):
        self.tensors, self.buffers, self.operators, self.codes = [], [Flat({})], [], []
        self.x = self.tensor(shape, signature=signature, name="image")

    def tensor(self, shape, stored=FLOAT, data=None, name="", signature=None):
        fields = {0: list(shape), 1: Byte(stored), 2: 0 if data is None else len(self.buffers), 3: name}
        if signature is not None:
            fields[7] = list(signature)
        if data is not None:
            self.buffers.append(Flat({0: data}))
        self.tensors.append(Flat(fields))
        return len(self.tensors) - 1

    def weight(self, *shape, stored=FLOAT):
        size = {FLOAT: 4, INT8: 1, INT32: 4}[stored]
        for n in shape:
            size *= n
        return self.tensor(shape, stored, bytes(size))

    def whole(self, *numbers, shape=None):
        return self.tensor(
            (len(numbers),) if shape is None else shape, INT32, struct.pack(f"<{len(numbers)}i", *numbers)
        )

    def add(self, kind, inputs, shapes, options=None, name="", custom="", settings=b""):
        """An operator; a `None` shape is one that the file does not state. Returns its tensors' numbers."""
        code = CODES[kind]
        if (code, custom) not in self.codes:
            self.codes.append((code, custom))
        made = [self.tensor(shape or (), name=name) for shape in shapes]
        fields: dict[int, Any] = {0: self.codes.index((code, custom)), 1: list(inputs), 2: list(made)}
        if options is not None:
            fields |= {3: Byte(1), 4: Flat(options)}
        if settings:
            fields[5] = settings
        self.operators.append(Flat(fields))
        return made[0] if len(made) == 1 else made

    def bytes(self, *outputs, inputs=None):
        codes = [Flat({0: Byte(min(code, 127)), 1: custom, 3: code}) for code, custom in self.codes]
        graph = Flat({0: self.tensors, 1: inputs or [self.x], 2: list(outputs), 3: self.operators})
        return written(Flat({0: 3, 1: codes, 2: [graph], 3: "by hand", 4: self.buffers}))


def lite(data, **options):
    return read(data, "net.tflite", **options)


def window(*, same, stride, first=()):
    """Padding and strides, width first; then what the operator has behind them."""
    return {0: Byte(0 if same else 1), 1: stride[1], 2: stride[0], **dict(first)}
