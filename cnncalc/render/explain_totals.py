"""The end of an explanation: what dominates a net, and where its memory goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.render.columns import number, percent, printable
from cnncalc.render.explain_lines import Line, Section, axes_text
from cnncalc.render.summary import size_text

if TYPE_CHECKING:
    from cnncalc.analysis.explanation import Explanation
    from cnncalc.analysis.totals import Breakdown, Totals

__all__ = ["in_all"]

MOST_KINDS = 4
MOST_TENSORS = 6


def _shares(breakdown: Breakdown) -> str:
    kinds = [f"{kind} {percent(value, breakdown.total)}" for kind, value in breakdown.kinds[:MOST_KINDS]]
    if len(breakdown.kinds) > MOST_KINDS:
        kinds.append("…")
    text = ", ".join(kinds)
    if breakdown.largest:
        name, value = breakdown.largest
        text += f"; most in {printable(name)}: {number(value)} ({percent(value, breakdown.total)})"
    return text


def in_all(explanation: Explanation, totals: Totals) -> Section:
    counted, size = explanation.report.totals, explanation.size
    lines = []
    if totals.params.total:
        lines.append(Line("parameters", note=f"{number(totals.params.total)}: {_shares(totals.params)}"))
    if totals.macs.total:
        lines.append(Line("MACs", note=f"{number(totals.macs.total)}: {_shares(totals.macs)}"))
    if totals.last_map:
        field = totals.last_map.receptive_field
        seen, stride = axes_text(field.size), axes_text(field.stride)
        where = printable(totals.last_map.name)
        lines.append(Line("receptive field", note=f"{seen} pixels at {where}, stride {stride}"))
    parts = ", ".join(f"{kind} {number(value)}" for kind, value in totals.activations.kinds)
    in_place = f"; {', '.join(totals.in_place)} in place" if totals.in_place else ""
    bytes_text = size_text(totals.activations.total * size)
    note = f"{number(totals.activations.total)} numbers, {bytes_text}: {parts}{in_place}"
    lines.append(Line("activations", note=note))
    lines += _memory(totals, counted.peak_bytes, counted.saved_bytes, counted.train_bytes)
    return Section("In all", "", "", tuple(lines))


def _memory(totals: Totals, peak: int, saved: int, train: int) -> list[Line]:
    alive = " + ".join(f"{printable(name)} {size_text(value)}" for name, value in totals.peak[:MOST_TENSORS])
    more = " + …" if len(totals.peak) > MOST_TENSORS else ""
    at = printable(totals.peak_at)
    lines = [
        Line("inference peak", note=f"{number(peak)} bytes, {size_text(peak)}, at {at}: {alive}{more}"),
        Line("backward keeps", note=f"{number(saved)} bytes, {size_text(saved)}: {_shares(totals.saved)}"),
    ]
    note = f"{number(train)} bytes, {size_text(train)}, with weights, gradients and what backward keeps (sgd)"
    return [*lines, Line("training", note=note)]
