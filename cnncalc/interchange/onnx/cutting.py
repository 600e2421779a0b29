"""Parts of tensors that the file holds: what Slice, Split, Gather and GatherND take of one.

Layers with the same weights share them, so that two parts of one weight have names of their own.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from cnncalc.interchange.onnx.arrays import Dims, ints, picked, slices, strides, whole_numbers
from cnncalc.interchange.onnx.parts import Node, Tensor

__all__ = ["gather", "gather_nd", "of_table", "parts_of", "slice_", "split"]

MOST_TOLD = 64
"""Places that a part's name says; of more the name is that of the node's output."""


def gather(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    data, at = values[0], values[1]
    axis = node.attributes.get("axis", 0)
    if not isinstance(axis, int) or not data.dims:
        return None
    axis %= len(data.dims)
    dims = (*data.dims[:axis], *at.dims, *data.dims[axis + 1 :])
    if at.numbers is None:  # too many to be read, or not in the file: only the shape is known
        return [_looked_up(data, data._replace(dims=dims, held=None), node.outputs[0])]
    indices, length, rank = ints(at) or (), data.dims[axis], len(at.dims)
    if any(not -length <= one < length for one in indices):
        return None
    steps = strides(at.dims)

    def where(place: Dims) -> Dims:
        index = indices[sum(map(operator.mul, place[axis : axis + rank], steps))]
        return (*place[:axis], index % length, *place[axis + rank :])

    said = ",".join(map(str, indices)) if len(indices) <= MOST_TOLD else node.outputs[0]
    return [_looked_up(data, picked(data, dims, where), f"{axis}: {said}")]


def gather_nd(node: Node, values: Sequence[Any], _: int) -> list[Tensor] | None:
    """GatherND: what is picked by lists of places; its numbers are not read."""
    if len(values) < 2 or values[1] is None or not values[1].dims:
        return None
    data: Tensor = values[0]
    *around, depth = values[1].dims
    alike = node.attributes.get("batch_dims", 0)
    if not isinstance(alike, int) or not 0 <= alike <= len(around) or alike + depth > len(data.dims):
        return None
    return [_looked_up(data, data._replace(dims=(*around, *data.dims[alike + depth :]), held=None), node.outputs[0])]


def _looked_up(data: Tensor, made: Tensor, where: str) -> Tensor:
    """What is read of a table; where that is more than the table holds, the table is what is learned."""
    read = data.floating and bool(data.name) and made.size > data.size
    return made._replace(of=data.of or (data,)) if read else _part(data, made, where)


def of_table(whole: Tensor, made: Tensor) -> Tensor:
    """What is read of a table that nothing else reads, as of places up to a text's length: all of it is learned."""
    fewer = whole.floating and bool(whole.name) and not whole.of and whole.stored is None and 0 < made.size < whole.size
    return made._replace(of=(whole,)) if fewer else made


def _part(whole: Tensor, made: Tensor, where: str) -> Tensor:
    """What is less than all of a tensor, under a name of its own."""
    return made._replace(name=f"{whole.name}[{where}]") if whole.name and made.size < whole.size else made


def slice_(node: Node, values: Sequence[Tensor], _: int) -> list[Tensor] | None:
    parts = slices(node, values, values[0].dims)
    if parts is None:
        return None
    ranges = [range(n) for n in values[0].dims]
    for axis, part in parts.items():
        ranges[axis] = ranges[axis][part]
    return [_taken(values[0], ranges)]


def _taken(tensor: Tensor, ranges: Sequence[range]) -> Tensor:
    """What stands at these places of each axis."""
    made = picked(tensor, tuple(map(len, ranges)), lambda place: tuple(one[at] for one, at in zip(ranges, place)))
    where = ", ".join(f"{one.start}:{one.stop}" + (f":{one.step}" if one.step != 1 else "") for one in ranges)
    return _part(tensor, made, where)


def split(node: Node, values: Sequence[Any], _: int) -> list[Tensor] | None:
    """Split: what stands at the places of each part."""
    dims, axis = values[0].dims, node.attributes.get("axis", 0)
    if not isinstance(axis, int) or not -len(dims) <= axis < len(dims):
        return None
    given = ints(values[1]) if len(values) > 1 else whole_numbers(node.attributes.get("split"))
    axis %= len(dims)
    parts = parts_of(node, dims[axis], given)
    if parts is None:
        return None
    around = [range(n) for n in dims]
    return [_taken(values[0], [*around[:axis], part, *around[axis + 1 :]]) for part in parts]


def parts_of(node: Node, n: int, given: Sequence[int] | None) -> list[range] | None:
    """The places along an axis of length `n` that each output of a Split has; None where they do not add up."""
    count, many = len(node.outputs), node.attributes.get("num_outputs")
    if given is None:
        each = -(-n // (many if isinstance(many, int) and many > 0 else count))
        given = [max(min(each, n - each * place), 0) for place in range(count)]
    if sum(given) != n or len(given) != count or min(given) < 1:
        return None
    starts = [sum(given[:place]) for place in range(count)]
    return [range(start, start + part) for start, part in zip(starts, given)]
