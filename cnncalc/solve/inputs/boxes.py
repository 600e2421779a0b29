"""Lengths of several axes that depend on one another, as boxes: runs that nothing tells apart are tried once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

from cnncalc.arithmetic.symbolic.conditions import Condition

__all__ = ["boxes_of"]

Run = tuple[int, int]
Box = tuple[tuple[str, int, "int | None"], ...]


def boxes_of(
    condition: Condition, symbols: Sequence[str], low: int, high: int, first: Mapping[str, int]
) -> tuple[list[Box], bool]:
    """Every box of lengths from `low` to `high` that meets the condition; the one that holds `first` comes first.

    Also whether these are all that there are. Then a box that ends at `high` has no end (None).
    """
    runs = [_runs(condition, symbol, low, high) for symbol in symbols]
    found = []
    for box in product(*runs):
        lengths = {symbol: run[0] for symbol, run in zip(symbols, box)}
        if all(relation.holds(lengths) for relation in condition.relations):
            found.append(box)
    for axis in reversed(range(len(symbols))):
        found = _joined(found, axis)
    boxes: list[Box] = [tuple((symbol, *run) for symbol, run in zip(symbols, box)) for box in found]
    boxes.sort(key=lambda box: _order(box, first))
    if _endless(condition, symbols, runs, high):
        return [tuple((symbol, n, None if last == high else last) for symbol, n, last in box) for box in boxes], True
    return boxes, _ended(condition, symbols, runs, high)


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
        if not any(relation.over is not None and relation.over(past) for relation in condition.relations):
            return False
    return True


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
        others = (*box[:axis], *box[axis + 1 :])
        runs = alike.setdefault(others, [])
        low, high = box[axis]
        if runs and runs[-1][1] == low - 1:
            runs[-1] = (runs[-1][0], high)
        else:
            runs.append((low, high))
    return [(*others[:axis], run, *others[axis:]) for others, runs in alike.items() for run in runs]


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
