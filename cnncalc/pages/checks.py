"""What `check` found: a line for each file, and each figure that is not as it should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.page import Annotation, Column, Items, Page, Stack, Table, Text
from cnncalc.claims.latency import LATENCY
from cnncalc.records import NamedTuple
from cnncalc.text import number, plural, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.answers.page import Block, Layout
    from cnncalc.claims.expect import Check
    from cnncalc.errors import Fault, Place

__all__ = ["FileResult", "page"]

CHECK = ("what", "expected", "found", "at_most", "passed", "line", "column")


class FileResult(NamedTuple):
    """One file: the figures that were held against it, or why there are none."""

    net: str
    checks: tuple[Check, ...]
    skipped: str
    """Why it was not checked; empty where it was."""
    faults: tuple[Fault, ...]
    """What is wrong with the file itself."""
    aside: tuple[str, ...] = ()
    """The options under which its `expect:` was left aside."""

    @property
    def failed(self) -> list[Check]:
        return [check for check in self.checks if not check.passed]


def _lines(result: FileResult) -> list[str]:
    name = printable(result.net)
    if result.faults:
        return [f"✗ {name}: {plural(len(result.faults), 'error')}"]
    if result.skipped:
        return [f"· {name}: {result.skipped}"]
    aside = f"`expect:` describes the file without {' '.join(result.aside)}, and is not held" if result.aside else ""
    if not result.checks:
        return [f"· {name}: {aside or 'expects nothing'}"]
    also = f" ({aside})" if aside else ""
    if not result.failed:
        return [f"✓ {name}: {plural(len(result.checks), 'figure')}{also}", *_bounds(result)]
    fail = "fails" if len(result.failed) == 1 else "fail"
    lines = [f"✗ {name}: {len(result.failed)} of {plural(len(result.checks), 'figure')} {fail}{also}"]
    for check in result.failed:
        where = f"  ({check.place.file}:{check.place.line})" if check.place else ""
        lines.append(f"    {printable(check.what)}: {_difference(check)}{where}")
    return lines


def _bounds(result: FileResult) -> list[str]:
    """What holds only as far as a bound tells: a net takes longer than its least time."""
    return [
        f"    {LATENCY}: {check.found}, of {check.expected} at most; the real time is longer"
        for check in result.checks
        if check.what == LATENCY
    ]


def _difference(check: Check) -> str:
    return f"expected {'at most ' if check.most else ''}{_value(check.expected)}, found {_value(check.found)}"


def _value(value: int | str) -> str:
    return number(value) if isinstance(value, int) else printable(value)


def _summary(results: Sequence[FileResult]) -> str:
    checked = sum(bool(result.checks) for result in results)
    failed = sum(len(result.failed) for result in results)
    faulty = sum(bool(result.faults) for result in results)
    figures = sum(len(result.checks) for result in results)
    summary = f"{plural(checked, 'file')} checked, {plural(figures, 'figure')}: "
    summary += f"{figures - failed:,} hold, {failed:,} fail" if failed else "all hold" if checked else "nothing to hold"
    return summary + (f"; {plural(faulty, 'file')} with errors" if faulty else "")


def page(results: Sequence[FileResult]) -> Page:
    """One line a file, the figures that fail below it, and a summary."""

    def body(_: Layout) -> list[Block]:
        lines = [line for result in results for line in _lines(result)]
        return [Stack([Items(lines, indent=False), Text(_summary(results))])]

    return Page(
        "a check", body, lambda: _object(results), lambda: _table(results), "files",
        annotations=lambda: _wrong(results),
    )  # fmt: skip


def _wrong(results: Sequence[FileResult]) -> Iterator[Annotation]:
    """Every fault of a file, and every figure that is not as it should be."""
    for result in results:
        for fault in result.faults:
            place, way_out = fault.place, f"\n{fault.help}" if fault.help else ""
            values = f": {fault.values}" if fault.values else ""
            at = (result.net, None, None) if place is None else (place.file, *_line_and_column(place))
            yield Annotation(f"{fault.message}{values}{way_out}", *at)
        for check in result.failed:
            at = (check.place.file, check.place.line, check.place.column) if check.place else (result.net, None, None)
            yield Annotation(f"{check.what}: {_difference(check)}", *at)


def _line_and_column(place: Place) -> tuple[int, int] | tuple[None, None]:
    """Where in the file itself: a line of what was made of it is none of its own."""
    return (None, None) if place.made else (place.line, place.column)


def _table(results: Sequence[FileResult]) -> Table:
    """Every figure that was held, a line each."""
    columns = [Column(key, key, key in ("expected", "found", "line")) for key in ("file", *CHECK)]
    rows = [[result.net, *_check_object(check).values()] for result in results for check in result.checks]
    return Table(columns, [["" if value is None else value for value in row] for row in rows])


def _check_object(check: Check) -> dict[str, object]:
    place = check.place
    return {
        "what": check.what,
        "expected": check.expected,
        "found": check.found,
        "at_most": check.most,
        "passed": check.passed,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }


def _object(results: Sequence[FileResult]) -> dict[str, object]:
    """`passed`, and for each file its checks, or its errors, or why it was skipped."""
    files = []
    for result in results:
        entry: dict[str, object] = {"file": result.net, "passed": not (result.failed or result.faults)}
        if result.skipped:
            entry["skipped"] = result.skipped
        if result.aside:
            entry["expect_not_held_under"] = list(result.aside)
        if result.faults:
            entry["error"] = result.faults[0].as_dict()
            entry["errors"] = [fault.as_dict() for fault in result.faults]
        entry["checks"] = [_check_object(check) for check in result.checks]
        files.append(entry)
    return {"passed": all(entry["passed"] for entry in files), "files": files}
