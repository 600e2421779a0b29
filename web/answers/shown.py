"""A net as the page shows it: totals, a tree of rows, hints, sliders; and its picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.language.yaml.reader import Mapping
from cnncalc.pages.show.columns import by_key
from cnncalc.pages.show.summary import header, hint_lines, totals
from cnncalc.pictures.theme import family_of
from cnncalc.text import number, printable, shape_text
from web.answers.held import Held, held
from web.answers.settings import settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.report import Report, Row

__all__ = ["COLUMNS", "draw", "show"]

COLUMNS = ("params", "macs", "activation_bytes", "receptive_field")
"""The columns beside a layer's name, notation and output."""
SUMMED = ("params", "macs", "activation_bytes")
"""Those that a group has too, as the sum of its layers."""
SHARED = ("params", "macs")
"""Those with a bar."""


def show(text: str, batch: int = 1, dtype: str = "float32") -> dict[str, Any]:
    """The net of a text, counted. Raises CnncalcError."""
    found = held(text)
    report: Report = found.net.report(batch=batch, dtype=dtype).data
    top = header(report)
    return {
        "name": top.name,
        "facts": list(top.facts),
        "source": printable(report.source),
        "outputs": [[printable(name), shape_text(shape)] for name, shape in report.outputs.items()],
        "totals": [[title, number(value), note] for title, value, note in totals(report).rows],
        "columns": [by_key(key).heading for key in COLUMNS],
        "rows": _tree(report, _lines(found)),
        "hints": [[list(line.layers), line.text] for line in hint_lines(report)],
        "settings": settings(found),
    }


def _lines(found: Held) -> Sequence[str]:
    """The lines of the text that layers stand on; none where they stand in the file that it extends."""
    own = isinstance(found.root, Mapping) and "layers" in found.root.entries
    return found.root.source.lines if own else ()


def _tree(report: Report, lines: Sequence[str]) -> list[list[Any]]:
    """Groups and layers in the order of the net: depth, name, notation, output, figures, shares, line, family.

    The notation of a group is empty, and its line is 0. Shares are in thousandths of the net's.
    """
    rows: list[list[Any]] = []
    open_: list[str] = []
    layers = report.rows
    for place, row in enumerate(layers):
        groups = row.name.split(".")[:-1]
        same = 0
        while same < min(len(open_), len(groups)) and open_[same] == groups[same]:
            same += 1
        del open_[same:]
        for depth in range(same, len(groups)):
            open_.append(groups[depth])
            rows.append(_group(report, layers, place, ".".join(open_), depth))
        rows.append(_line(report, row, len(groups), lines))
    return rows


def _group(report: Report, layers: Sequence[Row], place: int, name: str, depth: int) -> list[Any]:
    """The layers from `place` on that stand in a group, as one row."""
    last = place
    while last < len(layers) and layers[last].name.startswith(f"{name}."):
        last += 1
    members = layers[place:last]
    sums = {key: sum(getattr(row, key) for row in members) for key in SUMMED}
    figures = [number(sums[key]) if key in sums else "" for key in COLUMNS]
    shares = [_share(sums[key], getattr(report.totals, key)) for key in SHARED]
    return [depth, printable(name), "", shape_text(members[-1].output_shape), figures, shares, 0, "group"]


def _line(report: Report, row: Row, depth: int, lines: Sequence[str]) -> list[Any]:
    figures = [by_key(key).shown(report).text(getattr(row, by_key(key).field)) for key in COLUMNS]
    shares = [_share(getattr(row, key), getattr(report.totals, key)) for key in SHARED]
    output = shape_text(row.output_shape)
    line = (
        row.line if 0 < row.line <= len(lines) and row.kind in lines[row.line - 1] else 0
    )  # else of a library's block
    return [depth, printable(row.name), printable(row.notation), output, figures, shares, line, family_of(row.kind)]


def _share(value: int, whole: int) -> int:
    return 1000 * value // whole if whole else 0


def draw(text: str, theme: str = "light", view: str = "flow", depth: int = 0, heat: str = "") -> dict[str, Any]:
    """The net of a text as SVG; a `depth` of 0 folds what does not fit. Raises CnncalcError."""
    return {"svg": held(text).net.draw(view=view, depth=depth or None, heat=heat, theme=theme).svg}
