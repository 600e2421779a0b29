"""The bounds on what one input may ask for, so that no file can take gigabytes or hang.

Each bound has a name that its messages use and that `--limit NAME=VALUE` raises.
"""

from __future__ import annotations

from cnncalc.records import NamedTuple

__all__ = ["Limits"]


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

    def way_out(self, name: str) -> str:
        """The end of every message about a bound: how to raise it.

        >>> Limits().way_out("layers")
        'raise it with `--limit layers=400000`'
        """
        return f"raise it with `--limit {name}={2 * int(getattr(self, name))}`"
