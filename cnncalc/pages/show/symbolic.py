"""A net on symbolic lengths: shapes and costs as formulas, and the lengths for which it works."""

from __future__ import annotations

from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING

from cnncalc.analysis.symbolic.closed import Closed, Closing
from cnncalc.analysis.symbolic.report import SymbolicRow
from cnncalc.answers.figures import OF_LAYERS, told
from cnncalc.answers.page import Column, Heading, Items, Page, Table, Text
from cnncalc.arithmetic.symbolic.algebra import value_at
from cnncalc.arithmetic.symbolic.closed_text import bracketed, set_text
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.pages.show import columns
from cnncalc.pages.show.folding import fold
from cnncalc.records import NamedTuple
from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cnncalc.analysis.symbolic.report import SymbolicReport
    from cnncalc.answers.page import Block, Layout

__all__ = ["USUAL", "SymbolicView", "check_columns", "page"]

COLUMNS = {one.key: one for one in columns.COLUMNS if one.field in SymbolicRow._fields and not one.share}
USUAL = tuple(key for key, one in COLUMNS.items() if one.usual)
RIGHT = ("params", "weights", "biases", "trainable", "buffers", "line")
"""Where formulas are rare."""
SORTED = ("name", "kind", "notation", "line", *OF_LAYERS)
MARKS = "[…] is 1 where what stands in it holds, else 0."
LONGEST = 100
"""A sum that is longer goes over several lines."""


def shape_text(shape: Sequence[Closed]) -> str:
    """`64x⌈H/2⌉x⌈W/2⌉`, without the batch."""
    return shape[1].text if len(shape) == 2 else "x".join(bracketed(length.text) for length in shape[1:])


class SymbolicView(NamedTuple):
    """What to show: columns (none: the usual), a column to sort by at these lengths, levels of names to show."""

    columns: tuple[str, ...] = ()
    sort: str | None = None
    lengths: Mapping[str, int] | None = None
    depth: int | None = None


ALL = SymbolicView()


def check_columns(columns: Sequence[str], sort: str | None) -> None:
    """Raises `CnncalcError` for columns that there are not, or by which nothing is sorted."""
    for key in columns:
        if key not in COLUMNS:
            help = suggestion(key, COLUMNS, f"with symbols there are usual, {', '.join(COLUMNS)}")
            raise CnncalcError(Fault(f"there is no column `{printable(key)}` with symbols", help=help))
    if sort is not None and sort not in SORTED:
        help = suggestion(sort, SORTED, f"with symbols there are {', '.join(SORTED)}")
        raise CnncalcError(Fault(f"--sort: formulas are not sorted by `{printable(sort)}`", help=help))


def page(report: SymbolicReport, view: SymbolicView = ALL) -> Page:
    """The page of a report. Raises `CnncalcError` for columns that there are not."""
    check_columns(view.columns, view.sort)
    rows = _rows(report, view)

    def body(_: Layout) -> Iterator[Block]:
        table = _table(rows, tuple(view.columns) or USUAL)
        sums = [(one.label(report.optimizer), report.totals[one.key].text) for one in told()]
        yield Heading(printable(report.name), _facts(report, view))
        yield table
        yield Table((Column("Total"), Column("", lines=_broken)), sums, headed=False)
        if any("[" in text for line in (*table.texts(), *sums) for text in line):
            yield Text(MARKS)
        yield _conditions(report)

    return Page(
        "a table of formulas",
        body,
        lambda: object_of(report),
        lambda: _table(rows, tuple(view.columns) or tuple(COLUMNS)),
        "layers",
    )


def _rows(report: SymbolicReport, view: SymbolicView) -> Sequence[SymbolicRow]:
    rows: Sequence[SymbolicRow] = report.rows
    if view.depth is not None:
        rows = fold(rows, view.depth, partial(_added, Closing(report.condition.sets)))
    return rows if view.sort is None else _ordered(rows, view.sort, view.lengths or {})


def _added(closing: Closing, numbers: Sequence[Closed]) -> Closed:
    values = [number.value for number in numbers]
    return numbers[values.index(None)] if None in values else closing.closed(sum(values))


def _ordered(rows: Sequence[SymbolicRow], key: str, lengths: Mapping[str, int]) -> list[SymbolicRow]:
    """Largest first at these lengths, or from a to z. Raises `CnncalcError` where a number has no closed form."""
    if key not in OF_LAYERS:
        return sorted(rows, key=attrgetter(key))
    if any(getattr(row, key).value is None for row in rows):
        raise CnncalcError(
            Fault(f"--sort {key}: not every layer has a closed form for it", help="sort by another column")
        )
    return sorted(rows, key=lambda row: -value_at(getattr(row, key).value, lengths))


def _table(rows: Sequence[SymbolicRow], keys: Sequence[str]) -> Table:
    shown = [COLUMNS[key] for key in keys]
    texts = {one.field: _closed if one.key in OF_LAYERS else one.text for one in shown}
    texts |= {"input_shapes": lambda shapes: ", ".join(map(shape_text, shapes)), "output_shape": shape_text}
    return Table(
        [Column(one.heading, one.key, right=one.key in RIGHT, text=texts[one.field]) for one in shown],
        [[getattr(row, one.field) for one in shown] for row in rows],
    )


def _closed(number: Closed) -> str:
    return number.text


def _facts(report: SymbolicReport, view: SymbolicView) -> list[str]:
    facts = [f"input {shape_text(shape)}" for shape in report.inputs.values()]
    facts += [f"batch {shape[0].text}" for shape in list(report.inputs.values())[:1]]
    facts.append(f"dialect {report.dialect}")
    if report.amp:
        facts.append(f"torch.autocast in {report.amp}")
    if view.sort is not None and view.lengths:
        facts.append(f"sorted by {view.sort} at " + ", ".join(f"{name} = {n:,}" for name, n in view.lengths.items()))
    return facts


def _broken(text: str) -> list[str]:
    """A sum in lines of about LONGEST characters."""
    lines = [""]
    for position, part in enumerate(text.replace(" − ", " + −").split(" + ")):
        piece = part if not position else f" − {part[1:]}" if part.startswith("−") else f" + {part}"
        if lines[-1] and len(lines[-1]) + len(piece) > LONGEST:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def _conditions(report: SymbolicReport) -> Block:
    """For which lengths it works, and which layers say so."""
    if report.condition.always:
        return Text("It works for every input size.")
    lines = []
    for reason in report.reasons:
        values = f" ({printable(reason.values)})" if reason.values else ""
        lines.append(f"{reason.layer}: {reason.text}, or else {reason.rule}{values}")
    return Items(lines, lead=f"It works where {report.condition}.")


def object_of(report: SymbolicReport) -> dict[str, object]:
    """The report as the contract names its parts."""
    allowed = report.condition.sets
    forms: dict[str, object] = {}

    def shape(one: Sequence[Closed]) -> list[object]:
        for length in one:
            if not isinstance(length.value, int):
                forms[length.text] = length.as_object(allowed)
        return [length.value if isinstance(length.value, int) else length.text for length in one]

    layers = [
        {
            "name": row.name,
            "kind": row.kind,
            "notation": row.notation,
            "from": list(row.inputs),
            "input_shapes": [shape(one) for one in row.input_shapes],
            "output_shape": shape(row.output_shape),
            **{name: getattr(row, name).as_object(allowed) for name in OF_LAYERS},
            "line": row.line,
        }
        for row in report.rows
    ]
    return {
        "name": report.name,
        "source": report.source,
        "dialect": report.dialect,
        "input": {name: shape(one) for name, one in report.inputs.items()},
        "conditions": {
            "text": str(report.condition),
            "sets": {
                symbol: {"text": set_text(table), "first": table.prefix, "residues": table.values}
                for symbol, table in report.condition.sets.items()
            },
            "relations": [relation.text for relation in report.condition.relations],
            "reasons": [reason._asdict() for reason in report.reasons],
        },
        "layers": layers,
        "outputs": {name: shape(one) for name, one in report.outputs.items()},
        "totals": {name: closed.as_object(allowed) for name, closed in report.totals.items()},
        "forms": forms,
    }
