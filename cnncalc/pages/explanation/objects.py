"""An explanation as JSON: every formula of every layer that is told, in text and in LaTeX, and the sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.arithmetic.traced.written import LATEX
from cnncalc.explain.explanation import Group, Repeat, Told
from cnncalc.pages.show.objects import bound_object
from cnncalc.pages.show.objects import object_of as report_object

if TYPE_CHECKING:
    from cnncalc.answers.formulas import Formula
    from cnncalc.answers.report import ReceptiveField
    from cnncalc.explain.explanation import Explanation, Part
    from cnncalc.explain.totals import Breakdown, Totals

__all__ = ["object_of"]


def _formula(formula: Formula) -> dict[str, object]:
    return {
        "quantity": formula.quantity,
        "symbol": formula.symbol,
        "value": formula.value,
        "steps": list(formula.text),
        "latex": " = ".join((formula.latex_symbol, *formula.latex)),
        "where": [
            {
                "symbol": where.symbol,
                "steps": list(where.text),
                "latex": " = ".join((LATEX().name(where.symbol), *where.latex)),
            }
            for where in formula.where
        ],
    }


def _part(part: Part) -> dict[str, object]:
    if isinstance(part, Told):
        return _told(part)
    if isinstance(part, Group):
        return _group(part)
    if isinstance(part, Repeat):
        values = {**part._asdict(), "remarks": [remark.text for remark in part.remarks]}
        return {"repeat": values.pop("names"), **values}
    return {"rest": part._asdict()}


def _group(group: Group) -> dict[str, object]:
    values = {**group._asdict(), "params": _breakdown(group.params), "macs": _breakdown(group.macs)}
    values |= {"before": _field(group.before), "after": _field(group.after)}
    return {"group": values.pop("name"), **values}


def _told(told: Told) -> dict[str, object]:
    row, derivation = told.row, told.derivation
    costs = (derivation.macs, derivation.flops, derivation.backward)
    single = (derivation.weights, derivation.biases, *costs, derivation.memory)
    formulas = (*derivation.padding, *derivation.sizes, *filter(None, single), *derivation.receptive)
    answer: dict[str, object] = {
        "name": row.name,
        "kind": row.kind,
        "notation": row.notation,
        "from": list(row.inputs),
        "input_shapes": [list(shape) for shape in row.input_shapes],
        "output_shape": list(row.output_shape),
        "formulas": [_formula(formula) for formula in formulas],
        "receptive_field": _field(told.row.receptive_field),
        "saved": [{"what": what, "bytes": size} for what, size in told.saved],
        "remarks": [remark.text for remark in told.remarks],
    }
    if derivation.macs:
        answer["gradients"] = told.gradients
    if row.bound:
        answer["bound"] = bound_object(row.bound)
    if told.owner:
        answer["parameters_of"] = told.owner
    if told.regions:
        answer["region"] = [region._asdict() for region in told.regions]
    return answer


def _field(field: ReceptiveField) -> object:
    if field.note:
        return field.note
    return {key: list(getattr(field, key)) for key in ("size", "stride", "padding")}


def _breakdown(breakdown: Breakdown) -> dict[str, object]:
    largest = breakdown.largest._asdict() if breakdown.largest else None
    return {"total": breakdown.total, "kinds": dict(breakdown.kinds), "largest": largest}


def _summary(totals: Totals) -> dict[str, object]:
    return {
        "params": _breakdown(totals.params),
        "macs": _breakdown(totals.macs),
        "activations": _breakdown(totals.activations),
        "in_place": list(totals.in_place),
        "peak_at": totals.peak_at,
        "peak": [one._asdict() for one in totals.peak],
        "saved": _breakdown(totals.saved),
        "training": {
            "optimizer": totals.optimizer,
            "formula": _formula(totals.training),
            "parts": [one._asdict() for one in totals.training_parts],
        },
    }


def object_of(explanation: Explanation) -> dict[str, object]:
    """One object."""
    report = report_object(explanation.report.changed(rows=()))
    del report["layers"]
    answer: dict[str, object] = {**report, "parts": [_part(part) for part in explanation.parts]}
    if explanation.totals:
        answer["summary"] = _summary(explanation.totals)
    return answer
