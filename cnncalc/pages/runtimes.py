"""A net's sizes as runtimes make them: one runtime layer by layer, or where several part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.page import Column, Heading, Items, Page, Table
from cnncalc.layers.base import show_shape
from cnncalc.text import plural, printable
from cnncalc.tools.runtimes.table import RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cnncalc.answers.page import Block, Layout
    from cnncalc.graph import Net
    from cnncalc.layers.base import Shape
    from cnncalc.tools.runtimes.running import Sized
    from cnncalc.tools.runtimes.table import Runtime

__all__ = ["compared", "page"]

UNKNOWN = "?"


def _written(shape: Shape | None) -> str:
    return UNKNOWN if shape is None else show_shape(shape)


def _plain(shape: Shape | None) -> list[int] | None:
    return None if shape is None else list(shape)


def _reasons(found: Sequence[Sized], beside: str = "") -> Iterator[str]:
    """Why layers have no size."""
    for one in found:
        if one.reason:
            yield f"{printable(one.name)}: {beside}{printable(one.reason)}"


def page(graph: Net, runtime: Runtime, found: Sequence[Sized], notes: Sequence[str]) -> Page:
    """Every layer: its output by the net's dialect, and as the runtime makes it; a mark where the two part."""
    columns = [
        Column("Layer", "name", cut=True, style="name"),
        Column("Kind", "notation", cut=True, style="notation"),
        Column(graph.dialect, "own", right=True),
        Column(runtime.name, "made", right=True),
        Column("", "parts"),
    ]

    def table() -> Table:
        rows = [
            [one.name, one.notation, show_shape(one.own), _written(one.made), "differs" if one.parts else ""]
            for one in found
        ]
        return Table(columns, rows, fitted=True)

    parting = sum(one.parts for one in found)

    def body(_: Layout) -> Iterator[Block]:
        yield Heading(printable(graph.name), (f"dialect {graph.dialect}", f"sizes of {runtime}"))
        yield table()
        said = f"{plural(parting, 'layer')} differ{'s' if parting == 1 else ''}" if parting else "no layer differs"
        yield Items([*notes, *_reasons(found), said], indent=False)

    def data() -> dict[str, object]:
        layers = [
            {"name": one.name, "notation": one.notation, "output_shape": list(one.own), "made": _plain(one.made),
             "reason": one.reason}
            for one in found
        ]  # fmt: skip
        told = {"name": runtime.name, "title": runtime.title, "version": runtime.version}
        return {"name": graph.name, "dialect": graph.dialect, "runtime": told, "layers": layers,
                "differing": parting, "notes": list(notes)}  # fmt: skip

    return Page("a runtime's sizes", body, data, table, "layers")


def compared(graph: Net, found: Mapping[str, Sequence[Sized]]) -> Page:
    """One line a layer of which the runtimes, by their names, do not make one size."""
    runtimes = [RUNTIMES[name] for name in found]
    lines = list(zip(*found.values()))
    parting = [line for line in lines if any(one.parts for one in line)]
    columns = [
        Column("Layer", "name", cut=True, style="name"),
        Column("Kind", "notation", cut=True, style="notation"),
        Column(graph.dialect, "own", right=True),
        *(Column(one.name, one.name, right=True) for one in runtimes),
    ]

    def table() -> Table:
        rows = [
            [line[0].name, line[0].notation, show_shape(line[0].own), *(_written(one.made) for one in line)]
            for line in parting
        ]
        return Table(columns, rows)

    def reasons() -> list[str]:
        return [
            text for name, sized in found.items() for text in _reasons(sized, f"{name}: ")
        ]  # fmt: skip

    def body(_: Layout) -> Iterator[Block]:
        yield Heading(printable(graph.name), [f"dialect {graph.dialect}", *map(str, runtimes)])
        if parting:
            yield table()
        whole = f"{plural(len(lines), 'layer')}, of which {len(parting):,} part"
        yield Items([*reasons(), whole if parting else "no layer parts"], indent=False)

    def data() -> dict[str, object]:
        layers = [
            {"name": line[0].name, "notation": line[0].notation, "output_shape": list(line[0].own),
             "made": {runtime.name: _plain(one.made) for runtime, one in zip(runtimes, line)}}
            for line in parting
        ]  # fmt: skip
        versions = {one.name: one.version for one in runtimes}
        return {"name": graph.name, "dialect": graph.dialect, "runtimes": versions, "layers": layers,
                "reasons": reasons()}  # fmt: skip

    return Page("runtimes side by side", body, data, table, "layers")
