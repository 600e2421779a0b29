"""What an explanation says of several layers at once: of a group, of layers that repeat others, of those left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.formulas import Line, Section
from cnncalc.explain.explanation import Group, Repeat
from cnncalc.pages.explanation.lines import axes_text, field_text
from cnncalc.pages.explanation.totals import shares
from cnncalc.text import number, percent, plural, printable, shape_text, size_text

if TYPE_CHECKING:
    from cnncalc.answers.report import Totals
    from cnncalc.explain.explanation import Rest
    from cnncalc.explain.totals import Breakdown

__all__ = ["group_section", "several"]

MOST_TENSORS = 6


def several(part: Group | Repeat | Rest, net: Totals) -> Section:
    """The section of a group, or the sentence of a repeat or a rest."""
    if isinstance(part, Group):
        return group_section(part, net)
    return Section("", "", "", (), (_repeat_text(part) if isinstance(part, Repeat) else _rest_text(part),))


def group_section(group: Group, net: Totals) -> Section:
    """A named group: what goes in and comes out, what it costs, and how much of the net that is."""
    before = " + ".join(shape_text(shape) for shape in group.input_shapes[:MOST_TENSORS])
    before += " + …" if len(group.input_shapes) > MOST_TENSORS else ""
    weighted = f", {number(group.weighted)} of them convolutions or linear layers" if group.weighted else ""
    lines = [Line("layers", note=f"{number(group.layers)}{weighted}")]
    for label, own, whole in (("parameters", group.params, net.params), ("MACs", group.macs, net.macs)):
        if own.total:
            lines.append(Line(label, note=f"{number(own.total)}, {percent(own.total, whole)} of the net's{_of(own)}"))
    lines.append(Line("receptive field", note=_growth(group)))
    lines.append(Line("activations", note=f"{number(group.activations)} bytes, {size_text(group.activations)}"))
    if group.saved:
        share = percent(group.saved, net.saved_bytes)
        text = f"{number(group.saved)} bytes, {size_text(group.saved)}, {share} of what the net keeps"
        lines.append(Line("kept for backward", note=text))
    notation = f"block {printable(group.block)}" if group.block else "group"
    return Section(printable(group.name), notation, f"{before} → {shape_text(group.output_shape)}", tuple(lines))


def _of(own: Breakdown) -> str:
    text = shares(own)
    return f": {text}" if text else ""


def _growth(group: Group) -> str:
    before, after = group.before, group.after
    if after.note or before.note:
        return after.note or field_text(after)
    if before.size == after.size and before.stride == after.stride:
        return f"stays {field_text(after)}"
    grown = f"grows from {axes_text(before.size)} to " if before.size != after.size else ""
    if before.stride == after.stride:
        return f"{grown}{field_text(after)}"
    return f"{grown}{axes_text(after.size)}; its stride from {axes_text(before.stride)} to {axes_text(after.stride)}"


def _between(numbers: tuple[int, int], noun: str) -> str:
    first, last = numbers
    return plural(first, noun) if first == last else f"{number(first)} to {plural(last, noun)}"


def _repeat_text(repeat: Repeat) -> str:
    one = repeat.times == 1
    many = " to " in repeat.names
    often = {1: "", 2: " twice"}.get(repeat.times, f" {number(repeat.times)} times")
    if repeat.exact:
        text = f"{repeat.names} {'repeat' if many else 'repeats'} {repeat.of}{often}"
    else:
        first, last = ("x".join(map(str, shape)) for shape in repeat.shapes)
        on = first if first == last else f"{first} to {last}"
        text = f"{repeat.names} {'are' if many else 'is'} built like {repeat.of}, on {on}"
    figures = [_between(repeat.params, "parameter")] if any(repeat.params) else []
    figures += [_between(repeat.macs, "MAC")] if any(repeat.macs) else []
    each = " each" if figures and not one else ""
    text += f": {' and '.join(figures)}{each}" if figures else ""
    if repeat.receptive_field and repeat.receptive_field[0] != repeat.receptive_field[1]:
        text += "; the receptive field grows from {:,} to {:,}".format(*repeat.receptive_field)
    return printable(text) + "."


def _rest_text(rest: Rest) -> str:
    return (
        f"… and {plural(rest.layers, 'more layer')}, from {printable(rest.first)} on: "
        f"{plural(rest.params, 'parameter')}, {plural(rest.macs, 'MAC')}. Name a layer, a group or a pattern to have "
        "them told."
    )
