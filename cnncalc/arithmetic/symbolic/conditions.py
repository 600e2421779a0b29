"""A condition on symbolic lengths: for each symbol the exact set of its values, and relations between symbols.

A rule compares sizes with `>=` and `==`. On plain numbers the answer is a flag; on symbolic ones it is a `Condition`,
which whoever asked the rule keeps. A rule that branches on one asks for its truth, which is known only where the
condition always or never holds; else `NoClosedForm` says that the rule has no closed form, unless somebody goes through
the cases (`cnncalc.arithmetic.symbolic.cases`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from cnncalc.arithmetic.symbolic.bounds import NoClosedForm
from cnncalc.arithmetic.symbolic.closed_text import set_text
from cnncalc.arithmetic.symbolic.contradicting import contradictory
from cnncalc.arithmetic.symbolic.covering import nowhere_smaller
from cnncalc.arithmetic.symbolic.tables import Table, intersection
from cnncalc.records import NamedTuple

__all__ = ["Condition", "Relation", "Truth", "deciding", "every", "never", "undecided"]


_DECIDING: list[Callable[[Condition], bool]] = []
"""Who says, innermost last, whether a condition holds in the case that is looked at."""


@contextmanager
def deciding(decide: Callable[[Condition], bool]) -> Iterator[None]:
    """While it lasts, `decide` answers a rule that branches on a condition."""
    _DECIDING.append(decide)
    try:
        yield
    finally:
        _DECIDING.pop()


class Relation(NamedTuple):
    """A condition that ties several symbols together, or one whose set is not periodic."""

    text: str
    holds: Callable[[Mapping[str, int]], bool]
    symbols: frozenset[str]
    sizes: tuple[Any, ...] = ()
    """The sizes that it depends on; none: on the symbols' values themselves."""
    least: Any = None
    """The polynomial that must be at least 0, where that is the condition."""
    over: Callable[[Mapping[str, int]], bool] | None = None
    """Whether it is sure that it holds neither at these lengths nor at any larger ones; None: never."""
    zero: Any = None
    """The polynomial that must be 0, where that is the condition."""
    worked: Callable[[], int] | None = None
    """What trying it last took beside what its text says, in items that were gone through; None: nothing."""


class Condition:
    """All its parts hold: each symbol's value lies in its set (1 for members), and every relation holds."""

    __slots__ = ("relations", "sets")

    def __init__(self, sets: Mapping[str, Table], relations: Iterable[Relation] = ()) -> None:
        self.sets = {symbol: table for symbol, table in sets.items() if table.constant != 1}
        self.relations = tuple(relations)

    @property
    def impossible(self) -> bool:
        """Whether no value of some symbol is allowed, or its relations contradict one another."""
        if any(table.constant == 0 for table in self.sets.values()):
            return True
        return bool(self.relations) and contradictory(
            [one.zero for one in self.relations if one.zero is not None],
            [one.least for one in self.relations if one.least is not None],
        )

    @property
    def always(self) -> bool:
        """Whether it always holds."""
        return not self.sets and not self.relations

    @property
    def symbols(self) -> frozenset[str]:
        """The symbols that it says something of."""
        return frozenset(self.sets).union(*(relation.symbols for relation in self.relations))

    def holds_at(self, lengths: Mapping[str, int]) -> bool:
        """Whether it holds for these values."""
        return all(table.at(lengths[symbol]) for symbol, table in self.sets.items()) and all(
            relation.holds(lengths) for relation in self.relations
        )

    def __and__(self, other: Condition) -> Condition:
        sets = dict(self.sets)
        for symbol, table in other.sets.items():
            sets[symbol] = intersection(sets[symbol], table) if symbol in sets else table
        relations = list(self.relations)
        for one in other.relations:
            if any(one.text == known.text or _follows(one, known) for known in relations):
                continue
            relations = [known for known in relations if not _follows(known, one)] + [one]
        return Condition(sets, relations)

    @staticmethod
    def every(*truths: Truth) -> Any:
        """What `cnncalc.arithmetic.windows.formulas.every` asks."""
        return every(*truths)

    def __bool__(self) -> bool:
        if self.always:
            return True
        if self.impossible:
            return False
        if _DECIDING:
            return _DECIDING[-1](self)
        raise NoClosedForm(f"what a layer does depends on whether {self}")

    def __str__(self) -> str:
        return ", ".join([set_text(table) for table in self.sets.values()] + [one.text for one in self.relations])

    __repr__ = __str__


def _follows(one: Relation, other: Relation) -> bool:
    """Whether the first holds wherever the second does, because its polynomial is nowhere smaller."""
    if one.least is None or other.least is None:
        return False
    return nowhere_smaller(one.least, other.least)


Truth: TypeAlias = "bool | Condition"


def never(symbol: str) -> Condition:
    """A condition that no value meets."""
    return Condition({symbol: Table(symbol, (), 0, (0,))})


def undecided(truth: Truth) -> bool:
    """Whether it is a condition that some values meet and others do not."""
    return isinstance(truth, Condition) and not truth.always and not truth.impossible


def every(*truths: Truth) -> Any:
    """All of them: a plain flag where all are, else a condition. A rule says it where `and` would branch on a size."""
    joined = Condition({})
    for truth in truths:
        if isinstance(truth, Condition):
            joined = joined & truth
        elif not truth:
            return False
    if joined.impossible:
        return False
    return True if joined.always else joined
