"""Operators without weights that no layer of ours is: of what comes out the shape alone is known."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.interchange.tflite.call import Below, Call, Dims, Live, Rule, Value
from cnncalc.interchange.tflite.model import Fixed
from cnncalc.layers import show_shape

__all__ = ["STATED", "alike", "alone", "said"]

INT32 = 2


def alone(call: Call, dims: Dims, *lives: Live) -> Live:
    """A tensor of this shape, made of others."""
    kind = call.operator.kind.rpartition(" ")[2]
    return call.put("opaque", *lives, dims=dims, shape=call.ours(dims), of=kind)


def taken(call: Call) -> list[Live]:
    """What it takes that depends on the input."""
    return [call.live(place) for place, value in enumerate(call.values) if isinstance(value, (Live, Below))]


def alike(call: Call) -> list[Value]:
    """Element by element, of tensors whose axes are counted from the last: the longest lengths."""
    shapes = [value.live.dims if isinstance(value, Below) else value.dims
              for value in call.values if isinstance(value, (Live, Fixed, Below))]  # fmt: skip
    rank = max(map(len, shapes), default=0)
    wide = [(*(1,) * (rank - len(dims)), *dims) for dims in shapes]
    dims = tuple(max(lengths) for lengths in zip(*wide))
    if any(n not in (1, m) for one in wide for n, m in zip(one, dims)):
        raise call.fault("its tensors do not fit", " and ".join(show_shape(one) for one in shapes)[:80])
    return made(call, [dims])


def made(call: Call, shapes: list[Dims]) -> list[Value]:
    """Tensors of these shapes; what depends on no input has numbers that are not known."""
    lives = taken(call)
    return [alone(call, dims, *lives) if lives else Fixed(dims, INT32) for dims in shapes]


def first(call: Call) -> list[Value]:
    """As its first tensor."""
    value = call.place(0)
    return made(call, [value.dims]) if isinstance(value, Fixed) else [alone(call, call.live().dims, *taken(call))]


def said(call: Call) -> list[Value]:
    """As the file states."""
    shapes = [dims for dims in call.stated if dims is not None]
    if not shapes or len(shapes) != len(call.stated):
        raise call.fault("the file states no shape for what it makes")
    return made(call, shapes)


def remembered(call: Call) -> list[Value]:
    """READ_VARIABLE: what a net that is called step by step remembers of the steps before."""
    shapes = [dims for dims in call.stated if dims]
    if len(shapes) != 1:
        raise call.fault("the file states no shape for what it remembers")
    entering = next(iter(call.build.sketch.inputs.values()))
    tensor = call.build.put("constant", entering, shape=call.ours(shapes[0]), join="alone")
    return [Live(tensor, shapes[0])]


def nothing(_: Call) -> list[Value]:
    """What keeps something for the next step, and makes nothing."""
    return []


STATED: Mapping[str, Rule] = {
    **dict.fromkeys(
        (
            "EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS_EQUAL", "LOGICAL_AND", "LOGICAL_OR", "LOGICAL_NOT",
            "FLOOR_DIV", "FLOOR_MOD", "ATAN2", "BITWISE_XOR", "RIGHT_SHIFT", "ADD_N",
        ),
        alike,
    ),
    **dict.fromkeys(
        (
            "REVERSE_V2", "CUMSUM", "ZEROS_LIKE", "REVERSE_SEQUENCE", "DYNAMIC_UPDATE_SLICE", "BUCKETIZE",
            "MATRIX_SET_DIAG",
        ),
        first,
    ),
    **dict.fromkeys(
        (
            "BROADCAST_TO", "COMPLEX_ABS", "FILL", "GATHER_ND", "IMAG", "MATRIX_DIAG", "ONE_HOT", "RANGE", "REAL",
            "REDUCE_ALL", "REDUCE_ANY", "REDUCE_PROD", "RFFT2D", "SCATTER_ND", "SPARSE_TO_DENSE",
            "DILATE", "STABLEHLO_GATHER", "STABLEHLO_PAD", "STABLEHLO_REDUCE_WINDOW", "STABLEHLO_SCATTER",
            "STABLEHLO_SORT", "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5", "BROADCAST_ARGS", "RANDOM_UNIFORM",
            "RANDOM_STANDARD_NORMAL", "REDUCE_WINDOW", "SEGMENT_SUM", "UNSORTED_SEGMENT_MAX", "UNSORTED_SEGMENT_MIN",
            "UNSORTED_SEGMENT_PROD", "UNSORTED_SEGMENT_SUM",
        ),
        said,
    ),
    "READ_VARIABLE": remembered,
    **dict.fromkeys(("ASSIGN_VARIABLE", "CALL_ONCE"), nothing),
    "VAR_HANDLE": lambda _: [Fixed(())],
}  # fmt: skip
