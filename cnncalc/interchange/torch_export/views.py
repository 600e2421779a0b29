"""Tensors that are a part of another, and what is written into them: `x[:, :8] += y` changes x."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cnncalc.interchange.torch_export.calls import Call
from cnncalc.interchange.torch_export.program import Name, Operation
from cnncalc.interchange.torch_export.values import LIKE, Parameter, Refused, Tensor, Value, names_in, word_of

__all__ = ["Views"]

PARTS = ("slice", "select", "narrow")
"""What gives a part of a tensor, which stays one with it."""


class Views:
    """The parts of a program's tensors, by their names, with the operations that took them."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.parts: dict[str, Operation] = {}
        self.copied: dict[str, list[Operation]] = {}
        """What is copied into a part, by its name: the operations that took the part."""
        for one in operations:
            if word_of(one) in PARTS and one.outputs:
                self.parts[one.outputs[0]] = one
            if word_of(one) == "copy_" and (part := self.parts.get(_first(one))) is not None:
                source = one.arguments.get("src")
                self.copied.setdefault(source.name if isinstance(source, Name) else "", []).append(part)

    def changed(self, operation: Operation) -> Operation | None:
        """The part that an operation overwrites; None where it makes a tensor of its own."""
        word = word_of(operation)
        part = self.parts.get(_first(operation)) if word.endswith("_") and not word.endswith("__") else None
        if part is None or any(_same(part, one) for name in operation.outputs for one in self.copied.get(name, ())):
            return None  # `x[0] += 1` is a sum in place, and a copy of it into the same part
        return part

    def roots(self, part: Operation) -> list[str]:
        """The tensors that a part is one with: that which it is of, and those which that is of."""
        found = []
        current: Operation | None = part
        while current is not None:
            found.append(_first(current))
            current = self.parts.get(found[-1])
        return found

    def _of_parameter(self, values: Mapping[str, Value], part: Operation) -> bool:
        whole = values.get(self.roots(part)[-1])
        return isinstance(whole, Parameter) and bool(whole.name)

    def leading(self, operations: Sequence[Operation], used: set[str]) -> list[Operation]:
        """The operations from which a used tensor comes, in order; what they take becomes used."""
        found = []
        for operation in reversed(operations):
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
        made = call.tensor(value)
        current: Operation | None = part
        while current is not None:
            values[current.outputs[0]] = made
            whole = values.get(_first(current))
            if isinstance(whole, Parameter) and not whole.name:
                return  # a mask, or another constant, whose numbers are not read
            if not isinstance(whole, Tensor):
                raise Refused("it writes into a part of a parameter of the module")
            made = _put_back(call, whole, current, made)
            values[_first(current)] = made
            current = self.parts.get(_first(current))


def _first(operation: Operation) -> str:
    value = next(iter(operation.arguments.values()), None)
    return value.name if isinstance(value, Name) else ""


def _same(one: Operation, other: Operation) -> bool:
    return one.target == other.target and one.arguments == other.arguments


def _put_back(call: Call, whole: Tensor, part: Operation, made: Tensor) -> Tensor:
    """A tensor with a part of it replaced: what is before it, the part, and what is behind it."""
    arguments: dict[str, Any] = part.arguments
    place = arguments.get("dim", 0) % len(whole.dims)
    length, start = whole.dims[place], arguments.get("start", arguments.get("index", 0)) or 0
    if arguments.get("step", 1) != 1:
        raise Refused("it writes into every other place of an axis")
    start = max(start + length, 0) if start < 0 else start
    stop = start + (1 if word_of(part) == "select" else made.dims[place])
    axis, shape = call.axis(place, whole), call.world.sketch.shape(whole.number)
    shape = (*shape[:axis], stop - start, *shape[axis + 1 :])
    name, number = call.name(), made.number
    if call.world.sketch.shape(number) != shape:
        number = call.layer("reshape", [number], f"{name}_part", shape=shape)
    ends = [
        call.layer("slice", [whole.number], f"{name}_{word}", channels=span, axis=axis or None)
        if span[0] < span[1]
        else None
        for word, span in (("before", (0, start)), ("behind", (stop, length)))
    ]
    joined = [one for one in (ends[0], number, ends[1]) if one is not None]
    if len(joined) > 1:
        number = call.layer("concat", joined, f"{name}_whole", axis=axis or None)
    return Tensor(number, whole.dims, whole.batch)
