"""The records of a verification: each predicted figure beside the one that was measured."""

from __future__ import annotations

from typing import TypeAlias

from cnncalc.records import NamedTuple

__all__ = ["Figure", "Verification", "VerifiedRow"]

Value: TypeAlias = "int | str | bool | tuple[int, ...] | dict[str, tuple[int, ...]] | None"


class Figure(NamedTuple):
    """One figure held against its measurement."""

    what: str
    predicted: Value
    measured: Value

    @property
    def passed(self) -> bool:
        """Whether the two are the same."""
        return self.predicted == self.measured


class VerifiedRow(NamedTuple):
    """One layer and its figures."""

    name: str
    kind: str
    notation: str
    figures: tuple[Figure, ...]

    @property
    def failed(self) -> tuple[Figure, ...]:
        """The figures that differ."""
        return tuple(figure for figure in self.figures if not figure.passed)


class Verification(NamedTuple):
    """A whole net held against a run of it."""

    net: str
    """As the user gave it."""
    name: str
    framework: str
    """What measured, with its version."""
    device: str
    dtype: str
    batch: int
    rows: tuple[VerifiedRow, ...]
    totals: tuple[Figure, ...]
    notes: tuple[str, ...]
    """What was not as asked for, or could not be held, and why."""
    seconds: float

    @property
    def failed(self) -> int:
        """How many figures differ."""
        return sum(len(row.failed) for row in self.rows) + sum(not figure.passed for figure in self.totals)

    @property
    def held(self) -> int:
        """How many figures were held."""
        return sum(len(row.figures) for row in self.rows) + len(self.totals)
