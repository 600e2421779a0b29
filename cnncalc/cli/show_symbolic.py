"""`cnncalc show --input 3xHxW`: formulas in place of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.cli.options import wanted
from cnncalc.cli.output import answer
from cnncalc.cli.showing import columns_asked, no_view_in_json
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.graph import Net
    from cnncalc.language.options import Options

__all__ = ["asks_symbols", "show_symbolic"]

REFUSED = {"convention": "it counts numbers", "style": "it prints numbers", "device": "it times numbers",
           "runtime": "runtimes were measured on numbers"}  # fmt: skip


def asks_symbols(shape: str | None, batch: str) -> bool:
    """Whether lengths, or the batch, are symbols: `--input 3xHxW`, `--batch N`."""
    if batch == "N" or shape is None:
        return batch == "N"
    from cnncalc.notation.shapes import has_symbols

    return has_symbols(shape)


def show_symbolic(
    graph_of: Callable[[Options], Net], given: dict[str, Any], declared: Callable[[Options], Net] | None = None
) -> None:
    """Prints or writes the closed forms of the net that the options give; `declared` is it at its own size."""
    from cnncalc.analysis.symbolic.report import BATCH, symbolic_report
    from cnncalc.pages.show.symbolic import USUAL, SymbolicView, check_columns, page

    for option, why in REFUSED.items():
        if given.get(option) is not None:
            raise CnncalcError(
                Fault(f"--{option} does not go with symbols: {why}", help="give the input's size in numbers")
            )
    any_batch = given["batch"] == BATCH
    asked = wanted({**given, "batch": "1"} if any_batch else given)
    columns = columns_asked(given["columns"], USUAL)
    check_columns(columns, given["sort"])
    no_view_in_json(given)
    graph = graph_of(asked.options._replace(symbols=True))
    at_one = {BATCH: 1} if any_batch else {}
    lengths = None if given["sort"] is None else {**_lengths(graph, asked.options, declared), **at_one}
    batch = None if any_batch else asked.options.batch
    report = symbolic_report(graph, batch=batch, dtype=asked.dtype, optimizer=given["optimizer"])
    view = SymbolicView(columns, given["sort"], lengths, given["depth"])
    answer(page(report, view), given)


def _lengths(graph: Net, options: Options, declared: Callable[[Options], Net] | None) -> dict[str, int]:
    """The net's own length for each symbol: there formulas have an order. Raises CnncalcError where it has none."""
    help = "leave --sort out, or give the input's size in numbers"
    if declared is None:
        raise CnncalcError(Fault("--sort does not go with symbols here: no size is declared to sort at", help=help))
    own = declared(options._replace(input=None))
    lengths: dict[str, int] = {}
    for name, index in graph.inputs.items():
        for length, number in zip(graph.nodes[index].shape, own.nodes[own.inputs[name]].shape):
            symbol = getattr(length, "symbol", None)
            if symbol is not None and lengths.setdefault(symbol, number) != number:
                message = f"--sort: the declared input has {lengths[symbol]:,} and {number:,} for {symbol}"
                raise CnncalcError(Fault(message, help=help))
    return lengths
