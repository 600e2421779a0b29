"""The points of a sweep, kept by columns: a million of them are a few tens of megabytes, and each is made when read."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, product, repeat
from math import prod
from typing import TypeAlias, overload

from cnncalc.records import NamedTuple

__all__ = ["Joined", "Point", "Points"]

Column: TypeAlias = "array[int] | list[int]"


class Point(NamedTuple):
    """One net at one size; `fault` says why it does not work."""

    variables: tuple[str, ...]
    lengths: tuple[int, ...]
    figures: tuple[int, ...]
    fault: str = ""


class _Rows(Sequence[Point]):
    """A list of points that are made as they are read."""

    @overload
    def __getitem__(self, at: int) -> Point: ...
    @overload
    def __getitem__(self, at: slice) -> list[Point]: ...
    def __getitem__(self, at: int | slice) -> Point | list[Point]:
        places = range(len(self))[at]
        return self.point(places) if isinstance(places, int) else [self.point(one) for one in places]

    def point(self, at: int) -> Point:
        """The point in a place, counted from 0."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(Point.__eq__, self, other))

    __hash__ = None  # type: ignore[assignment]  # as a list has none


class Points(_Rows):
    """The points of one net, over the product of `axes`, the last the fastest.

    A column has a number for every point, that of one with a fault counting nothing; `faults` holds places in `texts`,
    counted from 1, and 0 for none.
    """

    __slots__ = ("axes", "columns", "faults", "texts", "variables")

    def __init__(
        self,
        variables: tuple[str, ...],
        axes: Sequence[Sequence[int]],
        columns: Sequence[Sequence[int]],
        faults: Sequence[int],
        texts: Sequence[str] = (),
    ) -> None:
        self.variables, self.axes, self.texts = variables, tuple(axes), tuple(texts)
        self.columns = tuple([packed(column) for column in columns])
        self.faults = array("H", faults)

    @classmethod
    def faulty(cls, variables: tuple[str, ...], axes: Sequence[Sequence[int]], fault: str) -> Points:
        """Points of a net that works at no size."""
        return cls(variables, axes, (), array("H", [1]) * prod(map(len, axes)), (fault,))

    def __len__(self) -> int:
        return len(self.faults)

    def point(self, at: int) -> Point:
        lengths, left = [], at
        for axis in reversed(self.axes):
            left, place = divmod(left, len(axis))
            lengths.append(axis[place])
        return self._made(at, tuple(reversed(lengths)))

    def __iter__(self) -> Iterator[Point]:
        if any(self.faults):
            return map(self._made, range(len(self)), product(*self.axes))
        figures = zip(*self.columns) if self.columns else repeat(())
        return map(Point, repeat(self.variables), product(*self.axes), figures)

    def by_columns(self, figures: int) -> list[Sequence[object]]:
        """The same, a list of values for each variable, symbol and figure, and one of faults."""
        count = len(self)
        chosen: list[Sequence[object]] = [[text] * count for text in self.variables]
        inner = count
        for axis in self.axes:
            inner //= len(axis)
            one = [n for n in axis for _ in range(inner)]
            chosen.append(one * (count // len(one)))
        if not any(self.faults):
            return [*chosen, *self.columns, [""] * count]
        columns = self.columns or [[0] * count] * figures
        numbers = [["" if fault else n for n, fault in zip(column, self.faults)] for column in columns]
        return [*chosen, *numbers, [self.texts[fault - 1] if fault else "" for fault in self.faults]]

    def _made(self, at: int, lengths: tuple[int, ...]) -> Point:
        if fault := self.faults[at]:
            return Point(self.variables, lengths, (), self.texts[fault - 1])
        return Point(self.variables, lengths, tuple([column[at] for column in self.columns]))


class Joined(_Rows):
    """The points of several nets, one net after the other."""

    __slots__ = ("ends", "parts")

    def __init__(self, parts: Sequence[Points]) -> None:
        self.parts = parts
        self.ends = list(accumulate(map(len, parts), initial=0))

    def __len__(self) -> int:
        return self.ends[-1]

    def point(self, at: int) -> Point:
        part = bisect_right(self.ends, at) - 1
        return self.parts[part][at - self.ends[part]]

    def __iter__(self) -> Iterator[Point]:
        return chain.from_iterable(self.parts)


def packed(values: Sequence[int]) -> Column:
    """Eight bytes a number, where all of them fit."""
    try:
        return array("q", values)
    except OverflowError:
        return list(values)
