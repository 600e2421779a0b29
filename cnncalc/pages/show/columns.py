"""The columns that a table of layers can have: one entry here adds a column to every form."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cnncalc.answers import page
from cnncalc.answers.figures import FIGURES
from cnncalc.answers.roofline import duration_text
from cnncalc.errors import CnncalcError, Fault, near
from cnncalc.records import NamedTuple
from cnncalc.text import axes_text, number, percent, printable, shape_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cnncalc.answers.report import ReceptiveField, Report
    from cnncalc.answers.roofline import Bound

__all__ = ["COLUMNS", "LayerColumn", "by_key", "chosen", "field_text", "of_inputs", "usual"]


BARS = {"params": "green", "macs": "blue"}
"""The columns that have a bar beside them, and its colour."""
FIGURES_OF = {"latency": "least_time"}
"""Columns that budgets, sweeps and searches call by another name."""
ON_DEVICE = ("name", "notation", "output_shape", "macs", "moved_bytes", "intensity", "bound_by", "least_time")
"""The columns that are shown of a net on a device, unless others are chosen."""
COUNTED = "counted"
"""The key of the column that a convention fills."""


def counted_text(value: int | None) -> str:
    """A convention's count; a question mark where it has none."""
    return "?" if value is None else number(value)


def _shapes_text(shapes: Sequence[Sequence[object]]) -> str:
    return ", ".join(map(shape_text, shapes))


def _size_text(field: ReceptiveField) -> str:
    return axes_text(field.size) if field.size else field.note.partition(":")[0].removeprefix("the ")


def field_text(field: ReceptiveField) -> str:
    """Its size, on each input where they differ, or why there is none."""
    return of_inputs(field, _size_text)


def _stride_text(field: ReceptiveField) -> str:
    return of_inputs(field, lambda one: axes_text(one.stride) if one.stride else "")


def of_inputs(field: ReceptiveField, text_of: Callable[[ReceptiveField], str]) -> str:
    """What is printed of a field; of a net with several inputs, on each that reaches the layer, where they differ."""
    reaching = [(name, text_of(one)) for name, one in field.inputs if not one.note.startswith("nothing")]
    if len({text for _, text in reaching}) < 2:
        return text_of(field)
    return ", ".join(f"{printable(name)} {text or '-'}" for name, text in reaching)


def _names_text(names: Sequence[str]) -> str:
    return printable(", ".join(names))


class LayerColumn(NamedTuple):
    """What stands in one column, and how."""

    key: str
    """What `--columns` and `--sort` call it, and its heading in CSV."""
    heading: str
    field: str
    """The field of Row that it shows."""
    text: Callable[[Any], str]
    """How a value of that field is written."""
    right: bool = False
    """Aligned to the right, as numbers are."""
    usual: bool = False
    """Shown unless other columns are chosen."""
    fold: str = "first"
    """The value of a folded group: that of its `first` or `last` layer, or their `sum`."""
    share: bool = False
    """Shows the share of the total in place of the value."""
    device: bool = False
    """Of a net on a device alone."""

    @property
    def words(self) -> bool:
        """Whether it holds words, which may be cut short, and no numbers, which may not."""
        return not self.right and self.text is not shape_text

    def shown(self, report: Report) -> page.Column:
        """The column of a page."""
        whole = getattr(report.totals, self.field, 0)
        text = partial(percent, whole=whole) if self.share else self.text
        return page.Column(
            self.heading, self.key, self.right, text, exact=not (self.share or self.device), cut=self.words,
            style=self.key if self.key in ("name", "notation") else "", colour=BARS.get(self.key, ""), whole=whole,
        )  # fmt: skip


def _intensity_text(bound: Bound | None) -> str:
    """FLOPs for each byte moved, with one decimal, cut off."""
    if not bound or not bound.moved:
        return ""
    tenths = 10 * bound.flops // bound.moved
    return f"{tenths // 10:,}.{tenths % 10}"


def _bound_columns() -> Iterator[LayerColumn]:
    """What is told of a layer on a device; nothing where there is no device."""
    texts = {
        "intensity": ("FLOPs/byte", _intensity_text),
        "bound_by": ("Bound by", lambda bound: bound.by if bound else ""),
        "least_time": ("Time at least", lambda bound: duration_text(bound.seconds) if bound else ""),
    }
    for key, (heading, text) in texts.items():
        yield LayerColumn(key, heading, "bound", text, right=key != "bound_by", fold="sum", device=True)


def _figure_columns() -> Iterator[LayerColumn]:
    """A column for every figure that layers have, and of some one for the share of the total."""
    for one in FIGURES:
        if one.heading:
            yield LayerColumn(one.key, one.heading, one.key, number, right=True, usual=one.usual, fold="sum")
        if one.share:
            yield LayerColumn(f"{one.key}_share", one.share, one.key, number, right=True, fold="sum", share=True)


COLUMNS = (
    LayerColumn("name", "Layer", "name", printable, usual=True),
    LayerColumn("kind", "Kind", "kind", printable),
    LayerColumn("notation", "Operation", "notation", printable, usual=True),
    LayerColumn("from", "From", "inputs", _names_text),
    LayerColumn("input_shape", "Input", "input_shapes", _shapes_text),
    LayerColumn("output_shape", "Output", "output_shape", shape_text, usual=True, fold="last"),
    *_figure_columns(),
    *_bound_columns(),
    LayerColumn(COUNTED, "Counted", COUNTED, counted_text, right=True, fold="sum"),
    LayerColumn("receptive_field", "Receptive field", "receptive_field", field_text, right=True, fold="last"),
    LayerColumn("stride", "Stride", "receptive_field", _stride_text, right=True, fold="last"),
    LayerColumn("line", "Line", "line", str, right=True),
)


def by_key(key: str) -> LayerColumn:
    """The column of that key. Raises CnncalcError, with the near keys, where there is none."""
    wanted = key.strip().lower()
    for column in COLUMNS:
        if column.key == FIGURES_OF.get(wanted, wanted):
            return column
    raise _no_such(key)


def usual(convention: str | None = None, *, device: bool = False) -> list[str]:
    """The columns that are shown unless told: with a convention, its counts in the place of multiply–accumulates."""
    keys = ON_DEVICE if device else [column.key for column in COLUMNS if column.usual]
    return [COUNTED if key == "macs" and convention else key for key in keys]


def chosen(keys: Sequence[str], report: Report | None = None) -> tuple[LayerColumn, ...]:
    """The columns of those keys, in that order, or the usual ones. Raises CnncalcError with all keys that are wrong.

    Where the report is counted by a convention, its column stands among the usual ones, headed by its name.
    """
    counting = report.counting if report else None
    if counting is not None:
        keys = keys or usual(counting.convention.name, device=report is not None and report.roofline is not None)
        heading = f"{counting.convention.name} {counting.convention.unit}"
        return tuple(column._replace(heading=heading) if column.key == COUNTED else column for column in chosen(keys))
    if report is not None and report.roofline is not None:
        keys = keys or usual(device=True)
    found: list[LayerColumn] = []
    faults: list[Fault] = []
    for key in keys:
        try:
            found.append(by_key(key))
        except CnncalcError as error:
            faults.extend(error.faults)
    if faults:
        raise CnncalcError(faults)
    return tuple(found) or tuple(column for column in COLUMNS if column.usual)


def _no_such(key: str) -> CnncalcError:
    keys = [column.key for column in COLUMNS]
    matches = near(key, keys)
    meant = f"did you mean {' or '.join(f'`{match}`' for match in matches)}? " if matches else ""
    return CnncalcError(
        Fault(f"there is no column `{printable(key)}`", help=f"{meant}the columns are {', '.join(keys)}")
    )
