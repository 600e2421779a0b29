"""Element by element: an axis of length 1 stands for every position of the others' axis."""

from __future__ import annotations

from collections.abc import Sequence
from math import lcm
from typing import Any

from cnncalc.arithmetic.windows.formulas import all_equal, larger

__all__ = ["broadcast", "broadcasts"]


def _long(lengths: Sequence[Any]) -> list[Any]:
    """The lengths that are not surely 1, each once."""
    return list(dict.fromkeys(length for length in lengths if not isinstance(length, int) or length != 1))


def broadcasts(lengths: Sequence[int]) -> Any:
    """Whether the lengths agree, those of 1 apart: a flag, or for symbolic lengths a condition."""
    long = _long(lengths)
    if len(long) < 2:
        return True
    if all(isinstance(length, int) for length in long):
        return False
    return _condition(long)


def broadcast(lengths: Sequence[Any]) -> Any:
    """The length that comes out, where they agree."""
    long = _long(lengths) or [lengths[0]]
    result = long[0]
    for length in long[1:]:  # where they agree, all but the largest are 1
        result = larger(result, length)
    return result


def _condition(long: Sequence[Any]) -> Any:
    from cnncalc.arithmetic.symbolic.algebra import Size
    from cnncalc.arithmetic.symbolic.conditions import Condition
    from cnncalc.arithmetic.symbolic.tables import Table, compared, tabulate

    symbols = {length.symbol for length in long if isinstance(length, Size)}
    if len(symbols) != 1 or not all(isinstance(length, (int, Size)) for length in long):
        return all_equal(long)
    (symbol,) = symbols
    tables = [one.table if isinstance(one, Size) else Table(symbol, (), 0, (int(one),)) for one in long]
    one = Table(symbol, (), 0, (1,))
    marks = [compared("eq", table, tables[0]) for table in tables[1:]] + [compared("eq", t, one) for t in tables]
    start = max(mark.start for mark in marks)
    period = lcm(*(mark.period for mark in marks))
    agreed = tabulate(symbol, period, 0, start, lambda n: int(len({table.at(n) for table in tables} - {1}) < 2))
    return agreed.constant == 1 or (False if agreed.constant == 0 else Condition({symbol: agreed}))
