"""Tensors of which every number is known, if there are few: shapes, places, and what is picked of them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from cnncalc.interchange.onnx.parts import MOST_READ, Attribute, Graph, Node, Tensor

__all__ = [
    "LENGTHS", "Dims", "broadcast", "expanded", "ints", "made_of", "nonzero", "overwritten", "picked", "resolved",
    "size_of", "slices", "strides", "whole_numbers",
]  # fmt: skip

Dims: TypeAlias = "tuple[int, ...]"
INT64 = 7
MOST_OF = 8
"""Initialisers that a tensor is made of."""


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
        return tensor._replace(dims=dims, held=None)
    steps, numbers = strides(tensor.dims), tensor.numbers
    found = tuple(numbers[sum(map(operator.mul, where(place), steps))] for place in places(dims))
    return tensor._replace(dims=dims, held=found)


def expanded(tensor: Tensor, dims: Dims) -> Tensor:
    """A tensor repeated along its axes of length 1."""
    missing = len(dims) - len(tensor.dims)
    if size_of(dims) > tensor.size or not tensor.dims:
        # what is repeated is no weight of that many numbers, nor is a bare number
        tensor = tensor if tensor.dims else tensor._replace(stored=0)
        tensor = tensor.computed(tensor.dims, tensor.numbers, made_of(tensor))
    return picked(tensor, dims, lambda place: tuple(0 if n == 1 else at for at, n in zip(place[missing:], tensor.dims)))


def made_of(*tensors: Tensor) -> tuple[Tensor, ...]:
    """The initialisers that tensors are made of, those with more numbers than one; none where there are many."""
    each = (one.of or ((one,) if one.name and one.floating and one.size > 1 else ()) for one in tensors)
    found = {one.name: one for some in each for one in some}
    return tuple(found.values()) if len(found) <= MOST_OF else ()


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


def nonzero(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    """NonZero of few numbers, as torch's older exporters write a range: the places of those that are not zero."""
    dims, numbers = values[0].dims, values[0].numbers
    if numbers is None or not dims:
        return None
    found = [place for place, number in enumerate(numbers) if number]
    each = strides(dims)
    axes = [[place // step % n for place in found] for step, n in zip(each, dims)]
    return [Tensor((len(dims), len(found)), tuple(at for axis in axes for at in axis), INT64)]


def overwritten(node: Node, values: Sequence[Any]) -> list[Tensor] | None:
    """ScatterElements and ScatterND on a list that is known; None for any other."""
    if len(values) < 3 or None in values[1:3] or len(values[0].dims) != 1 or "reduction" in node.attributes:
        return None
    held, at, new = values[0].numbers, ints(values[1]), values[2].numbers
    count = values[0].size
    if held is None or at is None or new is None or len(at) != len(new) or not {*at} <= {*range(-count, count)}:
        return None
    made = [*held]
    for place, number in zip(at, new):
        made[place] = number
    return [values[0].computed(values[0].dims, tuple(made))]


def filled(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    dims = ints(values[0])
    if dims is None or min(dims, default=1) < 0:
        return None
    value = node.attributes.get("value", Tensor((1,), (0.0,)))
    if not isinstance(value, Tensor):
        return None
    small = value.numbers is not None and size_of(dims) <= MOST_READ
    numbers = value.numbers * size_of(dims) if small and value.numbers else None
    # a stated shape stands for weights that were left out; one that is computed, as of ones like x, for none
    name = node.outputs[0] if values[0].name else ""
    apart = value.numbers is not None and not {0, 1}.issuperset(value.numbers)  # no zeros that an exporter begins with
    return [Tensor(dims, numbers, value.type, name, stored=size_of(dims) if apart and name else 0)]


def windows(node: Node, values: Sequence[Any], _: int) -> list[Tensor] | None:
    """HannWindow and its like, and MelWeightMatrix: what follows from a length, and from one by another."""
    numbers = [ints(value) for value in values[:2]] if node.kind == "MelWeightMatrix" else [ints(values[0])]
    if not all(one and 0 < one[0] <= 2**31 for one in numbers):
        return None
    first, *others = (one[0] for one in numbers if one)
    return [Tensor((first,) if not others else (others[0] // 2 + 1, first))]


def stated(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    """RandomNormal and RandomUniform, of a stated shape."""
    dims = whole_numbers(node.attributes.get("shape"))
    return [Tensor(dims)] if dims is not None and min(dims, default=1) >= 0 else None


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
    if step == 0 or not math.isfinite(span := (stop - start) / step) or (count := math.ceil(span)) < 0:
        return None
    numbers = tuple(start + place * step for place in range(count)) if count <= MOST_READ else None
    return [Tensor((count,), numbers, values[0].type)]


LENGTHS: dict[str, Callable[[Node, Sequence[Any], int], list[Tensor] | None]] = {
    **dict.fromkeys(("BlackmanWindow", "HammingWindow", "HannWindow", "MelWeightMatrix"), windows),
    **dict.fromkeys(("RandomNormal", "RandomUniform"), stated),
    **dict.fromkeys(("Shape", "Size"), shape_of),
    "ConstantOfShape": filled,
    "EyeLike": lambda _node, values, _: [Tensor(values[0].dims)],
    "Range": range_,
}
"""Operators that make tensors of lengths and of other plain numbers, none of which is learned."""
