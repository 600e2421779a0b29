"""The front of a space of nets, and how sure it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.page import Column, Heading, Page, Table, Text
from cnncalc.pages.solving.sweeps import as_number, figure_column, key_of, plotted
from cnncalc.text import number, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.answers.page import Block, Layout
    from cnncalc.solve.search.answer import SearchAnswer

__all__ = ["page"]

SHOWN = 50
"""A table for people has so many rows; files, and forms for programs, have all."""
MOST_DOTS = 20_000


def page(found: SearchAnswer) -> Page:
    """A row a point of the front."""
    question = found.question
    figures = [key_of(name) for name in question.figures]

    def table(most: int | None = None) -> Table:
        chosen = [Column(key, key, right=True) for key in (*found.names, *question.grid.lengths)]
        columns = [*chosen, *(figure_column(name) for name in question.figures)]
        return Table(columns, [[*one.variables, *one.lengths, *one.figures] for one in found.found[:most]])

    def body(layout: Layout) -> Iterator[Block]:
        aims = [f"{'maximize' if one.largest else 'minimize'} {one.figure}" for one in question.objectives]
        yield Heading(printable(question.net), [*aims, *(want.text for want in question.wants)])
        if found.found:
            most = None if layout.document else SHOWN
            yield table(most)
            if most is not None and len(found.found) > most:
                yield Text(f"… and {number(len(found.found) - most)} more: `-o front.csv` has all.")
        yield Text(_sure(found))

    def data() -> dict[str, object]:
        names = (*found.names, *question.grid.lengths, *figures)
        front = [
            dict(zip(names, (*map(as_number, one.variables), *one.lengths, *one.figures), strict=True))
            for one in found.found
        ]
        return {
            "net": question.net,
            "objectives": [{"figure": one.figure, "largest": one.largest} for one in question.objectives],
            "wants": [want.text for want in question.wants],
            "points": found.points,
            "looked": found.looked,
            "way": found.way,
            "exact": found.exact,
            "reason": found.reason or None,
            "seed": found.seed if found.way == "sample" else None,
            "equal": found.equal,
            "front": front,
        }

    drawable = len(question.figures) > 1 and 0 < len(found.found) <= MOST_DOTS
    picture = (lambda: _picture(found)) if drawable else None
    way = "two figures are plotted, as `--minimize macs --maximize params`" if found.found else "nothing was found"
    return Page("a search", body, data, table, "front", picture, way)


def _sure(found: SearchAnswer) -> str:
    """How many there are, and whether any other could be better."""
    count = len(found.found)
    if not count:
        none = "No net of the space is as wanted" if not found.fault else f"No net works: {found.fault}"
    else:
        none = f"{number(count)} point{'s' if count > 1 else ''} that no other beats"
        if found.equal:
            none += f", and {number(found.equal)} more that equal one of them in what is to be small or large"
    whole = number(found.points)
    if found.way == "sums":
        return (
            f"{none}. Exact: all that is asked for adds up layer by layer, and all {whole} points were compared by it."
        )
    looked = f"{number(found.looked)} of {whole} points were looked at"
    why = f"Not by sums: {found.reason}."
    if found.stopped:
        return f"{none} so far: {looked}. {why}"
    if found.way == "points":
        return f"{none}. Exact: every one of {whole} points was looked at. {why}"
    return f"{none} of a sample (seed {found.seed}): {looked}, others may be better; `--samples` looks at more. {why}"


def _picture(found: SearchAnswer) -> str:
    names = (*found.names, *found.question.grid.lengths)
    return plotted([(one, True) for one in found.found], names, found.question.figures, whole=True)
