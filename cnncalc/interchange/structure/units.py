"""What stands in a net several times, its numbers and the stems of its names apart, becomes uses of a block.

Candidates are the bodies of named groups, and runs of items wherever they stand. The one that shortens the text most is
made a block, as often as there is one; what stands in blocks is looked at as well, so that blocks use others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence

from cnncalc.interchange.structure.arguments import arguments_of
from cnncalc.interchange.structure.counting import COUNTED, counted, same
from cnncalc.interchange.structure.items import Block, Group, Item, Merge, Repeat, Use
from cnncalc.interchange.structure.spreading import Alike, Spread
from cnncalc.interchange.structure.stems import stems
from cnncalc.records import NamedTuple

__all__ = ["in_units"]

MOST_BLOCKS = 24
LONGEST_RUN = 16
"""Items that may stand in a block side by side."""
MOST_RUNS = 100_000
"""So many runs are looked at; in what is left of a net none are."""
LEAST_USES = 3
LONG = 240
"""Characters of a body that becomes a block for two uses already."""
ONE_LINE = 60
"""Characters of a body that stands well on one line where it is."""
MOST_ARGUMENTS = 8
USE, BLOCK, ARGUMENT = 12, 60, 10
"""About how many characters a use of a block, a block and an argument of it take beside their values."""


class _Place(NamedTuple):
    """Where a candidate stands: items of one list, or a group."""

    items: tuple[Item, ...]
    start: int
    length: int
    group: Group | Repeat | None
    value: str
    """What the names begin with, or have as their number."""


class _Candidate(NamedTuple):
    """The same thing in several places."""

    argument: str
    names: tuple[str, ...]
    places: list[_Place]


def in_units(items: tuple[Item, ...], alike: Alike) -> tuple[tuple[Item, ...], list[Block]]:
    """The items with uses of blocks, and these blocks."""
    blocks: list[Block] = []
    while len(blocks) < MOST_BLOCKS:
        made = _made(_candidates([items, *(block.items for block in blocks)], alike), alike, f"unit{len(blocks) + 1}")
        if made is None:
            break
        block, uses = made
        items = counted(_replaced(items, uses))
        blocks = [*(one._replace(items=counted(_replaced(one.items, uses))) for one in blocks), block]
    return items, blocks


def _lists(items: tuple[Item, ...]) -> Iterator[tuple[Item, ...]]:
    """The list, and every list inside it."""
    yield items
    for item in items:
        if isinstance(item, Merge):
            for branch in item.branches:
                yield from _lists(branch)
        elif isinstance(item, (Group, Repeat)):
            yield from _lists(item.items)


def _candidates(bodies: Sequence[tuple[Item, ...]], alike: Alike) -> list[_Candidate]:
    """Everything that stands in several places."""
    lists = [(items, items is body) for body in bodies for items in _lists(body)]
    found: dict[Hashable, _Candidate] = {}
    for items, _ in lists:
        for start, item in enumerate(items):
            if isinstance(item, Group) or (isinstance(item, Repeat) and item.numbered):
                body = alike.body(item.items)
                if body is not None and body.size > ONE_LINE:
                    place = _Place(items, start, 1, item, "")
                    key = (item.by_position, body.key, body.names)
                    found.setdefault(key, _Candidate("", body.names, [])).places.append(place)
    for numbers, runs in _runs(lists, alike).items():
        for items, start in runs:
            length = len(numbers)
            body = alike.body(items[start : start + length])
            assert body is not None
            for argument, value, names in stems(body.names) if body.size > ONE_LINE else ():
                place = _Place(items, start, length, None, value)
                found.setdefault((numbers, argument, names), _Candidate(argument, names, [])).places.append(place)
    return [one._replace(places=_apart(one.places)) for one in found.values() if len(one.places) > 1]


def _runs(
    lists: Sequence[tuple[tuple[Item, ...], bool]], alike: Alike
) -> dict[tuple[int, ...], list[tuple[tuple[Item, ...], int]]]:
    """The runs of items, by the numbers of these, that are met more than once; no whole body of a block."""
    numbered = [(items, [alike.number(item) for item in items], whole) for items, whole in lists]
    pairs = Counter(pair for _, numbers, _ in numbered for pair in zip(numbers, numbers[1:]))
    found: dict[tuple[int, ...], list[tuple[tuple[Item, ...], int]]] = {}
    looked = 0
    for items, numbers, whole in numbered:
        for start, item in enumerate(items):
            if isinstance(item, Merge) and numbers[start] >= 0 and not (whole and len(items) == 1):
                found.setdefault((numbers[start],), []).append((items, start))
            for end in range(start + 2, min(start + LONGEST_RUN, len(items)) + 1):
                last = (numbers[end - 2], numbers[end - 1])
                if -1 in last or pairs[last] < 2 or looked > MOST_RUNS:
                    break
                looked += 1
                if not (whole and end - start == len(items)):
                    found.setdefault(tuple(numbers[start:end]), []).append((items, start))
    return {numbers: runs for numbers, runs in found.items() if len(runs) > 1 and not _repeats(numbers)}


def _repeats(numbers: tuple[int, ...]) -> bool:
    """Whether something in a run follows on itself: that is to be a repeat first."""
    return any(
        numbers[start : start + length] == numbers[start + length : start + 2 * length]
        for length in range(1, len(numbers) // 2 + 1)
        for start in range(len(numbers) - 2 * length + 1)
    )


def _apart(places: Sequence[_Place]) -> list[_Place]:
    """Those of the places that do not lie in one another, the first ones first."""
    ends: dict[int, int] = {}
    apart = []
    for place in places:
        if place.start >= ends.get(id(place.items), 0):
            ends[id(place.items)] = place.start + place.length
            apart.append(place)
    return apart


def _made(
    candidates: Sequence[_Candidate], alike: Alike, name: str
) -> tuple[Block, dict[tuple[int, int], tuple[int, Use]]] | None:
    """The block that shortens the text most, and its uses by the list and the place where they stand."""
    rated = []
    for candidate in candidates:
        count = len(candidate.places)
        size = _body(candidate.places[0], alike).size
        if count >= LEAST_USES or (count > 1 and size >= LONG):
            rated.append(((count - 1) * size - count * USE - BLOCK, len(rated), candidate))
    rated.sort(key=lambda one: (-one[0], one[1]))
    best, most = None, 0
    for bound, _, candidate in rated:
        if bound <= most:
            break
        gained, block, uses = _block(candidate, alike, name)
        if gained > most:
            best, most = (block, uses), gained
    return best


def _body(place: _Place, alike: Alike) -> Spread:
    items = place.items[place.start : place.start + place.length] if place.group is None else place.group.items
    body = alike.body(items)
    assert body is not None
    return body


def _block(
    candidate: _Candidate, alike: Alike, name: str
) -> tuple[int, Block, dict[tuple[int, int], tuple[int, Use]]]:
    """A candidate as a block with its uses, and how many characters that saves."""
    places = candidate.places
    bodies = [_body(place, alike) for place in places]
    texts, arguments, given = arguments_of(bodies[0].fields, [body.values for body in bodies])
    first = places[0]
    group = first.group
    items = group.items if group is not None else first.items[first.start : first.start + first.length]
    stem = candidate.argument if len({place.value for place in places}) > 1 or "$" in first.value else ""
    called = candidate.names if stem else bodies[0].names
    values, names = iter(texts), iter(called)
    body = tuple(alike.fill(item, values, names) for item in items)
    stem_argument: tuple[tuple[str, str | None], ...] = ((stem, None),) if stem else ()
    by_position = group is not None and group.by_position
    block = Block(name, body, (*stem_argument, *arguments), by_position, group is None)
    uses: dict[tuple[int, int], tuple[int, Use]] = {}
    saved = (len(places) - 1) * bodies[0].size - BLOCK - ARGUMENT * len(block.arguments)
    for place, words in zip(places, given):
        inside = place.group or Group("", place.items[place.start : place.start + place.length])
        uses[id(place.items), place.start] = place.length, Use(block, place.value if stem else "", words, inside)
        told = (word for word, (_, usual) in zip(words, arguments) if word != usual)
        saved -= USE + (len(place.value) + 1 if stem else 0) + sum(len(word) + 2 for word in told)
    sound = len(arguments) <= MOST_ARGUMENTS and (bool(stem) or not any("$" in one.replace(COUNTED, "") for one in called))
    return saved if sound else 0, block, uses


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

