"""What `verify` found: the totals predicted beside measured, how many rows were held, and every figure that differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.page import GAP, Column, Page, Stack, Table, Text
from cnncalc.records import NamedTuple
from cnncalc.text import plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.answers.page import Block, Layout
    from cnncalc.answers.verification import Figure, Value, Verification
    from cnncalc.errors import Fault

__all__ = ["NetResult", "page"]

SHOWN_IN_ROWS = ("output shape", "parameters", "trainable", "non-trainable", "macs", "saved bytes", "receptive field")


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


def page(results: Sequence[NetResult], *, every_row: bool = False, unfinished: int = 0) -> Page:
    """A block for each net, the figures that differ in full, and a line that sums up where there are several nets.

    `unfinished` nets were not reached, because the run was interrupted.
    """

    def body(_: Layout) -> Iterator[Block]:
        yield from (_block(result, every_row) for result in results)
        if len(results) + unfinished > 1 or unfinished:
            yield Text(_summary(results, unfinished))

    return Page("a verification", body, lambda: _object(results, unfinished), lambda: _every(results), "nets")


def _block(result: NetResult, every_row: bool) -> Block:
    name = printable(result.net)
    if result.faults:
        return Text(f"✗ {name}: {plural(len(result.faults), 'error')}")
    verification = result.verification
    if verification is None:
        return Text(f"· {name}: {result.skipped}")
    where = f"{verification.framework}, {verification.device}, {verification.dtype}, batch {verification.batch}"
    title = name if verification.name in (name, "") else f"{name} ({printable(verification.name)})"
    blocks: list[Block] = [Text(f"note: {printable(note)}") for note in verification.notes]
    blocks.append(_totals(verification))
    if every_row:
        blocks += [GAP, _rows(verification)]
    blocks += _failures(verification)
    figures = sum(len(row.figures) for row in verification.rows)
    wrong = sum(bool(row.failed) for row in verification.rows)
    held = "none differs" if not wrong else f"{plural(wrong, 'layer')} differ"
    if verification.rows:
        counts = f"{plural(len(verification.rows), 'layer')}, {plural(figures, 'figure')}"
        blocks.append(Text(f"{mark(not wrong)} {counts}: {held}"))
    blocks.append(Text(f"{verification.seconds:.1f} s"))
    return Stack([Text(f"{mark(not verification.failed)} {title}: {where}"), Stack(blocks, indent=True)])


def _held(*words: str) -> list[Column]:
    """Whether it holds, what it is, and both figures."""
    sides = [Column(side, side, right=len(words) == 1, text=shown) for side in ("predicted", "measured")]
    return [Column("", "passed"), *(Column(word, word or "what") for word in words), *sides]


def _totals(verification: Verification) -> Table:
    rows = [(mark(one.passed), one.what, one.predicted, one.measured) for one in verification.totals]
    return Table(_held(""), rows)


def _rows(verification: Verification) -> Table:
    """One line a layer: each figure as predicted and, beside it, as measured."""
    known = {figure.what for row in verification.rows for figure in row.figures}
    columns = [what for what in SHOWN_IN_ROWS if what in known]
    lines = []
    for row in verification.rows:
        figures = {figure.what: figure for figure in row.figures}
        cells = [_both(figures[what]) if what in figures else "" for what in columns]
        lines.append([mark(not row.failed), row.name, *cells])
    return Table([Column(heading) for heading in ("", "layer", *columns)], lines)


def _both(figure: Figure) -> str:
    if figure.predicted in ({}, 0) and figure.passed:
        return "-"
    return f"{shown(figure.predicted)} {'=' if figure.passed else '≠'} {shown(figure.measured)}"


def _failures(verification: Verification) -> list[Block]:
    lines = [
        ("✗", f"{row.name} ({row.notation})", figure.what, figure.predicted, figure.measured)
        for row in verification.rows
        for figure in row.failed
    ]
    return [GAP, Table(_held("layer", ""), lines), GAP] if lines else []


def _every(results: Sequence[NetResult]) -> Table:
    """Every figure that was held, a line each; those of the whole net have no layer."""
    keys = ("net", "layer", "kind", "what", "predicted", "measured", "passed")
    rows = []
    for result in results:
        found = result.verification
        if found is not None:
            held = [("", "", figure) for figure in found.totals]
            held += [(row.name, row.kind, figure) for row in found.rows for figure in row.figures]
            rows += [
                (result.net, *where, one.what, _plain(one.predicted), _plain(one.measured), one.passed)
                for *where, one in held
            ]
    return Table([Column(key, key) for key in keys], rows)


def _plain(value: Value) -> object:
    return value if isinstance(value, int) else shown(value)


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


def _object(results: Sequence[NetResult], unfinished: int) -> dict[str, object]:
    """`passed`, and for each net all its figures, or its errors, or why it was skipped."""
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
    return {"passed": passed, "interrupted": bool(unfinished), "nets": nets}
