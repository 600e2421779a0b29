"""A file with `?` in it: every assignment within the bounds at which the net is as wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.options import Options
from cnncalc.language.unknowns import UnknownFile, assignments
from cnncalc.solve.figures import FIGURES, Measured, Want

__all__ = ["Assignment", "FileAnswer", "Goal", "solve_file"]

MOST = 1_000_000
KEPT = 10_000
"""As many assignments are kept; all are counted."""


class Goal(NamedTuple):
    """What the assignments are ordered by."""

    figure: str
    largest: bool


class Assignment(NamedTuple):
    """The values of all unknowns, and the figures of that net."""

    values: tuple[int, ...]
    figures: tuple[tuple[str, int | str], ...]


class FileAnswer(NamedTuple):
    """Every assignment that meets the wants, the best first."""

    net: str
    unknowns: tuple[str, ...]
    notations: tuple[str, ...]
    bounds: tuple[str, ...]
    wants: tuple[str, ...]
    found: tuple[Assignment, ...]
    total: int
    tried: int
    candidates: int
    refused: str
    """Why the last candidate that made no net made none; empty where all did."""

    @property
    def complete(self) -> bool:
        """Whether every assignment within the bounds was tried, and all that do are listed."""
        return self.tried == self.candidates and self.total == len(self.found)


def solve_file(
    net: str,
    options: Options,
    dtype: str,
    wants: Sequence[Want],
    goal: Goal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FileAnswer:
    """Try every assignment; an interruption keeps what was found. Raises `CnncalcError`."""
    file = UnknownFile(net, options)
    count = file.candidates()
    _check(file, count)
    figures = list(dict.fromkeys([*(want.figure for want in wants), *([goal.figure] if goal else [])]))
    found: list[Assignment] = []
    total = tried = 0
    refused = ""
    try:
        for values in assignments(file.unknowns):
            try:
                measured = Measured(file.build(values), options.batch, dtype)
            except CnncalcError as error:
                refused = str(error.faults[0].message)
            else:
                if measured.meets_all(wants):
                    total += 1
                    found.append(Assignment(values, tuple((name, measured.figure(name)) for name in figures)))
            tried += 1
            if len(found) >= 2 * KEPT:
                found = _ordered(found, goal)[:KEPT]
            if progress is not None:
                progress(tried, count)
    except KeyboardInterrupt:
        pass
    if not total and refused and tried == count:
        refused = f"of those that make no net, the last: {refused}"
    return FileAnswer(
        net,
        tuple(unknown.name for unknown in file.unknowns),
        tuple(unknown.notation for unknown in file.unknowns),
        tuple(_bounds(unknown.values) for unknown in file.unknowns),
        tuple(want.text for want in wants),
        tuple(_ordered(found, goal)[:KEPT]),
        total,
        tried,
        count,
        refused,
    )


def _check(file: UnknownFile, count: int) -> None:
    if not file.unknowns:
        help = "put `?` in place of a number, as `conv 64 k? p?`, or use `solve variable`"
        raise CnncalcError(Fault("the file has no `?`", help=help))
    if count > MOST:
        found = " × ".join(f"{len(unknown.values):,}" for unknown in file.unknowns)
        help = "narrow the bounds, as `?1..7` or `?16|32|64`"
        raise CnncalcError(Fault(f"{count:,} candidates are more than {MOST:,}", values=found, help=help))


def _bounds(values: Sequence[int]) -> str:
    return f"{values[0]} to {values[-1]}" if isinstance(values, range) else ", ".join(map(str, values))


def _ordered(found: list[Assignment], goal: Goal | None) -> list[Assignment]:
    """By the goal, then by small values."""
    if goal is None:
        return sorted(found, key=lambda one: (sum(one.values), one.values))
    sign = -1 if goal.largest else 1

    def key(one: Assignment) -> tuple[int, int, tuple[int, ...]]:
        value = dict(one.figures)[goal.figure]
        return sign * int(value), sum(one.values), one.values

    if goal.figure not in FIGURES:
        raise CnncalcError(Fault(f"`{goal.figure[:60]}` has no largest value", help=f"there are {', '.join(FIGURES)}"))
    return sorted(found, key=key)
