"""What stands above and below the rows: the net's header, its totals, its hints. Words only; each form sets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnncalc.text import number, printable, rounded, shape_text, size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.counting import Counting
    from cnncalc.answers.report import Report

__all__ = ["HintLine", "TotalLine", "header", "hint_lines", "total_lines"]


class TotalLine(NamedTuple):
    label: str
    value: str
    note: str


class HintLine(NamedTuple):
    """One text and the layers that it is about."""

    layers: tuple[str, ...]
    text: str


def header(report: Report) -> tuple[str, list[str]]:
    """The net's name, and what else a header says: inputs, batch, dialect."""
    shapes = list(report.inputs.items())
    named = len(shapes) > 1 or any(name != "input" for name, _ in shapes)
    facts = [f"input {printable(name) + ' ' if named else ''}{shape_text(shape)}" for name, shape in shapes]
    if shapes:
        facts.append(f"batch {shapes[0][1][0]}")
    facts.append(f"dialect {report.dialect}")
    if report.amp:
        facts.append(f"torch.autocast in {report.amp}")
    return printable(report.name), facts


def total_lines(report: Report) -> list[TotalLine]:
    """The totals: label, exact number, and what explains it."""
    totals = report.totals
    fixed = totals.params - totals.trainable
    parts = f"{number(totals.weights)} weights + {number(totals.biases)} biases"
    if totals.params > totals.weights + totals.biases:  # some dialects count state that is not learned
        parts += f" + {number(totals.params - totals.weights - totals.biases)} buffers"
    lines = [
        TotalLine("Parameters", number(totals.params), parts),
        TotalLine("Trainable", number(totals.trainable), f"{number(fixed)} not trainable" if fixed else ""),
        TotalLine("Buffers", number(totals.buffers), ""),
        TotalLine("MACs", number(totals.macs), rounded(totals.macs)),
        TotalLine("FLOPs", number(totals.flops), rounded(totals.flops)),
        TotalLine("Weight bytes", number(totals.weight_bytes), size_text(totals.weight_bytes)),
        TotalLine(
            "Activation bytes", number(totals.activation_bytes), f"{size_text(totals.activation_bytes)}, input included"
        ),
        TotalLine(
            "Peak bytes", number(totals.peak_bytes), f"{size_text(totals.peak_bytes)} alive at once in inference"
        ),
        TotalLine("Saved bytes", number(totals.saved_bytes), f"{size_text(totals.saved_bytes)} kept for backward"),
        TotalLine(
            "Training bytes",
            number(totals.train_bytes),
            f"{size_text(totals.train_bytes)} with saved, weights, gradients and {report.optimizer}",
        ),
        TotalLine("Layers", number(totals.layers), f"{number(totals.weighted_layers)} with weights"),
    ]
    if report.counting is not None:
        lines.insert(5, _counted_line(report.counting))
    return lines


def _counted_line(counting: Counting) -> TotalLine:
    """The total of a convention, marked where layers are missing in it."""
    missing = len(counting.unknown)
    partial = f", PARTIAL: {missing:,} layer{' is' if missing == 1 else 's are'} not counted" if missing else ""
    note = f"{rounded(counting.total)} {counting.convention.unit}".strip()
    return TotalLine(counting.convention.name, number(counting.total), note + partial)


def counting_lines(report: Report) -> list[str]:
    """What a reader of a convention's counts must know: the tool, what it leaves out, its mistakes, what is missing."""
    counting = report.counting
    if counting is None:
        return []
    convention = counting.convention
    lines = [f"{convention.name}: {convention.tool}. {convention.leaves_out}"]
    if convention.one_image:
        lines.append(f"{convention.name}: one image, whatever the batch.")
    lines += [
        f"{convention.name}'s mistake, {met:,} layer{'' if met == 1 else 's'}: {bug}."
        for bug, met in counting.bugs.items()
    ]
    reasons: dict[str, list[str]] = {}
    for name, reason in counting.unknown.items():
        reasons.setdefault(reason, []).append(printable(name))
    lines += [f"not counted: {names_text(names, 3)}: {reason}." for reason, names in reasons.items()]
    return lines


def hint_lines(report: Report) -> list[HintLine]:
    """The hints, equal ones together."""
    layers: dict[str, list[str]] = {}
    for hint in report.hints:
        layers.setdefault(printable(hint.text), []).append(printable(hint.layer))
    return [HintLine(tuple(names), text) for text, names in layers.items()]


def names_text(names: Sequence[str], most: int | None = None) -> str:
    """`a, b and 3 more`: the first `most` of the names."""
    if most is None or len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"
