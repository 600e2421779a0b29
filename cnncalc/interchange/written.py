"""What a writer of a format gives: the content of a file, or why a net cannot be said in it."""

from __future__ import annotations

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Node
from cnncalc.graph.nodes import place_of
from cnncalc.records import NamedTuple

__all__ = ["Unsaid", "Unsayable", "Written"]


class Written(NamedTuple):
    """A net as a file of another tool."""

    content: str | bytes
    notes: tuple[str, ...] = ()
    """What the reader of the file should know."""
    twin: str = ""
    """The same net as data, which is read back where the content is a program."""
    macs: int = 0
    """Multiply–accumulates beside the net's, of what is composed in another way."""


class Unsaid(Exception):
    """A layer that a format has not, and why."""

    def __init__(self, why: str, help: str = "") -> None:
        super().__init__(why)
        self.why, self.help = why, help


class Unsayable:
    """The layers that a format cannot say, told in one error."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.faults: list[Fault] = []

    def add(self, node: Node, why: str, help: str = "") -> None:
        """One more layer."""
        kind = node.layer.kind if node.layer is not None else "input"
        self.faults.append(Fault(f"{self.form} has no such `{kind}`", place_of(node.origin), node.name, why, help))

    def raise_any(self) -> None:
        """Raises CnncalcError with all of them, if there are any."""
        if self.faults:
            raise CnncalcError(self.faults)
