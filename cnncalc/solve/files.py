"""A file with `?` in it: every assignment within the bounds at which the net is as wanted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.options import Options
from cnncalc.language.unknowns import UnknownFile
from cnncalc.solve.figures import FIGURES, Want, check_wants, miss
from cnncalc.solve.searching import Candidate, Search, Tried
from cnncalc.solve.stages import MissedUnknownError

__all__ = ["Assignment", "FileAnswer", "Goal", "solve_file"]

MOST = 1_000_000
KEPT = 10_000
"""As many assignments are kept; all are counted."""
NEAREST = 5
"""As many of the closest are kept where none is as wanted."""
MISSES = 500


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
    nearest: tuple[Assignment, ...] = ()
    """Where none is as wanted, the nets that come closest."""
    nearest_complete: bool = True
    """Whether no other comes closer."""

    @property
    def complete(self) -> bool:
        """Whether every assignment within the bounds was decided, and all that do are listed."""
        return self.tried == self.candidates and self.total == len(self.found)


def solve_file(
    net: str,
    options: Options,
    dtype: str,
    wants: Sequence[Want],
    goal: Goal | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> FileAnswer:
    """Search all assignments; an interruption keeps what was found. Raises `CnncalcError`."""
    check_wants(wants)
    file = UnknownFile(net, options)
    count = file.candidates()
    _check(file, count)
    found = _searched(Search(file, dtype, wants), wants, goal, progress, count)
    refused = found.refused
    if not found.total and refused and found.tried == count:
        refused = f"of those that make no net, the last: {refused}"
    return FileAnswer(
        net,
        tuple(unknown.name for unknown in file.unknowns),
        tuple(unknown.notation for unknown in file.unknowns),
        tuple(_bounds(unknown.values) for unknown in file.unknowns),
        tuple(want.text for want in wants),
        tuple(_ordered(found.kept, goal)[:KEPT]),
        found.total,
        found.tried,
        count,
        refused,
        () if found.total else tuple(one for _, _, one in sorted(found.nearest)[:NEAREST]),
        not found.interrupted,
    )


def _searched(
    search: Search, wants: Sequence[Want], goal: Goal | None, progress: Callable[[int, int], None] | None, count: int
) -> _Found:
    """What there is, and where that is nothing the closest, those included that the search passed over."""
    found = _Found(wants, goal)
    try:
        try:
            found.all_of(search, progress, count)
        except MissedUnknownError:
            search.whole, found = True, _Found(wants, goal)
            found.all_of(search, progress, count)
        if not found.total and search.passed:
            found.nearest.clear()
            for one in search.candidates(early=False):
                found.misses(one)
    except KeyboardInterrupt:
        found.interrupted = True
    return found


class _Found:
    """What a search has found so far, and as long as that is nothing, what came closest."""

    def __init__(self, wants: Sequence[Want], goal: Goal | None) -> None:
        self.wants, self.goal = wants, goal
        self.figures = list(dict.fromkeys([*(want.figure for want in wants), *([goal.figure] if goal else [])]))
        self.kept: list[Assignment] = []
        self.nearest: list[tuple[tuple[float, ...], tuple[int, ...], Assignment]] = []
        self.total = self.tried = 0
        self.refused = ""
        self.interrupted = False

    def all_of(self, search: Search, progress: Callable[[int, int], None] | None, count: int) -> None:
        """Everything that the search finds."""
        for one in search.candidates():
            if one.candidate is not None and search.meets_all(one.candidate):
                self.total += 1
                self.kept.append(self._assignment(one.values, one.candidate))
                if len(self.kept) >= 2 * KEPT:
                    self.kept = _ordered(self.kept, self.goal)[:KEPT]
            elif not self.total:
                self.misses(one)
            self.refused = one.fault or self.refused
            self.tried += one.covers
            if progress is not None:
                progress(self.tried, count)

    def _assignment(self, values: tuple[int, ...], candidate: Candidate) -> Assignment:
        return Assignment(values, tuple((name, candidate.figure(name)) for name in self.figures))

    def misses(self, one: Tried) -> None:
        """Keep a net that is not as wanted where it is among the closest."""
        if one.candidate is None:
            return
        assignment = self._assignment(one.values, one.candidate)
        known = dict(assignment.figures)
        off = miss([known[want.figure] for want in self.wants], self.wants)
        self.nearest.append((off, one.values, assignment))
        if len(self.nearest) > MISSES:
            self.nearest = sorted(self.nearest)[:NEAREST]


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
