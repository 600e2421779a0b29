"""The list of bundled nets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.page import Column, Page, Table, Text
from cnncalc.records import NamedTuple
from cnncalc.text import shape_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.answers.page import Block, Layout
    from cnncalc.answers.report import Shape

__all__ = ["Family", "Net", "page"]


class Net(NamedTuple):
    """One bundled net and its totals, for one image."""

    name: str
    title: str
    family: str
    inputs: tuple[Shape, ...]
    params: int
    macs: int


class Family(NamedTuple):
    """A file whose members set its required variables."""

    name: str
    title: str
    variables: tuple[str, ...]


COLUMNS = (
    Column("Name", "name"),
    Column("Params", "params", right=True),
    Column("MACs", "macs", right=True),
    Column("Input", "input", text=lambda shapes: ", ".join(map(shape_text, shapes))),
    Column("Title", "title"),
)


def page(nets: Sequence[Net], families: Sequence[Family]) -> Page:
    """The list; where it is wider than a terminal the ends of its lines, which are titles, are left out."""
    table = Table(COLUMNS, [(net.name, net.params, net.macs, net.inputs, net.title) for net in nets])

    def body(layout: Layout) -> Iterator[Block]:
        yield table if layout.width is None else table._replace(most=layout.width)
        if families:
            described = [f"{family.name} ({', '.join(family.variables)})" for family in families]
            yield Text(f"Families, shown once `--set` gives their variables: {', '.join(described)}")

    def data() -> dict[str, object]:
        listed = [
            {
                "name": net.name,
                "title": net.title,
                "family": net.family,
                "input": net.inputs,
                "params": net.params,
                "macs": net.macs,
            }
            for net in nets
        ]
        return {"nets": listed, "families": [family._asdict() for family in families]}

    return Page("a list of nets", body, data, lambda: table, "nets")
