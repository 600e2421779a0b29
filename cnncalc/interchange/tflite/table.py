"""Every operator of TensorFlow Lite that is read, and what it becomes."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.interchange.tflite import elements, sequences, shapes, windows
from cnncalc.interchange.tflite.added import ADDED
from cnncalc.interchange.tflite.call import Call, Live, Rule, Value
from cnncalc.interchange.tflite.model import Fixed
from cnncalc.interchange.tflite.stated import STATED

__all__ = ["RULES"]


def _product(call: Call) -> list[Value]:
    """BATCH_MATMUL; by one matrix of the file it is a linear layer."""
    second = call.place(1)
    matrix = isinstance(second, Fixed) and len(second.dims) == 2 and not call.flag(0)
    return windows.linear(call) if matrix else elements.product(call)


def _dense(call: Call) -> list[Value]:
    """FULLY_CONNECTED."""
    return elements.dense(call) if isinstance(call.place(1), Live) else windows.linear(call)


RULES: Mapping[str, Rule] = {
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), windows.convolution),
    "CONV_3D": windows.convolution_3d,
    "CONV_3D_TRANSPOSE": windows.deconvolution_3d,
    "TRANSPOSE_CONV": windows.deconvolution,
    "SPACE_TO_BATCH_ND": windows.spread,
    "BATCH_TO_SPACE_ND": windows.put_together,
    **dict.fromkeys(("AVERAGE_POOL_2D", "L2_POOL_2D", "MAX_POOL_2D"), windows.pool),
    "FULLY_CONNECTED": _dense,
    "BATCH_MATMUL": _product,
    "EMBEDDING_LOOKUP": windows.embedding,
    "GATHER": windows.gathered,
    "LESS": shapes.below,
    **dict.fromkeys(("SELECT", "SELECT_V2"), shapes.chosen),
    **dict.fromkeys(("LSTM", "UNIDIRECTIONAL_SEQUENCE_LSTM", "BIDIRECTIONAL_SEQUENCE_LSTM"), sequences.lstm),
    **dict.fromkeys(("RNN", "UNIDIRECTIONAL_SEQUENCE_RNN", "BIDIRECTIONAL_SEQUENCE_RNN"), sequences.rnn),
    "SVDF": sequences.svdf,
    "ADD": elements.arithmetic("add"),
    "SUB": elements.arithmetic("subtract"),
    "MUL": elements.arithmetic("multiply"),
    "DIV": elements.arithmetic("divide"),
    "MAXIMUM": elements.arithmetic("maximum"),
    "MINIMUM": elements.arithmetic("minimum"),
    "POW": elements.arithmetic("power"),
    "SQUARED_DIFFERENCE": elements.difference,
    **dict.fromkeys(("QUANTIZE", "DEQUANTIZE", "CAST", "FAKE_QUANT"), elements.same),
    "RELU": elements.function("relu"),
    "RELU6": elements.function("relu6"),
    "RELU_N1_TO_1": elements.function("function", of="clip", low=-1, high=1),
    "RELU_0_TO_1": elements.function("function", of="clip", low=0, high=1),
    "TANH": elements.function("tanh"),
    "LOGISTIC": elements.function("sigmoid"),
    "HARD_SWISH": elements.function("hardswish"),
    "ELU": elements.function("elu"),
    "GELU": elements.function("gelu"),
    "LEAKY_RELU": elements.leaky,
    "PRELU": elements.prelu,
    **{
        kind: elements.function("function", of=kind.lower())
        for kind in ("EXP", "LOG", "SQRT", "RSQRT", "SQUARE", "ABS", "SIN", "COS", "FLOOR", "CEIL", "ROUND", "SIGN")
    },
    "NEG": elements.function("function", of="negate"),
    "SOFTMAX": elements.softmax("softmax"),
    "LOG_SOFTMAX": elements.softmax("log_softmax"),
    "L2_NORMALIZATION": elements.length_norm,
    "LOCAL_RESPONSE_NORMALIZATION": elements.lrn,
    "RESHAPE": shapes.reshape,
    "SQUEEZE": shapes.squeeze,
    "EXPAND_DIMS": shapes.expand,
    "TRANSPOSE": shapes.transpose,
    "CONCATENATION": shapes.concat,
    "PACK": shapes.pack,
    "UNPACK": shapes.unpack,
    **dict.fromkeys(("SPLIT", "SPLIT_V"), shapes.split),
    "SLICE": shapes.slice_,
    "STRIDED_SLICE": shapes.strided,
    **dict.fromkeys(("PAD", "PADV2", "MIRROR_PAD"), shapes.pad),
    "MEAN": shapes.reduce("mean"),
    "SUM": shapes.reduce("sum"),
    "REDUCE_MAX": shapes.reduce("max"),
    "REDUCE_MIN": shapes.reduce("min"),
    **dict.fromkeys(("ARG_MAX", "ARG_MIN"), shapes.places),
    "TOPK_V2": shapes.topk,
    "TILE": shapes.tile,
    "DEPTH_TO_SPACE": shapes.blocks("pixel_shuffle"),
    "SPACE_TO_DEPTH": shapes.blocks("space_to_depth"),
    "RESIZE_BILINEAR": shapes.resize("linear"),
    "RESIZE_NEAREST_NEIGHBOR": shapes.resize("nearest"),
    **STATED,
    **ADDED,
}
"""A function of an operator, with what it takes, to what it makes."""
