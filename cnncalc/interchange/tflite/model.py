"""What a TensorFlow Lite file holds: tensors, operators and constants (schema 3, tensorflow/lite/schema/schema.fbs)."""

from __future__ import annotations

import struct
from math import isfinite, prod

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.protobuf.wire import Bytes
from cnncalc.interchange.tflite.flatbuffer import Table, root
from cnncalc.records import NamedTuple

__all__ = ["Fixed", "Model", "Operator", "Tensor", "model_of"]

MOST = 100_000
"""Tensors, operators and buffers of a file."""
MOST_TAKEN = 500_000
"""Tensors that the operators of a file take and make, all together."""
MOST_AXES = 8
MOST_NUMBERS = 256
"""Numbers of a constant that are read: shapes, axes, borders. Weights are not looked at."""
TYPES = {
    0: ("float32", 32, "f"), 1: ("float16", 16, "e"), 2: ("int32", 32, "i"), 3: ("uint8", 8, "B"),
    4: ("int64", 64, "q"), 6: ("bool", 8, "?"), 7: ("int16", 16, "h"), 9: ("int8", 8, "b"), 10: ("float64", 64, "d"),
    15: ("uint32", 32, "I"), 16: ("uint16", 16, "H"), 17: ("int4", 4, ""), 18: ("bfloat16", 16, ""),
    19: ("int2", 2, ""), 20: ("uint4", 4, ""),
}  # fmt: skip
"""TensorType: its name, the bits of a number, and how `struct` reads it."""
MOST_SETTINGS = 4_096
"""Bytes of an operator's own settings that are read."""
FLOATING = (0, 1, 10, 18)
CUSTOM = 32

NAMES = """
ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE EMBEDDING_LOOKUP FLOOR
FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D LOCAL_RESPONSE_NORMALIZATION LOGISTIC
LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH
SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER
BATCH_TO_SPACE_ND SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE
BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM
ARG_MAX MINIMUM LESS NEG PADV2 GREATER GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE
TILE EXPAND_DIMS EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK
LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE ZEROS_LIKE FILL
FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE MIRROR_PAD ABS SPLIT_V UNIQUE CEIL
REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND
HARD_SWISH IF WHILE NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM
BATCH_MATMUL PLACEHOLDER_FOR_GREATER_OP_CODES CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS
HASHTABLE HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE READ_VARIABLE
ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM MULTINOMIAL GELU
DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX UNSORTED_SEGMENT_SUM ATAN2
UNSORTED_SEGMENT_MIN SIGN BITCAST BITWISE_XOR RIGHT_SHIFT STABLEHLO_LOGISTIC STABLEHLO_ADD STABLEHLO_DIVIDE
STABLEHLO_MULTIPLY STABLEHLO_MAXIMUM STABLEHLO_RESHAPE STABLEHLO_CLAMP STABLEHLO_CONCATENATE
STABLEHLO_BROADCAST_IN_DIM STABLEHLO_CONVOLUTION STABLEHLO_SLICE STABLEHLO_CUSTOM_CALL STABLEHLO_REDUCE
STABLEHLO_ABS STABLEHLO_AND STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG
STABLEHLO_MINIMUM STABLEHLO_NEGATE STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_RSQRT
STABLEHLO_SELECT STABLEHLO_SUBTRACT STABLEHLO_TANH STABLEHLO_SCATTER STABLEHLO_COMPARE STABLEHLO_CONVERT
STABLEHLO_DYNAMIC_SLICE STABLEHLO_DYNAMIC_UPDATE_SLICE STABLEHLO_PAD STABLEHLO_IOTA STABLEHLO_DOT_GENERAL
STABLEHLO_REDUCE_WINDOW STABLEHLO_SORT STABLEHLO_WHILE STABLEHLO_GATHER STABLEHLO_TRANSPOSE DILATE
STABLEHLO_RNG_BIT_GENERATOR REDUCE_WINDOW STABLEHLO_COMPOSITE STABLEHLO_SHIFT_LEFT STABLEHLO_CBRT STABLEHLO_CASE
"""
OPERATORS = tuple(NAMES.split())
"""The operators by their numbers (BuiltinOperator of schema.fbs, 0 to 209)."""


class Fixed(NamedTuple):
    """A tensor that the file holds, or that follows from shapes alone; `values` are None where they are not read."""

    dims: tuple[int, ...]
    type: int = 2
    values: tuple[int | float, ...] | None = None
    number: int = -1
    """Its place in the file; -1 for what is computed."""

    @property
    def size(self) -> int:
        """The number of its elements."""
        return prod(self.dims)

    @property
    def bytes(self) -> int:
        """What its numbers take in the file, packed ones rounded up."""
        return -(-self.size * TYPES.get(self.type, ("", 32, ""))[1] // 8)

    def wholes(self) -> tuple[int, ...] | None:
        """Its numbers, where they are known and whole."""
        known = self.values is not None and all(map(isfinite, self.values))
        return tuple(int(one) for one in self.values or ()) if known else None


class Tensor(NamedTuple):
    """One tensor; of a length that is open, `signature` has -1 and `shape` 1."""

    name: str
    shape: tuple[int, ...]
    signature: tuple[int, ...]
    fixed: Fixed | None


class Operator(NamedTuple):
    """One operator: its name, the numbers of its tensors (-1 for none), and its settings."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Table | None
    number: int
    custom: bytes = b""
    """The settings of an operator that others have added, as these write them."""


class Model(NamedTuple):
    """The first graph of a file."""

    tensors: list[Tensor]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    operators: list[Operator]


def model_of(data: Bytes) -> Model:
    """The graph of a file. Raises CnncalcError."""
    top = root(data)
    codes = [_operator(code) for code in top.tables(1, MOST)]
    buffers = list(top.tables(4, MOST))
    graph = next(iter(top.tables(2, MOST)), None)
    if graph is None:
        raise CnncalcError(Fault("the file has no graph"))
    tensors = [_tensor(table, number, buffers, data) for number, table in enumerate(graph.tables(0, MOST))]
    operators: list[Operator] = []
    taken = 0
    for number, table in enumerate(graph.tables(3, MOST), 1):
        code = table.whole(0, signed=False)
        one = Operator(
            codes[code] if code < len(codes) else f"number {code}",
            table.wholes(1, MOST),
            table.wholes(2, MOST),
            table.table(4) if table.whole(3, size=1, signed=False) else None,
            number,
            _settings(table, data) if code < len(codes) and codes[code].startswith("CUSTOM") else b"",
        )
        taken += len(one.inputs) + len(one.outputs)
        if taken > MOST_TAKEN:
            raise CnncalcError(Fault(f"the operators take and make more than {MOST_TAKEN:,} tensors"))
        operators.append(one)
    return Model(tensors, graph.wholes(1, MOST), graph.wholes(2, MOST), operators)


def _settings(table: Table, data: Bytes) -> bytes:
    """The settings of an operator that others have added, where they are short."""
    span = table.span(5)
    return bytes(data[span.start : span.stop]) if span.stop - span.start <= MOST_SETTINGS else b""


def _operator(table: Table) -> str:
    """The name of an operator; what others have added says its own. A byte held the number once, now four do."""
    number = max(table.whole(0, size=1), table.whole(3))
    if number == CUSTOM:
        return f"CUSTOM {table.text(1)[:60]}".strip()
    return OPERATORS[number] if 0 <= number < len(OPERATORS) else f"number {number}"


def _tensor(table: Table, number: int, buffers: list[Table], data: Bytes) -> Tensor:
    shape, signature = table.wholes(0, MOST_AXES), table.wholes(7, MOST_AXES)
    if len(signature) != len(shape):
        signature = shape
    name = table.text(3)
    if any(n < 0 for n in shape):
        raise CnncalcError(Fault("a length of a tensor is negative", layer=name[:120], values=str(shape)))
    place = table.whole(2, signed=False)
    if not 0 < place < len(buffers):
        return Tensor(name, shape, signature, None)
    kind = table.whole(1, size=1)
    span = buffers[place].span(0)
    held = span.stop - span.start or buffers[place].whole(2, size=8, signed=False)
    if not held:
        return Tensor(name, shape, signature, None)
    fixed = Fixed(shape, kind, None, number)
    if fixed.size <= MOST_NUMBERS and span.stop - span.start == fixed.bytes:
        fixed = fixed._replace(values=_values(table, kind, fixed, bytes(data[span.start : span.stop])))
    return Tensor(name, shape, signature, fixed)


def _values(table: Table, kind: int, fixed: Fixed, data: bytes) -> tuple[int | float, ...] | None:
    """The numbers of a small constant; those of a quantised one as what they stand for."""
    letter = TYPES.get(kind, ("", 0, ""))[2]
    if not letter:
        return None
    values = struct.unpack(f"<{fixed.size}{letter}", data)
    scaling = table.table(4)
    scales = scaling.reals(2, MOST) if scaling is not None else ()
    if scaling is None or not scales or kind in FLOATING:
        return values
    zeros = scaling.wholes(3, MOST, size=8)
    return tuple((one - (zeros[0] if zeros else 0)) * scales[0] for one in values) if len(scales) == 1 else None
