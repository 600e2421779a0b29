"""Points over two figures, those that no other beats in both joined by a line."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

from cnncalc.pictures import ink, theme
from cnncalc.records import NamedTuple
from cnncalc.text import number, plural, printable, shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Dot", "Side", "scatter"]

LEFT, TOP, WIDE, HIGH, RIGHT, LOW = 76.0, 64.0, 560.0, 360.0, 36.0, 56.0
FAR = 30
"""Times that the largest value is the smallest, from which on an axis is logarithmic."""
NAMED = 40
"""Points up to which each has its name beside it, where there is room."""


class Dot(NamedTuple):
    """A point, and what it is called."""

    name: str
    x: int
    y: int
    front: bool = False
    """Whether no other beats it."""


class Side(NamedTuple):
    """What an axis counts."""

    title: str
    text: Callable[[float], str] | None = None
    """How a value is told that is no plain number, as a time."""

    def tick(self, value: float) -> str:
        """A round value in few digits."""
        return _short(value) if self.text is None else self.text(value)

    def told(self, value: int) -> str:
        """A value in full, and of what."""
        return f"{number(value)} {self.title}" if self.text is None else f"{self.text(value)}, {self.title}"


class _Axis(NamedTuple):
    """From values to pixels, and what stands beside it."""

    low: float
    high: float
    log: bool
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """0 at the beginning of the axis, 1 at its end."""
        value = log10(value) if self.log else value
        return (value - self.low) / (self.high - self.low)


def _axis(values: Sequence[int]) -> _Axis:
    least, most = min(values), max(values)
    if least > 0 and most > FAR * least:
        low, high = log10(least) - 0.05, log10(most) + 0.05
        powers = range(floor(low), ceil(high) + 1)
        steps = (1, 2, 5) if high - low < 2.5 else (1,)
        ticks = [step * 10.0**power for power in powers for step in steps]
        return _Axis(low, high, True, tuple(tick for tick in ticks if low <= log10(tick) <= high))
    span = (most - least) or max(abs(most), 1)
    start = 0.0 if 0 <= least < span else least - 0.08 * span
    end = most + 0.08 * span
    rough = (end - start) / 5
    power = 10.0 ** floor(log10(rough))
    step = next(one * power for one in (1, 2, 5, 10) if one * power >= rough)
    first = ceil(start / step)
    ticks = [step * place for place in range(first, floor(end / step) + 1)]
    return _Axis(start, end, False, tuple(ticks))


SMALL = "no other is as small in both"
"""What is said of the points of a front, unless it is another one."""


def scatter(
    dots: Sequence[Dot], across: Side, up: Side, title: str, *, filled: str = SMALL, colours: str = "auto"
) -> str:
    """The points as SVG; `across` and `up` are what is counted to the right and upwards, `filled` what a front is."""
    x, y = _axis([dot.x for dot in dots]), _axis([dot.y for dot in dots])
    places = [(LEFT + WIDE * x.share(dot.x), TOP + HIGH * (1 - y.share(dot.y))) for dot in dots]
    width, height = LEFT + WIDE + RIGHT, TOP + HIGH + LOW
    front = sorted([place for dot, place in zip(dots, places) if dot.front])
    content = [
        ink.element("rect", width=width, height=height, class_="bg"),
        ink.text(LEFT, 28, ink.cut(printable(title), WIDE, 18, bold=True), "t"),
        ink.text(LEFT, 46, f"{plural(len(dots), 'point')}; filled: {filled}", "s"),
        *_grid(x, y, across, up),
        ink.text(LEFT + WIDE / 2, height - 14, across.title, "l m"),
        ink.text(0, 0, up.title, "l m", transform=f"translate(18 {TOP + HIGH / 2}) rotate(-90)"),
    ]
    if len(front) > 1:
        content.append(ink.element("path", d=ink.path(front), class_="w", stroke_width=1.5))
    content += [_dot(dot, place, across, up) for dot, place in zip(dots, places)]
    if len(dots) <= NAMED:
        content += _names(dots, places)
    description = f"{across.title} to the right, {up.title} upwards: "
    description += "; ".join(f"{dot.name} {across.told(dot.x)}, {up.told(dot.y)}" for dot in dots[:NAMED])
    return ink.document(width, height, printable(title), description, theme.sheet(colours), content)


def _grid(x: _Axis, y: _Axis, across: Side, up: Side) -> Iterable[str]:
    for tick in x.ticks:
        right = LEFT + WIDE * x.share(tick)
        yield ink.line(right, TOP, right, TOP + HIGH, "g")
        yield ink.text(right, TOP + HIGH + 16, across.tick(tick), "s m")
    for tick in y.ticks:
        down = TOP + HIGH * (1 - y.share(tick))
        yield ink.line(LEFT, down, LEFT + WIDE, down, "g")
        yield ink.text(LEFT - 8, down + 3.5, up.tick(tick), "s e")


def _short(value: float) -> str:
    """A round value in few digits."""
    text = shortened(round(value)) if value >= 1 or not value else f"{value:g}"
    digits, _, unit = text.partition(" ")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits} {unit}".strip()


def _dot(dot: Dot, place: tuple[float, float], across: Side, up: Side) -> str:
    told = f"<title>{ink.escaped(f'{dot.name}: {across.told(dot.x)}, {up.told(dot.y)}')}</title>"
    return ink.element("circle", told, cx=place[0], cy=place[1], r=4.5 if dot.front else 3.5,
                       class_="conv-b" if dot.front else "conv")  # fmt: skip


def _names(dots: Sequence[Dot], places: Sequence[tuple[float, float]]) -> Iterable[str]:
    """Names beside their points, where they cover no other name and no point."""
    taken = [(x - 5, y - 5, x + 5, y + 5) for x, y in places]
    for dot, (x, y) in sorted(zip(dots, places), key=lambda pair: not pair[0].front):
        name = ink.cut(dot.name, 140, 10)
        wide = ink.width_of(name, 10)
        for left, low in ((x + 8, y + 3.5), (x - 8 - wide, y + 3.5), (x - wide / 2, y - 9), (x - wide / 2, y + 17)):
            box = (left, low - 9, left + wide, low + 3)
            inside = box[0] >= LEFT and box[2] <= LEFT + WIDE + RIGHT and box[1] >= TOP - 6 and box[3] <= TOP + HIGH
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                yield ink.text(left, low, name, "s k")
                break


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
