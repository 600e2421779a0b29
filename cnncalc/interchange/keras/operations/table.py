"""Operations of `keras.ops`, and those that tf.keras puts into a model as layers (`TFOpLambda`)."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.keras.activations import FUNCTIONS, activate
from cnncalc.interchange.keras.call import Call, Rule
from cnncalc.interchange.keras.operations.further import FURTHER
from cnncalc.interchange.keras.operations.laying_out import (
    argument,
    concatenate,
    einsum,
    expand_dims,
    get_item,
    moveaxis,
    pad,
    reshape,
    resize,
    roll,
    split,
    squeeze,
    stack,
    swapaxes,
    take,
    tile,
    transpose,
    without_channels,
)
from cnncalc.interchange.keras.operations.measures import MEASURES
from cnncalc.interchange.keras.shapes import merge, of_length_one

__all__ = ["OPERATIONS", "operation_name"]


def arithmetic(kind: str) -> Rule:
    """Of two tensors, of a tensor and a number, or of a tensor and a list of numbers."""

    def rule(call: Call) -> int | list[int]:
        if len(call.tensors) > 1:
            return merge(kind)(call)
        listed = next((one for one in (*call.args, *call.kwargs.values()) if isinstance(one, list)), None)
        if listed is not None:
            return with_numbers(call, kind, listed)
        numbers = [
            one
            for one in (*call.args, *call.kwargs.values())
            if isinstance(one, (int, float)) and type(one) is not bool
        ]
        by = float(numbers[0]) if numbers else 1.0
        first = call.args[0] if call.args else None
        if kind in ("subtract", "divide") and isinstance(first, (int, float)) and type(first) is not bool:
            turned = call.put("function", of="negate" if kind == "subtract" else "reciprocal")
            return call.put("add" if kind == "subtract" else "multiply", turned, number=by)
        return call.put(kind, number=by)

    return rule


def reduction(by: str) -> Rule:
    """Over axes, all but the batch unless told."""

    def rule(call: Call) -> int:
        axes = call.axes(argument(call, 1, "axis"))
        keep = bool(argument(call, 2, "keepdims", "keep_dims", default=False))
        if len(axes) == call.rank and not keep:
            flat = call.put("flatten", suffix="flat") if call.rank > 1 else call.tensors[0]
            return call.put("reduce", flat, suffix=by, by=by, axes=(0,), keep=True)
        made = call.put("reduce", by=by, axes=tuple(axes), keep=keep or None)
        return made if keep else without_channels(call, made, axes)

    return rule


def function(of: str) -> Rule:
    """One function of each element."""
    return lambda call: call.put("function", of=of)


def named(name: str) -> Rule:
    """An activation."""
    return lambda call: activate(call, name, call.tensors[0])


def with_numbers(call: Call, kind: str, listed: list[Any]) -> int:
    """With known numbers, of which Keras's last axes are those of what comes in.

    What is taken away is its negative that is added, and a divisor its reciprocal; which numbers they are is not said.
    """
    lengths: list[int] = []
    first: Any = listed
    while isinstance(first, list) and first and len(lengths) < 16:
        lengths.append(len(first))
        first = first[0]
    join = {"add": "add", "multiply": "multiply", "subtract": "add", "divide": "multiply"}.get(kind)
    before = len(lengths) - call.rank
    theirs = (*(1 for _ in range(-before)), *lengths[max(before, 0) :])
    full = call.work.shape_out(call.x[0])
    fits = (
        all(1 in (one, n) or one == n for one, n in zip(theirs, full))
        and before < 2
        and lengths[: max(before, 0)] in ([], [1])
    )
    if join is None or not fits or type(first) not in (int, float):
        raise call.fault("numbers are added or multiplied along the last axes", f"they are {str(listed)[:60]}")
    x = call.tensors[0]
    if kind in ("subtract", "divide") and call.args and isinstance(call.args[0], list):
        x = call.put("function", suffix="turned", of="negate" if kind == "subtract" else "reciprocal")
    return call.put("constant", x, shape=call.work.shape_in(theirs), join=join)


def normalize(call: Call) -> int:
    """By the root of the sum of squares along an axis."""
    axis = argument(call, 1, "axis", default=-1)
    if argument(call, 2, "order", default=2) != 2 or type(axis) is not int:
        raise call.fault("its length is the root of a sum of squares along one axis")
    return of_length_one(call, call.tensors[0], axis, "unit")


def clip(call: Call) -> int:
    """Between two bounds."""
    low = argument(call, 1, "x_min", "clip_value_min", "min_value")
    high = argument(call, 2, "x_max", "clip_value_max", "max_value")
    return call.put("function", of="clip", low=low, high=high)


def softmax(call: Call) -> int:
    """Along an axis."""
    return call.put("softmax", axis=call.axis(argument(call, 1, "axis", default=-1)) or None)


def glu(call: Call) -> int:
    """One half of an axis times the sigmoid of the other."""
    return call.put("glu", axis=call.axis(argument(call, 1, "axis", default=-1)) or None)


def gelu(call: Call) -> int:
    """By erf, or by its approximation."""
    approximate = argument(call, 1, "approximate", default=True)
    return call.put("gelu", approximate="tanh" if approximate else None)


def log_softmax(call: Call) -> int:
    """Along an axis."""
    return call.put("log_softmax", axis=call.axis(argument(call, 1, "axis", default=-1)) or None)


def nothing(call: Call) -> int:
    """What changes no count."""
    return call.tensors[0]


def by_numbers(call: Call, listed: list[Any]) -> int:
    """By a matrix of known numbers."""
    wide = {len(row) for row in listed if isinstance(row, list)}
    letters = "abcdefgh"[: call.rank]
    known = len(wide) == 1 and all(isinstance(row, list) and not isinstance(row[0], list) for row in listed if row)
    if not known or call.work.channels_first or call.args[0] is listed or len(listed) != call.x[0][0]:
        raise call.fault("numbers are a matrix behind a tensor, channels last", f"they are {str(listed)[:40]}")
    own = call.put("constant", suffix="numbers", shape=(len(listed), *wide))
    return call.put("einsum", call.tensors[0], own, equation=f"{letters},an->n{letters[1:]}")


def matmul(call: Call) -> int:
    """Of two tensors' matrices, Keras's last two axes; of two sequences our axes are turned."""
    listed = next((one for one in call.args if isinstance(one, list)), None)
    if len(call.tensors) == 1 and listed is not None:
        return by_numbers(call, listed)
    if len(call.tensors) == 2 and call.rank > 2 and not call.work.channels_first:  # with the matrices' axes last
        order = (*range(1, call.rank), 0)
        left, right = (
            call.put("permute", one, suffix=word, order=order) for one, word in zip(call.tensors, ("left", "right"))
        )
        made = call.put("matmul", left, right, suffix="product")
        return call.put("permute", made, order=(call.rank - 1, *range(call.rank - 1)))
    if call.work.channels_first or call.rank != 2 or len(call.tensors) != 2:
        return call.put("matmul")
    return call.put("matmul", call.tensors[1], call.tensors[0])


SAME = (
    "abs",
    "exp",
    "log",
    "sqrt",
    "rsqrt",
    "square",
    "sin",
    "sinh",
    "cos",
    "cosh",
    "tan",
    "log10",
    "log2",
    "floor",
    "ceil",
    "round",
    "sign",
    "erf",
    "expm1",
    "log1p",
    "reciprocal",
)
"""Functions that are called alike here."""
OPERATIONS: dict[str, Rule] = {
    **{name: named(name) for name in FUNCTIONS},
    "add": arithmetic("add"),
    "subtract": arithmetic("subtract"),
    "multiply": arithmetic("multiply"),
    "divide": arithmetic("divide"),
    "true_divide": arithmetic("divide"),
    "power": arithmetic("power"),
    "maximum": arithmetic("maximum"),
    "minimum": arithmetic("minimum"),
    **{
        name: reduction(by)
        for name, by in (("mean", "mean"), ("sum", "sum"), ("max", "max"), ("min", "min"), ("amax", "max"))
    },
    **{f"reduce_{by}": reduction(by) for by in ("mean", "sum", "max", "min")},
    **{name: function(name) for name in SAME},
    "absolute": function("abs"),
    **{f"arc{name[1:]}": function(name) for name in ("acos", "acosh", "asin", "asinh", "atan", "atanh")},
    "negative": function("negate"),
    "neg": function("negate"),
    "pad": pad,
    "tile": tile,
    "clip": clip,
    "clip_by_value": clip,
    "reshape": reshape,
    "transpose": transpose,
    "swapaxes": swapaxes,
    "moveaxis": moveaxis,
    "concatenate": concatenate,
    "concat": concatenate,
    "resize": resize,
    "resize_images": resize,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "glu": glu,
    "gelu": gelu,
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "matmul": matmul,
    "split": split,
    "stack": stack,
    "get_item": get_item,
    "take": take,
    "roll": roll,
    "einsum": einsum,
    "normalize": normalize,
    "ones_like": lambda call: call.put("constant", shape=call.x[0]),
    **MEASURES,
    **FURTHER,
    "cast": nothing,
    "identity": nothing,
    "stop_gradient": nothing,
    "copy": nothing,
}
"""By the operation's name in small letters."""


def operation_name(kind: str, config: dict[str, Any]) -> str:
    """The name of an operation: the class in Keras 3, the function in a `TFOpLambda` (`math.multiply`)."""
    if kind in ("TFOpLambda", "TensorFlowOpLayer", "TFOpLayer"):
        function = config.get("function") or config.get("name") or ""
        word = str(function).rpartition(".")[2].lower()
        return {"truediv": "divide", "mul": "multiply", "sub": "subtract", "pow": "power"}.get(word, word)
    spaced = "".join(f"_{one.lower()}" if one.isupper() and at else one.lower() for at, one in enumerate(kind))
    return {
        "re_lu": "relu",
        "re_lu6": "relu6",
        "relu_6": "relu6",
        "r_m_s_norm": "rms_norm",
        "true_divide": "divide",
    }.get(spaced, spaced)
