"""How deep groups, merges and blocks stand in each other, and how many items are built in all."""

from __future__ import annotations

from cnncalc.language.faults import Faults
from cnncalc.language.limits import Limits
from cnncalc.language.reader import Node

__all__ = ["Nesting"]


class Nesting:
    """Counts the levels that are entered by `with nesting.within(node)`, and the items that are built."""

    __slots__ = ("built", "depth", "faults", "limits")

    def __init__(self, limits: Limits, faults: Faults) -> None:
        self.depth, self.built, self.limits, self.faults = 0, 0, limits, faults

    def count(self, node: Node) -> None:
        """One item or turn of a loop more; raises `CnncalcError` where there are too many.

        Loops inside loops can turn for ages without making a layer.
        """
        self.built += 1
        if self.built > self.limits.nodes:
            message = f"the loops of the file build more than {self.limits.nodes:,} items, the bound `nodes`"
            self.faults.add(message, node, help=self.limits.way_out("nodes"))
            self.faults.raise_any()

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
