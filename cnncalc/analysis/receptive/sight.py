"""What the elements of a tensor see of one input of the net, and which of its axes moves along which of the input's.

In a plain map axis 0 is the channels and axis i moves along the input's spatial axis i − 1. A permutation puts the axes
in another order; a reshape joins axes, or splits them into digits, as a clock does: an axis of 56 pixels as 8 x 7 is a
digit of 8 with weight 7 and one of 7 with weight 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from cnncalc.arithmetic.windows.reach import IDENTITY, Field, Interval, Reach, TooFar, everywhere, join, seen_of
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.layers.base import Shape

__all__ = ["ACROSS", "BESIDE", "BROADCAST", "MIXED", "PHASES", "RATES", "TORN", "Sight", "plain"]

RATES = "undefined: branches advance at different rates, so that pixels see regions of no one size"
BROADCAST = "undefined: one pixel of a branch meets every pixel of another"
ACROSS = "undefined: axes of its branches that meet move along different axes of the input"
MIXED = "undefined: windows slide over an axis that is no axis of the input, such as joined rows and columns"
BESIDE = "undefined: along one of its axes stand elements from different places"
TORN = "undefined: a reshape cuts rows at other places than the map does"
PHASES = "undefined: its pixels see regions of too many sizes to list"


class Digit(NamedTuple):
    """A part of a tensor's axis: `length` steps of `weight` pixels along an axis of the input, None for channels."""

    axis: int | None
    length: int
    weight: int = 1


Axis: TypeAlias = "int | tuple[Digit, ...] | None"
"""The input axis that a tensor's axis moves along pixel by pixel; None for channels; or digits, the slowest first."""


class Sight(NamedTuple):
    """What the elements of a tensor see: a field for each spatial axis of the input, of `lengths` pixels."""

    axes: tuple[Axis, ...]
    fields: tuple[Field, ...]
    extents: tuple[Interval, ...]
    """What all elements together see of each axis; a border that rounding drops, or a crop, is not in it."""
    lengths: tuple[int, ...]

    @property
    def whole(self) -> bool:
        """Whether every element sees all of the input."""
        return all(field == Field(((0, n - 1),), 0) for field, n in zip(self.fields, self.lengths))

    @property
    def is_plain(self) -> bool:
        """Whether the axes are channels and then the input's, in order."""
        return self.axes == (None, *range(len(self.fields)))

    @property
    def places(self) -> Sequence[int]:
        """The axes of the tensor that a pixel is counted on: all but the channels, wherever those are."""
        if self.axes[:1] == (None,):
            return range(1, len(self.axes))
        return [place for place, axis in enumerate(self.axes) if axis is not None]

    def of_pixel(self, pixel: Mapping[int, int]) -> list[tuple[int, Interval]]:
        """Along each axis of the input the place of a pixel, counted by the axes of the tensor, and what it sees."""
        at = [0] * len(self.fields)
        for place, index in pixel.items():
            axis = self.axes[place]
            left = index
            for digit in reversed(axis) if isinstance(axis, tuple) else [Digit(axis, index + 1)]:
                left, step = divmod(left, digit.length)
                if digit.axis is not None:
                    at[digit.axis] += step * digit.weight
        return [(o, field.interval(o)) for o, field in zip(at, self.fields)]

    def through(self, reaches: Sequence[Reach | None], before: Shape, after: Shape) -> Sight | str:
        """Behind a layer, with a reach an axis, channels first; None where it has no rule for an axis.

        `before` and `after` are the shapes around it. In words where the fields are no more described by intervals.
        """
        sight: Sight | str = self
        for place, reach in enumerate(reaches):
            n, out = before[place], after[place] if len(after) > place else 1
            if (reach is IDENTITY and n == out) or isinstance(sight, str):
                continue
            sight = sight.axis_through(place, reach, n, out)
        if isinstance(sight, str) or len(after) == len(before):
            return sight
        return sight._replace(axes=sight.axes[: len(after)])

    def axis_through(self, place: int, reach: Reach | None, n: int, out: int) -> Sight | str:
        """Behind what a layer does along one axis of the tensor, of `n` elements, of which it makes `out`."""
        axis = self.axes[place]
        if axis is None or (isinstance(axis, tuple) and all(digit.axis is None for digit in axis)):
            return self.with_axis(place, None)
        if reach == IDENTITY and n == out:
            return self
        if reach is not None and reach.a == 0 and reach == everywhere(n):
            return self._mixed(place, n)
        if reach is None:
            return BESIDE
        if isinstance(axis, tuple):
            return BESIDE if reach.a == reach.c and reach.first == reach.last else MIXED
        field = self.fields[axis].through(reach)
        try:
            used = seen_of(reach, n, out)
        except TooFar:
            return PHASES
        if field is None:
            return PHASES
        return self.with_field(axis, field, used and self.fields[axis].over(range(used[0], used[1] + 1)))

    def _mixed(self, place: int, n: int) -> Sight:
        """Every element sees what all those along an axis see."""
        axis = self.axes[place]
        digits = axis if isinstance(axis, tuple) else (Digit(axis, n),)
        sight = self.with_axis(place, None)
        for digit in digits:
            if digit.axis is not None:
                span = Reach(1, 0, (digit.length - 1) * digit.weight, step=digit.weight)
                field = sight.fields[digit.axis].through(span)
                assert field is not None  # no more phases than before
                sight = sight.with_field(digit.axis, field, sight.extents[digit.axis])
        return sight.settled()

    def settled(self) -> Sight:
        """In its simplest form.

        Fields along which no axis moves any more are those of the pixels at 0, without the padding; where one digit
        alone moves along an axis of the input, its pixels are counted in steps of it.
        """
        moving = [digit for axis in self.axes for digit in _digits(axis)]
        fields: list[Field] = []
        scales: dict[int, int] = {}
        for axis, (field, extent) in enumerate(zip(self.fields, self.extents)):
            weights = [digit.weight for digit in moving if digit.axis == axis]
            found: Field | None = field
            if not weights and not field.constant:
                found = Field((_common(field.interval(0), extent),), 0)
            elif len(weights) == 1:
                scales[axis] = weights[0]
                found = field.through(Reach(weights[0]))
            assert found is not None  # no more phases than before
            fields.append(found)
        return self._replace(axes=tuple(_simplest(axis, scales) for axis in self.axes), fields=tuple(fields))

    def with_axis(self, place: int, axis: Axis) -> Sight:
        """With another axis in this place."""
        if self.axes[place] == axis:
            return self
        return self._replace(axes=(*self.axes[:place], axis, *self.axes[place + 1 :]))

    def with_field(self, axis: int, field: Field, extent: Interval) -> Sight:
        """With another field along an axis of the input; what all see together cannot grow."""
        extent = _common(extent, self.extents[axis])
        return self._replace(
            fields=(*self.fields[:axis], field, *self.fields[axis + 1 :]),
            extents=(*self.extents[:axis], extent, *self.extents[axis + 1 :]),
        )

    def rearranged(self, order: Sequence[int], before: Shape, after: Shape) -> Sight | str:
        """The same elements, the axes taken in this `order` and laid out anew in the shape `after`."""
        if tuple(before[place] for place in order) == after:
            return self._replace(axes=tuple(self.axes[place] for place in order))
        digits: list[Digit] = []
        for place in order:
            axis = self.axes[place]
            digits += axis if isinstance(axis, tuple) else (Digit(axis, before[place]),)
        axes = _dealt(digits, after)
        if isinstance(axes, str):
            return axes
        return self._replace(axes=tuple(axes)).settled()

    def spread(self, before: Shape, after: Shape) -> Sight:
        """With axes of one pixel repeated, as in a sum of maps of different lengths."""
        sight = self
        for place, (n, out) in enumerate(zip(before, after)):
            if n == 1 and out != 1:
                sight = sight.with_axis(place, None)
        return sight if sight is self else sight.settled()

    def lifted(self, rank: int) -> Sight:
        """With axes of one pixel put in behind the channels until there are so many."""
        return self._replace(axes=(*self.axes[:1], *(None,) * (rank - len(self.axes)), *self.axes[1:]))

    @staticmethod
    def met(sights: Sequence[Sight]) -> Sight | str:
        """Of tensors whose elements meet one to one."""
        first = sights[0]
        if all(one is first for one in sights):
            return first
        axes: list[Axis] = []
        for entries in zip(*(one.axes for one in sights)):
            moving = {axis for axis in entries if axis is not None}
            if len(moving) > 1:
                return ACROSS
            axes.append(moving.pop() if moving else None)
        fields: list[Field] = []
        for axis in range(len(first.fields)):
            field = _joined(sights, axis)
            if isinstance(field, str):
                return field
            fields.append(field)
        extents = tuple(_hull([one.extents[axis] for one in sights]) for axis in range(len(first.fields)))
        return Sight(tuple(axes), tuple(fields), extents, first.lengths)


def plain(lengths: Sequence[int]) -> Sight:
    """Of the input itself."""
    rank = len(lengths)
    return Sight((None, *range(rank)), (Field(),) * rank, tuple((0, n - 1) for n in lengths), tuple(lengths))


def _joined(sights: Sequence[Sight], axis: int) -> Field | str:
    """The field along one axis of the input."""
    places = {
        tuple(place for place, entry in enumerate(one.axes) for digit in _digits(entry) if digit.axis == axis)
        for one in sights
    } - {()}
    if len(places) > 1:
        return ACROSS
    moving = [one for one in sights if not one.fields[axis].constant]
    constant = _hull([one.fields[axis].phases[0] for one in sights if one.fields[axis].constant])
    if not moving:
        return Field((constant,), 0)
    if constant is not None:
        others = _hull([one.extents[axis] for one in moving])
        covered = others is None or (constant[0] <= others[0] and others[1] <= constant[1])
        return Field((constant,), 0) if covered else BROADCAST
    return join([one.fields[axis] for one in moving]) or RATES


def _simplest(axis: Axis, scales: Mapping[int, int]) -> Axis:
    """An axis whose digits are alone on the axes of the input in `scales`, which have these weights."""
    if not isinstance(axis, tuple):
        return axis
    if all(digit.axis is None for digit in axis):
        return None
    digits = [digit if digit.axis not in scales else digit._replace(weight=1) for digit in axis]
    return digits[0].axis if len(digits) == 1 and digits[0].axis in scales else tuple(digits)


def _digits(axis: Axis) -> tuple[Digit, ...]:
    return axis if isinstance(axis, tuple) else (Digit(axis, 0),)


def _dealt(digits: Sequence[Digit], after: Shape) -> list[tuple[Digit, ...]] | str:
    """The digits of each axis of the shape `after`, which holds the same elements row by row."""
    left = [digit for digit in reversed(_merged(digits)) if digit.length > 1]
    axes: list[tuple[Digit, ...]] = []
    for length in after:
        taken: list[Digit] = []
        wanted = length
        while wanted > 1:
            digit = left.pop()
            if wanted % digit.length == 0:
                taken.append(digit)
                wanted //= digit.length
            elif digit.length % wanted == 0:
                rest = digit.length // wanted
                taken.append(digit._replace(length=wanted, weight=digit.weight * rest))
                left.append(digit._replace(length=rest))
                wanted = 1
            else:
                return TORN
        axes.append(_merged(taken))
    return axes


def _merged(digits: Sequence[Digit]) -> tuple[Digit, ...]:
    """Neighbouring digits of the channels as one, and those that are one number."""
    merged: list[Digit] = []
    for digit in digits:
        last = merged[-1] if merged else None
        if (
            last is not None
            and last.axis == digit.axis
            and (digit.axis is None or last.weight == digit.length * digit.weight)
        ):
            merged[-1] = Digit(digit.axis, last.length * digit.length, digit.weight)
        else:
            merged.append(digit)
    return tuple(merged)


def _common(one: Interval, other: Interval) -> Interval:
    """What two intervals have in common."""
    if one is None or other is None or max(one[0], other[0]) > min(one[1], other[1]):
        return None
    return max(one[0], other[0]), min(one[1], other[1])


def _hull(intervals: Sequence[Interval]) -> Interval:
    known = [interval for interval in intervals if interval is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None
