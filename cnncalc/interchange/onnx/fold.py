"""Arithmetic on tensors that the file holds, of which small ones are known number by number: shapes, axes, sizes.

What has too many numbers keeps its shape alone, so that a weight that is reshaped or cast stays one of a known shape.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

from cnncalc.arithmetic.windows.nearest import single
from cnncalc.interchange.onnx.arrays import (
    LENGTHS,
    broadcast,
    expanded,
    ints,
    made_of,
    nonzero,
    overwritten,
    picked,
    resolved,
    size_of,
    whole_numbers,
)  # fmt: skip
from cnncalc.interchange.onnx.cutting import gather, gather_nd, slice_, split
from cnncalc.interchange.onnx.parts import MOST_READ, Node, Tensor

__all__ = ["FOLDS", "ROUNDED", "folded"]

FLOAT, INT64 = 1, 7

FUNCTIONS = ("Clip", "Relu", "Sigmoid", "Softmax", "Softplus", "Tanh")
"""What bounds a weight."""
LEARNED = ("Add", "Exp", *FUNCTIONS)
"""What is made of weights alone and stays one: a sum of them, a scale of which the logarithm is learned and bounded."""
Fold: TypeAlias = "Callable[[Node, Sequence[Any], int], list[Tensor] | None]"


def elementwise(
    function: Callable[..., int | float], node: Node, values: Sequence[Tensor], _: int
) -> list[Tensor] | None:
    """Element by element."""
    dims = broadcast(*(value.dims for value in values))
    if dims is None:
        return None
    first = values[0].computed(dims, of=made_of(*values) if node.kind in LEARNED else ())
    if size_of(dims) > MOST_READ or any(value.numbers is None for value in values):
        return [first]
    columns = [expanded(value, dims).numbers or () for value in values]
    rounded = single if first.type == FLOAT else lambda number: number  # as a runtime computes scales
    try:
        made = [function(*row) for row in zip(*columns)]
        return [first._replace(held=tuple(rounded(one) if isinstance(one, float) else one for one in made))]
    except (ArithmeticError, ValueError):
        return [first]


def divided(a: int | float, b: int | float) -> int | float:
    """Division as ONNX has it: whole numbers towards zero."""
    if isinstance(a, int) and isinstance(b, int):
        return -(-a // b) if (a < 0) != (b < 0) else a // b
    return a / b


def power(a: int | float, b: int | float) -> int | float:
    """A power of numbers that shape arithmetic has; no longer ones are made of it, and none of a negative's root."""
    real = not (a == 0 and b < 0) and (a >= 0 or b == int(b))
    return a**b if abs(b) < 64 and abs(a) < 2**31 and real else math.nan


def axes_of(node: Node, values: Sequence[Tensor | None]) -> tuple[int, ...] | None:
    """The axes of an operator: an attribute up to opset 12, an input since."""
    given = whole_numbers(node.attributes.get("axes"))
    return given if given is not None else ints(values[1]) if len(values) > 1 else None


def keep(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    return [values[0]]


def meant(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    """DequantizeLinear: floating-point numbers, those that few quantised ones stand for."""
    tensor, scale = values[0], values[1] if len(values) > 1 else None
    factor = scale.numbers if scale is not None and scale.size == 1 else None
    zero = values[2].numbers if len(values) > 2 and values[2] is not None else (0,)
    if not factor or not zero or tensor.size > MOST_READ or (held := tensor.numbers) is None:
        return [tensor._replace(type=FLOAT, held=None)]
    return [tensor._replace(type=FLOAT, held=tuple((one - zero[0]) * factor[0] for one in held))]


def cast(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    to = node.attributes.get("to")
    kind = values[1].type if node.kind == "CastLike" else to if isinstance(to, int) else values[0].type
    made = values[0]._replace(type=kind)
    if made.numbers is not None and not made.floating:
        return [made._replace(held=ints(values[0]) if len(ints(values[0]) or ()) == made.size else None)]
    return [made]


def unsqueeze(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    axes = axes_of(node, values)
    if axes is None:
        return None
    rank = len(values[0].dims) + len(axes)
    at = {axis % rank for axis in axes}
    rest = iter(values[0].dims)
    return [values[0]._replace(dims=tuple(1 if axis in at else next(rest, 1) for axis in range(rank)))]


def squeeze(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    dims = values[0].dims
    axes = axes_of(node, values)
    gone = (
        {axis for axis, n in enumerate(dims) if n == 1} if axes is None else {axis % max(len(dims), 1) for axis in axes}
    )
    return [values[0]._replace(dims=tuple(n for axis, n in enumerate(dims) if axis not in gone))]


def concat(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    axis = node.attributes.get("axis", 0)
    dims = values[0].dims
    if not isinstance(axis, int) or not dims or any(len(value.dims) != len(dims) for value in values):
        return None
    axis %= len(dims)
    made = (*dims[:axis], sum(value.dims[axis] for value in values), *dims[axis + 1 :])
    whole = len(dims) == 1 and size_of(made) <= MOST_READ and all(value.numbers is not None for value in values)
    numbers = tuple(number for value in values for number in value.numbers or ()) if whole else None
    return [values[0].computed(made, numbers, made_of(*values))]


def reshape(node: Node, values: Sequence[Tensor], opset: int) -> list[Tensor] | None:
    given = whole_numbers(node.attributes.get("shape")) if opset < 5 else ints(values[1] if len(values) > 1 else None)
    dims = resolved(given, values[0].dims) if given is not None else None
    return None if dims is None else [values[0]._replace(dims=dims)]


def flatten(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    dims, axis = values[0].dims, node.attributes.get("axis", 1)
    if not isinstance(axis, int) or not -len(dims) <= axis <= len(dims):
        return None
    axis += len(dims) * (axis < 0)
    return [values[0]._replace(dims=(size_of(dims[:axis]), size_of(dims[axis:])))]


def transpose(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    rank = len(values[0].dims)
    order = whole_numbers(node.attributes.get("perm")) or tuple(reversed(range(rank)))
    if sorted(order) != list(range(rank)):
        return None
    back = [order.index(axis) for axis in range(rank)]
    dims = tuple(values[0].dims[axis] for axis in order)
    return [picked(values[0], dims, lambda place: tuple(place[axis] for axis in back))]


def expand(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    wanted = ints(values[1])
    dims = broadcast(values[0].dims, wanted) if wanted is not None else None
    return None if dims is None else [expanded(values[0], dims)]


def tiled(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    dims, times = values[0].dims, ints(values[1]) if len(values) > 1 else None
    if times is None or len(times) != len(dims) or min(times, default=1) < 0:
        return None
    made = tuple(n * one for n, one in zip(dims, times))
    whole = values[0] if made == dims else values[0].computed(dims, values[0].numbers, made_of(values[0]))
    return [picked(whole, made, lambda place: tuple(at % n for at, n in zip(place, dims)))]


def padded(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    """Pad; of a list that is known number by number the numbers too, as shape arithmetic needs them."""
    pads = whole_numbers(node.attributes.get("pads")) or (ints(values[1]) if len(values) > 1 else None)
    rank = len(values[0].dims)
    if pads is None or len(pads) != 2 * rank:
        return None
    dims = tuple(a + n + b for a, n, b in zip(pads[:rank], values[0].dims, pads[rank:]))
    if min(dims, default=1) < 0:
        return None
    numbers = None
    if rank == 1 and values[0].numbers is not None and min(pads) >= 0 and dims[0] <= MOST_READ:
        numbers = ((0,) * pads[0]) + values[0].numbers + ((0,) * pads[1])
    return [values[0].computed(dims, numbers)]


def shaped(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    """A tensor of the same shape whose numbers do not matter."""
    return [values[0].computed(values[0].dims, of=made_of(values[0]) if node.kind in LEARNED else ())]


def scattered(node: Node, values: Sequence[Any], opset: int) -> list[Tensor] | None:
    """ScatterElements and ScatterND; of a list that is known, as of a shape, the numbers too."""
    return overwritten(node, values) or shaped(node, values, opset)


def multiplied(node: Node, values: Sequence[Any], _: int) -> list[Tensor] | None:
    """MatMul with a vector, as the largest singular value of a weight is computed: its shape.

    A product of matrices, such as queries with a weight, is a layer's.
    """
    a, b = (one.dims if one is not None else () for one in values[:2])
    if not a or not b or min(len(a), len(b)) > 1 or a[-1] != b[-min(2, len(b))]:
        return None
    return [values[0].computed((*a[:-1], *b[:-2], *(b[-1:] if len(b) > 1 else ())))]


def contracted(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    """Einsum: the lengths of the letters that are left, as of places times frequencies."""
    equation = node.attributes.get("equation")
    sides, arrow, made = str(equation).replace(" ", "").partition("->")
    letters = sides.split(",")
    if not arrow or len(letters) != len(values) or None in values:
        return None
    sizes = {letter: n for side, value in zip(letters, values) for letter, n in zip(side, value.dims)}
    fits = all(len(side) == len(value.dims) for side, value in zip(letters, values)) and set(made) <= set(sizes)
    return [values[0].computed(tuple(sizes[letter] for letter in made))] if fits else None


def lengths(node: Node, values: Sequence[Any], _: int) -> list[Tensor] | None:
    """ReduceMean, ReduceL2 and their like of weights, with which one that is normalised begins: its shape."""
    axes = axes_of(node, values)
    rank = len(values[0].dims)
    if axes is None and len(values) < 2 and not node.attributes.get("noop_with_empty_axes", 0):
        axes = tuple(range(rank))
    if axes is None or any(not -rank <= axis < rank for axis in axes):
        return None
    gone, keep = {axis % rank for axis in axes}, node.attributes.get("keepdims", 1)
    dims = tuple(1 if axis in gone else n for axis, n in enumerate(values[0].dims) if keep or axis not in gone)
    return [values[0].computed(dims)]


def reduced(
    function: Callable[[Sequence[int | float]], int | float], node: Node, values: Sequence[Tensor], _: int
) -> list[Tensor] | None:
    """All elements to one, of short vectors; of others the shape."""
    if values[0].numbers is None or len(values[0].dims) != 1:
        return lengths(node, values, _)
    made = (1,) if node.attributes.get("keepdims", 1) else ()
    return [values[0].computed(made, (function(values[0].numbers),))]


BINARY: dict[str, Callable[..., int | float]] = {
    "Add": operator.add, "Sub": operator.sub, "Mul": operator.mul, "Div": divided, "Pow": power,
    "Mod": operator.mod, "Min": min, "Max": max, "Equal": operator.eq, "Less": operator.lt, "Greater": operator.gt,
    "LessOrEqual": operator.le, "GreaterOrEqual": operator.ge, "And": lambda a, b: bool(a and b),
    "Or": lambda a, b: bool(a or b), "Where": lambda test, a, b: a if test else b,
}  # fmt: skip
UNARY: dict[str, Callable[..., int | float]] = {
    "Neg": operator.neg, "Abs": abs, "Not": operator.not_, "Floor": math.floor, "Ceil": math.ceil, "Sqrt": math.sqrt,
    "Exp": math.exp, "Reciprocal": lambda a: 1 / a, "Log": math.log, "Round": round,
    "Sign": lambda a: (a > 0) - (a < 0),
}  # fmt: skip
ROUNDED = ("Quant", "IntQuant", "FloatQuant", "BipolarQuant", "Trunc")
"""Nodes of nets trained to be quantised: floating-point numbers, rounded to those that few bits can be."""
FOLDS: dict[str, Fold] = {
    **dict.fromkeys(ROUNDED, keep),
    **{name: partial(elementwise, function) for name, function in (BINARY | UNARY).items()},
    "Identity": keep, "Dropout": keep, "DequantizeLinear": meant, "QuantizeLinear": keep, "Cast": cast,
    "CastLike": cast,
    "Unsqueeze": unsqueeze, "Squeeze": squeeze, "Concat": concat, "Gather": gather, "Slice": slice_, "Split": split,
    "Reshape": reshape, "Flatten": flatten, "Transpose": transpose, "Expand": expand, "Tile": tiled,
    "Pad": padded,
    "Einsum": contracted, "MatMul": multiplied, "NonZero": nonzero, **LENGTHS,
    **dict.fromkeys(("ScatterND", "ScatterElements"), scattered),
    **dict.fromkeys(("Trilu", "Sin", "Cos", *FUNCTIONS), shaped),
    "ReduceProd": partial(reduced, math.prod), "ReduceSum": partial(reduced, sum), "ReduceMax": partial(reduced, max),
    "ReduceMin": partial(reduced, min), "GatherND": gather_nd,
    **dict.fromkeys(("ReduceL1", "ReduceL2", "ReduceMean", "ReduceSumSquare"), lengths),
}  # fmt: skip

LEAST = {
    "MelWeightMatrix": 2, "RandomNormal": 0, "RandomUniform": 0, "Where": 3, "Range": 3,
    **dict.fromkeys(("Expand", "Tile", "Gather", "GatherND", "CastLike", "MatMul"), 2),
}  # fmt: skip
"""How many inputs a node must have, where it is not one, or two for a BINARY; a damaged file leaves some out."""


def folded(node: Node, values: Sequence[Tensor | None], opset: int) -> list[Tensor] | None:
    """What a node makes of tensors of the file alone; None where that is not known."""
    if node.kind == "Constant":
        return constant(node)
    fold = FOLDS.get(node.kind)
    least = LEAST.get(node.kind, 2 if node.kind in BINARY else 1)
    given = values if node.kind in (*BINARY, *UNARY, "Concat") else values[:least]
    if fold is None or len(values) < least or None in given:
        return None
    made = fold(node, values, opset)
    if node.kind in LENGTHS:
        return made and [one._replace(stored=one.stored or 0) for one in made]
    return made and [one._replace(stored=stored_for(node.kind, values)) for one in made]


def stored_for(kind: str, values: Sequence[Tensor | None]) -> int:
    """The numbers of the largest tensor of the file that a node computes with; places and lengths are none of it."""
    if kind.startswith("Reduce"):
        return 0
    several = kind in BINARY or kind in ("Concat", "Einsum", "MatMul")
    taken = values[kind == "Where" :] if several else values[:1]
    each = [one.most for one in taken if one is not None]
    if kind != "Concat":
        return max(each)
    return sum(min(one.size, most) for one, most in zip(filter(None, taken), each))  # beside a table stand its sums


def constant(node: Node) -> list[Tensor] | None:
    """A Constant: a tensor, a number or a list of them."""
    for name, value in node.attributes.items():
        if isinstance(value, Tensor):
            return [value._replace(name=node.outputs[0])]
        if name in ("value_int", "value_float") and isinstance(value, (int, float)):
            return [Tensor((), (value,), 7 if name == "value_int" else 1, node.outputs[0])]
        if name in ("value_ints", "value_floats") and isinstance(value, tuple):
            return [Tensor((len(value),), value, 7 if name == "value_ints" else 1)]  # type: ignore[arg-type]  # numbers
    return None
