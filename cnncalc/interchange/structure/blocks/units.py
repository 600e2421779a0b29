"""What stands in a net several times, its numbers and the stems of its names apart, becomes uses of a block.

The candidate that shortens the text most is made a block, as often as there is one; what stands in blocks is looked at
as well, so that blocks use others.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from cnncalc.interchange.structure.blocks.arguments import arguments_of
from cnncalc.interchange.structure.blocks.called import block_name
from cnncalc.interchange.structure.blocks.candidates import LEAST_USES, LONG, Candidate, Place, candidates, lists_in
from cnncalc.interchange.structure.blocks.counting import counted, same
from cnncalc.interchange.structure.blocks.spreading import Alike
from cnncalc.interchange.structure.blocks.stems import PLACE
from cnncalc.interchange.structure.items import Block, Group, Item, Leaf, Merge, Repeat, Use
from cnncalc.layers.base import Elementwise

__all__ = ["in_units"]

MOST_BLOCKS = 24
MOST_ARGUMENTS = 8
"""Beside those for names."""
LATE = 60
"""So many characters more a run has to save that begins in the midst of something."""
USE, BLOCK, ARGUMENT = 12, 60, 10
"""About how many characters a use of a block, a block and an argument of it take beside their values."""
_EXPRESSION = r"\$\(([^)]*)\)"
_WORD = r"[a-z]\w*"


def in_units(items: tuple[Item, ...], alike: Alike) -> tuple[tuple[Item, ...], list[Block]]:
    """The items with uses of blocks, and these blocks."""
    blocks: list[Block] = []
    while len(blocks) < MOST_BLOCKS and alike.work > 0:
        taken = [block.name for block in blocks]
        made = _made(candidates([items, *(block.items for block in blocks)], alike), alike, taken)
        if made is None:
            break
        block, uses = made
        items = counted(_replaced(items, uses))
        blocks = [*(one._replace(items=counted(_replaced(one.items, uses))) for one in blocks), block]
    return items, _in_order(blocks)


def _in_order(blocks: Sequence[Block]) -> list[Block]:
    """The blocks, each behind those that it uses."""
    by_name = {block.name: block for block in blocks}
    ordered: dict[str, Block] = {}

    def put(block: Block) -> None:
        if block.name in ordered:
            return
        for items in lists_in(block.items):
            for item in items:
                if isinstance(item, Use):
                    put(by_name[item.block.name])
        ordered[block.name] = block

    for block in blocks:
        put(block)
    return list(ordered.values())


def _made(
    found: Sequence[Candidate], alike: Alike, taken: Sequence[str]
) -> tuple[Block, dict[tuple[int, int], tuple[int, Use]]] | None:
    """The block that shortens the text most, and its uses by the list and the place where they stand."""
    rated: list[tuple[int, int, Candidate]] = []
    for candidate in found:
        count = len(candidate.places)
        size = sum(map(alike.size, candidate.places[0].items))
        if count >= LEAST_USES or (count > 1 and size >= LONG):
            bound = (count - 1) * size - count * USE - BLOCK - LATE * _begins_late(candidate.places[0], alike)
            rated.append((bound, len(rated), candidate))
    rated.sort(key=lambda one: (-one[0], one[1]))
    best, most = None, 0
    for bound, _, candidate in rated:
        if bound <= most:
            break
        gained, block, uses = _block(candidate, alike, taken)
        gained -= LATE * _begins_late(candidate.places[0], alike)
        if gained > most:
            best, most = (block, uses), gained
    return best


def _begins_late(place: Place, alike: Alike) -> bool:
    """Whether a run begins with an activation, which belongs to what stands before it."""
    first = place.items[0]
    layer = alike.labels.sketch.operators[first.step].layer if isinstance(first, Leaf) else None
    return place.group is None and isinstance(layer, Elementwise)


def _block(
    candidate: Candidate, alike: Alike, taken: Sequence[str]
) -> tuple[int, Block, dict[tuple[int, int], tuple[int, Use]]]:
    """A candidate as a block with its uses, and how many characters that saves."""
    places = candidate.places
    bodies = [alike.whole(place.items) for place in places]
    texts, arguments, given = arguments_of(bodies[0].fields, [body.values for body in bodies])
    first = places[0]
    group = first.group
    kept, named = _named(candidate)
    values, names = iter(texts), iter(named)
    body = tuple(alike.fill(item, values, names) for item in first.items)
    own: tuple[tuple[str, str | None], ...] = tuple((candidate.arguments[stem], None) for stem in kept)
    by_position = group is not None and group.by_position
    called = [place.group.name if place.group is not None else "".join(place.stems[:1]) for place in places]
    if candidate.arguments[:1] == (PLACE,):
        called = [re.sub(_EXPRESSION, " ", one) for one in named if one]
    name = block_name(called, first.items, alike, taken)
    block = Block(name, body, (*own, *arguments), by_position, group is None, len(own))
    uses: dict[tuple[int, int], tuple[int, Use]] = {}
    saved = (len(places) - 1) * bodies[0].size - BLOCK - ARGUMENT * len(block.arguments)
    for place, words in zip(places, given):
        inside = place.group or Group("", place.items)
        stems_here = tuple(place.stems[stem] for stem in kept)
        uses[id(place.whole), place.start] = place.length, Use(block, stems_here, words, inside)
        told = (word for word, (_, usual) in zip(words, arguments) if word != usual)
        saved -= USE + sum(len(word) + 2 for word in (*stems_here, *told))
    known = {argument for argument, _ in block.arguments}
    few = len(arguments) <= MOST_ARGUMENTS and len(known) == len(block.arguments)
    sound = few and all(_is_known(one, known) for one in named)
    return saved if sound else 0, block, uses


def _is_known(name: str, arguments: Container[str]) -> bool:
    """Whether a name says nothing that is an argument of another block."""
    if "$" not in name:
        return True
    words = (word for part in re.findall(_EXPRESSION, name) for word in re.findall(_WORD, part))
    return all(word == "i" or word in arguments for word in words)


def _named(candidate: Candidate) -> tuple[list[int], list[str]]:
    """The stems that are arguments, and the names by these; a stem that all places have is no argument."""
    columns = list(zip(*(place.stems for place in candidate.places)))
    kept: list[int] = []
    by: dict[int, tuple[int, int]] = {}
    for stem, column in enumerate(columns):
        if len(set(column)) == 1 and "$" not in column[0]:
            continue
        for other in kept:
            apart = _apart_by(columns[other], column)
            if apart is not None:
                by[stem] = other, apart
                break
        else:
            kept.append(stem)
            by[stem] = stem, 0
    first = candidate.places[0].stems
    named = []
    for part in candidate.names:
        if part.stem in by:
            stem, more = by[part.stem]
            named.append(part.with_argument(candidate.arguments[stem], more))
        else:
            named.append(part.with_value(first[part.stem] if part.stem >= 0 else ""))
    return kept, named


def _apart_by(one: Sequence[str], other: Sequence[str]) -> int | None:
    """What a column of numbers has more than another; None where that is not the same everywhere."""
    if not all(map(str.isdecimal, (*one, *other))):
        return None
    apart = {int(b) - int(a) for a, b in zip(one, other)}
    return apart.pop() if len(apart) == 1 else None


def _replaced(items: tuple[Item, ...], uses: dict[tuple[int, int], tuple[int, Use]]) -> tuple[Item, ...]:
    """The items with the uses in place of what they stand for."""
    made: list[Item] = []
    index = 0
    while index < len(items):
        found = uses.get((id(items), index))
        item = items[index]
        if found is not None:
            made.append(found[1])
            index += found[0]
            continue
        if isinstance(item, Merge):
            branches = tuple(_replaced(branch, uses) for branch in item.branches)
            item = item if all(map(same, branches, item.branches)) else item._replace(branches=branches)
        elif isinstance(item, (Group, Repeat)):
            inside = _replaced(item.items, uses)
            item = item if same(inside, item.items) else item._replace(items=inside)
        made.append(item)
        index += 1
    return items if same(made, items) else tuple(made)
