"""How deep groups, merges and blocks stand in each other, and how many items are built in all."""

from __future__ import annotations

from cnncalc.language.faults import Faults
from cnncalc.language.yaml.reader import Scalar, YamlNode
from cnncalc.limits import Limits

__all__ = ["ARGUMENTS", "USE", "Nesting"]


AFTER_A_FAULT = 20_000
USE = 10
"""A use of a block takes as much work as so many layers."""
ARGUMENTS = 4
"""So many arguments of a block take, at each use, as much work as a layer."""


class Nesting:
    """Counts the levels that are entered by `with nesting.within(node)`, and the items that are built."""

    __slots__ = ("built", "depth", "faults", "limits", "most")

    def __init__(self, limits: Limits, faults: Faults) -> None:
        self.depth, self.built, self.limits, self.faults = 0, 0, limits, faults
        self.most = limits.built

    def count(self, node: YamlNode, weight: int = 1) -> None:
        """One item, or turn of a loop, or use of a block more; raises `CnncalcError` where there are too many.

        Loops inside loops can turn for ages without making a layer. Behind a first fault it is enough to go on for a
        while: whatever else is wrong is mostly found by then.
        """
        self.built += weight
        if self.built > self.most:
            self.faults.raise_any()
            message = f"the loops and blocks of the file build more than {self.limits.built:,} items, the bound `built`"
            self.faults.add(message, node, help=self.limits.way_out("built"))
            self.faults.raise_any()
        elif self.faults.met and self.most == self.limits.built:
            self.most = min(self.most, self.built + AFTER_A_FAULT)

    def within(self, node: YamlNode) -> Nesting:
        """One level more, for the body of a `with`; raises `CnncalcError` where it is too deep."""
        if self.depth >= self.limits.depth:
            message = f"groups and blocks are nested deeper than {self.limits.depth}, the bound `depth`"
            self.faults.add(message, node, help=self._way_out())
            self.faults.raise_any()
        return self

    def _way_out(self) -> str:
        """A block that uses itself at one place is not helped by a higher bound, unless something ends it."""
        uses = self.faults.uses
        again = [use for use in uses if uses.count(use) > 1]
        if not again:
            return f"put what stands innermost into fewer groups, or {self.limits.way_out('depth')}"
        ends = "a block that uses itself needs a `when` that ends it, as in `{unit: $(n - 1), when: n > 1}`"
        return ends if isinstance(again[-1], Scalar) else f"{ends}; if one does, {self.limits.way_out('depth')}"

    def resume(self, depth: int) -> None:
        """Go on so many levels deep; items are counted from here."""
        self.depth, self.built, self.most = depth, 0, self.limits.built

    def __enter__(self) -> None:
        self.depth += 1

    def __exit__(self, *_: object) -> None:
        self.depth -= 1
