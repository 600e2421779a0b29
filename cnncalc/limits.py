"""The bounds on what one input may ask for, so that no file can take gigabytes or hang.

Each bound has a name that its messages use and that `--limit NAME=VALUE` raises.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.records import NamedTuple

__all__ = ["MOST", "RECURSION", "Limits", "raised"]

MOST = {"depth": 256}
"""As far as a bound can be raised: more the program does not bear."""
RECURSION = 6_000
"""Calls in calls that such a depth takes, at most."""


class Limits(NamedTuple):
    """Every bound, far above what a real network needs."""

    text: int = 10_000_000
    """Characters in a file."""
    depth: int = 64
    """Nesting: of YAML, of groups and blocks, of brackets in an expression."""
    nodes: int = 1_000_000
    """Values in a file, those behind aliases counted each time; also its lines."""
    layers: int = 200_000
    """Layers that a file unrolls to."""
    built: int = 500_000
    """Items that are built: layers, merges, groups and turns of loops; a use of a block counts as ten."""
    number: int = 10**12
    """The largest whole number that a file or an expression may hold."""
    variables: int = 1_000
    """Variables of a file, and arguments of a block: every group copies them."""
    expression: int = 1_000
    """Characters in one `$(…)`."""
    items: int = 10_000
    """The length of a list or a text that an expression makes, lists inside it counted too."""
    work: int = 2_000_000
    """Items of lists, and stretches of 64 letters, that all expressions of a file go through together."""
    search: int = 300_000
    """What `solve file`, `solve variable` and `search` go through over all candidates, in layers that are measured; one
    that is built counts as fifteen, and eight that are copied count as one."""

    points: int = 1_000_000
    """Points of a `sweep`; all are in memory when they are printed."""

    def way_out(self, name: str, needed: int = 0) -> str:
        """The end of every message about a bound: how to raise it, as far as is `needed` where that is known.

        >>> Limits().way_out("layers")
        'raise it with `--limit layers=400000`'
        """
        value, most = int(getattr(self, name)), MOST.get(name)
        if most is not None and value >= most:
            return f"{most} is as far as `{name}` goes: write it another way"
        enough = max(2 * value, needed)
        return f"raise it with `--limit {name}={enough if most is None else min(enough, most)}`"


def raised(values: Mapping[str, int], option: str = "") -> Limits:
    """The bounds with some of them raised; `option` stands before what a fault says.

    Raises CnncalcError for a bound that there is not, and for more than the program bears.
    """
    for name, value in values.items():
        if name not in Limits._fields:
            help = suggestion(name, Limits._fields, f"the bounds are {', '.join(Limits._fields)}")
            message = f"there is no bound `{name[:60]}`"
            raise CnncalcError(Fault(f"{option}: {message}" if option else message, help=help))
        if value > MOST.get(name, value):
            called = f"{option} {name}" if option else f"`{name}`"
            message = f"{called}: {value:,} is more than the program bears"
            raise CnncalcError(Fault(message, help=f"at most {MOST[name]}"))
    return Limits(**values)
