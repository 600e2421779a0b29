"""Where wires pass rows: through a gap that all these rows have, or beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["RAIL", "rails_of"]

RAIL = 9.0
"""Between two rails, and between a rail and a box."""
MOST = 400_000
"""Rails times boxes up to which gaps are looked for; beyond, all run beside."""

Way: TypeAlias = "tuple[int, float, int, float, int]"
"""A tensor, where its wire starts and above which row, where it ends and above which row."""


class _Rail(NamedTuple):
    x: float
    first: int
    last: int


def rails_of(ways: Iterable[Way], rows: Sequence[Sequence[tuple[float, float]]]) -> dict[int, float]:
    """Where the rail of each tensor runs that passes a row; `rows` have the left and right ends of their boxes.

    Short ones choose first. A rail runs where it makes its wires shortest.
    """
    ends: dict[int, list[float]] = {}
    spans: dict[int, tuple[int, int]] = {}
    for tensor, start, first, end, last in ways:
        if first != last:
            low, high = spans.get(tensor, (first, last))
            spans[tensor] = min(low, first), max(high, last)
            ends.setdefault(tensor, [start]).append(end)
    whole = [(min(left for row in rows for left, _ in row), max(right for row in rows for _, right in row))]
    gaps = len(spans) * sum(map(len, rows)) <= MOST
    rails: list[_Rail] = []
    found = {}
    for tensor, (low, high) in sorted(spans.items(), key=lambda item: (item[1][1] - item[1][0], item[1])):
        passed = [box for row in rows[low:high] for box in row] if gaps else whole
        taken = [(left - RAIL, right + RAIL) for left, right in passed]
        taken += [(rail.x - RAIL, rail.x + RAIL) for rail in rails if rail.first <= high and low <= rail.last]
        x = _nearest(ends[tensor], taken)
        rails.append(_Rail(x, low, high))
        found[tensor] = x
    return found


def _nearest(ends: Sequence[float], taken: Sequence[tuple[float, float]]) -> float:
    """The free place from which the ways to all ends are shortest."""
    free: list[float] = []
    reached: float | None = None
    for left, right in sorted(taken):
        if reached is None or left >= reached:
            free += [left] if reached is None else [reached, left]
            free += [end for end in ends if (reached is None or reached <= end) and end <= left]
        reached = right if reached is None else max(reached, right)
    if reached is None:
        return ends[0]
    free += [reached, *(end for end in ends if end >= reached)]
    return min(free, key=lambda x: sum(abs(x - end) for end in ends))
