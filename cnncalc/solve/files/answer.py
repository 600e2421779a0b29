"""A file with `?` in it: every assignment within the bounds at which the net is as wanted."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.documents.foreign import in_ours
from cnncalc.language.options import Options
from cnncalc.language.unknowns import UnknownFile
from cnncalc.records import NamedTuple
from cnncalc.solve.figures import Want, check_wants
from cnncalc.solve.files.growing import Progress
from cnncalc.solve.files.searching import Assignment, Goal, Search

__all__ = ["Assignment", "FileAnswer", "Goal", "solve_file"]


class FileAnswer(NamedTuple):
    """Every assignment that meets the wants, the best first."""

    net: str
    unknowns: tuple[str, ...]
    notations: tuple[str, ...]
    bounds: tuple[str, ...]
    wants: tuple[str, ...]
    found: tuple[Assignment, ...]
    total: int
    """How many there are, or at least are known."""
    exact: bool
    """Whether there are no more."""
    tried: int
    """The candidates that were decided, one by one or many at once."""
    candidates: int
    left: tuple[str, ...]
    """Why not all were; empty where they were."""
    refused: str
    """Why the last candidate that made no net made none; empty where all did."""
    reasons: tuple[str, ...] = ()
    """Where none is as wanted, the wants that no candidate meets by itself, as facts."""
    nearest: tuple[Assignment, ...] = ()
    """Where none is as wanted, the nets that come closest."""
    nearest_complete: bool = True
    """Whether no other comes closer."""
    not_held: tuple[str, ...] = ()
    """What the file says of its net that no candidate is held to: its `expect`."""

    @property
    def complete(self) -> bool:
        """Whether every assignment within the bounds was decided, and all that do are listed."""
        return not self.left and self.tried == self.candidates and self.total == len(self.found)


def solve_file(
    net: str,
    options: Options,
    dtype: str,
    wants: Sequence[Want],
    goal: Goal | None = None,
    progress: Progress | None = None,
) -> FileAnswer:
    """Search all assignments; an interruption keeps what was found. Raises `CnncalcError`."""
    check_wants(wants)
    file = UnknownFile(net, options)
    if not file.unknowns:
        way = "put `?` in place of a number, as `conv 64 k? p?`, or use `solve variable`"
        help = in_ours(file.document.foreign, file.document.file, way)
        raise CnncalcError(Fault("the file has no `?`", help=help))
    count, unknowns = file.candidates(), list(file.unknowns)
    search = Search(file, dtype, wants, goal)
    search.find(progress)
    refused = search.growth.refused
    if not search.total and refused and not search.undecided:
        refused = f"of those that make no net, the last: {refused}"
    return FileAnswer(
        net,
        tuple(unknown.name for unknown in unknowns),
        tuple(unknown.notation for unknown in unknowns),
        tuple(_bounds(unknown.values) for unknown in unknowns),
        tuple(want.text for want in wants),
        tuple(search.found),
        search.total,
        search.exact and not search.undecided,
        count - search.undecided,
        count,
        tuple(dict.fromkeys(search.left)),
        refused,
        tuple(search.reasons),
        tuple(search.nearest),
        search.nearest_complete,
        ("expect",) if "expect" in file.document.keys else (),
    )


def _bounds(values: Sequence[int]) -> str:
    return f"{values[0]} to {values[-1]}" if isinstance(values, range) else ", ".join(map(str, values))
