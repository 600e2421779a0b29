"""Element by element: an axis of length 1 stands for every position of the others' axis."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from itertools import combinations
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
    from cnncalc.arithmetic.symbolic.conditions import Condition, every
    from cnncalc.arithmetic.symbolic.tables import Table, compared, extreme

    symbols = {length.symbol for length in long if isinstance(length, Size)}
    if len(symbols) != 1 or not all(isinstance(length, (int, Size)) for length in long):
        return all_equal(long)
    (symbol,) = symbols
    tables = [one.table if isinstance(one, Size) else Table(symbol, (), 0, (int(one),)) for one in long]
    one = Table(symbol, (), 0, (1,))
    agreed: Any = True
    for left, right in combinations(tables, 2):
        marks = [compared("eq", *pair) for pair in ((left, right), (left, one), (right, one))]
        agreed = every(agreed, Condition({symbol: reduce(partial(extreme, "max"), marks)}))
        if agreed is False:
            break
    return agreed
