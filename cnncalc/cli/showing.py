"""From a graph to the text of a report: what `show` and `chain` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.cli.output import answer
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.cli.options import Wanted
    from cnncalc.graph import Net
    from cnncalc.pages.show.report import View

__all__ = ["columns_asked", "no_view_in_json", "show_graph", "view_of"]


def view_of(given: dict[str, Any]) -> View:
    """The rows and columns to show. Raises CnncalcError for a column that there is not, before anything is computed."""
    from cnncalc.pages.show.columns import COUNTED, by_key, chosen, usual
    from cnncalc.pages.show.report import View

    keys = columns_asked(given["columns"], usual(given["convention"], device=given["device"] is not None))
    chosen(keys)
    if given["sort"] is not None:
        by_key(given["sort"])
    if given["convention"] is None and COUNTED in (*keys, given["sort"]):
        raise CnncalcError(Fault(f"the column `{COUNTED}` needs a convention", help="add `--convention thop`"))
    if given["device"] is None and any(by_key(key).device for key in (*keys, given["sort"] or "name")):
        raise CnncalcError(Fault("a time, and what bounds it, needs a device", help="add `--device a100`"))
    if given["style"] is not None:
        _style_alone(given)
    if given["runtime"] is not None:
        _sizes_alone(given)
    no_view_in_json(given)
    return View(keys, given["sort"], given["depth"])


def columns_asked(text: str | None, usual: Sequence[str]) -> tuple[str, ...]:
    """The keys of `usual,macs`; none where nothing is asked for."""
    words = (key.strip() for key in (text or "").split(","))
    return tuple(key for word in words if word for key in (usual if word == "usual" else [word]))


def no_view_in_json(given: dict[str, Any]) -> None:
    """Raises CnncalcError for columns, an order or a depth of JSON, which holds all."""
    for option in ("columns", "sort", "depth"):
        if given["format_"] in ("json", "jsonl") and given[option] is not None:
            message = f"--{option} does not go with --format {given['format_']}"
            raise CnncalcError(Fault(message, help="JSON holds every layer, in execution order, with all its numbers"))


def _style_alone(given: dict[str, Any]) -> None:
    """A style is a table with columns of its own. Raises CnncalcError for options that would change them."""
    others = [name for name in ("columns", "sort", "convention", "amp", "device") if given[name] is not None]
    if given["depth"] is not None and given["style"] != "torchinfo":
        others.append("depth")
    for name in others:
        help = "torchinfo alone has --depth" if name == "depth" else "what it prints is that of the tool"
        raise CnncalcError(Fault(f"--{name} does not go with --style {given['style']}", help=help))


def _sizes_alone(given: dict[str, Any]) -> None:
    """A runtime's sizes are a table of their own. Raises CnncalcError for options of another one."""
    for name in ("columns", "sort", "depth", "convention", "style", "amp", "device"):
        if given[name] is not None:
            help = "leave it out: what is shown of a runtime is the size of each layer's output"
            raise CnncalcError(Fault(f"--{name} does not go with --runtime", help=help))


def show_graph(graph: Net, wanted: Wanted, view: View, given: dict[str, Any], *, windows: bool = False) -> None:
    """Counts the graph and prints or writes the report; its picture is that of the net, or of its `windows`."""
    if given["runtime"] is not None:
        from cnncalc.pages import runtimes
        from cnncalc.tools.runtimes.running import sizes
        from cnncalc.tools.runtimes.table import asked_for

        runtime, note = asked_for(given["runtime"])
        answer(runtimes.page(graph, runtime, sizes(graph, runtime), [note] if note else []), given)
        return
    if given["style"] is not None:
        from cnncalc.pages.styles import page as styled

        answer(styled(graph, given["style"], wanted.options.batch, wanted.dtype, view.depth), given)
        return
    from cnncalc.analysis.costs import report
    from cnncalc.pages.show.report import page

    counted = report(graph, batch=wanted.options.batch, dtype=wanted.dtype, optimizer=given["optimizer"])
    if given["device"] is not None:
        from cnncalc.tools.devices import on_device

        counted = on_device(counted, given["device"], wanted.dtype)
    if given["convention"] is not None:
        from cnncalc.cli.conventions import counted_as

        counted = counted_as(graph, counted, wanted, given)
    shown = page(counted, view)
    answer(shown._replace(picture=_windows(graph) or shown.picture) if windows else shown, given)


def _windows(graph: Net) -> Callable[[], str] | None:
    """The picture of the layers' windows, step by step; None where none moves."""
    from cnncalc.pages.windows import picture

    return picture(graph)
