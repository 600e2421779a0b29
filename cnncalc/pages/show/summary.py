"""What stands above and below the rows: the net's header, its totals, its hints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.figures import told
from cnncalc.answers.page import Column, Heading, Table
from cnncalc.records import NamedTuple
from cnncalc.text import number, plural, printable, rounded, shape_text, size_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.counting import Counting
    from cnncalc.answers.report import Report

__all__ = ["HintLine", "counting_lines", "header", "hint_lines", "names_text", "totals"]


class HintLine(NamedTuple):
    """One text and the layers that it is about."""

    layers: tuple[str, ...]
    text: str


def header(report: Report, level: int = 3) -> Heading:
    """The net's name, and what else a header says: inputs, batch, dialect."""
    shapes = list(report.inputs.items())
    named = len(shapes) > 1 or any(name != "input" for name, _ in shapes)
    facts = [f"input {printable(name) + ' ' if named else ''}{shape_text(shape)}" for name, shape in shapes]
    if shapes:
        facts.append(f"batch {shapes[0][1][0]}")
    if report.accumulate > 1:
        facts.append(f"{number(report.accumulate)} batches a step")
    facts.append(f"dialect {report.dialect}")
    if report.amp:
        facts.append(f"torch.autocast in {report.amp}")
    if report.types:
        names = ", ".join(dict.fromkeys(report.types.values()))
        facts.append(f"{plural(len(report.types), 'layer')} in {names}, training as without")
    if report.checkpoints:
        facts.append(f"{plural(len(report.checkpoints), 'checkpointed group')}")
    return Heading(printable(report.name), facts, level)


def totals(report: Report) -> Table:
    """The totals: label, exact number, and what explains it."""
    lines: list[tuple[str, int, str]] = []
    for one in told():
        lines.append((one.title, getattr(report.totals, one.key), one.note_of(report.totals, report.optimizer)))
        if one.key == "flops" and report.accumulate > 1:
            lines.append(_step_line(report))
        if report.checkpoints:
            lines += _again(report, one.key)
        if one.key == "train_bytes" and report.sharding[0]:
            lines.append(_rank_line(report))
        if one.key == "flops" and report.counting is not None:
            lines.append(_counted_line(report.counting))
    return Table((Column("Total"), Column("", right=True), Column("")), lines, headed=False)


def _step_line(report: Report) -> tuple[str, int, str]:
    """What a step of several batches takes."""
    value, batches = report.totals.step_flops, report.accumulate
    images = batches * next(iter(report.inputs.values()))[0]
    note = f"{rounded(value)} forward and backward, {number(batches)} batches, {number(images)} images"
    return "FLOPs a step", value, note


def _again(report: Report, key: str) -> list[tuple[str, int, str]]:
    """What groups that run again add, behind the total of that key."""
    totals = report.totals
    if key == "macs":
        return [("MACs again", totals.recomputed_macs, f"{rounded(totals.recomputed_macs)} in the pass backward")]
    if key == "saved_bytes":
        note = f"{size_text(totals.backward_bytes)} at most in the pass backward, where a group has run again"
        return [("Most kept", totals.backward_bytes, note)]
    return []


def _rank_line(report: Report) -> tuple[str, int, str]:
    """What each rank holds."""
    (how, ranks), value = report.sharding, report.totals.rank_bytes
    return "Bytes a rank", value, f"{size_text(value)} of each of {number(ranks)}, by {how}, a batch each"


def _counted_line(counting: Counting) -> tuple[str, int, str]:
    """The total of a convention, marked where layers are missing in it."""
    missing = len(counting.unknown)
    partial = f", PARTIAL: {missing:,} layer{' is' if missing == 1 else 's are'} not counted" if missing else ""
    note = f"{rounded(counting.total)} {counting.convention.unit}".strip()
    return counting.convention.name, counting.total, note + partial


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
