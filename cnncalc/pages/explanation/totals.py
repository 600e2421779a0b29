"""The end of an explanation: what dominates a net, and where its memory goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.formulas import Line, Section
from cnncalc.pages.explanation.lines import axes_text
from cnncalc.pages.show.columns import of_inputs
from cnncalc.text import number, percent, printable, size_text

if TYPE_CHECKING:
    from cnncalc.answers.report import ReceptiveField, Row
    from cnncalc.answers.report import Totals as Counted
    from cnncalc.explain.explanation import Explanation
    from cnncalc.explain.totals import Breakdown, Totals

__all__ = ["in_all", "shares"]

MOST_KINDS = 4
MOST_TENSORS = 6
MOST_MAPS = 6


def shares(breakdown: Breakdown) -> str:
    """Which kinds make a total, and the layer with most where it is not alone."""
    kinds = [f"{kind} {percent(value, breakdown.total)}" for kind, value in breakdown.kinds[:MOST_KINDS]]
    if len(breakdown.kinds) > MOST_KINDS:
        kinds.append("…")
    text = ", ".join(kinds)
    if breakdown.largest and breakdown.largest.value < breakdown.total:
        name, value = breakdown.largest
        text += f"; most in {printable(name)}: {number(value)} ({percent(value, breakdown.total)})"
    return text


def in_all(explanation: Explanation, totals: Totals) -> Section:
    """What dominates the net, and its memory."""
    counted = explanation.report.totals
    lines = []
    if totals.params.total:
        lines.append(Line("parameters", note=f"{number(totals.params.total)}: {shares(totals.params)}"))
    if totals.macs.total:
        lines.append(Line("MACs", note=f"{number(totals.macs.total)}: {shares(totals.macs)}"))
    if totals.maps:
        more = f"; and {len(totals.maps) - MOST_MAPS:,} more outputs" if len(totals.maps) > MOST_MAPS else ""
        lines.append(Line("receptive field", note="; ".join(map(_last_field, totals.maps[:MOST_MAPS])) + more))
    parts = ", ".join(f"{kind} {number(value)}" for kind, value in totals.activations.kinds)
    in_place = f"; {', '.join(totals.in_place)} in place" if totals.in_place else ""
    bytes_text = size_text(counted.activation_bytes)
    note = f"{number(totals.activations.total)} numbers, {bytes_text}: {parts}{in_place}"
    lines.append(Line("activations", note=note))
    lines += _memory(totals, counted)
    if explanation.report.roofline is not None:
        from cnncalc.pages.show.roofline import roofline_lines

        lines.append(Line("least time", note=roofline_lines(explanation.report)[0]))
    return Section("In all", "", "", tuple(lines))


def _last_field(row: Row) -> str:
    """What the pixels of the last map see, on each input where that differs."""
    field = row.receptive_field
    stride = of_inputs(field, lambda one: axes_text(one.stride) if one.stride else "")
    return f"{of_inputs(field, _seen)} at {printable(row.name)}, stride {stride}"


def _seen(field: ReceptiveField) -> str:
    return field.note or axes_text(field.size) + (" pixel" if set(field.size) == {1} else " pixels")


def _memory(totals: Totals, counted: Counted) -> list[Line]:
    peak, saved = counted.peak_bytes, counted.saved_bytes
    alive = " + ".join(f"{printable(name)} {size_text(value)}" for name, value in totals.peak[:MOST_TENSORS])
    more = " + …" if len(totals.peak) > MOST_TENSORS else ""
    at = printable(totals.peak_at)
    lines = [Line("inference peak", note=f"{number(peak)} bytes, {size_text(peak)}, at {at}: {alive}{more}")]
    if not counted.trainable:
        return [*lines, Line("training", note="nothing in it is trained, so that backward keeps nothing")]
    lines.append(Line("backward keeps", note=f"{number(saved)} bytes, {size_text(saved)}: {shares(totals.saved)}"))
    if totals.again_at:
        most, at = counted.backward_bytes, printable(totals.again_at)
        lines.append(Line("at most", note=f"{number(most)} bytes, {size_text(most)}, when {at} has run again"))
    parts = " + ".join(f"{part.name} {size_text(part.value)}" for part in totals.training_parts)
    note = f"{size_text(totals.training.value)}: {parts}"
    return [*lines, Line(f"training, {totals.optimizer}", totals.training, note)]
