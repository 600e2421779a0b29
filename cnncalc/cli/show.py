"""`cnncalc show`."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.cli.options import net_argument, net_options, output_options, view_options, wanted
from cnncalc.cli.showing import show_graph, view_of


def asks_symbols(given: dict[str, Any]) -> bool:
    """Whether the input's lengths, or the batch, are symbols: `--input 3xHxW`, `--batch N`."""
    lengths = (given["input_"] or "").replace("=", "x").replace(",", "x").split("x")
    return given["batch"] == "N" or any(len(part) == 1 and part.isalpha() and part.isupper() for part in lengths)


@click.command("show", short_help="Show a net layer by layer: shapes, parameters, costs, and their totals.")
@net_argument
@view_options
@output_options
@net_options
def command(net: str, **given: Any) -> None:
    """Show a net layer by layer: shapes, parameters, costs, and their totals.

    NET is a file, `-` for standard input, or the name of a bundled architecture (`cnncalc list`). On a terminal,
    groups of layers are folded so that the table stays readable; `--depth` says how far. Piped output is complete.

    With symbols for lengths, as `--input 3xHxW`, and with `--batch N`, every shape and cost is printed as its exact
    formula, with the sizes for which the net works.
    """
    from cnncalc.language import load

    if asks_symbols(given):
        from cnncalc.cli.show_symbolic import show_symbolic

        show_symbolic(net, given)
        return
    view = view_of(given)
    asked = wanted(given)
    show_graph(load(net, asked.options), asked, view, given)
