"""The input sizes that work for a net, in every form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.text import printable

if TYPE_CHECKING:
    from cnncalc.answers.solutions import InputAnswer, SizeSet

__all__ = ["draw"]

BOXES = 10
"""A text lists so many boxes."""


def draw(answer: InputAnswer, form: str) -> str:
    """The answer in a form of `render.FORMS`."""
    if form == "json":
        return _json(answer)
    if form == "csv":
        return _csv(answer)
    bullet = "- " if form == "markdown" else "  "
    lines = [f"{printable(answer.net)}: input {answer.form}, {printable(answer.tensor)}", ""]
    if answer.proof:
        lines.append(answer.proof)
        lines += ["", "Nearest:", *(f"{bullet}{one}" for one in answer.nearest)] if answer.nearest else []
        return "\n".join(lines) + "\n"
    if answer.boxes:
        lines += [f"{bullet}{_box_text(box)}" for box in answer.boxes[:BOXES]]
        lines += [f"{bullet}and {len(answer.boxes) - BOXES:,} more"] if len(answer.boxes) > BOXES else []
    else:
        lines += [f"{bullet}{_set_line(one)}" for one in answer.sets]
    if answer.clauses:
        lines += ["", "Because:", *(f"{bullet}{printable(one.source)}: {one.text}" for one in answer.clauses)]
    elif not answer.boxes:
        lines += ["", "No layer asks for more."]
    lines += ["", *answer.remarks] if answer.remarks else []
    return "\n".join(lines) + "\n"


def _set_line(one: SizeSet) -> str:
    endless = one.period > 1 or (one.intervals and one.intervals[-1][1] is None)
    shown = f"  ({', '.join(map(str, one.examples))}, …)" if endless and one.period > 1 else ""
    return one.text + shown


def _box_text(box: tuple[tuple[str, int, int | None], ...]) -> str:
    return ", ".join(_run_text(*run) for run in box)


def _run_text(symbol: str, low: int, high: int | None) -> str:
    if high is None:
        return f"{symbol} ≥ {low:,}"
    return f"{symbol} = {low:,}" if low == high else f"{low:,} ≤ {symbol} ≤ {high:,}"


def _json(answer: InputAnswer) -> str:
    from cnncalc.forms.json_form import dumps

    return dumps(
        {
            "net": answer.net,
            "input": answer.form,
            "of": answer.tensor,
            "solved": answer.solved,
            "sets": [one._asdict() for one in answer.sets],
            "boxes": [{symbol: [low, high] for symbol, low, high in box} for box in answer.boxes],
            "because": [one._asdict() for one in answer.clauses],
            "remarks": list(answer.remarks),
            "proof": answer.proof or None,
            "nearest": list(answer.nearest),
        }
    )


def _csv(answer: InputAnswer) -> str:
    """A line for each run of lengths: the axis, first, last (empty: without end), and for residue classes the step."""
    from cnncalc.forms.csv_form import written

    heading = ("box", "axis", "first", "last", "step")
    if answer.boxes:
        lines: list[tuple[object, ...]] = [
            (number, symbol, low, "" if high is None else high, 1)
            for number, box in enumerate(answer.boxes, 1)
            for symbol, low, high in box
        ]
        return written(heading, lines)
    lines = []
    for one in answer.sets:
        lines += [(1, one.symbol, low, "" if high is None else high, 1) for low, high in one.intervals]
        if one.period > 1:
            starts = sorted(one.first + (rest - one.first) % one.period for rest in one.residues)
            lines += [(1, one.symbol, start, "", one.period) for start in starts]
    return written(heading, lines)
