"""The list of bundled nets, in every form."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnncalc.text import number, printable, shape_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.report import Shape

__all__ = ["Family", "Net", "draw"]

HEADING = ("Name", "Params", "MACs", "Input", "Title")
RIGHT = (False, True, True, False, False)


class Net(NamedTuple):
    """One bundled net and its totals, for one image."""

    name: str
    title: str
    family: str
    inputs: tuple[Shape, ...]
    params: int
    macs: int

    def cells(self) -> tuple[str, ...]:
        shapes = ", ".join(map(shape_text, self.inputs))
        return (self.name, number(self.params), number(self.macs), shapes, printable(self.title))


class Family(NamedTuple):
    """A file whose members set its required variables."""

    name: str
    title: str
    variables: tuple[str, ...]


def draw(nets: Sequence[Net], families: Sequence[Family], form: str, room: int | None = None) -> str:
    """The list in a form of `render.FORMS`; lines of text are cut at `room` columns, where it is given."""
    if form == "json":
        return _json(nets, families)
    if form == "csv":
        from cnncalc.forms.csv_form import written

        plain = ((net.name, net.params, net.macs, net.cells()[3], net.title) for net in nets)
        return written([heading.lower() for heading in HEADING], plain)
    cells = [net.cells() for net in nets]
    if form == "markdown":
        from cnncalc.forms.markdown import table

        lines = table(HEADING, RIGHT, cells)
    else:
        from cnncalc.forms.layout import cut
        from cnncalc.forms.plain import aligned

        lines = aligned(list(zip(HEADING, *cells, strict=True)), RIGHT)
        lines = lines if room is None else [cut(line, room) for line in lines]
    return "\n".join([*lines, *_family_lines(families)]) + "\n"


def _family_lines(families: Sequence[Family]) -> list[str]:
    if not families:
        return []
    described = [f"{family.name} ({', '.join(family.variables)})" for family in families]
    return ["", f"Families, shown once `--set` gives their variables: {', '.join(described)}"]


def _json(nets: Sequence[Net], families: Sequence[Family]) -> str:
    from cnncalc.forms.json_form import dumps

    return dumps(
        {
            "nets": [
                {
                    "name": net.name,
                    "title": net.title,
                    "family": net.family,
                    "input": net.inputs,
                    "params": net.params,
                    "macs": net.macs,
                }
                for net in nets
            ],
            "families": [family._asdict() for family in families],
        }
    )
