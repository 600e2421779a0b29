"""What `--convention` comes to: one tool's counts in a table, or two tools' differences."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from cnncalc.cli.output import answer
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.report import Report
    from cnncalc.cli.options import Wanted
    from cnncalc.graph import Net

__all__ = ["counted_as", "explain_conventions"]


def counted_as(graph: Net, report: Report, asked: Wanted, given: dict[str, Any]) -> Report:
    """The report with the counts of the convention that was asked for. Raises CnncalcError where there is none such."""
    from cnncalc.tools.conventions import convention_named
    from cnncalc.tools.conventions.counting import count, with_counting

    convention = convention_named(given["convention"])
    return with_counting(report, count(graph, convention, asked.options.batch, _functions(graph, given["functions"])))


def explain_conventions(graph: Net, asked: Wanted, layers: Sequence[str], given: dict[str, Any]) -> None:
    """Says term by term why two conventions differ on the net, and prints or writes that."""
    from cnncalc.pages.convention_difference import page
    from cnncalc.tools.conventions.difference import difference

    names = [name for name in given["convention"].split(",") if name.strip()]
    if len(names) != 2:
        message = f"--convention {given['convention'][:60]}: two conventions are expected"
        raise CnncalcError(Fault(message, help="write `--convention thop,fvcore`; `cnncalc show` takes one"))
    if layers or given["pixel"] is not None:
        raise CnncalcError(Fault("--convention explains a whole net", help="leave out the layers and --pixel"))
    found = difference(graph, names, asked.options.batch, _functions(graph, given["functions"]))
    answer(page(found), given)


def _functions(graph: Net, patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns of layers called as functions. Raises CnncalcError for one that matches no layer."""
    for pattern in patterns:
        if not any(fnmatchcase(node.name, pattern) for _, node, _ in graph.layers()):
            message = f"--functions: no layer is called `{pattern[:60]}`"
            raise CnncalcError(Fault(message, help="`cnncalc show` prints every name"))
    return patterns
