"""The wants of a search, each held against sums that grow from piece to piece.

A figure that is a sum over the layers grows with every piece. The shape of a layer is made a sum too: of how far it is
from what is wanted, which is added where the layer is built, and is wanted to be 0. What is neither (`peak_bytes`,
`receptive_field` …) is measured on whole nets.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TypeAlias

from cnncalc.layers import show_shape
from cnncalc.limits import Limits
from cnncalc.records import NamedTuple
from cnncalc.solve.figures import FIGURES, Want, off
from cnncalc.solve.files.stages import Ends, State
from cnncalc.solve.files.sums import Counting, less

__all__ = ["ABSENT", "Bound", "Judging", "Tracked"]

Tracked: TypeAlias = "tuple[int | Fraction, ...]"
"""The sums that a search follows, in the order of `Judging.figures` and then of `Judging.shapes`."""
ABSENT = "none"
"""The shape of a layer that a net does not have."""


class Bound(NamedTuple):
    """What one of the sums is held against."""

    place: int
    operator: str
    value: int

    def decided(self, low: int | Fraction, high: int | Fraction) -> bool | None:
        """Whether all sums from `low` to `high` are as wanted, or (False) none is; None where it depends."""
        value = self.value
        if self.operator in ("==", "!="):
            if low <= value <= high:
                return None if low < high else self.operator == "=="
            return self.operator == "!="
        first, last = {
            "<=": (low <= value, high <= value),
            "<": (low < value, high < value),
            ">=": (high >= value, low >= value),
            ">": (high > value, low > value),
        }[self.operator]
        return last or (None if first else False)

    def passed(self, least: int | Fraction) -> bool:
        """Whether a sum that only grows is beyond it."""
        return self.operator in ("<=", "<", "==") and (
            least > self.value or (least == self.value and self.operator == "<")
        )


class Judging:
    """The wants of a search by what they hold against."""

    def __init__(self, counting: Counting, wants: Sequence[Want], goals: Sequence[str], limits: Limits) -> None:
        self.counting = counting
        self.sums = [want for want in wants if want.figure in counting.names and isinstance(want.value, int)]
        self.shapes = [want for want in wants if want.figure not in FIGURES]
        self.measured = [want for want in wants if want not in self.sums and want not in self.shapes]
        goals = [goal for goal in goals if goal in counting.names]
        self.figures = list(dict.fromkeys([*(want.figure for want in self.sums), *goals, "layers", "built"]))
        self.bounds = [
            Bound(self.figures.index("layers"), "<=", limits.layers),
            Bound(self.figures.index("built"), "<=", limits.built),
            *(Bound(self.figures.index(one.figure), one.operator, int(one.value)) for one in self.sums),
            *(Bound(len(self.figures) + place, "==", 0) for place in range(len(self.shapes))),
        ]
        """What must hold of the sums; first what no file may go beyond."""
        self.fixed = 2
        """So many of the bounds are no wants."""
        self.goals = [self.figures.index(goal) for goal in goals]
        self.known: set[str] = set()
        """The layers that are asked for by name, and were met."""

    @property
    def nothing(self) -> Tracked:
        """The sums of no layers."""
        return (0,) * (len(self.figures) + len(self.shapes))

    def added(self, before: State, after: State, ends: Ends | None) -> Tracked:
        """What the sums grow by from one state to the next; `ends` where the net is whole."""
        more = less(after.sums, before.sums)
        figures: list[int | Fraction] = [self.counting.figure(name, more) for name in self.figures]
        return (*figures, *[self._off(want, before, after, ends) for want in self.shapes])

    def _off(self, want: Want, before: State, after: State, ends: Ends | None) -> int | Fraction:
        if want.figure == "output":
            if ends is None:
                return 0
            return off(show_shape(after.nodes[next(iter(ends.outputs.values()))].shape), want)
        place = after.net.names.tensors.get(want.figure)
        if place is None:
            compared = want.operator in ("==", "!=")
            return 0 if ends is None else off(ABSENT, want) if compared else 1
        self.known.add(want.figure)
        return 0 if want.figure in before.net.names.tensors else off(show_shape(after.nodes[place].shape), want)
