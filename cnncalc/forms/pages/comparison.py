"""Nets side by side, one a column; as many beside one another as the terminal is wide."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnncalc.answers import figures as answers
from cnncalc.forms.columns import of_inputs
from cnncalc.forms.plain import GAP, aligned, width
from cnncalc.text import number, printable, size_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.analysis.comparison import Compared
    from cnncalc.answers.report import ReceptiveField

__all__ = ["as_csv", "as_json", "as_markdown", "as_text"]


class Figure(NamedTuple):
    """One line of the comparison."""

    label: str
    key: str
    exact: Callable[[Compared], str]
    short: Callable[[Compared], str]
    """The same where there is little room."""
    value: Callable[[Compared], int] | None = None
    """What a ratio to the first net is made of."""


def shortened(count: int) -> str:
    """`138.4 M`: four digits, by whole numbers."""
    for power, letter in ((12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if count >= 10**power:
            places = max(0, 4 - len(str(count // 10**power)))
            scaled = (2 * count * 10**places + 10**power) // (2 * 10**power)
            whole, rest = divmod(scaled, 10**places)
            return f"{whole:,}.{rest:0{places}} {letter}" if places else f"{whole:,} {letter}"
    return str(count)


def axes_text(values: Sequence[object]) -> str:
    """One number where all axes agree, else one an axis."""
    return str(values[0]) if len(set(values)) == 1 else "x".join(map(str, values))


def _of_table(figure: answers.Figure) -> Figure:
    """A figure of the table: bytes by their size, other counts exactly, those of layers without a ratio."""

    def value(one: Compared) -> int:
        return int(getattr(one.report.totals, figure.key))

    def exact(one: Compared) -> str:
        return size_text(value(one)) if figure.unit == "bytes" else number(value(one))

    def short(one: Compared) -> str:
        return shortened(value(one)) if not figure.unit else exact(one)

    label = figure.title if figure.compared is None else figure.compared
    return Figure(label, figure.key, exact, short, None if figure.unit == "layers" else value)


def _plain(label: str, key: str, text: Callable[[Compared], str]) -> Figure:
    return Figure(label, key, text, text)


def _shape(shape: Sequence[object]) -> str:
    return "x".join(map(str, shape)) or "none"


def _inputs(one: Compared) -> str:
    return ", ".join(_shape(shape[1:]) for shape in one.report.inputs.values())


def _field(one: Compared) -> str:
    return of_inputs(one.receptive_field, _size)


def _size(field: ReceptiveField) -> str:
    return axes_text(field.size) if field.size else field.note.partition(":")[0].removeprefix("the ")


def _stride(one: Compared) -> str:
    return axes_text(one.output_stride) if one.output_stride else "none"


FIGURES = (
    _plain("Input", "input", _inputs),
    _plain("Depth", "depth", lambda one: str(one.depth)),
    *(_of_table(figure) for figure in answers.for_people() if figure.compared != ""),
    _plain("Last map", "last_map", lambda one: _shape(one.last_map)),
    _plain("Receptive field", "receptive_field", _field),
    _plain("Output stride", "output_stride", _stride),
)


def _ratio(value: int, first: int) -> str:
    """`×0.18` of the first net, rounded by whole numbers."""
    if not first:
        return ""
    hundredths = (200 * value + first) // (2 * first)
    return f"×{hundredths // 100:,}.{hundredths % 100:02}"


def _cells(nets: Sequence[Compared], first: Compared, *, short: bool, ratio: bool) -> list[list[str]]:
    """The table by columns: the labels, then a column of texts for each net, and of ratios beside it."""
    columns = [["", *(figure.label for figure in FIGURES)]]
    for one in nets:
        columns.append([printable(one.net), *((figure.short if short else figure.exact)(one) for figure in FIGURES)])
        if ratio and one is not first:
            values = [figure.value for figure in FIGURES]
            columns.append(["", *(_ratio(value(one), value(first)) if value else "" for value in values)])
    return columns


def _wide(columns: Sequence[Sequence[str]]) -> int:
    return sum(max(map(width, column)) for column in columns) + len(GAP) * (len(columns) - 1)


def as_text(nets: Sequence[Compared], room: int | None = None) -> str:
    """The comparison as text; in tables below one another where the nets do not fit beside one another in `room`."""
    blocks = []
    left = list(nets)
    while left:
        taken, columns = _fitting(left, nets[0], room)
        blocks.append("\n".join(aligned(columns, [False] + [True] * (len(columns) - 1))))
        left = left[taken:]
    return "\n\n".join(blocks) + "\n"


def _fitting(nets: Sequence[Compared], first: Compared, room: int | None) -> tuple[int, list[list[str]]]:
    """As many nets as fit, in the richest form that they all fit in: with ratios, exact, or shortened."""
    if room is None:
        return len(nets), _cells(nets, first, short=False, ratio=len(nets) > 1)
    for taken in range(len(nets), 0, -1):
        for short, ratio in ((False, True), (False, False), (True, False)):
            columns = _cells(nets[:taken], first, short=short, ratio=ratio)
            if taken == 1 or _wide(columns) <= room:
                return taken, columns
    raise AssertionError("one net always fits")


def as_markdown(nets: Sequence[Compared]) -> str:
    """The comparison as a Markdown table."""
    from cnncalc.forms.markdown import table

    columns = _cells(nets, nets[0], short=False, ratio=False)
    heading, *lines = zip(*columns, strict=True)
    return "\n".join(table(heading, [False] + [True] * len(nets), lines)) + "\n"


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
    }


def as_json(nets: Sequence[Compared]) -> str:
    """The comparison as one object."""
    from cnncalc.forms.json_form import dumps

    return dumps({"nets": [object_of(one) for one in nets]})


def as_csv(nets: Sequence[Compared]) -> str:
    """One line a net, plain numbers."""
    from cnncalc.forms.csv_form import written

    def plain(figure: Figure, one: Compared) -> object:
        return figure.value(one) if figure.value else figure.exact(one).replace(",", "")

    return written(
        ["net", *(figure.key for figure in FIGURES)],
        ([one.net, *(plain(figure, one) for figure in FIGURES)] for one in nets),
    )
