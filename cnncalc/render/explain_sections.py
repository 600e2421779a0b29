"""An explanation as titled sections of lines and sentences: what is said, and in which order. Each form only sets it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.analysis.explain import Repeat, Told
from cnncalc.render.columns import number, percent, printable, shape_text
from cnncalc.render.summary import size_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.analysis.derive import Formula
    from cnncalc.analysis.explain import Explanation, Region, Rest
    from cnncalc.analysis.totals import Breakdown, Totals

__all__ = ["Line", "Section", "legend", "sections"]

ALWAYS = {"dropped", "shared", "misaligned", "clip"}
"""What a walk says each time; of everything else it speaks once."""
SHORT = 12
"""A net of so many layers is told in detail."""
MOST_KINDS = 4
MOST_TENSORS = 6
SYMBOLS = {
    "C": "channels", "D": "depth", "H": "height", "W": "width", "L": "length", "F": "features", "N": "images",
    "k": "kernel", "s": "stride", "p": "padding", "d": "dilation", "g": "groups", "m": "multiplier", "op": "output padding",
    "b": "bytes of a number", "j": "stride of the receptive field", "P": "padding of the receptive field",
}  # fmt: skip


class Line(NamedTuple):
    """One labelled line: a formula, or words."""

    label: str
    formula: Formula | None = None
    note: str = ""
    """Words behind the formula, or in place of it."""
    in_symbols: bool = True
    """False where the rule in symbols stands further up already."""


class Section(NamedTuple):
    """A layer, or the summary."""

    title: str
    notation: str
    shapes: str
    lines: tuple[Line, ...]
    sentences: tuple[str, ...] = ()


def sections(explanation: Explanation) -> list[Section]:
    """Everything that is to be printed, in order."""
    found: list[Section] = []
    walk = _Walk(detailed=len(explanation.report.rows) <= SHORT)
    for part in explanation.parts:
        if not isinstance(part, Told):
            found.append(Section("", "", "", (), (_repeat_text(part) if isinstance(part, Repeat) else _rest_text(part),)))
        elif explanation.asked:
            found.append(_asked(part, explanation))
        else:
            walk.add(part, found)
    if explanation.totals:
        found.append(_totals(explanation, explanation.totals))
    return found


def _heading(told: Told) -> tuple[str, str, str]:
    row = told.row
    before = " + ".join(dict.fromkeys(map(shape_text, row.input_shapes)))
    after = shape_text(row.output_shape)
    if len(row.inputs) > 1:
        names = ", ".join(row.inputs[:MOST_TENSORS]) + (", …" if len(row.inputs) > MOST_TENSORS else "")
        return printable(row.name), row.notation, f"{before} → {after}, from {printable(names)}"
    return printable(row.name), row.notation, after if before == after else f"{before} → {after}"


def _asked(told: Told, explanation: Explanation) -> Section:
    """All that is known of a layer that was asked for."""
    row, derivation, totals = told.row, told.derivation, explanation.report.totals
    lines = [Line(formula.quantity, formula) for formula in (*derivation.padding, *derivation.sizes)]
    if derivation.parameters:
        share = percent(row.params, totals.params)
        lines.append(Line(derivation.parameters.quantity, derivation.parameters, f"{share} of the net's" if share else ""))
    if row.buffers:
        lines.append(Line("buffers", note=f"{number(row.buffers)}, which are kept but not learned"))
    if derivation.macs:
        lines.append(Line("MACs", derivation.macs, f"{percent(row.macs, totals.macs)} of the net's"))
    if derivation.flops:
        lines.append(Line("FLOPs", derivation.flops))
    lines += _receptive(told)
    stored = "" if row.activation_bytes else "; none of its own, they lie where its input lies"
    lines.append(Line("output bytes", derivation.memory, f"{size_text(derivation.memory.value)}{stored}"))
    if told.keeps:
        kept = [f"{printable(what)} {number(size)}" for what, size in told.saved]
        lines.append(Line("kept for backward", note=(", ".join(kept) + " bytes") if kept else "nothing more"))
    sentences = [remark.text for remark in told.remarks]
    return Section(*_heading(told), tuple(lines), (*sentences, *_region(told)))


def _receptive(told: Told) -> list[Line]:
    """The recurrences; or the receptive field in words where it stays, is the whole input, or is undefined."""
    field, formulas = told.row.receptive_field, told.derivation.receptive
    if formulas:
        changing = [formula for formula in formulas if formula.text[0] not in ("r_in", "j_in", "P_in")]
        labels = {"stride": "its stride", "padding": "its padding"}
        return [Line(labels.get(formula.quantity, formula.quantity), formula) for formula in changing]
    if field.note:
        return [Line("receptive field", note=field.note)]
    size, stride, padding = (_axes(numbers) for numbers in (field.size, field.stride, field.padding))
    return [Line("receptive field", note=f"{size}, stride {stride}, padding {padding}")]


def _axes(numbers: Sequence[object]) -> str:
    """`7`, or `7x9` where the axes differ."""
    return "x".join(map(str, numbers if len(set(numbers)) > 1 else numbers[:1]))


def _region(told: Told) -> list[str]:
    if not told.regions:
        return []
    names = {1: ("positions",), 2: ("rows", "columns"), 3: ("planes", "rows", "columns")}[len(told.regions)]
    pixel = ", ".join(str(region.pixel) for region in told.regions)
    seen = " and ".join(
        f"{what} {max(region.first, 0)} to {min(region.last, region.length - 1)}" for what, region in zip(names, told.regions)
    )
    outside = [
        f"{lost} {what} {side}"
        for what, region in zip(names, told.regions)
        for lost, side in ((-region.first, "before"), (region.last - region.length + 1, "after"))
        if lost > 0
    ]
    padding = f"; {', '.join(outside)} the input are padding" if outside else ""
    size = "x".join(str(region.last - region.first + 1) for region in told.regions)
    return [f"Pixel ({pixel}), counted from 0, sees {size} pixels: {seen} of the input{padding}."]


class _Walk:
    """What has been said so far, so that it is not said again."""

    def __init__(self, *, detailed: bool) -> None:
        self.detailed = detailed
        self.rules: set[tuple[str, str]] = set()
        self.topics: set[str] = set()
        self.last = ""

    def add(self, told: Told, found: list[Section]) -> None:
        sentences = self._sentences(told)
        row, derivation = told.row, told.derivation
        follows = row.inputs == (self.last,)
        self.last = row.name
        if found and found[-1].title and follows and not (derivation.sizes or row.macs or sentences) and not row.kind == "linear":
            found[-1] = _with_follower(found[-1], told)
            return
        lines = [self._line(formula.quantity, formula) for formula in (*derivation.padding, *derivation.sizes)]
        if derivation.parameters:
            lines.append(self._line(derivation.parameters.quantity, derivation.parameters))
        if derivation.macs:
            lines.append(self._line("MACs", derivation.macs))
        lines += self._receptive(told)
        found.append(Section(*_heading(told), tuple(lines), tuple(sentences)))

    def _sentences(self, told: Told) -> list[str]:
        said = []
        for remark in told.remarks:
            if remark.detail and not self.detailed:
                continue
            if remark.topic in ALWAYS or remark.topic not in self.topics:
                said.append(remark.text)
            self.topics.add(remark.topic)
        return said

    def _line(self, label: str, formula: Formula, note: str = "") -> Line:
        rule = (formula.symbol, formula.text[0])
        known = rule in self.rules
        self.rules.add(rule)
        return Line(label, formula, note, in_symbols=not known)

    def _receptive(self, told: Told) -> list[Line]:
        formulas = told.derivation.receptive
        sizes = [one for one in formulas if one.quantity.startswith("receptive") and one.text[0] != "r_in"]
        strides = [one for one in formulas if one.quantity.startswith("stride") and one.text[0] != "j_in"]
        if formulas:
            lines = [self._line(one.quantity, one) for one in sizes]
            return lines + [self._line("its " + one.quantity, one) for one in strides]
        note = told.row.receptive_field.note
        if note and note not in self.topics:
            self.topics.add(note)
            return [Line("receptive field", note=note)]
        return []


def _with_follower(section: Section, told: Told) -> Section:
    """The section with a layer that changes no shape, in a few words."""
    row = told.row
    params = f" ({number(row.params)} parameters)" if row.params else ""
    words = f"{printable(row.name)} {row.notation}{params}"
    if section.lines and section.lines[-1].label == "then":
        last = section.lines[-1]
        return section._replace(lines=(*section.lines[:-1], last._replace(note=f"{last.note}, {words}")))
    return section._replace(lines=(*section.lines, Line("then", note=words)))


def _between(numbers: tuple[int, int], noun: str) -> str:
    first, last = numbers
    return f"{number(first)} {noun}" if first == last else f"{number(first)} to {number(last)} {noun}"


def _repeat_text(repeat: Repeat) -> str:
    one = repeat.times == 1
    if repeat.exact:
        text = f"{repeat.names} {'repeats' if one else 'repeat'} {repeat.of}"
        text += "" if one else f" {number(repeat.times)} times"
    else:
        first, last = ("x".join(map(str, shape)) for shape in repeat.shapes)
        on = first if first == last else f"{first} to {last}"
        text = f"{repeat.names} {'is' if one else 'are'} built like {repeat.of}, on {on}"
    figures = [_between(repeat.params, "parameters")] if any(repeat.params) else []
    figures += [_between(repeat.macs, "MACs")] if any(repeat.macs) else []
    each = " each" if figures and not one else ""
    text += f": {' and '.join(figures)}{each}" if figures else ""
    if repeat.receptive_field and repeat.receptive_field[0] != repeat.receptive_field[1]:
        text += "; the receptive field grows from {:,} to {:,}".format(*repeat.receptive_field)
    return printable(text) + "."


def _rest_text(rest: Rest) -> str:
    return (
        f"… and {number(rest.layers)} more layers, from {printable(rest.first)} on: {number(rest.params)} parameters, "
        f"{number(rest.macs)} MACs. Name a layer, a group or a pattern to have them told."
    )


def _shares(breakdown: Breakdown) -> str:
    kinds = [f"{kind} {percent(value, breakdown.total)}" for kind, value in breakdown.kinds[:MOST_KINDS]]
    if len(breakdown.kinds) > MOST_KINDS:
        kinds.append("…")
    text = ", ".join(kinds)
    if breakdown.largest:
        name, value = breakdown.largest
        text += f"; most in {printable(name)}: {number(value)}, {percent(value, breakdown.total)}"
    return text


def _totals(explanation: Explanation, totals: Totals) -> Section:
    counted, size = explanation.report.totals, explanation.size
    lines = []
    if totals.params.total:
        lines.append(Line("parameters", note=f"{number(totals.params.total)}: {_shares(totals.params)}"))
    if totals.macs.total:
        lines.append(Line("MACs", note=f"{number(totals.macs.total)}: {_shares(totals.macs)}"))
    if totals.last_map:
        field = totals.last_map.receptive_field
        seen, stride = _axes(field.size), _axes(field.stride)
        where = printable(totals.last_map.name)
        lines.append(Line("receptive field", note=f"{seen} pixels at {where}, stride {stride}"))
    parts = ", ".join(f"{kind} {number(value)}" for kind, value in totals.activations.kinds)
    in_place = f"; {', '.join(totals.in_place)} in place" if totals.in_place else ""
    bytes_text = size_text(totals.activations.total * size)
    lines.append(Line("activations", note=f"{number(totals.activations.total)} numbers, {bytes_text}: {parts}{in_place}"))
    lines += _memory(totals, counted.peak_bytes, counted.saved_bytes, counted.train_bytes)
    return Section("In all", "", "", tuple(lines))


def _memory(totals: Totals, peak: int, saved: int, train: int) -> list[Line]:
    alive = " + ".join(f"{printable(name)} {size_text(value)}" for name, value in totals.peak[:MOST_TENSORS])
    more = " + …" if len(totals.peak) > MOST_TENSORS else ""
    lines = [
        Line("inference", note=f"{number(peak)} bytes, {size_text(peak)}, at most, at {printable(totals.peak_at)}: {alive}{more}"),
        Line("backward keeps", note=f"{number(saved)} bytes, {size_text(saved)}: {_shares(totals.saved)}"),
    ]
    note = f"{number(train)} bytes, {size_text(train)}, with weights, gradients and what backward keeps (sgd)"
    return [*lines, Line("training", note=note)]


def legend(shown: Iterable[Section]) -> str:
    """What the symbols of the printed formulas mean."""
    used: dict[str, None] = {}
    for section in shown:
        for line in section.lines:
            if line.formula and line.in_symbols:
                texts = [line.formula.symbol, line.formula.text[0], *(where.text[0] for where in line.formula.where)]
                for name in re.findall(r"[A-Za-z]+(?:_[a-z]+)?", " ".join(texts)):
                    used[name] = None
    heads = dict.fromkeys(name.partition("_")[0] for name in used)
    words = [f"{head} {SYMBOLS[head]}" for head in SYMBOLS if head in heads]
    if "r_in" in used or "r_out" in used:
        words.insert(max(len(words) - 2, 0), "r receptive field")
    if "r" in used:
        words.append("r factor")
    return ", ".join(words)
