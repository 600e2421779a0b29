"""Lengths of several axes that depend on one another, as boxes: runs that nothing tells apart are tried once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from sys import maxsize

from cnncalc.arithmetic.symbolic.conditions import Condition, Relation
from cnncalc.arithmetic.symbolic.relating import direction, grows_from
from cnncalc.arithmetic.symbolic.tables import Sum
from cnncalc.records import NamedTuple
from cnncalc.solve.inputs.runs import Run, boxes_joined, runs_of, whole

__all__ = ["boxes_of"]

MOST_WORK = 600_000
"""Relations that are tried, more than of two axes up to 512; they take about a second."""
AGAIN = 4
"""A further try, up to a smaller length, may take one part in so many of that."""
KEPT = 2
"""What a box takes that is kept and was not tried: where only every second length works, nothing joins them."""
MOST_RUNS = 300_000
"""Lengths of all axes together."""
AS_TEXT = 8
"""Trying a relation that is computed from its text takes as much as so many others."""
ITEMS = 16
"""So many items of lists that such a text goes through take no longer than one such other relation."""
LONG = 16
"""Characters that take no longer; a text of twice as many takes twice as long."""


class _TooMuch(Exception):
    """There is more to try than is tried."""


Box = tuple[tuple[str, int, "int | None"], ...]


def boxes_of(
    condition: Condition, symbols: Sequence[str], low: int, high: int, first: Mapping[str, int]
) -> tuple[list[Box], bool, int]:
    """Every box of lengths from `low` to `high` that meets the condition; the one that holds `first` comes first.

    Also whether these are all that there are, then a box that ends at `high` has no end (None); and the `high` that was
    looked up to, which is less than asked for where that would take more than `MOST_WORK`.
    """
    runs, found = _up_to(condition, symbols, low, high)
    while found is None:
        high = (low + high) // 2
        runs, found = _up_to(condition, symbols, low, high, again=True)
    for axis in reversed(range(len(symbols))):
        found = boxes_joined(found, axis)
    boxes: list[Box] = [tuple((symbol, *run) for symbol, run in zip(symbols, box)) for box in found]
    boxes.sort(key=lambda box: _order(box, first))
    if _endless(condition, symbols, runs, high):
        endless = [tuple((symbol, n, None if last == high else last) for symbol, n, last in box) for box in boxes]
        return endless, True, high
    return boxes, _ended(condition, symbols, runs, high), high


def _up_to(
    condition: Condition, symbols: Sequence[str], low: int, high: int, *, again: bool = False
) -> tuple[list[list[Run]], list[tuple[Run, ...]] | None]:
    """The runs of every axis, and the boxes of them that do; None where that is too much work.

    Where relations can be over before an axis is, or say where along one they hold, how much there is to try is seen by
    trying, which is done at the first `high` whatever there is, and `again` where it may be little enough. A single
    length is tried whatever it takes: there is nothing less.
    """
    if (high - low + 1) * len(symbols) > MOST_RUNS:
        return [], None
    runs = [runs_of(condition, symbol, low, high) for symbol in symbols]
    order = _order_of(condition, symbols)
    budget = maxsize if low == high else MOST_WORK // AGAIN if again else MOST_WORK
    walk = _Walk(condition, [symbols[at] for at in order], [runs[at] for at in order], budget)
    open_end = any(one.difference is not None for one in walk.ones)
    if low < high and (again or not open_end) and walk.least > MOST_WORK:
        return runs, None
    found = walk.found()
    return runs, found and [tuple([box[order.index(at)] for at in range(len(order))]) for box in found]


def _order_of(condition: Condition, symbols: Sequence[str]) -> list[int]:
    """The places of the axes, last the one along which most relations are bisected: H of max(7, W) + H = 3·W."""
    differences = [one for one in map(_difference, condition.relations) if one is not None]
    known = [
        sum(1 for difference in differences if symbol in difference.symbols and direction(difference, symbol))
        for symbol in symbols
    ]
    last = max(reversed(range(len(symbols))), key=known.__getitem__)
    return [*(at for at in range(len(symbols)) if at != last), last]


class _One(NamedTuple):
    """A relation, and what the walk asks of it again and again."""

    relation: Relation
    difference: Sum | None
    """What it says to be 0, or at least 0; None where it is computed from its text."""
    work: int
    """What it takes to try it: one of two sizes, as H = W, counts as one."""


def _one(relation: Relation) -> _One:
    difference, long = _difference(relation), max(len(relation.text) // LONG, 1)
    if difference is None:
        return _One(relation, None, AS_TEXT * long)
    return _One(relation, difference, max(sum(map(len, difference.terms)) // 2, long))


class _Walk:
    """Tries boxes in order; what lies behind lengths at which a relation is over is passed over.

    Where what holds goes on to hold at all larger lengths, all of these are kept at once. Where a relation's difference
    only grows along the last of its axes, or only falls, as those of H = W and of H·W = W + 40, bisection finds where
    it holds there, and nothing is tried.
    """

    def __init__(
        self, condition: Condition, symbols: Sequence[str], runs: Sequence[Sequence[Run]], budget: int
    ) -> None:
        self.ones, self.symbols, self.runs = [_one(relation) for relation in condition.relations], symbols, runs
        self.left = budget
        self.upward = all(runs) and _upward(condition, symbols, runs)
        self.boxes: list[tuple[Run, ...]] = []
        self.settled: list[list[_One]] = [[] for _ in symbols]
        """The relations whose last axis is this one."""
        for one in self.ones:
            self.settled[max(map(symbols.index, one.relation.symbols))].append(one)

    @property
    def least(self) -> int:
        """What there is to try if every relation that may be bisected along the last axis is."""
        runs = self.runs[-1]
        each = sum(one.work * (len(runs) if one.difference is None else _steps(runs)) for one in self.settled[-1])
        return max(each, 1) * prod(map(len, self.runs[:-1]))

    def found(self) -> list[tuple[Run, ...]] | None:
        """Every box that does; None where that is too much work."""
        if not all(self.runs):
            return []
        try:
            self._along(0, (), {})
        except _TooMuch:
            return None
        return self.boxes

    def _along(self, axis: int, box: tuple[Run, ...], lengths: dict[str, int]) -> bool:
        """Go along one axis; whether even its first length is behind the end of some relation."""
        symbol, runs, last = self.symbols[axis], self.runs[axis], axis == len(self.symbols) - 1
        lengths[symbol] = runs[0][0]
        if _over(self.settled[axis], lengths):
            return True
        start, end, rest = self._between(axis, lengths)
        if last and not rest:
            self.boxes += [(*box, run) for run in whole(runs[start:end])]
            return False
        for place in range(start, end):
            lengths[symbol] = runs[place][0]
            if self.upward and self._hold_from(axis, lengths):
                behind = [whole(some) for some in (runs[place:], *self.runs[axis + 1 :])]
                self._spend(KEPT * prod(map(len, behind)))
                self.boxes += [(*box, *one) for one in product(*behind)]
                return False
            if not self._hold(rest, lengths):
                over = _over(rest, lengths)
            elif last:
                self.boxes.append((*box, runs[place]))
                over = False
            else:
                over = self._along(axis + 1, (*box, runs[place]), lengths)
            if over:
                return place == 0
        return False

    def _between(self, axis: int, lengths: dict[str, int]) -> tuple[int, int, list[_One]]:
        """From which place along an axis to which those relations hold that say so, and the others.

        Those say it whose difference only grows, or only falls, along this axis: the last of theirs.
        """
        symbol, runs = self.symbols[axis], self.runs[axis]
        start, end = 0, len(runs)
        others = []
        for one in self.settled[axis]:
            relation, difference, work = one
            way = 0 if difference is None else direction(difference, symbol, lengths)
            if difference is None or not way:
                others.append(one)
                continue

            def signed(run: Run, way: int = way, difference: Sum = difference) -> int:
                return way * difference.at({**lengths, symbol: run[0]})

            self._spend(work * _steps(runs))
            if way > 0 or relation.zero is not None:
                start = max(start, bisect_left(runs, 0, key=signed))
            if way < 0 or relation.zero is not None:
                end = min(end, bisect_right(runs, 0, key=signed))
        return start, end, others

    def _hold_from(self, axis: int, lengths: dict[str, int]) -> bool:
        """Whether every relation holds at these lengths and the least of the axes behind."""
        behind = zip(self.symbols[axis + 1 :], self.runs[axis + 1 :])
        return self._hold(self.ones, lengths | {symbol: runs[0][0] for symbol, runs in behind})

    def _hold(self, ones: Sequence[_One], lengths: Mapping[str, int]) -> bool:
        """Whether these relations hold."""
        self._spend(sum([one.work for one in ones]) or 1)
        for one in ones:
            holds, worked = one.relation.holds(lengths), one.relation.worked
            if worked is not None:
                self._spend(worked() // ITEMS)
            if not holds:
                return False
        return True

    def _spend(self, work: int) -> None:
        self.left -= work
        if self.left < 0:
            raise _TooMuch


def _over(ones: Sequence[_One], lengths: Mapping[str, int]) -> bool:
    """Whether one of these relations holds neither at these lengths nor at any larger ones."""
    return any(one.relation.over is not None and one.relation.over(lengths) for one in ones)


def _steps(runs: Sequence[Run]) -> int:
    """How often a relation is tried to be bisected along an axis."""
    return 2 * len(runs).bit_length()


def _difference(relation: Relation) -> Sum | None:
    """What a relation says to be 0, or at least 0; None where it is computed from its text."""
    difference: Sum | None = relation.zero if relation.zero is not None else relation.least
    return difference


def _ended(condition: Condition, symbols: Sequence[str], runs: Sequence[Sequence[Run]], high: int) -> bool:
    """Whether nothing past `high` works: along each axis the set ends, or some relation never holds again."""
    if not all(runs):
        return True
    least = {symbol: axis[0][0] for symbol, axis in zip(symbols, runs)}
    for symbol in symbols:
        table = condition.sets.get(symbol)
        if table is not None and not any(table.values) and table.start <= high:
            continue
        past = {**least, symbol: high + 1}
        if _left_behind(condition, symbols, runs, symbol, high):
            continue
        if not any(relation.over is not None and relation.over(past) for relation in condition.relations):
            return False
    return True


def _left_behind(
    condition: Condition, symbols: Sequence[str], runs: Sequence[Sequence[Run]], symbol: str, high: int
) -> bool:
    """Whether the other axes, all of which end, cannot keep up with one that goes past `high`, as in H = W < 100."""
    others = [axis for axis in symbols if axis != symbol]
    tables = [condition.sets.get(axis) for axis in others]
    if not all(table is not None and not any(table.values) and table.start <= high for table in tables):
        return False
    beside = [axis for axis, one in zip(runs, symbols) if one != symbol]
    known = [[n for low, last in axis for n in range(low, last + 1)] for axis in beside]
    if prod(map(len, known)) > MOST_RUNS:
        return False
    lengths = [dict(zip((*others, symbol), (*each, high + 1))) for each in product(*known)]
    return any(_never_past(relation, symbol, lengths) for relation in condition.relations)


def _never_past(relation: Relation, symbol: str, lengths: Sequence[Mapping[str, int]]) -> bool:
    """Whether a relation fails at all these lengths, and goes on to fail as the symbol's own grows."""
    difference = _difference(relation)
    way = 0 if difference is None else direction(difference, symbol)
    values = [0] if difference is None or not way else [difference.at(at) for at in lengths]
    if way < 0:
        return max(values, default=-1) < 0
    return relation.zero is not None and min(values, default=1) > 0


def _endless(condition: Condition, symbols: Sequence[str], runs: Sequence[Sequence[Run]], high: int) -> bool:
    """Whether everything past `high` works, shown at the edge: what holds there goes on to hold further out."""
    if not all(runs) or not _upward(condition, symbols, runs):
        return False
    if any(table.start >= high or set(table.values) != {1} for table in condition.sets.values()):
        return False
    least = {symbol: axis[0][0] for symbol, axis in zip(symbols, runs)}
    for symbol, axis in zip(symbols, runs):
        if axis[-1][1] != high:
            return False
        if not all(relation.holds({**least, symbol: high}) for relation in condition.relations):
            return False
    return True


def _upward(condition: Condition, symbols: Sequence[str], runs: Sequence[Sequence[Run]]) -> bool:
    """Whether the relations hold at all larger lengths wherever they hold, from the least of these runs on."""
    least = {symbol: axis[0][0] for symbol, axis in zip(symbols, runs)}
    return all(one.least is not None and grows_from(one.least, least) for one in condition.relations)


def _order(box: Box, first: Mapping[str, int]) -> tuple[object, ...]:
    holds = all(low <= first.get(symbol, -1) <= (high or low) for symbol, low, high in box)
    uneven = abs(box[0][1] - box[-1][1])
    return not holds, uneven, box
