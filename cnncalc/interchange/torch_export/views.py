"""Tensors that are a part of another, and what is written into them: `x[:, :8] += y` changes x."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cnncalc.arithmetic.windows.formulas import product
from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.program import Name, Operation
from cnncalc.interchange.torch_export.values import LIKE, Parameter, Refused, Tensor, Value, names_in, word_of

__all__ = ["Views", "joined"]

CHOSEN = ("select", "select_scatter")
"""What has one place of an axis, and not that axis."""
PARTS = ("slice", "select", "narrow")
"""What gives a part of a tensor, which stays one with it."""
TURNED = ("permute", "transpose")
ALWAYS = (*TURNED, "view", "view_as", "unflatten", "squeeze", "unsqueeze", "alias", "detach", "dropout")
WHOLES = ("reshape", "flatten", "contiguous")
"""What gives all of a tensor in another shape and stays one with it: always, or where it is laid out row by row."""


class Views:
    """The parts of a program's tensors, by their names, with the operations that took them."""

    def __init__(self, operations: Iterable[Operation], laid_out: frozenset[str] = frozenset()) -> None:
        self.parts: dict[str, Operation] = {}
        self.wholes: dict[str, Operation] = {}
        """All of a tensor in another shape: of those that are laid out row by row, whatever makes it."""
        self.behind: set[str] = set()
        """What overwrites a tensor that something later takes in its first shape."""
        self.copied: dict[str, list[Operation]] = {}
        """What is copied into a part, by its name: the operations that took the part."""
        for one in operations:
            if word_of(one) in PARTS and one.outputs:
                self.parts[one.outputs[0]] = one
            if one.outputs and (word_of(one) in ALWAYS or (word_of(one) in WHOLES and _first(one) in laid_out)):
                self.wholes[one.outputs[0]] = one
            if _overwrites(one):  # what comes out is the part itself
                for taken in (self.parts, self.wholes):
                    taken.update({name: taken[_first(one)] for name in one.outputs[:1] if _first(one) in taken})
            if word_of(one) == "copy_" and (part := self.parts.get(_first(one))) is not None:
                source = one.arguments.get("src")
                self.copied.setdefault(source.name if isinstance(source, Name) else "", []).append(part)

    def changed(self, operation: Operation) -> Operation | None:
        """The part that an operation overwrites; None where it makes a tensor of its own."""
        if not _overwrites(operation):
            return None
        part = self.parts.get(_first(operation))
        if part is None and not self.behind.isdisjoint(operation.outputs):
            part = self.wholes.get(_first(operation))
        if part is None or any(_same(part, one) for name in operation.outputs for one in self.copied.get(name, ())):
            return None  # `x[0] += 1` is a sum in place, and a copy of it into the same part
        return part

    def roots(self, part: Operation) -> list[str]:
        """The tensors that a part is one with: that which it is of, and those which that is of."""
        found = []
        current: Operation | None = part
        while current is not None:
            found.append(_first(current))
            current = self._above(current)
        return found

    def _above(self, part: Operation) -> Operation | None:
        name = _first(part)
        return self.parts.get(name) or self.wholes.get(name)

    def _of_parameter(self, values: Mapping[str, Value], part: Operation) -> bool:
        whole = values.get(self.roots(part)[-1])
        return isinstance(whole, Parameter) and bool(whole.name)

    def leading(self, operations: Sequence[Operation], used: set[str]) -> list[Operation]:
        """The operations from which a used tensor comes, in order; what they take becomes used."""
        found = []
        for operation in reversed(operations):
            whole = self.wholes.get(_first(operation)) if _overwrites(operation) else None
            if whole is not None and used.intersection(self.roots(whole)):
                self.behind.update(operation.outputs)
            part = self.changed(operation)
            if used.intersection(operation.outputs) or (part is not None and used.intersection(self.roots(part))):
                if word_of(operation) not in LIKE:
                    used.update(names_in(list(operation.arguments.values())))
                found.append(operation)
        return found[::-1]

    def write(self, call: Call, part: Operation, value: Value) -> None:
        """Put what was written into a part back where it is from, and that too where it is a part itself."""
        values = call.world.values
        if isinstance(value, (Parameter, Tensor)) and 0 in value.dims:
            return  # of no places nothing is written, as where a window is not shifted along an axis
        if isinstance(value, Parameter) and not value.name and self._of_parameter(values, part):
            call.note("a parameter of which some numbers are overwritten counts as it is")
            return
        current: Operation | None = part
        if _is_constant(value) and all(_is_constant(values.get(name)) for name in self.roots(part)):
            for name in self.roots(part):  # a mask, or another constant, whose numbers are not read
                values[name] = values[name]._replace(factor=max(value.factor, values[name].factor))
            return
        made = call.tensor(value)
        while current is not None:
            values[current.outputs[0]] = made
            whole = values.get(_first(current))
            if isinstance(whole, Parameter) and not whole.name:
                whole = call.tensor(whole._replace(expanded=whole.dims[:1] == (call.world.size,)))
            if not isinstance(whole, Tensor):
                raise Refused("it writes into a part of a parameter of the module")
            made = _put_back(call, whole, current, made)
            values[_first(current)] = made
            current = self._above(current)


def _first(operation: Operation) -> str:
    value = next(iter(operation.arguments.values()), None)
    return value.name if isinstance(value, Name) else ""


def _is_constant(value: Value) -> bool:
    return isinstance(value, Parameter) and not value.name


def _overwrites(operation: Operation) -> bool:
    word = word_of(operation)
    return word.endswith("_") and not word.endswith("__")


def _same(one: Operation, other: Operation) -> bool:
    return one.target == other.target and one.arguments == other.arguments


def _put_back(call: Call, whole: Tensor, part: Operation, made: Tensor) -> Tensor:
    """A tensor of which a part was replaced, or all of it in another shape."""
    if word_of(part) in TURNED:
        return _turned_back(call, whole, part, made)
    return joined(call, whole, part, made) if word_of(part) in PARTS else call.reshaped(made, whole.dims)


def _turned_back(call: Call, whole: Tensor, part: Operation, made: Tensor) -> Tensor:
    """A tensor whose axes were turned, as they were."""
    rank = len(whole.dims)
    order = list(range(rank))
    if word_of(part) == "permute":
        order = [one % rank for one in part.arguments["dims"]]
    else:
        one, other = (part.arguments[name] % rank for name in ("dim0", "dim1"))
        order[one], order[other] = other, one
    if made.batch is None or order[made.batch] != whole.batch:
        raise Refused("it overwrites a tensor whose batch was turned")
    places = [order.index(axis) for axis in range(rank) if axis != whole.batch]
    ours = tuple(place - (place > made.batch) for place in places)
    number = made.number if list(ours) == sorted(ours) else call.layer("permute", [made.number], order=ours)
    return Tensor(number, whole.dims, whole.batch)


def joined(call: Call, whole: Tensor, part: Operation, made: Tensor) -> Tensor:
    """A tensor with a part of it replaced: what is before it, the part, and what is behind it."""
    arguments: dict[str, Any] = part.arguments
    place = arguments.get("dim", 0) % len(whole.dims)
    length, start = whole.dims[place], arguments.get("start", arguments.get("index", 0)) or 0
    start = max(start + length, 0) if start < 0 else start
    count, step = 1 if word_of(part) in CHOSEN else made.dims[place], arguments.get("step", 1)
    stop = start + (count - 1) * step + 1
    axis, shape = call.axis(place, whole), call.world.sketch.shape(whole.number)
    shape = (*shape[:axis], count, *shape[axis + 1 :])
    name, number = call.name(), made.number
    if call.world.sketch.shape(number) != shape:
        number = call.layer("reshape", [number], f"{name}_part", shape=shape)
    if step > 1 and count > 1:
        number = _spread(call, (whole.number, number), axis, range(start, stop, step))
    ends = [
        call.layer("slice", [whole.number], f"{name}_{word}", channels=span, axis=axis or None)
        if span[0] < span[1]
        else None
        for word, span in (("before", (0, start)), ("behind", (stop, length)))
    ]
    pieces = [one for one in (ends[0], number, ends[1]) if one is not None]
    if len(pieces) > 1:
        number = call.layer("concat", pieces, f"{name}_whole", axis=axis or None)
    return Tensor(number, whole.dims, whole.batch)


def _spread(call: Call, both: tuple[int, int], axis: int, places: range) -> int:
    """From the first to the last of some places of an axis: these of one tensor, and of the whole what lies between.

    In each stretch from one place to the next the one stands first; the last place has none behind it.
    """
    (whole, part), name, span = both, call.name(), len(places) - 1
    shape = call.world.sketch.shape(whole)

    def piece(word: str, number: int, start: int, stop: int, along: int = axis) -> int:
        return call.layer("slice", [number], f"{name}_{word}", channels=(start, stop), axis=along or None)

    def stretches(word: str, number: int, each: int) -> int:
        wide = (product(shape[:axis]), span, each, product(shape[axis + 1 :]))
        return call.layer("reshape", [number], f"{name}_{word}", shape=wide)

    own = stretches("written", piece("first", part, 0, span), 1)
    kept = stretches("stretches", piece("between", whole, places[0], places[-1]), places.step)
    kept = piece("kept", kept, 1, places.step, 2)
    number = call.layer("concat", [own, kept], f"{name}_met", axis=2)
    number = call.layer(
        "reshape", [number], f"{name}_row", shape=(*shape[:axis], places[-1] - places[0], *shape[axis + 1 :])
    )
    return call.layer("concat", [number, piece("last", part, span, span + 1)], f"{name}_spread", axis=axis or None)
