"""What `verify` found: the totals predicted beside measured, how many rows were held, and every figure that differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cnncalc.forms.plain import width
from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.verification import Figure, Value, Verification
    from cnncalc.errors import Fault

__all__ = ["NetResult", "as_json", "as_text"]

SHOWN_IN_ROWS = ("output shape", "parameters", "macs", "saved bytes", "receptive field")
GAP = "  "


class NetResult(NamedTuple):
    """One net: its verification, or why there is none."""

    net: str
    verification: Verification | None
    faults: tuple[Fault, ...] = ()
    skipped: str = ""


def shown(value: Value) -> str:
    """A figure as text: `1x64x112x112`, `1,234`, `weight 64x3x7x7, bias 64`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, tuple):
        return "x".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name} {shown(shape)}" for name, shape in value.items()) or "none"
    return "none" if value is None else printable(value)


def mark(passed: bool) -> str:
    """✓ or ✗."""
    return "✓" if passed else "✗"


def plural(count: int, noun: str) -> str:
    """`1 layer`, `2 layers`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def aligned(lines: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """Cells in columns; those in `right` are aligned on the right."""
    widths = [max(map(width, column)) for column in zip(*lines, strict=True)] if lines else []
    padded = []
    for line in lines:
        cells = []
        for index, (cell, room) in enumerate(zip(line, widths, strict=True)):
            space = " " * (room - width(cell))
            cells.append(space + cell if index in right else cell + space)
        padded.append(GAP.join(cells).rstrip())
    return padded


def as_text(results: Sequence[NetResult], *, every_row: bool = False, unfinished: int = 0) -> str:
    """A block for each net, the figures that differ in full, and a line that sums up where there are several nets.

    `unfinished` nets were not reached, because the run was interrupted.
    """
    blocks = ["\n".join(_block(result, every_row)) for result in results]
    if len(results) + unfinished > 1 or unfinished:
        blocks.append(_summary(results, unfinished))
    return "\n\n".join(blocks) + "\n"


def _block(result: NetResult, every_row: bool) -> list[str]:
    name = printable(result.net)
    if result.faults:
        return [f"✗ {name}: {plural(len(result.faults), 'error')}"]
    verification = result.verification
    if verification is None:
        return [f"· {name}: {result.skipped}"]
    where = f"{verification.framework}, {verification.device}, {verification.dtype}, batch {verification.batch}"
    title = name if verification.name in (name, "") else f"{name} ({printable(verification.name)})"
    lines = [f"{mark(not verification.failed)} {title}: {where}"]
    lines += [f"  note: {printable(note)}" for note in verification.notes]
    lines += [f"  {line}" for line in _totals(verification)]
    if every_row:
        lines += ["", *(f"  {line}" for line in _rows(verification))]
    lines += [f"  {line}" for line in _failures(verification)]
    figures = sum(len(row.figures) for row in verification.rows)
    wrong = sum(bool(row.failed) for row in verification.rows)
    held = "none differs" if not wrong else f"{plural(wrong, 'layer')} differ"
    if verification.rows:
        lines.append(
            f"  {mark(not wrong)} {plural(len(verification.rows), 'layer')}, {plural(figures, 'figure')}: {held}"
        )
    lines.append(f"  {verification.seconds:.1f} s")
    return lines


def _totals(verification: Verification) -> list[str]:
    lines = [("", "", "predicted", "measured")]
    lines += [
        (mark(figure.passed), figure.what, shown(figure.predicted), shown(figure.measured))
        for figure in verification.totals
    ]
    return aligned(lines, right=(2, 3))


def _rows(verification: Verification) -> list[str]:
    """One line a layer: each figure as predicted and, beside it, as measured."""
    known = {figure.what for row in verification.rows for figure in row.figures}
    columns = [what for what in SHOWN_IN_ROWS if what in known]
    lines = [["", "layer", *columns]]
    for row in verification.rows:
        figures = {figure.what: figure for figure in row.figures}
        cells = [_both(figures[what]) if what in figures else "" for what in columns]
        lines.append([mark(not row.failed), printable(row.name), *cells])
    return aligned(lines)


def _both(figure: Figure) -> str:
    if figure.predicted in ({}, 0) and figure.passed:
        return "-"
    return f"{shown(figure.predicted)} {'=' if figure.passed else '≠'} {shown(figure.measured)}"


def _failures(verification: Verification) -> list[str]:
    lines = [
        (
            "✗",
            f"{printable(row.name)} ({printable(row.notation)})",
            figure.what,
            shown(figure.predicted),
            shown(figure.measured),
        )
        for row in verification.rows
        for figure in row.failed
    ]
    return ["", *aligned([("", "layer", "", "predicted", "measured"), *lines]), ""] if lines else []


def _summary(results: Sequence[NetResult], unfinished: int) -> str:
    verified = [result.verification for result in results if result.verification is not None]
    failed = sum(bool(one.failed) for one in verified)
    figures = sum(one.held for one in verified)
    seconds = sum(one.seconds for one in verified)
    outcome = "none differs" if not failed else f"{plural(failed, 'net')} differ"
    text = f"{plural(len(verified), 'net')} verified, {plural(figures, 'figure')}, {seconds:.1f} s: {outcome}"
    faulty = sum(bool(result.faults) for result in results)
    if faulty:
        text += f"; {plural(faulty, 'net')} could not be verified"
    if unfinished:
        text += f"; interrupted, {plural(unfinished, 'net')} not verified"
    return text


def _value(value: Value) -> object:
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, dict):
        return {name: list(shape) for name, shape in value.items()}
    return value


def _figure(figure: Figure) -> dict[str, object]:
    return {
        "what": figure.what,
        "predicted": _value(figure.predicted),
        "measured": _value(figure.measured),
        "passed": figure.passed,
    }


def as_json(results: Sequence[NetResult], *, unfinished: int = 0) -> str:
    """The same as one object: `passed`, and for each net all its figures, or its errors, or why it was skipped."""
    from cnncalc.forms.json_form import dumps

    nets = []
    for result in results:
        one = result.verification
        entry: dict[str, object] = {"net": result.net, "passed": not result.faults and not (one and one.failed)}
        if result.skipped:
            entry["skipped"] = result.skipped
        if result.faults:
            entry["error"] = result.faults[0].as_dict()
            entry["errors"] = [fault.as_dict() for fault in result.faults]
        if one is not None:
            entry |= {
                "name": one.name,
                "framework": one.framework,
                "device": one.device,
                "dtype": one.dtype,
                "batch": one.batch,
                "seconds": round(one.seconds, 3),
                "notes": list(one.notes),
                "held": one.held,
                "failed": one.failed,
                "totals": [_figure(figure) for figure in one.totals],
                "layers": [
                    {
                        "name": row.name,
                        "kind": row.kind,
                        "notation": row.notation,
                        "passed": not row.failed,
                        "figures": [_figure(figure) for figure in row.figures],
                    }
                    for row in one.rows
                ],
            }
        nets.append(entry)
    passed = all(entry["passed"] for entry in nets) and not unfinished
    return dumps({"passed": passed, "interrupted": bool(unfinished), "nets": nets})
