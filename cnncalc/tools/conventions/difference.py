"""Why two tools give two numbers for one net: their counts split into terms, and the terms' differences.

A tool's count of a layer is the sum of its terms, so the differences add up to the whole difference by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.answers.counting import Counting
from cnncalc.graph import Net
from cnncalc.records import NamedTuple
from cnncalc.tools.conventions import convention_named
from cnncalc.tools.conventions.counting import count

__all__ = ["Difference", "Side", "TermDifference", "difference"]


class Side(NamedTuple):
    """What one tool makes of a term."""

    amount: int
    layers: int
    """How many layers it counts it for."""
    how: str
    """How it counts it; empty where it does not."""


class TermDifference(NamedTuple):
    """One thing that is counted, by both tools."""

    what: str
    left: Side
    right: Side
    bug: bool

    @property
    def amount(self) -> int:
        """How much more the right one counts."""
        return self.right.amount - self.left.amount


class Difference(NamedTuple):
    """Two counts of one net."""

    net: str
    left: Counting
    right: Counting
    terms: tuple[TermDifference, ...]
    """Those that differ, the largest first."""
    agreed: tuple[TermDifference, ...]
    """Those that both count alike."""
    not_counted: dict[str, str]
    """Layers that at least one of the two cannot express, and why. They are left out on both sides."""

    @property
    def amount(self) -> int:
        """How much more the right one counts in all."""
        return sum(term.amount for term in self.terms)


def difference(graph: Net, names: Sequence[str], batch: int = 1, functions: Sequence[str] = ()) -> Difference:
    """How two conventions differ on a net, term by term. Raises CnncalcError for a name that is none."""
    left, right = (count(graph, convention_named(name), batch, functions) for name in names)
    reasons = {**_reasons(left), **_reasons(right)}
    not_counted = {name: reasons[name] for name in left.layers if name in reasons}
    left, right = _without(left, not_counted), _without(right, not_counted)
    sides = [_sides(one) for one in (left, right)]
    found = []
    for what in dict.fromkeys((*sides[0], *sides[1])):
        first, second = (one.get(what, (Side(0, 0, ""), False)) for one in sides)
        found.append(TermDifference(what, first[0], second[0], first[1] or second[1]))
    differing = sorted((term for term in found if term.amount), key=lambda term: -abs(term.amount))
    agreed = tuple(term for term in found if not term.amount)
    return Difference(graph.name, left, right, tuple(differing), agreed, not_counted)


def _reasons(counting: Counting) -> dict[str, str]:
    return {name: f"{counting.convention.name}: {reason}" for name, reason in counting.unknown.items()}


def _without(counting: Counting, names: dict[str, str]) -> Counting:
    return counting._replace(layers={name: one for name, one in counting.layers.items() if name not in names})


def _sides(counting: Counting) -> dict[str, tuple[Side, bool]]:
    """Each thing that is counted: its sum, its layers, how; and whether it is a mistake."""
    found: dict[str, tuple[Side, bool]] = {}
    for one in counting.layers.values():
        met: set[str] = set()
        for term in one.terms:
            side, bug = found.get(term.what, (Side(0, 0, term.how), False))
            how = side.how if term.how in side.how.split("; ") else f"{side.how}; {term.how}"
            found[term.what] = (
                Side(side.amount + term.amount, side.layers + (term.what not in met), how),
                bug or term.bug,
            )
            met.add(term.what)
    return found
