"""Lengths of several axes that depend on one another, as boxes: runs that nothing tells apart are tried once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from cnncalc.arithmetic.conditions import Condition

__all__ = ["boxes_of"]

Run = tuple[int, int]


def boxes_of(
    condition: Condition, symbols: Sequence[str], low: int, high: int, first: Mapping[str, int]
) -> Iterator[tuple[tuple[str, int, int], ...]]:
    """Every box of lengths from `low` to `high` that meets the condition; the one that holds `first` comes first."""
    runs = [_runs(condition, symbol, low, high) for symbol in symbols]
    found = []
    for box in product(*runs):
        lengths = {symbol: run[0] for symbol, run in zip(symbols, box)}
        if all(relation.holds(lengths) for relation in condition.relations):
            found.append(box)
    for axis in reversed(range(len(symbols))):
        found = _joined(found, axis)
    boxes = [tuple((symbol, *run) for symbol, run in zip(symbols, box)) for box in found]
    boxes.sort(key=lambda box: _order(box, first))
    yield from boxes


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


def _order(box: tuple[tuple[str, int, int], ...], first: Mapping[str, int]) -> tuple[object, ...]:
    holds = all(low <= first.get(symbol, -1) <= high for symbol, low, high in box)
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
