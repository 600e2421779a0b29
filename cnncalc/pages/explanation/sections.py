"""An explanation as titled sections of lines and sentences: what is said, in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.formulas import Line, Section
from cnncalc.explain.explanation import Repeat, Told
from cnncalc.pages.explanation.groups import several
from cnncalc.pages.explanation.lines import axes_text, field_text
from cnncalc.pages.explanation.totals import in_all
from cnncalc.pages.show.columns import of_inputs
from cnncalc.text import number, percent, plural, printable, shape_text, size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.analysis.remarks.windows import Remark
    from cnncalc.answers.formulas import Formula
    from cnncalc.answers.report import ReceptiveField
    from cnncalc.explain.explanation import Explanation, Region

__all__ = ["sections"]

ALWAYS = {"dropped", "misaligned", "clip"}
"""What a walk says each time; of everything else it speaks once."""
SHORT = 12
"""A net of so many layers is told in detail."""
MOST_TENSORS = 6


def sections(explanation: Explanation) -> list[Section]:
    """Everything that is to be printed, in order."""
    found: list[Section] = []
    walk = _Walk(detailed=len(explanation.report.rows) <= SHORT)
    for part in explanation.parts:
        if not isinstance(part, Told):
            section = several(part, explanation.report.totals)
            more = walk.sentences(part.remarks) if isinstance(part, Repeat) else []
            found.append(section._replace(sentences=(*section.sentences, *more)))
        elif part.whole:
            found.append(_asked(part, explanation))
        else:
            walk.add(part, found)
    if explanation.totals:
        found.append(in_all(explanation, explanation.totals))
    return found


def _heading(told: Told) -> tuple[str, str, str]:
    row = told.row
    shapes = [shape_text(shape) for shape in row.input_shapes]
    alike = len(shapes) > 1 and len(set(shapes)) == 1
    before = f"{len(shapes)} × {shapes[0]}" if alike else " + ".join(shapes[:MOST_TENSORS])
    after = shape_text(row.output_shape)
    if len(row.inputs) > 1:
        more = ", …" if len(row.inputs) > MOST_TENSORS else ""
        names = ", ".join(_within(row.name, name) for name in row.inputs[:MOST_TENSORS])
        before += " + …" if more and " + " in before else ""
        return printable(row.name), row.notation, f"{before} → {after}, of {printable(names)}{more}"
    return printable(row.name), row.notation, after if before == after else f"{before} → {after}"


def _within(name: str, other: str) -> str:
    """Another layer's name, without the group that both are in."""
    group = name.rpartition(".")[0] + "."
    return other.removeprefix(group) if len(group) > 1 else other


def _asked(told: Told, explanation: Explanation) -> Section:
    """All that is known of a layer that was asked for."""
    row, derivation, totals = told.row, told.derivation, explanation.report.totals
    lines = [Line(formula.quantity, formula) for formula in (*derivation.padding, *derivation.sizes)]
    if derivation.parameters:
        note = _shared(told) or f"{percent(row.params, totals.params)} of the net's"
        lines.append(Line(derivation.parameters.quantity, derivation.parameters, note))
    if row.buffers:
        lines.append(Line("buffers", note=f"{number(row.buffers)}, which are kept but not learned"))
    if derivation.macs:
        lines.append(Line("MACs", derivation.macs, f"{percent(row.macs, totals.macs)} of the net's"))
    if derivation.flops:
        lines.append(Line("FLOPs", derivation.flops))
    if derivation.macs:
        lines.append(Line("backward FLOPs", derivation.backward, told.gradients))
    lines += _receptive(told)
    if row.bound and explanation.report.roofline:
        from cnncalc.pages.show.roofline import least_time

        lines.append(Line("least time", note=least_time(row.bound, explanation.report.roofline)))
    stored = "" if row.activation_bytes else "; none of its own, they lie where its input lies"
    lines.append(Line("output bytes", derivation.memory, f"{size_text(derivation.memory.value)}{stored}"))
    if told.keeps:
        kept = [f"{printable(what)} {number(size)}" for what, size in told.saved]
        lines.append(Line("kept for backward", note=(", ".join(kept) + " bytes") if kept else "nothing more"))
    sentences = [remark.text for remark in told.remarks]
    return Section(*_heading(told), tuple(lines), (*sentences, *_region(told)))


def _shared(told: Told) -> str:
    return f"those of {printable(told.owner)}, counted there" if told.owner else ""


def _receptive(told: Told) -> list[Line]:
    """The recurrences; or the receptive field in words where it stays, is the whole input, or is undefined."""
    row, formulas = told.row, told.derivation.receptive
    field = row.receptive_field
    if formulas:
        changing = [formula for formula in formulas if formula.text[0] not in ("r_in", "j_in", "P_in")]
        return [Line(_field_label(formula), formula) for formula in changing]
    if field.note and not field.inputs:
        return [Line("receptive field", note=field.note)]
    note = f"{of_inputs(field, _placed_text)}{_differing(told)}"
    if told.sees_more and len(row.inputs) == 1 and field.moves:
        note += "; followed pixel by pixel, as no one recurrence holds behind layers that enlarge the map"
    return [Line("receptive field", note=note)]


def _placed_text(field: ReceptiveField) -> str:
    return field.note or f"{field_text(field)}, padding {axes_text(field.padding)}"


def _field_text(field: ReceptiveField) -> str:
    return field.note or field_text(field)


def _differing(told: Told) -> str:
    if not told.smallest:
        return ""
    least = f"only {axes_text(told.smallest)}" if all(told.smallest) else "none"
    return f"; not all pixels see as much, some {least}"


def _field_label(formula: Formula) -> str:
    """`its stride` for the stride of the receptive field, which stands in the line above."""
    what = formula.quantity.removeprefix("receptive field ")
    return formula.quantity if what == formula.quantity else f"its {what}"


def _region(told: Told) -> list[str]:
    found: dict[str, list[Region]] = {}
    for region in told.regions:
        found.setdefault(region.input, []).append(region)
    several_inputs = bool(told.row.receptive_field.inputs)
    return [_region_of(printable(name) if several_inputs else "the input", regions) for name, regions in found.items()]


def _region_of(name: str, regions: Sequence[Region]) -> str:
    names = {1: ("positions",), 2: ("rows", "columns"), 3: ("planes", "rows", "columns")}[len(regions)]
    pixel = ", ".join(str(region.pixel) for region in regions)
    size = "x".join(str(region.last - region.first + 1) for region in regions)
    told = f"Pixel ({pixel}), counted from 0, sees {size} pixels"
    if any(region.last < 0 or region.first >= region.length for region in regions):
        return f"{told}, all of them padding around {name}."
    seen = " and ".join(_span(what, region) for what, region in zip(names, regions))
    outside = [
        f"{lost} {what if lost > 1 else what[:-1]} {side}"
        for what, region in zip(names, regions)
        for lost, side in ((-region.first, "before"), (region.last - region.length + 1, "after"))
        if lost > 0
    ]
    padding = f"; {', '.join(outside)} {name} are padding" if outside else ""
    return f"{told}: {seen} of {name}{padding}."


def _span(what: str, region: Region) -> str:
    """`rows 3 to 5`, or `row 3`: those within the input."""
    first, last = max(region.first, 0), min(region.last, region.length - 1)
    return f"{what} {first} to {last}" if first < last else f"{what[:-1]} {first}"


class _Walk:
    """What has been said so far, so that it is not said again."""

    def __init__(self, *, detailed: bool) -> None:
        self.detailed = detailed
        self.rules: set[tuple[str, str]] = set()
        self.topics: set[str] = set()
        self.last = ""

    def add(self, told: Told, found: list[Section]) -> None:
        sentences = self.sentences(told.remarks)
        row, derivation = told.row, told.derivation
        follows = row.inputs == (self.last,)
        self.last = row.name
        changed = derivation.sizes or row.macs or row.output_shape != row.input_shapes[0]
        if found and found[-1].title and follows and not (changed or sentences or told.regions):
            found[-1] = _with_follower(found[-1], told)
            return
        lines = [self._line(formula.quantity, formula) for formula in derivation.padding]
        kept = row.input_shapes[0][2:] == row.output_shape[2:]
        for formula in derivation.sizes:
            line = self._line(formula.quantity, formula)
            if line.in_symbols or self.detailed or not kept or formula.quantity in ("channels", "features"):
                lines.append(line)
        if derivation.parameters:
            lines.append(self._line(derivation.parameters.quantity, derivation.parameters, _shared(told)))
        if derivation.macs:
            lines.append(self._line("MACs", derivation.macs))
        lines += self._receptive(told)
        found.append(Section(*_heading(told), tuple(lines), (*sentences, *_region(told))))

    def sentences(self, all_remarks: Sequence[Remark]) -> list[str]:
        """Of these remarks, those that are still worth saying."""
        said = []
        for remark in all_remarks:
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
        if formulas:
            told_of = [one for one in formulas if one.symbol != "P_out" and one.text[0] not in ("r_in", "j_in")]
            return [self._line(_field_label(one), one) for one in told_of]
        note = told.row.receptive_field.note
        if note and note not in self.topics:
            self.topics.add(note)
            return [Line("receptive field", note=note)]
        if not note and told.sees_more:
            note = of_inputs(told.row.receptive_field, _field_text)
            return [Line("receptive field", note=note + _differing(told))]
        return []


def _with_follower(section: Section, told: Told) -> Section:
    """The section with a layer that changes no shape, in a few words."""
    row = told.row
    params = f" ({plural(row.params, 'parameter')})" if row.params else ""
    name = _within(section.title, row.name)
    name = row.name if name.isdigit() else name
    kind, _, fields = row.notation.partition(" ")
    if name.rstrip("0123456789").rstrip("_") == kind:
        words = " ".join(filter(None, (name, fields)))
    else:
        words = f"{name} {row.notation}"
    words = printable(words) + params
    if section.lines and section.lines[-1].label == "then":
        last = section.lines[-1]
        return section._replace(lines=(*section.lines[:-1], last._replace(note=f"{last.note}, {words}")))
    return section._replace(lines=(*section.lines, Line("then", note=words)))
