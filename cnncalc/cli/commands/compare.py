"""`cnncalc compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.cli import completing
from cnncalc.cli.options import (
    amp_option,
    convention_option,
    device_option,
    functions_option,
    net_options,
    output_options,
    wanted,
)
from cnncalc.cli.output import answer
from cnncalc.cli.program.declared import argument, called, option
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from cnncalc.cli.options import Wanted
    from cnncalc.graph import Net


@called(
    "compare",
    argument("nets", metavar="NET…", nargs=-1, required=True, shell_complete=completing.nets),
    option("--diff", is_flag=True, help="Align two nets and show the layers that changed."),
    option("--runtimes", is_flag=True, help="One net as runtimes size it: a line for each layer where they part."),
    convention_option,
    functions_option,
    *output_options,
    amp_option,
    device_option,
    *net_options,
)
def command(nets: tuple[str, ...], **given: Any) -> None:
    """Compare nets side by side, or two of them layer by layer.

    Depth, layers, parameters, MACs, FLOPs, memory, and the receptive field and stride of the last feature map before a
    net pools or flattens all of it. Where there is room, each net's ratio to the first stands beside it.
    """
    from cnncalc.analysis.comparison import changes, compared
    from cnncalc.pages import changes as changed
    from cnncalc.pages import comparison

    if given["diff"] and len(nets) != 2:
        raise CnncalcError(Fault(f"--diff takes two nets, not {len(nets)}", help="write `cnncalc compare --diff A B`"))
    _hold_convention(given)
    for name in ("device", "convention"):
        if given["diff"] and given[name] is not None:
            raise CnncalcError(Fault(f"--{name} does not go with --diff", help="leave out one of them"))
    asked = wanted(given)
    if given["runtimes"]:
        _by_runtimes(nets, asked, given)
        return
    graphs = [_of_several(net, asked) for net in nets]
    found = [compared(net, graph, asked.options.batch, asked.dtype) for net, graph in zip(nets, graphs)]
    if given["convention"] is not None:
        from cnncalc.cli.conventions import counted_as

        found = [one._replace(report=counted_as(graph, one.report, asked, given)) for one, graph in zip(found, graphs)]
    if given["device"] is not None:
        from cnncalc.tools.devices import on_device

        found = [one._replace(report=on_device(one.report, given["device"], asked.dtype)) for one in found]
    if given["diff"]:
        answer(changed.page(found, changes(found[0].report, found[1].report)), given)
    else:
        answer(comparison.page(found), given)


def _of_several(net: str, asked: Wanted) -> Net:
    """The graph of a net; a fault that shows no place of it says whose it is. Raises CnncalcError."""
    from cnncalc.language import load

    try:
        return load(net, asked.options)
    except CnncalcError as error:
        faults = [
            fault if fault.place or net in fault.message else fault._replace(values=f"{fault.values}\nof {net}".strip())
            for fault in error.faults
        ]
        raise CnncalcError(faults) from None


def _hold_convention(given: dict[str, Any]) -> None:
    """Raises CnncalcError for layers called as functions without a convention that asks which these are."""
    if given["functions"] and given["convention"] is None:
        raise CnncalcError(Fault("--functions is for conventions", help="add one, such as `--convention thop`"))


def _by_runtimes(nets: tuple[str, ...], asked: Wanted, given: dict[str, Any]) -> None:
    """Prints where the runtimes part on one net."""
    from cnncalc.language import load
    from cnncalc.pages import runtimes
    from cnncalc.tools.runtimes.running import sizes
    from cnncalc.tools.runtimes.table import RUNTIMES

    if len(nets) != 1:
        raise CnncalcError(Fault(f"--runtimes takes one net, not {len(nets)}", help="give one of them"))
    for name in ("diff", "device", "amp", "convention"):
        if given[name]:
            raise CnncalcError(Fault(f"--runtimes does not go with --{name}", help="leave out one of them"))
    net = load(nets[0], asked.options)
    answer(runtimes.compared(net, {one.name: sizes(net, one) for one in RUNTIMES.values()}), given)
