"""Collects every fault of a file, so that independent mistakes are all reported in one run."""

from __future__ import annotations

from cnncalc.errors import CnncalcError, Fault, Place
from cnncalc.language.expressions import ExpressionError
from cnncalc.language.notation import TokenError
from cnncalc.language.reader import Node, Scalar
from cnncalc.language.values import ValueFault

__all__ = ["Faults"]

MOST = 100
"""Enough to work on; a file with more has one cause."""


class Faults:
    """The faults met so far; the same fault at the same place (in each turn of a loop, say) is kept once."""

    def __init__(self) -> None:
        self.found: dict[tuple[Place | None, str], Fault] = {}

    def __len__(self) -> int:
        return len(self.found)

    def add(
        self, message: str, at: Node | Place | None, *, layer: str | None = None, values: str = "", help: str = ""
    ) -> None:
        """Note a fault; raises at once where there are too many."""
        place = at.place() if isinstance(at, Node) else at
        self.found.setdefault((place, message), Fault(message, place, layer or None, values, help))
        if len(self.found) >= MOST:
            self.raise_any()

    def token(self, error: TokenError, node: Node, layer: str | None = None) -> None:
        """A notation that could not be read; points at the token where the text stands in the file as it is."""
        place = node.place()
        if isinstance(node, Scalar) and "$" not in node.text and error.width and node.plain:
            place = place.moved(error.offset, error.width)
        self.add(error.message, place, layer=layer, help=error.help)

    def expression(self, error: ExpressionError, node: Node, layer: str | None = None) -> None:
        """An expression that could not be evaluated."""
        place = node.place()
        if isinstance(node, Scalar) and node.plain:
            place = place.moved(error.offset, error.width)
        self.add(error.message, place, layer=layer, help=error.help)

    def value(self, fault: ValueFault, layer: str | None = None) -> None:
        """A value whose expression could not be evaluated."""
        self.expression(fault.error, fault.node, layer)

    def extend(self, error: CnncalcError) -> None:
        """All the faults of an error."""
        for fault in error.faults:
            self.found.setdefault((fault.place, fault.message), fault)

    def raise_any(self) -> None:
        """Raise all that was found, in the order of the text; does nothing where nothing was."""
        if self.found:
            order = sorted(self.found.values(), key=lambda f: (f.place.line, f.place.column) if f.place else (0, 0))
            raise CnncalcError(order)
