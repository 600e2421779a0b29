"""Rules that branch on a symbolic length, one case after another: what holds in each, and what comes out there.

A rule is run anew for every answer that its branches can have. The cases exclude one another and leave nothing out, so
that a number which depends on the case is one sum again: each case's number times `[condition]`, which is 1 where the
condition holds and 0 elsewhere (Iverson's bracket).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, TypeVar

from cnncalc.arithmetic.symbolic.bounds import NoClosedForm
from cnncalc.arithmetic.symbolic.conditions import Condition, deciding
from cnncalc.arithmetic.symbolic.tables import Table, complement

__all__ = ["ALWAYS", "cases", "indicator", "number_by_case", "union_indicator"]

Result = TypeVar("Result")
MOST_CASES = 64
MOST_UNITED = 6
ALWAYS = Condition({})


class _Branch:
    """One run: the answers that its branches are given, and what has been assumed with them."""

    def __init__(self, given: Condition, answers: Sequence[bool]) -> None:
        self.given, self.answers = given, list(answers)
        self.asked = 0
        self.assumed = ALWAYS

    def decide(self, condition: Condition) -> bool:
        """The truth of a condition in this case."""
        if condition.relations:
            raise NoClosedForm(f"what a layer does depends on whether {condition}")
        return all(self._one(symbol, table) for symbol, table in condition.sets.items())

    def _one(self, symbol: str, table: Table) -> bool:
        so_far = self.given & self.assumed
        both = so_far & Condition({symbol: table})
        if both.sets == so_far.sets:
            return True
        if both.impossible:
            return False
        if self.asked == len(self.answers):
            self.answers.append(True)
        answer = self.answers[self.asked]
        self.asked += 1
        self.assumed = self.assumed & Condition({symbol: table if answer else complement(table)})
        return answer


def cases(compute: Callable[[], Result], given: Condition = ALWAYS) -> list[tuple[Condition, Result]]:
    """Every case, with what `compute` gives in it; `given` holds in all. Raises `NoClosedForm` for too many."""
    found: list[tuple[Condition, Result]] = []
    waiting: list[list[bool]] = [[]]
    while waiting:
        branch = _Branch(given, waiting.pop())
        known = len(branch.answers)
        with deciding(branch.decide):
            result = compute()
        found.append((branch.assumed, result))
        waiting += [[*branch.answers[:turn], False] for turn in range(known, len(branch.answers))]
        if len(found) + len(waiting) > MOST_CASES:
            raise NoClosedForm(f"more than {MOST_CASES} cases")
    return found


def number_by_case(compute: Callable[[], Any], given: Condition = ALWAYS) -> Any:
    """A number whose rule branches on a length: the sum over the cases. Raises `NoClosedForm`."""
    total: Any = 0
    for condition, number in cases(compute, given):
        total = total + indicator(condition) * number
    return total


def indicator(condition: Condition) -> Any:
    """1 where the condition holds, else 0; printed `[condition]`. Raises `NoClosedForm` for one that ties axes."""
    from cnncalc.arithmetic.symbolic.algebra import length
    from cnncalc.arithmetic.symbolic.closed_text import set_text

    if condition.relations:
        raise NoClosedForm(f"[{condition}]")
    answer: Any = 1
    for table in condition.sets.values():
        answer = answer * length(table, lambda table=table: f"[{set_text(table)}]")  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    return answer


def union_indicator(conditions: Sequence[Condition]) -> Any:
    """1 where any of them holds, else 0, by inclusion and exclusion."""
    left: list[Condition] = []
    for one in conditions:
        if not any(_within(one, other) for other in left):
            left = [other for other in left if not _within(other, one)] + [one]
    if len(left) > MOST_UNITED:
        raise NoClosedForm(f"more than {MOST_UNITED} conditions of which one must hold")
    answer: Any = 0
    for count in range(1, len(left) + 1):
        for chosen in combinations(left, count):
            both = ALWAYS
            for one in chosen:
                both = both & one
            answer = answer + (0 if both.impossible else indicator(both)) * (1 if count % 2 else -1)
    return answer


def _within(inner: Condition, outer: Condition) -> bool:
    """Whether the second holds wherever the first does."""
    return (inner & outer).sets == inner.sets
