"""What can be wanted of a net: `params <= 3_500_000`, `output == 512x7x7`, and what a net has of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.analysis.costs import report
from cnncalc.analysis.report import Report, Totals
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph import Graph
from cnncalc.layers import show_shape

__all__ = ["FIGURES", "OPERATORS", "Measured", "Want", "known_figures"]

FIGURES = (*Totals._fields, "receptive_field")
"""The totals, and the receptive field of the last map."""
OPERATORS = ("<=", ">=", "==", "!=", "<", ">")


class Want(NamedTuple):
    """One figure of the net held against a value: a whole number, or a shape as text."""

    figure: str
    operator: str
    value: int | str

    @property
    def text(self) -> str:
        """As it was written, numbers in full."""
        value = f"{self.value:,}" if isinstance(self.value, int) else self.value
        return f"{self.figure} {self.operator} {value}"


class Measured:
    """A net's figures, each computed when it is first asked for."""

    def __init__(self, graph: Graph, batch: int, dtype: str, optimizer: str = "sgd") -> None:
        self.graph, self.batch, self.dtype, self.optimizer = graph, batch, dtype, optimizer
        self._report: Report | None = None

    @property
    def report(self) -> Report:
        """The whole report."""
        if self._report is None:
            self._report = report(self.graph, self.batch, self.dtype, self.optimizer)
        return self._report

    def figure(self, name: str) -> int | str:
        """A total, the receptive field, or the shape of the output or of a named layer; raises `CnncalcError`."""
        if name == "output":
            return show_shape(self.graph.nodes[next(iter(self.graph.outputs.values()))].shape)
        if name == "receptive_field":
            sizes = [max(row.receptive_field.size) for row in self.report.rows if row.receptive_field.size]
            return sizes[-1] if sizes else 0
        if name in FIGURES:
            return int(getattr(self.report.totals, name))
        known = known_figures(self.graph)
        if name not in known:
            help = suggestion(name, known, f"there are {', '.join(('output', *FIGURES))}, and every layer's name")
            raise CnncalcError(Fault(f"--want: there is no figure or layer `{name[:60]}`", help=help))
        index = self.graph.groups.get(name)
        if index is None:
            index = next(place for place, node in enumerate(self.graph.nodes) if node.name == name)
        return show_shape(self.graph.nodes[index].shape)

    def meets(self, want: Want) -> bool:
        """Whether the net is as wanted; raises `CnncalcError` where that cannot be compared."""
        found, value = self.figure(want.figure), want.value
        if isinstance(found, str) or isinstance(value, str):
            if want.operator not in ("==", "!="):
                help = "write `==` and a shape, as output == 512x7x7"
                raise CnncalcError(Fault(f"--want {want.text}: a shape is neither more nor less", help=help))
            return (str(found) == str(value)) == (want.operator == "==")
        return {
            "<=": found <= value,
            ">=": found >= value,
            "==": found == value,
            "!=": found != value,
            "<": found < value,
            ">": found > value,
        }[want.operator]

    def meets_all(self, wants: Sequence[Want]) -> bool:
        """Whether all wants are met; shapes, which cost least, are looked at first."""
        return all(self.meets(want) for want in sorted(wants, key=lambda want: want.figure in FIGURES))


def known_figures(graph: Graph) -> list[str]:
    """Everything that a want can name."""
    return ["output", *FIGURES, *(node.name for node in graph.nodes), *graph.groups]
