"""Which input pixels an output pixel sees, along one axis: the rule behind every receptive field.

One layer is a `Reach`: output pixel o sees input pixels from ⌊(a·o + first)/c⌋ to ⌊(a·o + last)/c⌋. A net is a `Field`:
the same for a tensor and the net's input. Where layers enlarge the map, pixels differ by their phase, so a field keeps
one interval for each of `period` phases; it advances by `advance` input pixels a period. All of it is exact.

Sources: Araujo, Norris & Sim 2019, "Computing receptive fields of convolutional neural networks", Distill (relations
1–4); the phases are ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

from cnncalc.arithmetic.windows.formulas import TransposedWindow, Window, ceil_divide, exact_divide
from cnncalc.records import NamedTuple

__all__ = [
    "IDENTITY",
    "Field",
    "Interval",
    "Reach",
    "TooFar",
    "binned",
    "everywhere",
    "join",
    "resampled",
    "scaled",
    "seen_of",
    "seen_pixels",
    "shifted",
    "transposed",
    "windowed",
]

Interval: TypeAlias = "tuple[int, int] | None"
"""First and last pixel, or None for one that sees nothing (between the rows of a strided transposed convolution)."""

MOST_PHASES = 4_096
MOST_LOOKED = 100_000
"""Pixels that are looked at one by one."""


class TooFar(Exception):
    """What was looked for was not found in a bounded time."""


class Reach(NamedTuple):
    """Output pixel o sees the input from ⌊(a·o + first)/c⌋ to ⌊(a·o + last)/c⌋.

    Of these only every `step`-th (the dilation), counted from the place of the kernel's last pixel. Where a = 0 all
    output pixels see the same. With a `block` it sees all of the block of so many pixels that it lies in, counted
    from `offset`, as attention in windows does.
    """

    a: int = 1
    first: int = 0
    last: int = 0
    c: int = 1
    step: int = 1
    block: int = 0
    offset: int = 0

    def pixels(self, o: int) -> Sequence[int]:
        """The input pixels that output pixel o sees, ascending; none between the rows of a strided deconvolution."""
        if self.block:
            start = (o - self.offset) // self.block * self.block + self.offset
            return range(start, start + self.block)
        first, last = (self.a * o + self.first) // self.c, (self.a * o + self.last) // self.c
        if self.c == 1 or self.step == 1:
            return range(first, last + 1, self.step)  # a dilated window ends on a pixel that it sees
        # c·i ≡ a·o + last modulo the step: an i for each step / gcd(c, step), or none
        common, rest = math.gcd(self.c, self.step), self.a * o + self.last
        if rest % common:
            return range(0)
        apart = self.step // common
        one = rest // common * pow(self.c // common, -1, apart) % apart
        return range(first + (one - first) % apart, last + 1, apart)

    def recurrence(self, size: int, stride: int, padding: int) -> tuple[int, int, int]:
        """Size, stride and padding behind the layer, from those before it (Araujo, Norris & Sim, relations 1–3).

        They say it all where every pixel sees alike: c = 1, and a field of one phase. Of a layer that enlarges they are
        the largest size, the stride where it is whole, and the first pixel's padding. `Field` has no such limits.
        """
        wider = ceil_divide(self.last - self.first, self.c)
        return size + wider * stride, exact_divide(stride * self.a, self.c), padding - self.first // self.c * stride


IDENTITY = Reach()


def windowed(window: Window, n: int) -> Reach:
    """A convolution or pool on `n` pixels."""
    before, _ = window.padding(n)
    return Reach(window.stride, -before, window.extent - 1 - before, step=window.dilation)


def transposed(window: TransposedWindow, n: int) -> Reach:
    """A transposed convolution on `n` pixels: output o gets input i where o = i·s − p + (kernel pixel)."""
    before, _ = window.padding(n)
    return Reach(1, before - window.extent + window.stride, before, window.stride, window.dilation)


def shifted(before: int) -> Reach:
    """A border of `before` pixels added (removed where negative)."""
    return Reach(1, -before, -before)


def scaled(factor: int, *, between: bool = False) -> Reach:
    """A map made `factor` times larger: each pixel repeated, or interpolated between two neighbours' centres."""
    if between:
        return Reach(2, 1 - factor, factor, 2 * factor)
    return Reach(c=factor)


def everywhere(n: int) -> Reach:
    """Every output sees all `n` pixels: a global pool, a linear layer."""
    return Reach(0, 0, n - 1)


def binned(n: int, out: int) -> Reach:
    """An adaptive pool of `n` pixels to `out`: bin i covers ⌊i·n/out⌋ to ⌈(i + 1)·n/out⌉ − 1."""
    if out == 1:
        return everywhere(n)
    if n % out == 0:
        return Reach(n // out, 0, n // out - 1)
    return Reach(n, 0, n - 1, out)


def resampled(n: int, out: int, *, between: bool = False, corners: bool = False, beyond: int = 0) -> Reach:
    """A map of `n` pixels brought to `out`: each takes the pixel that it falls into, or lies `between` two of them.

    Between two, pixel o lies at (o + ½)·n/out − ½, or with aligned `corners` at o·(n − 1)/(out − 1). It may see as many
    more `beyond` these on both sides, where the map's length changes.
    """
    if beyond and out != n:
        two = resampled(n, out, between=between, corners=corners)
        return two._replace(first=two.first - beyond * two.c, last=two.last + beyond * two.c)
    if out % n == 0 and not (between and corners):
        return scaled(out // n, between=between)
    a, first, c = n, 0, out
    if between and corners:
        a, c = (n - 1, out - 1) if out > 1 else (0, 1)
    elif between:
        a, first, c = 2 * n, n - out, 2 * out
    common = math.gcd(a, first, c)
    a, first, c = a // common, first // common, c // common
    return Reach(a, first, first + c - 1 if between else first, c)


def seen_of(reach: Reach, n: int, out: int) -> Interval:
    """The first and the last of the `n` pixels that there are which any of the `out` pixels made of them sees.

    Raises `TooFar` where that is not found in a bounded time, as with dilations of millions of pixels.
    """
    ends: list[int] = []
    looking = _near(reach, n, out)
    for direction in (1, -1):
        best: int | None = None
        for looked, o in enumerate(looking[::direction]):
            if looked > MOST_LOOKED:
                raise TooFar
            # an end that is further in than what is found already: so are those of all that follow
            edge = (reach.a * o + (reach.first if direction > 0 else reach.last)) // reach.c
            if best is not None and edge * direction >= best * direction:
                break
            inside = _inside(reach.pixels(o), n)
            if inside and (best is None or inside[::direction][0] * direction < best * direction):
                best = inside[::direction][0]
        if best is None:
            return None
        ends.append(best)
    return ends[0], ends[1]


def seen_pixels(window: Window, n: int) -> int:
    """How many of `n` pixels some window sees, holes between a dilated window's pixels and windows counted as they are.

    Each pixel of the kernel sees a pixel every stride; those that share a remainder by it overlap. Raises `TooFar` for
    kernels of more pixels than are looked at.
    """
    if window.kernel > MOST_LOOKED:
        raise TooFar
    before, _ = window.padding(n)
    length, stride, seen = window.length(n), window.stride, 0
    behind: dict[int, int] = {}
    for first in range(-before, window.extent - before, window.dilation):
        turn, remainder = divmod(first, stride)
        start = max(turn, behind.get(remainder, 0), 0)
        stop = min(turn + length, (n - 1 - remainder) // stride + 1)
        seen += max(stop - start, 0)
        behind[remainder] = max(stop, start)
    return seen


def _near(reach: Reach, n: int, out: int) -> range:
    """Those of the `out` pixels whose windows are not wholly in the padding on either side."""
    if reach.block:
        return range(out)
    if not reach.a:
        return range(min(out, 1))  # all see the same
    first, last = -(reach.last // reach.a), (reach.c * n - 1 - reach.first) // reach.a
    return range(max(first, 0), min(last + 1, out))


def _inside(pixels: Sequence[int], n: int) -> Sequence[int]:
    """Those of the pixels, ascending, that are among the first `n`."""
    if isinstance(pixels, range):
        start = pixels.start if pixels.start >= 0 else pixels.start % pixels.step
        return range(start, min(pixels.stop, n), pixels.step)
    return [i for i in pixels if 0 <= i < n]


class Field(NamedTuple):
    """What each pixel of a tensor sees of the net's input: `phases[r]` is the interval of pixel r."""

    phases: tuple[Interval, ...] = ((0, 0),)
    advance: int = 1

    @property
    def period(self) -> int:
        """After so many pixels the intervals repeat, `advance` further on."""
        return len(self.phases)

    @property
    def size(self) -> int:
        """The largest interval, pixels; 0 where no pixel sees anything."""
        return max((last - first + 1 for first, last in filter(None, self.phases)), default=0)

    @property
    def constant(self) -> bool:
        """Whether all pixels see the same."""
        return self.advance == 0 and self.period == 1

    @property
    def rate(self) -> tuple[int, int]:
        """Input pixels from one pixel's field to the next's, as a fraction in lowest terms."""
        common = math.gcd(self.advance, self.period)
        return self.advance // common, self.period // common

    @property
    def stride(self) -> int | str:
        """The rate as a whole number, or as text: `1/2`."""
        advance, period = self.rate
        return advance if period == 1 else f"{advance}/{period}"

    @property
    def padding(self) -> int:
        """How far the first pixel's field starts before the input; negative where it starts inside."""
        first = self.phases[0]
        return -first[0] if first else 0

    def interval(self, o: int) -> Interval:
        """The first and last input pixel that pixel o sees, borders ignored."""
        turns, phase = divmod(o, self.period)
        interval = self.phases[phase]
        return interval and (interval[0] + turns * self.advance, interval[1] + turns * self.advance)

    def over(self, pixels: Sequence[int]) -> Interval:
        """What these pixels, ascending, see together."""
        if len(pixels) > 2 * self.period:  # none goes back, and after a period all repeat: the ends say it all
            pixels = [*pixels[: self.period], *pixels[-self.period :]]
        known = [interval for o in pixels if (interval := self.interval(o))]
        return (min(low for low, _ in known), max(high for _, high in known)) if known else None

    def through(self, reach: Reach) -> Field | None:
        """The field of the tensor that a layer makes of this one; None where the phases are too many."""
        if reach == IDENTITY:
            return self
        if reach.block:
            period = math.lcm(reach.block, self.period)
            if period > MOST_PHASES:
                return None
            phases = tuple(self.over(reach.pixels(o)) for o in range(period))
            return Field(phases, period // self.period * self.advance)
        # after `period` output pixels the layer has moved a whole number of this field's periods
        period = reach.c * self.period // math.gcd(reach.a, reach.c * self.period)
        if period > MOST_PHASES:
            return None
        phases = tuple(self.over(reach.pixels(o)) for o in range(period))
        if reach.a * self.advance == 0 and len(set(phases)) == 1:
            return Field(phases[:1], 0)
        return Field(phases, reach.a * period * self.advance // (reach.c * self.period))


def join(fields: list[Field]) -> Field | None:
    """The field of a tensor to whose pixels all of several tensors' pixels contribute.

    None where the branches advance at different rates, so that no one interval describes the pixels.
    """
    if all(field is fields[0] for field in fields):
        return fields[0]
    if len({field.rate for field in fields}) != 1:
        return None
    period = math.lcm(*(field.period for field in fields))
    if period > MOST_PHASES:
        return None
    phases: list[Interval] = []
    for o in range(period):
        known = [interval for field in fields if (interval := field.interval(o))]
        phases.append((min(low for low, _ in known), max(high for _, high in known)) if known else None)
    return Field(tuple(phases), fields[0].advance * period // fields[0].period)
