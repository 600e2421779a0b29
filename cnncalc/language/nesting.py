"""How deep groups, merges and blocks stand in each other."""

from __future__ import annotations

from cnncalc.language.faults import Faults
from cnncalc.language.limits import Limits
from cnncalc.language.reader import Node

__all__ = ["Nesting"]


class Nesting:
    """Counts the levels that are entered by `with nesting.within(node)`."""

    __slots__ = ("depth", "faults", "limits")

    def __init__(self, limits: Limits, faults: Faults) -> None:
        self.depth, self.limits, self.faults = 0, limits, faults

    def within(self, node: Node) -> Nesting:
        """One level more, for the body of a `with`; raises `CnncalcError` where it is too deep."""
        if self.depth >= self.limits.depth:
            message = f"groups and blocks are nested deeper than {self.limits.depth}, the bound `depth`"
            help = f"a block that uses itself needs a `when` that ends it; {self.limits.way_out('depth')}"
            self.faults.add(message, node, help=help)
            self.faults.raise_any()
        return self

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1
