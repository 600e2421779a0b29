"""Which feature maps are shown of a net: those on its longest way, what changes nothing about them left out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from cnncalc.pictures.flow.tree import tree_of
from cnncalc.pictures.theme import family_of
from cnncalc.records import NamedTuple
from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.answers.report import Report, Row
    from cnncalc.pictures.flow.tree import Box, Tree

__all__ = ["MOST", "Map", "maps_of"]

MOST = 40
"""Maps that a picture has at most, where the names of the net have levels to fold."""
_NOTHING_NEW = ("norm", "activation", "other", "merge")
"""Families whose outputs are shown only where they have another shape."""


class Map(NamedTuple):
    """A feature map, or a vector, and what makes it."""

    name: str
    family: str
    channels: int
    lengths: tuple[int, ...]
    """Its spatial axes; none of a vector."""
    made_by: str
    """The notation of the layer that makes it, or how many layers do."""
    times: int = 1
    """How often what makes it stands there, one after another, or the group that it is in."""
    groups: int = 1
    skips: tuple[int, ...] = ()
    """The places of the maps before the last one that it takes too."""


def maps_of(report: Report, depth: int | None = None) -> list[Map]:
    """The maps on the longest way through the net, its input first; without a depth, folded so far that they fit.

    Groups that repeat one another are shown one by one where that fits, too, and else once with how often.
    """
    deepest = depth or max((row.name.count(".") + 1 for row in report.rows), default=1)
    for level in range(deepest, 0 if depth is None else deepest - 1, -1):
        for unrolled in (True, False):
            found = _maps(tree_of(report, level, unrolled=unrolled))
            if len(found) <= MOST:
                return found
    return found


def _maps(tree: Tree) -> list[Map]:
    times: dict[int, int] = {}
    boxes = [*_leaves(tree.top, 1, times)]
    way = _longest(boxes)
    label = _labels(way)
    maps: list[Map] = []
    place_of: dict[int, int] = {}
    for step, box in enumerate(way):
        shape = box.shape[1:] or (1,)  # a number an image has no axes
        family = _family(box)
        same = maps and (maps[-1].channels, *maps[-1].lengths) == shape
        flattens = len(shape) == 1 and family == "other"
        merged = step > 0 and len(box.takes) > 1
        if maps and (flattens or (same and family in _NOTHING_NEW)):
            if merged:
                maps[-1] = maps[-1]._replace(skips=_skips(box, place_of, maps[-1].skips, len(maps) - 1))
        else:
            skips = _skips(box, place_of, (), len(maps)) if merged else ()
            name, made_by, often = printable(label[box.first]), _made_by(box), times[box.first]
            maps.append(Map(name, family, shape[0], tuple(shape[1:]), made_by, often, _groups(box), skips))
        for tensor in box.gives:
            place_of[tensor] = len(maps) - 1
    return maps


def _leaves(box: Box, often: int, times: dict[int, int]) -> Iterator[Box]:
    """The boxes that are drawn as one; `times` gets how often each stands there, by its first node."""
    often *= box.count
    if box.inner is None:
        times[box.first] = often
        yield box
    for one in box.inner or ():
        yield from _leaves(one, often, times)


def _labels(boxes: Sequence[Box]) -> dict[int, str]:
    """What each is called, by its first node: the end of its name, as many levels as tell it from the others."""
    found = {box.first: box.label for box in boxes}
    left = [(box, box.name.split(".")) for box in boxes if box.count == 1]
    short = 1
    while left:
        counts = Counter(".".join(levels[-short:]) for _, levels in left)
        waiting = []
        for box, levels in left:
            name = ".".join(levels[-short:])
            if len(levels) > short and (counts[name] > 1 or name.isdecimal()):
                waiting.append((box, levels))
            elif short > 1:
                found[box.first] = name
        left, short = waiting, short + 1
    return found


def _skips(box: Box, place_of: dict[int, int], known: Sequence[int], here: int) -> tuple[int, ...]:
    """The maps further back that a box takes."""
    found = {place_of[one] for one in box.takes if one in place_of and place_of[one] < here - 1}
    return tuple(sorted({*known, *found}))


def _longest(boxes: Sequence[Box]) -> list[Box]:
    """The way through the net that has the most boxes."""
    steps: dict[int, tuple[int, Box | None]] = {}
    maker: dict[int, Box] = {}
    for box in boxes:
        before = max(
            (maker[one] for one in box.takes if one in maker), key=lambda one: steps[one.first][0], default=None
        )
        steps[box.first] = (1 + (steps[before.first][0] if before is not None else 0), before)
        for tensor in box.gives:
            maker[tensor] = box
    last: Box | None = max(reversed(boxes), key=lambda box: steps[box.first][0])
    way = []
    while last is not None:
        way.append(last)
        last = steps[last.first][1]
    return way[::-1]


def _chief(box: Box) -> Row | None:
    """The layer of a box that computes most."""
    return max(box.rows, key=lambda row: row.macs) if box.rows else None


def _family(box: Box) -> str:
    chief = _chief(box)
    return family_of(chief.kind if chief is not None else box.kind)


def _made_by(box: Box) -> str:
    if box.kind == "input":
        return "input"
    return f"{len(box.rows)} layers" if box.kind == "group" else box.rows[0].notation


def _groups(box: Box) -> int:
    """The groups of the convolution that makes it."""
    chief = _chief(box)
    if chief is None or box.kind == "group":
        return 1
    words = [word[1:] for word in chief.notation.split() if word[:1] == "g" and word[1:].isdecimal()]
    return int(words[0]) if words else 1
