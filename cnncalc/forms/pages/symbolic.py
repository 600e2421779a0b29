"""A net on symbolic lengths, in every form: shapes and costs as formulas, and the lengths for which it works."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnncalc.answers.figures import FIGURES, OF_LAYERS, told
from cnncalc.arithmetic.symbolic.closed_text import bracketed, set_text
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cnncalc.analysis.symbolic.closed import Closed
    from cnncalc.analysis.symbolic.report import SymbolicReport, SymbolicRow

__all__ = ["SymbolicView", "check_columns", "draw"]


def _closed_text(key: str) -> Callable[[SymbolicRow], str]:
    return lambda row: str(getattr(row, key).text)


COLUMNS: dict[str, tuple[str, Callable[[SymbolicRow], str]]] = {
    "name": ("Layer", lambda row: printable(row.name)),
    "kind": ("Kind", lambda row: row.kind),
    "notation": ("Operation", lambda row: printable(row.notation)),
    "from": ("From", lambda row: printable(", ".join(row.inputs))),
    "input_shape": ("Input", lambda row: ", ".join(map(shape_text, row.input_shapes))),
    "output_shape": ("Output", lambda row: shape_text(row.output_shape)),
    **{one.key: (one.heading, _closed_text(one.key)) for one in FIGURES if one.heading},
    "line": ("Line", lambda row: str(row.line)),
}
USUAL = ("name", "notation", "output_shape", *(one.key for one in FIGURES if one.usual))
RIGHT = ("params", "weights", "biases", "trainable", "buffers", "line")
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
            help = suggestion(key, COLUMNS, f"with symbols there are {', '.join(COLUMNS)}")
            raise CnncalcError(Fault(f"there is no column `{printable(key)}` with symbols", help=help))
    if sort is not None and sort not in SORTED:
        help = suggestion(sort, SORTED, f"with symbols there are {', '.join(SORTED)}")
        raise CnncalcError(Fault(f"--sort: formulas are not sorted by `{printable(sort)}`", help=help))


def draw(report: SymbolicReport, form: str, view: SymbolicView = ALL) -> str:
    """The report in a form of `render.FORMS`; raises `CnncalcError`."""
    from cnncalc.forms.pages.symbolic_rows import folded, ordered

    check_columns(view.columns, view.sort)
    if form == "json":
        return _json(report)
    shown = tuple(view.columns) or (tuple(COLUMNS) if form == "csv" else USUAL)
    rows: Sequence[SymbolicRow] = report.rows
    if view.depth is not None:
        rows = folded(rows, view.depth, report.condition.sets)
    if view.sort is not None:
        rows = ordered(rows, view.sort, view.lengths or {})
    cells = [[COLUMNS[key][1](row) for key in shown] for row in rows]
    if form == "csv":
        from cnncalc.forms.csv_form import written

        return written(shown, cells)
    heading = [COLUMNS[key][0] for key in shown]
    right = [key in RIGHT for key in shown]
    if form == "markdown":
        return _markdown(report, heading, right, cells, _facts(report, view))
    from cnncalc.forms.plain import aligned

    lines = [f"{printable(report.name)}: {', '.join(_facts(report, view))}", ""]
    lines += aligned(list(zip(heading, *cells, strict=True)), right)
    width = max(len(label) for label, _ in _totals(report))
    lines.append("")
    for label, text in _totals(report):
        first, *rest = _broken(text)
        lines += [f"{label.ljust(width)}  {first}", *(f"{' ' * width}  {line}" for line in rest)]
    lines += ["", MARKS] if _marked(report, cells) else []
    return "\n".join([*lines, "", *_conditions(report)]) + "\n"


def _facts(report: SymbolicReport, view: SymbolicView) -> list[str]:
    facts = [f"input {shape_text(shape)}" for shape in report.inputs.values()]
    facts += [f"batch {shape[0].text}" for shape in list(report.inputs.values())[:1]]
    facts.append(f"dialect {report.dialect}")
    if report.amp:
        facts.append(f"torch.autocast in {report.amp}")
    if view.sort is not None and view.lengths:
        facts.append(f"sorted by {view.sort} at " + ", ".join(f"{name} = {n:,}" for name, n in view.lengths.items()))
    return facts


def _totals(report: SymbolicReport) -> list[tuple[str, str]]:
    """The totals with their labels; training with its optimizer."""
    return [(one.label(report.optimizer), report.totals[one.key].text) for one in told()]


def _marked(report: SymbolicReport, cells: Sequence[Sequence[str]]) -> bool:
    """Whether a formula depends on the case."""
    texts = [text for _, text in _totals(report)] + [text for line in cells for text in line]
    return any("[" in text for text in texts)


def _broken(text: str) -> list[str]:
    """A sum in lines of about LONGEST characters."""
    lines = [""]
    for position, part in enumerate(text.replace(" − ", " + −").split(" + ")):
        piece = part if not position else f" − {part[1:]}" if part.startswith("−") else f" + {part}"
        if lines[-1] and len(lines[-1]) + len(piece) > LONGEST:
            lines.append("")
        lines[-1] += piece
    return [line.strip() for line in lines]


def _conditions(report: SymbolicReport) -> list[str]:
    """For which lengths it works, and which layers say so."""
    if report.condition.always:
        return ["It works for every input size."]
    lines = [f"It works where {report.condition}."]
    for reason in report.reasons:
        values = f" ({printable(reason.values)})" if reason.values else ""
        lines.append(f"  {reason.layer}: {reason.text}, or else {reason.rule}{values}")
    return lines


def _markdown(
    report: SymbolicReport, heading: Sequence[str], right: Sequence[bool], cells: list[list[str]], facts: list[str]
) -> str:
    from cnncalc.forms.markdown import escaped, table

    totals = [[label, text] for label, text in _totals(report)]
    lines = [f"### {escaped(printable(report.name))}", "", escaped(", ".join(facts)), "", *table(heading, right, cells)]
    lines += ["", *table(["Total", ""], [False, False], totals), ""]
    lines += [MARKS, ""] if _marked(report, cells) else []
    first, *rest = _conditions(report)
    return "\n".join([*lines, first, *([""] if rest else []), *(f"- {escaped(line.strip())}" for line in rest)]) + "\n"


def _json(report: SymbolicReport) -> str:
    from cnncalc.forms.json_form import dumps

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
    answer = {
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
    return dumps(answer)
