"""A border that wraps around, in a program that was decomposed: parts that are put into an empty tensor one by one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.interchange.torch_export.program import Name, Operation, Program
from cnncalc.interchange.torch_export.values import word_of
from cnncalc.records import NamedTuple

__all__ = ["with_borders"]

MOST_PLACES = 2_000_000
"""So many are looked at; what is left of a program then stays as it is."""


class Laid(NamedTuple):
    """A tensor each of whose places, along each axis, is one of another tensor's; None where nothing is written yet."""

    source: str
    places: tuple[tuple[int | None, ...], ...]


def with_borders(program: Program) -> list[Operation]:
    """The operations, in which what ends such a border is one `pad`: what made its parts is taken by nothing then."""
    return _Borders(program).operations()


class _Borders:
    def __init__(self, program: Program) -> None:
        self.program, self.shapes = program, program.shapes
        self.laid: dict[str, Laid] = {}
        self.work = MOST_PLACES

    def operations(self) -> list[Operation]:
        if not any(word_of(one) == "slice_scatter" for one in self.program.operations):
            return self.program.operations
        return [self.read(one) for one in self.program.operations]

    def read(self, operation: Operation) -> Operation:
        """The operation, or the border that it ends."""
        found = self.made(operation) if len(operation.outputs) == 1 and self.work > 0 else None
        if found is None:
            return operation
        self.laid[operation.outputs[0]] = found
        self.work -= sum(map(len, found.places))
        sides = self.wrapped(found) if word_of(operation) == "slice_scatter" else None
        if sides is None:
            return operation
        given = {"self": Name(found.source), "pad": sides, "mode": "circular"}
        return Operation("aten.pad.default", given, operation.outputs, operation.module)

    def made(self, operation: Operation) -> Laid | None:
        """What an operation makes, where that is known."""
        word, given = word_of(operation), operation.arguments
        if word == "empty":
            dims = self.shapes.get(operation.outputs[0], ())
            return Laid("", tuple((None,) * n for n in dims)) if sum(dims) <= self.work else None
        whole = self.of(given.get("self"))
        if whole is None or word not in ("slice", "copy", "slice_scatter"):
            return None
        if word == "copy":
            return self.of(given.get("src"))
        axis = given.get("dim", 0) % len(whole.places)
        start, stop, step = slice(given.get("start"), given.get("end"), given.get("step")).indices(
            len(whole.places[axis])
        )
        if step != 1:
            return None
        if word == "slice":
            return Laid(whole.source, _with(whole.places, axis, whole.places[axis][start:stop]))
        part = self.of(given.get("src"))
        return None if part is None else _scattered(whole, part, axis, start, stop)

    def of(self, value: Any) -> Laid | None:
        """A tensor as it is laid; one that is none of these is its own source."""
        if not isinstance(value, Name):
            return None
        dims = self.shapes.get(value.name, ())
        if value.name not in self.laid and dims and sum(dims) <= self.work:
            self.work -= sum(dims)
            return Laid(value.name, tuple(tuple(range(n)) for n in dims))
        return self.laid.get(value.name)

    def wrapped(self, found: Laid) -> list[int] | None:
        """The border, the last axis first, as torch has it; None where not all is written, or it is none."""
        dims = self.shapes.get(found.source, ())
        if len(dims) != len(found.places) or len(dims) < 3:
            return None
        sides: list[int] = []
        for length, places in list(zip(dims, found.places))[::-1]:
            first = places[0] if places else None
            if first is None:
                return None
            before = -first % length
            after = len(places) - length - before
            before, after = (before + length, after - length) if after > length else (before, after)
            if min(after, length - after) < 0 or list(places) != [(at - before) % length for at in range(len(places))]:
                return None
            sides += [before, after]
        return None if any(sides[-4:]) else sides[:-4]


def _with(places: Sequence[tuple[int | None, ...]], axis: int, own: Sequence[int | None]) -> Any:
    return (*places[:axis], tuple(own), *places[axis + 1 :])


def _scattered(whole: Laid, part: Laid, axis: int, start: int, stop: int) -> Laid | None:
    """A tensor with places of an axis replaced by a part of the same source; None where the two do not go together."""
    own = part.places[axis]
    if len(own) != stop - start or len(part.places) != len(whole.places) or not part.source:
        return None
    others = _with(part.places, axis, ()), _with(whole.places, axis, ())
    if whole.source and (whole.source != part.source or others[0] != others[1]):
        return None
    if [len(one) for one in others[0]] != [len(one) for one in others[1]]:
        return None
    joined = (*whole.places[axis][:start], *own, *whole.places[axis][stop:])
    return Laid(part.source, _with(part.places, axis, joined))
