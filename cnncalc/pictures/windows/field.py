"""What one output pixel sees of the input: drawn on it to scale, with its neighbours, the padding, and what is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.pictures import ink, theme
from cnncalc.records import NamedTuple
from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Seen", "field"]

MARGIN = 28.0
LARGE, SMALL = 440.0, 130.0
"""The longer side of the input, and of the output beside it."""
STRIP = 36.0
"""The height of an input with one axis."""
TOP = 84.0
BETWEEN = 90.0
FINEST = 7.0
"""Pixels of a cell from which the grid is drawn."""

MORE = (
    ".seen{fill:#2563eb;fill-opacity:.25;stroke:#2563eb;stroke-width:1.5}"
    ".next{fill:none;stroke:#d97706;stroke-width:1.2;stroke-dasharray:4 3}"
    ".grid{stroke-width:.5}.lost{fill:#e11d48;fill-opacity:.22}.cone{stroke-width:1;stroke-dasharray:2 3}"
)
DARK = ".seen{fill:#60a5fa;stroke:#60a5fa}.next{stroke:#fbbf24}.lost{fill:#fb7185}"


class Seen(NamedTuple):
    """One axis: the output pixel, what it sees of the input, and how far the next one's view is moved."""

    pixel: int
    first: int
    last: int
    """Both counted from the first pixel of the input, and both in; they may lie outside it."""
    length: int
    """Of the input."""
    output: int
    """Length of the output."""
    stride: int | None = None
    """None where it is no whole number."""
    ends: tuple[int, int] | None = None
    """The first and the last pixel that any output sees; None where that is not known."""


def field(title: str, told: str, axes: Sequence[Seen], colours: str = "auto") -> str:
    """The field of one pixel as SVG; of three axes the last two are drawn, and the first is told."""
    shown = list(axes[-2:])
    if len(shown) == 1:
        shown.insert(0, Seen(0, 0, 0, 1, 1))
    low = [min(0, one.first) for one in shown]
    high = [max(one.length - 1, one.last + _step(one)) for one in shown]
    scale = LARGE / max(end - start + 1 for start, end in zip(low, high))
    tall = scale if len(axes) > 1 else STRIP
    out = SMALL / max(one.output for one in shown)
    out_tall = out if len(axes) > 1 else STRIP
    left = MARGIN + shown[1].output * out + BETWEEN - low[1] * scale
    top = TOP - low[0] * tall
    frame = _Frame(left, top, scale, tall)
    wide = frame.x(high[1] + 1) + MARGIN
    deep = max(frame.y(high[0] + 1), TOP + shown[0].output * out_tall) + 62
    facts = _facts(axes)
    wide = max(wide, MARGIN * 2 + ink.width_of(facts, 10), MARGIN * 2 + ink.width_of(told, 10))
    content = [
        ink.element("rect", width=wide, height=deep, class_="bg"),
        ink.text(MARGIN, 34, ink.cut(printable(title), wide - 2 * MARGIN, 18, bold=True), "t"),
        ink.text(MARGIN, 51, printable(told), "s"),
        *_output(shown, out, out_tall),
        *_input(shown, frame),
        *_cone(shown, out, out_tall, frame),
        ink.text(MARGIN, deep - 14, facts, "s"),
    ]
    description = f"{told}: {facts}"
    return ink.document(wide, deep, printable(title), description, theme.sheet(colours, MORE, DARK), content)


class _Frame(NamedTuple):
    """From pixels of the input to places in the picture."""

    left: float
    top: float
    scale: float
    tall: float

    def x(self, column: float) -> float:
        """The left edge of a column."""
        return self.left + column * self.scale

    def y(self, row: float) -> float:
        """The upper edge of a row."""
        return self.top + row * self.tall

    def rect(self, rows: tuple[int, int], columns: tuple[int, int], style: str, radius: float = 0) -> str:
        """From the first to the last row and column, both in."""
        x, y = self.x(columns[0]), self.y(rows[0])
        wide, tall = self.x(columns[1] + 1) - x, self.y(rows[1] + 1) - y
        return ink.element("rect", x=x, y=y, width=wide, height=tall, rx=radius, class_=style)


def _output(shown: Sequence[Seen], scale: float, tall: float) -> list[str]:
    rows, columns = shown
    frame = _Frame(MARGIN, TOP, scale, tall)
    whole = frame.rect((0, rows.output - 1), (0, columns.output - 1), "g")
    x, y = frame.x(columns.pixel), frame.y(rows.pixel)
    pixel = ink.element("rect", x=x, y=y, width=max(scale, 3), height=max(tall, 3), class_="conv-b")
    size = f"{columns.output}" if rows.length == 1 else f"{rows.output}×{columns.output}"
    return [
        whole,
        pixel,
        ink.text(MARGIN, TOP + rows.output * tall + 15, "output", "l"),
        ink.text(MARGIN, TOP + rows.output * tall + 28, size, "s"),
    ]


def _cone(shown: Sequence[Seen], scale: float, tall: float, frame: _Frame) -> list[str]:
    """From the output pixel to what it sees."""
    rows, columns = shown
    out = _Frame(MARGIN, TOP, scale, tall)
    x, y = out.x(columns.pixel) + max(scale, 3), out.y(rows.pixel)
    left = frame.x(columns.first)
    return [
        ink.line(x, y, left, frame.y(rows.first), "w cone"),
        ink.line(x, y + max(tall, 3), left, frame.y(rows.last + 1), "w cone"),
    ]


def _input(shown: Sequence[Seen], frame: _Frame) -> list[str]:
    rows, columns = shown
    parts = [frame.rect((0, rows.length - 1), (0, columns.length - 1), "g")]
    parts += _lost(shown, frame)
    if frame.scale >= FINEST:
        xs, ys = map(frame.x, range(1, columns.length)), map(frame.y, range(1, rows.length))
        right, low = frame.x(columns.length), frame.y(rows.length)
        parts += [ink.line(x, frame.y(0), x, low, "g grid") for x in xs]
        parts += [ink.line(frame.x(0), y, right, y, "g grid") for y in ys]
    view = ((rows.first, rows.last), (columns.first, columns.last))
    if _step(columns):
        parts.append(frame.rect(view[0], _moved(view[1], _step(columns)), "next"))
    if _step(rows):
        parts.append(frame.rect(_moved(view[0], _step(rows)), view[1], "next"))
    parts.append(frame.rect(*view, "seen"))
    middle, above = frame.x((columns.first + columns.last + 1) / 2), frame.y(rows.first) - 6
    wide = columns.last - columns.first + 1
    parts.append(ink.text(middle, above, f"{wide}" if rows.length == 1 else _size(rows, wide), "l m k"))
    below = frame.y(max(rows.length, rows.last + 1))
    size = f"{columns.length}" if rows.length == 1 else f"{rows.length}×{columns.length}"
    parts.append(ink.text(frame.x(0), below + 15, f"input {size}", "l"))
    return parts


def _step(one: Seen) -> int:
    """How far the view of the next pixel is moved; 0 where there is none."""
    return one.stride if one.stride and one.pixel + 1 < one.output else 0


def _size(rows: Seen, wide: int) -> str:
    return f"{rows.last - rows.first + 1}×{wide}"


def _moved(view: tuple[int, int], stride: int) -> tuple[int, int]:
    return view[0] + stride, view[1] + stride


def _lost(shown: Sequence[Seen], frame: _Frame) -> list[str]:
    """The bands of the input that no output sees."""
    rows, columns = shown
    parts = []
    for one, by_rows in ((rows, True), (columns, False)):
        if one.ends is None:
            continue
        for start, end in ((0, one.ends[0] - 1), (one.ends[1] + 1, one.length - 1)):
            if start <= end:
                across = (0, columns.length - 1) if by_rows else (start, end)
                along = (start, end) if by_rows else (0, rows.length - 1)
                parts.append(frame.rect(along, across, "lost"))
    return parts


def _facts(axes: Sequence[Seen]) -> str:
    """In words what is drawn."""
    names = {1: ("positions",), 2: ("rows", "columns"), 3: ("planes", "rows", "columns")}[len(axes)]
    parts = [f"blue: {' and '.join(f'{name} {one.first} to {one.last}' for name, one in zip(names, axes))}"]
    outside = sum(max(0, -one.first) + max(0, one.last - one.length + 1) for one in axes)
    if outside:
        parts.append("what lies outside is padding")
    strides = {one.stride for one in axes if one.stride}
    if strides:
        parts.append(f"dashed: the next pixels, {' or '.join(map(str, sorted(strides)))} further")
    if any(one.ends and (one.ends[0] > 0 or one.ends[1] < one.length - 1) for one in axes):
        parts.append("red: seen by no pixel")
    return " · ".join(parts)
