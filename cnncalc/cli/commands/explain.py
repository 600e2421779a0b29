"""`cnncalc explain`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.cli import completing, listings
from cnncalc.cli.options import (
    amp_option,
    device_option,
    functions_option,
    net_argument,
    net_options,
    optimizer_option,
    output_options,
    wanted,
)
from cnncalc.cli.output import answer
from cnncalc.cli.program.declared import argument, called, option
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.cli.options import Wanted
    from cnncalc.graph import Net


def explain_graph(graph: Net, asked: Wanted, layers: Sequence[str], given: dict[str, Any]) -> None:
    """Explains the graph, or these layers of it, and prints or writes that."""
    from cnncalc.explain.answer import explain
    from cnncalc.pages.explanation.page import page

    pixel = _pixel(given.get("pixel"))
    device = None
    if given["device"] is not None:
        from cnncalc.tools.devices import device_named

        device = device_named(given["device"])
    explanation = explain(graph, layers, asked.options.batch, asked.dtype, pixel, given["optimizer"], device)
    answer(page(explanation), given)


def refuse_views(given: dict[str, Any], *, symbols: bool) -> None:
    """Raises CnncalcError for options of `chain` that set a table, which an explanation is not, and for symbols."""
    if symbols:
        message = "--explain puts numbers into the rules, and this input has symbols"
        raise CnncalcError(Fault(message, help="give the input in numbers, or leave --explain out"))
    for name in ("columns", "sort", "depth", "style", "convention"):
        if given[name] is not None:
            help = f"leave --explain out to see the table with --{name}"
            if name == "convention":
                help = "`cnncalc explain NET --convention A,B` says why two tools count a file's net differently"
            raise CnncalcError(Fault(f"--{name} does not go with --explain", help=help))


def _pixel(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.replace("x", ",").split(",")]
    except ValueError:
        raise CnncalcError(Fault(f"--pixel {text[:40]}: no pixel", help="write its row and column, as 3,5")) from None


@called(
    "explain",
    net_argument,
    argument("layers", metavar="[LAYER…]", nargs=-1, shell_complete=completing.layers),
    option(
        "--convention",
        metavar="A,B",
        shell_complete=completing.conventions,
        listing=listings.conventions,
        help="Say term by term why two tools count the net differently, as thop,fvcore.",
    ),
    functions_option,
    optimizer_option,
    device_option,
    option("--pixel", metavar="I,J", help="Also say which pixels of the input that output pixel sees, from 0."),
    *output_options,
    amp_option,
    *net_options,
)
def command(net: str, layers: tuple[str, ...], **given: Any) -> None:
    """Say why: the derivation of every number.

    Each rule stands there in symbols, with the numbers put in, and with its result. LAYER is a layer, a group or a
    pattern such as '*.conv2'; without one the whole net is told as a lecture would, repeated blocks once.
    """
    from cnncalc.language import load

    if given["pixel"] is not None and not layers:
        raise CnncalcError(Fault("--pixel needs a layer", help="write `cnncalc explain NET LAYER --pixel 3,5`"))
    asked = wanted(given)
    graph = load(net, asked.options)
    if given["convention"] is not None:
        from cnncalc.cli.conventions import explain_conventions

        explain_conventions(graph, asked, layers, given)
    else:
        explain_graph(graph, asked, layers, given)
