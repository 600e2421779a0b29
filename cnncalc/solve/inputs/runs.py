"""Runs: lengths of one axis next to one another that nothing tells apart, and boxes of runs of several axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cnncalc.arithmetic.symbolic.conditions import Condition

__all__ = ["Run", "boxes_joined", "runs_of", "whole"]

Run = tuple[int, int]


def runs_of(condition: Condition, symbol: str, low: int, high: int) -> list[Run]:
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


def whole(runs: Sequence[Run]) -> list[Run]:
    """Runs that touch as one."""
    made: list[Run] = []
    for low, high in runs:
        if made and made[-1][1] == low - 1:
            made[-1] = (made[-1][0], high)
        else:
            made.append((low, high))
    return made


def boxes_joined(boxes: Sequence[tuple[Run, ...]], axis: int) -> list[tuple[Run, ...]]:
    """Boxes that touch along one axis, and are the same along the others, as one."""
    alike: dict[tuple[Run, ...], list[Run]] = {}
    for box in boxes:
        alike.setdefault((*box[:axis], *box[axis + 1 :]), []).append(box[axis])
    return [(*others[:axis], run, *others[axis:]) for others, runs in alike.items() for run in whole(runs)]
