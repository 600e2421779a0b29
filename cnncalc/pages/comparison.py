"""Nets side by side, one a column; as many beside one another as the terminal is wide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.figures import Figure, for_people
from cnncalc.answers.page import Column, Page, Table, Text
from cnncalc.answers.roofline import duration_text
from cnncalc.pages.show.columns import field_text
from cnncalc.pages.show.objects import counting_object
from cnncalc.records import NamedTuple
from cnncalc.text import BETWEEN, axes_text, number, printable, shortened, size_text, width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cnncalc.analysis.comparison import Compared
    from cnncalc.answers.page import Block, Layout

__all__ = ["object_of", "page"]


class Aspect(NamedTuple):
    """One line of the comparison."""

    label: str
    key: str
    exact: Callable[[Compared], str]
    short: Callable[[Compared], str]
    """The same where there is little room."""
    value: Callable[[Compared], int] | None = None
    """What a ratio to the first net is made of."""

    def plain(self, one: Compared) -> int | str:
        """As CSV has it."""
        return self.value(one) if self.value else self.exact(one).replace(",", "")


def _of_table(figure: Figure) -> Aspect:
    """A figure of the table: bytes by their size, other counts exactly, those of layers without a ratio."""

    def value(one: Compared) -> int:
        return int(getattr(one.report.totals, figure.key))

    def exact(one: Compared) -> str:
        return size_text(value(one)) if figure.unit == "bytes" else number(value(one))

    def short(one: Compared) -> str:
        return shortened(value(one)) if not figure.unit else exact(one)

    label = figure.title if figure.compared is None else figure.compared
    return Aspect(label, figure.key, exact, short, None if figure.unit == "layers" else value)


def _plain(label: str, key: str, text: Callable[[Compared], str]) -> Aspect:
    return Aspect(label, key, text, text)


def _shape(shape: Sequence[object]) -> str:
    return "x".join(map(str, shape)) or "none"


def _inputs(one: Compared) -> str:
    return ", ".join(_shape(shape[1:]) for shape in one.report.inputs.values())


def _field(one: Compared) -> str:
    return field_text(one.receptive_field)


def _stride(one: Compared) -> str:
    return axes_text(one.output_stride) if one.output_stride else "none"


ASPECTS = (
    _plain("Input", "input", _inputs),
    _plain("Depth", "depth", lambda one: str(one.depth)),
    *(_of_table(figure) for figure in for_people() if figure.compared != ""),
    _plain("Last map", "last_map", lambda one: _shape(one.last_map)),
    _plain("Receptive field", "receptive_field", _field),
    _plain("Output stride", "output_stride", _stride),
)


def _aspects(first: Compared) -> tuple[Aspect, ...]:
    """The lines; by a convention with its count, on a device with the least time there."""
    found = ASPECTS
    if first.report.counting is not None:
        convention = first.report.counting.convention
        title = f"{convention.name} {convention.unit}"
        found = (*found, Aspect(title, "counted", _counted, lambda one: shortened(_count(one)), _count))
    if first.report.roofline is not None:
        found = (*found, Aspect("Least time", "least_picoseconds", _least_text, _least_text, _least))
    return found


def _count(one: Compared) -> int:
    assert one.report.counting is not None
    return one.report.counting.total


def _counted(one: Compared) -> str:
    """What the convention counts, marked where it has no count for some layers."""
    assert one.report.counting is not None
    return number(_count(one)) + (" ?" if one.report.counting.unknown else "")


def _least(one: Compared) -> int:
    """Whole picoseconds, cut off."""
    assert one.report.roofline is not None
    return int(one.report.roofline.total.seconds * 10**12)


def _least_text(one: Compared) -> str:
    assert one.report.roofline is not None
    return duration_text(one.report.roofline.total.seconds)


def _ratio(value: int, first: int) -> str:
    """`×0.18` of the first net, rounded by whole numbers."""
    if not first:
        return ""
    hundredths = (200 * value + first) // (2 * first)
    return f"×{hundredths // 100:,}.{hundredths % 100:02}"


def _table(nets: Sequence[Compared], first: Compared, *, short: bool = False, ratio: bool = False) -> Table:
    """A column of texts for each net, and one of ratios to the first beside it."""
    aspects = _aspects(first)
    columns = [Column("")]
    rows = [[figure.label] for figure in aspects]
    for one in nets:
        columns.append(Column(printable(one.net), right=True))
        for row, figure in zip(rows, aspects):
            row.append((figure.short if short else figure.exact)(one))
        if ratio and one is not first:
            columns.append(Column("", right=True))
            for row, figure in zip(rows, aspects):
                row.append(_ratio(figure.value(one), figure.value(first)) if figure.value else "")
    return Table(columns, rows)


def _wide(table: Table) -> int:
    columns = zip([column.heading for column in table.columns], *table.rows)
    return sum(max(map(width, column)) for column in columns) + len(BETWEEN) * (len(table.columns) - 1)


def page(nets: Sequence[Compared]) -> Page:
    """The comparison; in tables below one another where the nets do not fit beside one another on a terminal."""

    def body(layout: Layout) -> Iterator[Block]:
        if layout.width is None:
            yield _table(nets, nets[0], ratio=not layout.document)
        else:
            left = list(nets)
            while left:
                taken, table = _fitting(left, nets[0], layout.width)
                yield table
                left = left[taken:]
        if nets[0].report.counting is not None:
            convention = nets[0].report.counting.convention
            yield Text(f"{convention.name}: {convention.tool}. {convention.leaves_out}".rstrip())
            yield from map(Text, _partial(nets))

    def table() -> Table:
        aspects = _aspects(nets[0])
        columns = [Column("Net", "net"), *(Column(figure.label, figure.key, right=True) for figure in aspects)]
        return Table(columns, [[one.net, *(figure.plain(one) for figure in aspects)] for one in nets])

    def picture() -> str:
        from cnncalc.pictures.scatter import Dot, Side, scatter

        figures = [(one.report.totals.params, one.report.totals.macs) for one in nets]
        dots = [
            Dot(one.net, *mine, all(mine[0] < other[0] or mine[1] < other[1] or mine == other for other in figures))
            for one, mine in zip(nets, figures)
        ]
        return scatter(dots, Side("parameters"), Side("multiply–accumulates"), "Multiply–accumulates over parameters")

    return Page("a comparison", body, lambda: {"nets": [object_of(one) for one in nets]}, table, "nets", picture)


def _partial(nets: Sequence[Compared]) -> Iterator[str]:
    """Which nets the convention does not count whole."""
    for one in nets:
        if one.report.counting is not None and one.report.counting.unknown:
            missing = len(one.report.counting.unknown)
            yield f"{printable(one.net)}: {missing:,} layer{' is' if missing == 1 else 's are'} not counted"


def _fitting(nets: Sequence[Compared], first: Compared, room: int) -> tuple[int, Table]:
    """As many nets as fit, in the richest form that they all fit in: with ratios, exact, or shortened."""
    for taken in range(len(nets), 0, -1):
        for short, ratio in ((False, True), (False, False), (True, False)):
            table = _table(nets[:taken], first, short=short, ratio=ratio)
            if taken == 1 or _wide(table) <= room:
                return taken, table
    raise AssertionError("one net always fits")


def object_of(one: Compared) -> dict[str, object]:
    """One net's figures for scripts."""
    totals = one.report.totals
    field = one.receptive_field
    return {
        "net": one.net,
        "name": one.report.name,
        "input": {name: list(shape) for name, shape in one.report.inputs.items()},
        "depth": one.depth,
        "last_map": list(one.last_map),
        "receptive_field": list(field.size) if field.size else None,
        "receptive_field_note": field.note,
        "output_stride": [int(stride) if stride.denominator == 1 else str(stride) for stride in one.output_stride],
        "totals": totals._asdict(),
        **({"convention": counting_object(one.report.counting)} if one.report.counting else {}),
        **({"least_picoseconds": _least(one)} if one.report.roofline else {}),
    }
