"""The records of a verification: each predicted figure beside the one that was measured."""

from __future__ import annotations

from typing import Any, TypeAlias

from cnncalc.records import NamedTuple

__all__ = ["Figure", "Verification", "VerifiedRow", "read_back"]

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


def read_back(value: object) -> Verification | None:
    """The verification that JSON made lists of; None where these are none, whoever wrote them.

    >>> read_back([]) is None
    True
    """
    found = _listed(value, (str, str, str, str, str, int, list, list, list, (int, float)))
    if found is None:
        return None
    *words, batch, rows, totals, notes, seconds = found
    figures, layers = _figures(totals), list(map(_row, rows))
    known = [layer for layer in layers if layer is not None]
    if figures is None or len(known) < len(layers) or not all(isinstance(note, str) for note in notes):
        return None
    return Verification._make([*words, batch, tuple(known), figures, tuple(notes), seconds])


def _listed(value: object, types: tuple[Any, ...]) -> list[Any] | None:
    """The same, where it is a list of just these."""
    fits = isinstance(value, list) and len(value) == len(types) and all(map(isinstance, value, types))
    return value if isinstance(value, list) and fits else None


def _row(value: object) -> VerifiedRow | None:
    found = _listed(value, (str, str, str, list))
    figures = _figures(found[3]) if found else None
    return VerifiedRow(found[0], found[1], found[2], figures) if found and figures is not None else None


def _figures(values: list[Any]) -> tuple[Figure, ...] | None:
    if not all(_listed(one, (str, object, object)) and all(map(_is_value, one[1:])) for one in values):
        return None
    return tuple([Figure(what, _value(one), _value(other)) for what, one, other in values])


def _is_value(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(one, list) and _is_value(one) for one in value.values())
    if isinstance(value, list):
        return all(type(one) is int for one in value)
    return value is None or isinstance(value, (int, str))


def _value(value: Any) -> Value:
    if isinstance(value, dict):
        return {name: tuple(shape) for name, shape in value.items()}
    return tuple(value) if isinstance(value, list) else value
