"""`cnncalc show`."""

from __future__ import annotations

from typing import Any

from cnncalc.cli.options import (
    amp_option,
    net_argument,
    net_options,
    output_options,
    runtime_option,
    view_options,
    wanted,
)
from cnncalc.cli.program.declared import called, option
from cnncalc.cli.show_symbolic import asks_symbols, show_symbolic
from cnncalc.cli.showing import show_graph, view_of


@called(
    "show",
    net_argument,
    option("--variants", is_flag=True, help="List the members of the net's family, with their totals."),
    *view_options,
    *output_options,
    amp_option,
    *net_options,
    runtime_option,
)
def command(net: str, variants: bool, **given: Any) -> None:
    """Show a net layer by layer: shapes, parameters, costs, and their totals.

    NET is a file, `-` for standard input, or the name of a bundled architecture (`cnncalc list`). On a terminal,
    groups of layers are folded so that the table stays readable; `--depth` says how far. Piped output is complete.

    With symbols for lengths, as `--input 3xHxW`, and with `--batch N`, every shape and cost is printed as its exact
    formula, with the sizes for which the net works.
    """
    from cnncalc.language import load

    if variants:
        from cnncalc.cli.commands.list_nets import listed
        from cnncalc.cli.nets import family_of, open_net

        listed(None, family_of(net, open_net(net)), given)
        return
    if asks_symbols(given["input_"], given["batch"]):
        show_symbolic(lambda options: load(net, options), given, lambda options: load(net, options))
        return
    view = view_of(given)
    asked = wanted(given)
    show_graph(load(net, asked.options), asked, view, given)
