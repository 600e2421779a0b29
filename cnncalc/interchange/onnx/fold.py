"""Arithmetic on tensors that the file holds, of which small ones are known number by number: shapes, axes, sizes.

What has too many numbers keeps its shape alone, so that a weight that is reshaped or cast stays one of a known shape.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, TypeAlias

from cnncalc.interchange.onnx.model import MOST_READ, Attribute, Graph, Node, Tensor

__all__ = ["FOLDS", "broadcast", "folded", "strides"]

Dims: TypeAlias = "tuple[int, ...]"
Fold: TypeAlias = "Callable[[Node, Sequence[Any], int], list[Tensor] | None]"


def size_of(dims: Dims) -> int:
    return math.prod(dims)


def strides(dims: Dims) -> Dims:
    """How many elements further the next one along each axis is."""
    made: list[int] = []
    step = 1
    for n in reversed(dims):
        made.insert(0, step)
        step *= n
    return tuple(made)


def broadcast(*shapes: Dims) -> Dims | None:
    """The shape that several come to, lengths of 1 repeated; None where they do not fit."""
    rank = max(map(len, shapes))
    made = []
    for lengths in zip(*((1,) * (rank - len(shape)) + shape for shape in shapes)):
        longer = {n for n in lengths if n != 1}
        if len(longer) > 1:
            return None
        made.append(longer.pop() if longer else 1)
    return tuple(made)


def places(dims: Dims) -> Iterator[Dims]:
    """Every place of a shape, the last axis fastest."""
    if not dims:
        yield ()
        return
    for head in range(dims[0]):
        for tail in places(dims[1:]):
            yield (head, *tail)


def picked(tensor: Tensor, dims: Dims, where: Callable[[Dims], Dims]) -> Tensor:
    """A tensor of shape `dims` whose element at each place is the one of `tensor` at `where(place)`."""
    if tensor.numbers is None or size_of(dims) > MOST_READ:
        return tensor._replace(dims=dims, numbers=None)
    steps, numbers = strides(tensor.dims), tensor.numbers
    found = tuple(numbers[sum(map(operator.mul, where(place), steps))] for place in places(dims))
    return tensor._replace(dims=dims, numbers=found)


def expanded(tensor: Tensor, dims: Dims) -> Tensor:
    """A tensor repeated along its axes of length 1."""
    missing = len(dims) - len(tensor.dims)
    if size_of(dims) > tensor.size:
        tensor = tensor._replace(name="")  # what is repeated is no weight of that many numbers
    return picked(tensor, dims, lambda place: tuple(0 if n == 1 else at for at, n in zip(place[missing:], tensor.dims)))


def elementwise(
    function: Callable[..., int | float], node: Node, values: Sequence[Tensor], _: int
) -> list[Tensor] | None:
    """Element by element."""
    dims = broadcast(*(value.dims for value in values))
    if dims is None:
        return None
    first = values[0]._replace(dims=dims, numbers=None, name="")
    if size_of(dims) > MOST_READ or any(value.numbers is None for value in values):
        return [first]
    columns = [expanded(value, dims).numbers or () for value in values]
    try:
        return [first._replace(numbers=tuple(function(*row) for row in zip(*columns)))]
    except (ArithmeticError, ValueError):
        return [first]


def divided(a: int | float, b: int | float) -> int | float:
    """Division as ONNX has it: whole numbers towards zero."""
    if isinstance(a, int) and isinstance(b, int):
        return -(-a // b) if (a < 0) != (b < 0) else a // b
    return a / b


def power(a: int | float, b: int | float) -> int | float:
    """A power of numbers that shape arithmetic has; no longer ones are made of it."""
    return a**b if abs(b) < 64 and abs(a) < 2**31 and not (a == 0 and b < 0) else math.nan


def ints(tensor: Tensor | None) -> tuple[int, ...] | None:
    """The numbers of a tensor as whole ones."""
    if tensor is None or tensor.numbers is None:
        return None
    return tuple(int(number) for number in tensor.numbers if math.isfinite(number))


def whole_numbers(attribute: Attribute | None) -> tuple[int, ...] | None:
    """An attribute that is a list of whole numbers."""
    if not isinstance(attribute, tuple) or isinstance(attribute, (Tensor, Graph)):
        return None
    return tuple(int(one) for one in attribute if isinstance(one, int))


def axes_of(node: Node, values: Sequence[Tensor | None]) -> tuple[int, ...] | None:
    """The axes of an operator: an attribute up to opset 12, an input since."""
    given = whole_numbers(node.attributes.get("axes"))
    return given if given is not None else ints(values[1]) if len(values) > 1 else None


def keep(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    return [values[0]]


def cast(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    to = node.attributes.get("to")
    kind = values[1].type if node.kind == "CastLike" else to if isinstance(to, int) else values[0].type
    made = values[0]._replace(type=kind)
    if made.numbers is not None and not made.floating:
        return [made._replace(numbers=ints(values[0]) if len(ints(values[0]) or ()) == made.size else None)]
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
    return [values[0]._replace(dims=made, numbers=numbers, name="")]


def gather(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    data, at = values[0], values[1]
    axis = node.attributes.get("axis", 0)
    if not isinstance(axis, int) or not data.dims or at.numbers is None:
        return None
    axis %= len(data.dims)
    indices, length, rank = ints(at) or (), data.dims[axis], len(at.dims)
    if any(not -length <= one < length for one in indices):
        return None
    steps = strides(at.dims)

    def where(place: Dims) -> Dims:
        index = indices[sum(map(operator.mul, place[axis : axis + rank], steps))]
        return (*place[:axis], index % length, *place[axis + rank :])

    return [picked(data, (*data.dims[:axis], *at.dims, *data.dims[axis + 1 :]), where)]


def slice_(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    parts = slices(node, values, values[0].dims)
    if parts is None:
        return None
    ranges = [range(n) for n in values[0].dims]
    for axis, part in parts.items():
        ranges[axis] = ranges[axis][part]
    dims = tuple(map(len, ranges))
    return [picked(values[0], dims, lambda place: tuple(one[at] for one, at in zip(ranges, place)))]


def slices(node: Node, values: Sequence[Tensor | None], dims: Dims) -> dict[int, slice] | None:
    """What a Slice takes of each axis: attributes up to opset 9, inputs since."""
    names = ("starts", "ends", "axes", "steps")
    given = [ints(value) for value in values[1:5]]
    if len(values) < 2:
        given = [whole_numbers(node.attributes.get(name)) for name in names]
    given += [None] * (4 - len(given))
    starts, ends, axes, steps = given
    if starts is None or ends is None or len(starts) != len(ends):
        return None
    axes = axes if axes is not None else tuple(range(len(starts)))
    steps = steps if steps is not None else (1,) * len(starts)
    if (
        any(not -len(dims) <= axis < len(dims) for axis in axes)
        or 0 in steps
        or not len(axes) == len(steps) == len(starts)
    ):
        return None
    made = {}
    for start, end, axis, step in zip(starts, ends, axes, steps):
        n = dims[axis % len(dims)]
        stop = None if step < 0 and end < -n else end
        made[axis % len(dims)] = slice(start, stop, step)
    return made


def reshape(node: Node, values: Sequence[Tensor], opset: int) -> list[Tensor] | None:
    given = whole_numbers(node.attributes.get("shape")) if opset < 5 else ints(values[1])
    dims = resolved(given, values[0].dims) if given is not None else None
    return None if dims is None else [values[0]._replace(dims=dims)]


def resolved(given: Dims, dims: Dims, *, zero_is_length: bool = False) -> Dims | None:
    """The shape that a Reshape means: 0 copies a length, -1 is what is left."""
    if not zero_is_length:
        given = tuple(dims[axis] if n == 0 and axis < len(dims) else n for axis, n in enumerate(given))
    known = size_of(tuple(n for n in given if n != -1))
    if given.count(-1) > 1 or known <= 0 or any(n < -1 for n in given):
        return given if known == 0 and size_of(dims) == 0 else None
    if size_of(dims) % known or (-1 not in given and size_of(dims) != known):
        return None
    return tuple(size_of(dims) // known if n == -1 else n for n in given)


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


def filled(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    dims = ints(values[0])
    if dims is None or min(dims, default=1) < 0:
        return None
    value = node.attributes.get("value", Tensor((1,), (0.0,)))
    if not isinstance(value, Tensor):
        return None
    small = value.numbers is not None and size_of(dims) <= MOST_READ
    return [
        Tensor(dims, value.numbers * size_of(dims) if small and value.numbers else None, value.type, node.outputs[0])
    ]


def shape_of(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    dims = values[0].dims
    if node.kind == "Size":
        return [Tensor((), (size_of(dims),), 7)]
    start, end = node.attributes.get("start", 0), node.attributes.get("end", len(dims))
    dims = dims[start:end] if isinstance(start, int) and isinstance(end, int) else dims
    return [Tensor((len(dims),), dims, 7)]


def range_(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    ends = [value.numbers for value in values[:3]]
    if any(end is None or len(end) != 1 for end in ends):
        return None
    start, stop, step = (end[0] for end in ends if end)
    if step == 0 or not 0 <= (count := math.ceil((stop - start) / step)) <= MOST_READ:
        return None
    return [Tensor((count,), tuple(start + place * step for place in range(count)), values[0].type)]


def reduced(
    function: Callable[[Sequence[int | float]], int | float], node: Node, values: Sequence[Tensor], _: int
) -> list[Tensor] | None:
    """All elements to one, of short vectors."""
    if values[0].numbers is None or len(values[0].dims) != 1:
        return None
    made = (1,) if node.attributes.get("keepdims", 1) else ()
    return [values[0]._replace(dims=made, numbers=(function(values[0].numbers),), name="")]


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
FOLDS: dict[str, Fold] = {
    **{name: partial(elementwise, function) for name, function in (BINARY | UNARY).items()},
    "Identity": keep, "Dropout": keep, "DequantizeLinear": keep, "QuantizeLinear": keep, "Cast": cast, "CastLike": cast,
    "Unsqueeze": unsqueeze, "Squeeze": squeeze, "Concat": concat, "Gather": gather, "Slice": slice_,
    "Reshape": reshape, "Transpose": transpose, "Expand": expand, "ConstantOfShape": filled, "Range": range_,
    "Shape": shape_of, "Size": shape_of,
    "ReduceProd": partial(reduced, math.prod), "ReduceSum": partial(reduced, sum), "ReduceMax": partial(reduced, max),
    "ReduceMin": partial(reduced, min),
}  # fmt: skip


def folded(node: Node, values: Sequence[Tensor | None], opset: int) -> list[Tensor] | None:
    """What a node makes of tensors of the file alone; None where that is not known."""
    if node.kind == "Constant":
        return constant(node)
    fold = FOLDS.get(node.kind)
    if fold is None or not values or values[0] is None or (node.kind in BINARY and None in values):
        return None
    return fold(node, values, opset)


def constant(node: Node) -> list[Tensor] | None:
    """A Constant: a tensor, a number or a list of them."""
    for name, value in node.attributes.items():
        if isinstance(value, Tensor):
            return [value._replace(name=node.outputs[0])]
        if name in ("value_int", "value_float") and isinstance(value, (int, float)):
            return [Tensor((), (value,), 7 if name == "value_int" else 1)]
        if name in ("value_ints", "value_floats") and isinstance(value, tuple):
            return [Tensor((len(value),), value, 7 if name == "value_ints" else 1)]  # type: ignore[arg-type]  # numbers
    return None
