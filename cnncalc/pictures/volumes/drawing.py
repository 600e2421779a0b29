"""Feature maps drawn to scale: in a row, in two lanes, or in a U."""

from __future__ import annotations

from itertools import pairwise
from math import log2, sqrt
from typing import TYPE_CHECKING

from cnncalc.errors import CnncalcError, Fault
from cnncalc.pictures import ink, theme
from cnncalc.pictures.flow.painting import legend
from cnncalc.pictures.volumes.maps import Map, maps_of
from cnncalc.records import NamedTuple
from cnncalc.text import number, plural, printable, shortened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.report import Report

__all__ = ["STYLES", "Solid", "drawn", "solids"]

STYLES = ("vgg", "alexnet", "unet")

MARGIN = 24.0
TALLEST = 150.0
THICKEST = 56.0
LEAST = 4.0
SLANT = (0.42, -0.3)
"""How far right and up a pixel of width goes, in pixels of height."""
BETWEEN = 16.0
LABEL = 40.0
"""The height of the words below a volume."""
MOST = 400
HEAD = 92.0


class Solid(NamedTuple):
    """A map in its place: the corner of its front, how thick and tall that is, how far it goes back, and its words."""

    of: Map
    x: float
    y: float
    thick: float
    tall: float
    deep: float
    words: tuple[str, ...]
    wide: float
    """What it takes with its words."""

    @property
    def right(self) -> float:
        """Its right end, the part that goes back included."""
        return self.x + self.thick + self.deep * SLANT[0]

    @property
    def top(self) -> float:
        """Its upper end."""
        return self.y + self.deep * SLANT[1]

    @property
    def middle(self) -> float:
        """The height at which arrows meet it."""
        return self.y + (self.tall + self.deep * SLANT[1]) / 2


class _Scale(NamedTuple):
    """What a pixel, and a channel, measure."""

    pixel: float
    channels: int

    def solid(self, one: Map, channels: int) -> Solid:
        """A map, at no place yet."""
        lengths = one.lengths[-2:] or (1, 1)
        height, width = lengths if len(lengths) == 2 else (lengths[0], 1)
        share = sqrt(channels / self.channels)
        if one.lengths:
            thick = LEAST + (THICKEST - LEAST) * share
            tall, deep = max(height * self.pixel, LEAST), max(width * self.pixel, LEAST)
        else:
            thick, tall, deep = 9.0, 20 + (TALLEST - 40) * share, 9.0
        words = [f"{channels:,}" + (f" × {one.times}" if one.times > 1 else "")]
        words += ["×".join(map(str, one.lengths))] if one.lengths else []
        words.append(ink.cut(one.name, 104, 10))
        wide = max(thick + deep * SLANT[0], *(ink.width_of(word, 11, bold=True) for word in words))
        return Solid(one, 0.0, 0.0, thick, tall, deep, tuple(words), wide)


def drawn(report: Report, style: str = "", depth: int | None = None, colours: str = "auto") -> str:
    """The net's feature maps as SVG. Raises CnncalcError where there are too many, or none with two axes or one."""
    maps = maps_of(report, depth)
    placed = solids(maps, style)
    width = max(*(lane[-1].x + lane[-1].wide for lane in placed), 320.0) + MARGIN
    low = max(one.y + one.tall for lane in placed for one in lane) + LABEL + MARGIN
    title = printable(report.name)
    totals = report.totals
    facts = f"{shortened(totals.params)} parameters · {shortened(totals.macs)} MACs · {number(totals.layers)} layers"
    said = "height and width to scale; thickness grows with the root of the channels"
    shown, _ = legend(sorted({one.family for one in maps}), MARGIN, HEAD - 18, width - 2 * MARGIN)
    content = [
        ink.element("rect", width=width, height=low, class_="bg"),
        ink.text(MARGIN, 38, ink.cut(title, width - 2 * MARGIN, 18, bold=True), "t"),
        ink.text(MARGIN, 55, ink.cut(f"{facts} · {said}", width - 2 * MARGIN, 10), "s"),
        *shown,
        *_arrows(placed, maps),
        *(_painted(one) for lane in placed for one in lane),
    ]
    description = f"{title}: {facts}. {plural(len(maps), 'feature map')}: {', '.join(map(_told, maps))}."
    return ink.document(width, low, title, description, theme.sheet(colours), content)


def solids(maps: Sequence[Map], style: str = "") -> list[list[Solid]]:
    """Every map in its place, in one lane or two. Raises CnncalcError where there are too many."""
    if len(maps) > MOST:
        message = f"{len(maps):,} feature maps, and a picture has at most {MOST}"
        raise CnncalcError(Fault(message, help="`--depth 1` draws one a group"))
    longest = max((max(one.lengths[-2:]) for one in maps if one.lengths), default=1)
    scale = _Scale(TALLEST / longest, max(one.channels for one in maps))
    style = style or ("unet" if _returns(maps) else "vgg")
    if style == "unet":
        return [_in_a_u(maps, scale)]
    if style == "alexnet":
        halves = [one._replace(channels=one.channels // 2) if _halved(maps, place) else one
                  for place, one in enumerate(maps)]  # fmt: skip
        upper = _in_a_row([scale.solid(one, one.channels) for one in halves])
        tall = max(one.tall - one.deep * SLANT[1] for one in upper) + LABEL + BETWEEN
        lower = [one._replace(y=one.y + tall) for place, one in enumerate(upper) if _halved(maps, place)]
        ends = [one if _halved(maps, place) else one._replace(y=one.y + tall / 2) for place, one in enumerate(upper)]
        return [ends, lower] if lower else [ends]
    return [_in_a_row([scale.solid(one, one.channels) for one in maps])]


def _halved(maps: Sequence[Map], place: int) -> bool:
    """Whether a map is made in two halves: neither what comes in nor what goes out is."""
    return 0 < place < len(maps) - 1 and maps[place].channels % 2 == 0


def _returns(maps: Sequence[Map]) -> bool:
    """Whether maps become small and then large again."""
    sizes = [one.lengths[-1] for one in maps if one.lengths]
    return bool(sizes) and sizes[-1] >= 4 * min(sizes) and max(sizes) >= 4 * min(sizes)


def _in_a_row(ones: Sequence[Solid]) -> list[Solid]:
    """From left to right, their middles at one height."""
    highest = max(one.tall / 2 - one.deep * SLANT[1] / 2 for one in ones)
    x, placed = MARGIN, []
    for one in ones:
        y = HEAD + highest - (one.tall + one.deep * SLANT[1]) / 2
        placed.append(one._replace(x=x, y=y))
        x += one.wide + BETWEEN
    return placed


def _in_a_u(maps: Sequence[Map], scale: _Scale) -> list[Solid]:
    """From left to right, each at the level of its size: half the size is one level down."""
    ones = [scale.solid(one, one.channels) for one in maps]
    largest = max((one.lengths[-1] for one in maps if one.lengths), default=1)
    levels = [round(log2(largest / one.lengths[-1])) if one.lengths and one.lengths[-1] else 0 for one in maps]
    down: dict[int, float] = {}
    y = HEAD
    for level in sorted(set(levels)):
        tall = max(one.tall - one.deep * SLANT[1] for one, mine in zip(ones, levels) if mine == level)
        down[level] = y + tall
        y += tall + LABEL + BETWEEN
    x, placed = MARGIN, []
    for one, level in zip(ones, levels):
        placed.append(one._replace(x=x, y=down[level] - one.tall))
        x += one.wide + BETWEEN
    return placed


def _painted(one: Solid) -> str:
    """The three faces that one sees, and the words below."""
    back, up = one.deep * SLANT[0], one.deep * SLANT[1]
    x, y, right, low = one.x, one.y, one.x + one.thick, one.y + one.tall
    faces = (
        (((x, y), (right, y), (right, low), (x, low)), "b"),
        (((x, y), (x + back, y + up), (right + back, y + up), (right, y)), "t"),
        (((right, y), (right + back, y + up), (right + back, low + up), (right, low)), "r"),
    )
    parts = [
        ink.element("path", d=ink.path(points, close=True), class_=f"{one.of.family}-{face}") for points, face in faces
    ]
    styles = ["l k", *["s k"] * (len(one.words) - 1)]
    for line, (word, style) in enumerate(zip(one.words, styles)):
        parts.append(ink.text(x, low + 14 + 12 * line, word, style))
    parts.append(f"<title>{ink.escaped(_told(one.of))}</title>")
    return ink.element("g", "".join(parts))


def _told(one: Map) -> str:
    shape = "×".join(map(str, (one.channels, *one.lengths)))
    return f"{one.name} {shape} ({one.made_by})"


def _arrows(lanes: Sequence[Sequence[Solid]], maps: Sequence[Map]) -> list[str]:
    """What goes from map to map: in each lane, across lanes where a layer takes both, and over those in between."""
    parts = []
    for lane in lanes:
        parts += [_arrow(one, other) for one, other in pairwise(lane)]
    if len(lanes) == 2:
        upper, lower = lanes
        by_map = {id(one.of): one for one in lower}
        for one, other in pairwise(upper):
            below, after = by_map.get(id(one.of)), by_map.get(id(other.of))
            if other.of.groups == 1:
                parts += [_arrow(start, end) for start, end in ((one, after), (below, other)) if start and end]
        return parts
    for place, one in enumerate(lanes[0]):
        parts += [_skip(lanes[0][before], one) for before in maps[place].skips]
    return parts


def _arrow(one: Solid, other: Solid) -> str:
    return _line([(one.right, one.middle), (other.x - 1, other.middle)])


def _line(points: Sequence[tuple[float, float]], **more: str) -> str:
    """A line with a head at its end, which comes from the left."""
    x, y = points[-1]
    head = ink.element("path", d=ink.path([(x - 5, y - 3), (x, y), (x - 5, y + 3)], close=True), class_="a")
    points = [*points[:-1], (x - 3, y)]
    return ink.element("path", d=ink.path(points, 5), class_="w", stroke_width=1.2, **more) + head


def _skip(one: Solid, other: Solid) -> str:
    """Straight across where both stand at one level, else over the top of both."""
    if abs(one.y + one.tall - other.y - other.tall) < 1:
        return _line([(one.right, one.middle), (other.x, other.middle)], stroke_dasharray="5 4")
    over = min(one.top, other.top) - 10
    start = one.x + one.thick / 2
    points = [(start, one.y), (start, over), (other.x - 8, over), (other.x - 8, other.middle), (other.x, other.middle)]
    return _line(points, stroke_dasharray="5 4")
