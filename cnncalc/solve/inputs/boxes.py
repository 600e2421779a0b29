"""Lengths of several axes that depend on one another, as boxes: runs that nothing tells apart are tried once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any

from cnncalc.arithmetic.symbolic.conditions import Condition, Relation
from cnncalc.arithmetic.symbolic.relating import direction
from cnncalc.arithmetic.symbolic.tables import Sum

__all__ = ["boxes_of"]

MOST_WORK = 1_050_000
"""Relations that are tried, of two axes up to 1,024; they take about a second."""
MOST_RUNS = 300_000
"""Lengths of all axes together."""
AS_TEXT = 8
"""Trying a relation that is computed from its text takes as much as so many others."""
LONG = 16
"""Characters that take no longer; a text of twice as many takes twice as long."""


class _TooMuch(Exception):
    """There is more to try than is tried."""


Run = tuple[int, int]
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
        runs, found = _up_to(condition, symbols, low, high, one_by_one=True)
    for axis in reversed(range(len(symbols))):
        found = _joined(found, axis)
    boxes: list[Box] = [tuple((symbol, *run) for symbol, run in zip(symbols, box)) for box in found]
    boxes.sort(key=lambda box: _order(box, first))
    if _endless(condition, symbols, runs, high):
        endless = [tuple((symbol, n, None if last == high else last) for symbol, n, last in box) for box in boxes]
        return endless, True, high
    return boxes, _ended(condition, symbols, runs, high), high


def _up_to(
    condition: Condition, symbols: Sequence[str], low: int, high: int, *, one_by_one: bool = False
) -> tuple[list[list[Run]], list[tuple[Run, ...]] | None]:
    """The runs of every axis, and the boxes of them that do; None where that is too much work.

    Where relations can be over before an axis is, or say where along one they may hold, how much there is to try is
    seen by trying, which is done once.
    """
    if (high - low + 1) * len(symbols) > MOST_RUNS:
        return [], None
    runs = [_runs(condition, symbol, low, high) for symbol in symbols]
    walk = _Walk(condition, symbols, runs)
    over = any(walk.settled) or any(relation.over is not None for relation in condition.relations)
    if (one_by_one or not over) and walk.work * prod(map(len, runs)) > MOST_WORK:
        return runs, None
    return runs, walk.found()


class _Walk:
    """Tries boxes in order; what lies behind lengths at which a relation is over is passed over.

    Where what holds goes on to hold at all larger lengths, all of these are kept at once. Where a relation's difference
    only grows along the last of its axes, or only falls, as those of H = W and of H·W = W + 40, bisection finds what
    may hold there.
    """

    def __init__(self, condition: Condition, symbols: Sequence[str], runs: Sequence[Sequence[Run]]) -> None:
        self.relations, self.symbols, self.runs = condition.relations, symbols, runs
        self.work = sum(map(_work, self.relations)) or 1
        self.left = MOST_WORK
        self.upward = all(relation.upward for relation in self.relations)
        self.boxes: list[tuple[Run, ...]] = []
        self.settled: list[list[tuple[Relation, Sum]]] = [[] for _ in symbols]
        """The relations whose last axis is this one, with what they say to be 0 or at least 0."""
        for relation in self.relations:
            difference = _difference(relation)
            if difference is not None:
                self.settled[max(map(symbols.index, relation.symbols))].append((relation, difference))

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
        symbol, last = self.symbols[axis], axis == len(self.symbols) - 1
        start, end = 0, len(self.runs[axis])
        if self.settled[axis]:
            lengths[symbol] = self.runs[axis][0][0]
            if any(relation.over is not None and relation.over(lengths) for relation, _ in self.settled[axis]):
                return True
            start, end = self._between(axis, lengths)
        for place in range(start, end):
            run = self.runs[axis][place]
            lengths[symbol] = run[0]
            if self.upward:
                lengths.update(
                    (name, runs[0][0]) for name, runs in zip(self.symbols[axis + 1 :], self.runs[axis + 1 :])
                )
                if self._hold(lengths):
                    behind = [_whole(runs) for runs in (self.runs[axis][place:], *self.runs[axis + 1 :])]
                    self.boxes += [(*box, *one) for one in product(*behind)]
                    return False
                if last:
                    continue
            over = self._tried((*box, run), lengths) if last else self._along(axis + 1, (*box, run), lengths)
            if over:
                return place == 0
        return False

    def _tried(self, box: tuple[Run, ...], lengths: dict[str, int]) -> bool:
        """Keep the box if it does; whether it and all larger ones do not."""
        if self._hold(lengths):
            self.boxes.append(box)
            return False
        return any(relation.over is not None and relation.over(lengths) for relation in self.relations)

    def _between(self, axis: int, lengths: dict[str, int]) -> tuple[int, int]:
        """From which place along an axis to which the relations may hold whose differences grow, or fall, there."""
        symbol, runs = self.symbols[axis], self.runs[axis]
        start, end = 0, len(runs)
        for relation, difference in self.settled[axis]:
            way = direction(difference, symbol, lengths)
            if not way:
                continue

            def signed(run: Run, way: int = way, difference: Sum = difference) -> int:
                return way * difference.at({**lengths, symbol: run[0]})

            self.left -= 2 * self.work * len(runs).bit_length()
            if way > 0 or relation.zero is not None:
                start = max(start, bisect_left(runs, 0, key=signed))
            if way < 0 or relation.zero is not None:
                end = min(end, bisect_right(runs, 0, key=signed))
        return start, end

    def _hold(self, lengths: Mapping[str, int]) -> bool:
        """Whether every relation holds."""
        self.left -= self.work
        if self.left < 0:
            raise _TooMuch
        return all(relation.holds(lengths) for relation in self.relations)


def _whole(runs: Sequence[Run]) -> list[Run]:
    """Runs that touch as one."""
    made: list[Run] = []
    for low, high in runs:
        if made and made[-1][1] == low - 1:
            made[-1] = (made[-1][0], high)
        else:
            made.append((low, high))
    return made


def _difference(relation: Relation) -> Sum | None:
    """What a relation says to be 0, or at least 0; None where it is computed from its text."""
    difference: Sum | None = relation.zero if relation.zero is not None else relation.least
    return difference


def _work(relation: Relation) -> int:
    """What it takes to try a relation: one of two terms, as H = W, counts as one."""
    long = max(len(relation.text) // LONG, 1)
    if not relation.sizes:
        return AS_TEXT * long
    difference = _difference(relation)
    assert difference is not None
    return max(len(difference.terms) // 2, long)


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
    if not all(relation.upward for relation in condition.relations):
        return False
    if any(table.start >= high or set(table.values) != {1} for table in condition.sets.values()):
        return False
    for place, axis in enumerate(runs):
        if not axis or axis[-1][1] != high:
            return False
        others = [[(high, high)] if one == place else of_axis for one, of_axis in enumerate(runs)]
        for edge in product(*others):
            lengths = {symbol: run[0] for symbol, run in zip(symbols, edge)}
            if not all(relation.holds(lengths) for relation in condition.relations):
                return False
    return True


def _joined(boxes: Sequence[tuple[Run, ...]], axis: int) -> list[tuple[Run, ...]]:
    """Boxes that touch along one axis, and are the same along the others, as one."""
    alike: dict[tuple[Run, ...], list[Run]] = {}
    for box in boxes:
        alike.setdefault((*box[:axis], *box[axis + 1 :]), []).append(box[axis])
    return [(*others[:axis], run, *others[axis:]) for others, runs in alike.items() for run in _whole(runs)]


def _order(box: Box, first: Mapping[str, int]) -> tuple[object, ...]:
    holds = all(low <= first.get(symbol, -1) <= (high or low) for symbol, low, high in box)
    uneven = abs(box[0][1] - box[-1][1])
    return not holds, uneven, box


def _runs(condition: Condition, symbol: str, low: int, high: int) -> list[Run]:
    """The allowed lengths of one axis, neighbours joined where no relation can tell them apart."""
    table = condition.sets.get(symbol)
    relations = [relation for relation in condition.relations if symbol in relation.symbols]
    plain = any(not relation.sizes for relation in relations)
    sizes = [size for relation in relations for size in relation.sizes if size.symbol == symbol]
    runs: list[Run] = []
    before: Any = None
    for n in range(low, high + 1):
        if table is not None and not table.at(n):
            before = None
            continue
        mark = n if plain else tuple(size.table.at(n) for size in sizes)
        if runs and mark == before and runs[-1][1] == n - 1:
            runs[-1] = (runs[-1][0], n)
        else:
            runs.append((n, n))
        before = mark
    return runs
