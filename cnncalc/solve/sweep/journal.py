"""What a sweep has found so far, kept in a file beside its target, so that a run that is killed can go on.

The first line says which sweep it is; each further line holds all points of one part, column by column. A line that was
cut off, or that is none of ours, is passed over, and what it held is computed again. So the file is right whenever the
run ends, and whatever ends it.
"""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from cnncalc.errors import CnncalcError, Fault
from cnncalc.solve.sweep.grid import SIZES, Grid, Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cnncalc.solve.sweep.points import Points

__all__ = ["Journal"]

SUFFIX = ".part"
KEYS = ("figures", "faults", "texts")
"""Of a line: the numbers of each figure; for each point the place of its fault in the texts, counted from 1, or 0."""
LONGEST_FIRST = 1_000_000
LONGEST_POINT = 2_000
"""Bytes; a longer line is none of ours."""


class Journal:
    """The file `TARGET.part`."""

    def __init__(self, target: str, sweep: Mapping[str, object], grid: Grid, figures: int) -> None:
        self.target, self.path = Path(target), Path(f"{target}{SUFFIX}")
        self.first = json.dumps(sweep, default=str, sort_keys=True)
        self.grid, self.figures = grid, figures

    def begin(self, *, resume: bool) -> dict[Part, Points]:
        """The parts that an earlier run finished. Raises CnncalcError where there is one that should not go on."""
        with self._told():
            if not os.path.lexists(self.path):
                if resume and self.target.exists() and self.target.stat().st_size:
                    help = "without --resume it is written over; else write elsewhere"
                    message = f"`{self.target}` is there, and nothing that was to be written to it was interrupted"
                    raise CnncalcError(Fault(message, help=help))
                self._start()
                return {}
            if not self.path.is_file():
                help = "a sweep keeps its journal there: write elsewhere"
                raise CnncalcError(Fault(f"`{self.path}` is not a regular file", help=help))
            if not resume:
                help = f"go on with --resume, or delete `{self.path}` for a fresh start"
                raise CnncalcError(Fault(f"`{self.path}` holds an unfinished sweep", help=help))
            with self.path.open("r+b") as file:
                self._check(file.readline(LONGEST_FIRST))
                found, whole = self._read(file)
                file.truncate(whole)
            return found

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What the system says against the file, as a fault that names it and how to go on."""
        try:
            yield
        except OSError as error:
            help = "write elsewhere, or make room and go on with --resume: what was found until then is kept"
            message = f"`{self.path}` cannot be written: {error.strerror or error}"
            raise CnncalcError(Fault(message, help=help)) from None

    def _start(self) -> None:
        """The first line, whole, or no file at all."""
        try:
            with self.path.open("xb") as file:
                file.write(f"{self.first}\n".encode())
        except FileExistsError:  # another sweep to the same file has just begun
            raise
        except OSError:
            self.path.unlink(missing_ok=True)
            raise

    def _check(self, first: bytes) -> None:
        """Whether the first line is that of this sweep. Raises CnncalcError."""
        fresh = f"delete `{self.path}` for a fresh start"
        if not first:
            raise CnncalcError(Fault(f"`{self.path}` is empty: no sweep can go on from it", help=fresh))
        if not first.endswith(b"\n"):
            raise CnncalcError(Fault(f"the first line of `{self.path}` is cut off: no sweep can go on", help=fresh))
        known = _json(first)
        if not isinstance(known, dict):
            raise CnncalcError(Fault(f"`{self.path}` is no journal of a sweep", help=fresh))
        if known != json.loads(self.first):
            what = "the files or the options are not those with which it began"
            help = f"give the same net and options again, or {fresh}"
            raise CnncalcError(Fault(f"`{self.path}` holds another sweep", values=what, help=help))

    def _read(self, file: BinaryIO) -> tuple[dict[Part, Points], int]:
        """The points of every line that is whole and ours, and where the last whole line ends."""
        found: dict[Part, Points] = {}
        end = file.tell()
        for line in _whole_lines(file, LONGEST_FIRST + LONGEST_POINT * min(self.grid.sizes, 2 * SIZES)):
            end = file.tell()
            record = _json(line)
            if isinstance(record, dict) and _texts(record.get("net")) and type(record.get("from")) is int:
                part = self.grid.part(tuple(record["net"]), record["from"])
                points = self._points(part, record) if part is not None else None
                if part is not None and points is not None:
                    found[part] = points
        return found, end

    def _points(self, part: Part, record: dict[str, Any]) -> Points | None:
        """The points of one line; None where it is none of ours."""
        from cnncalc.solve.sweep.points import Points

        axes = self.grid.axes(part)
        count = prod(map(len, axes))
        columns: Any
        faults: Any
        texts: Any
        columns, faults, texts = map(record.get, KEYS)
        if not (isinstance(columns, list) and _wholes(faults) and _texts(texts) and len(faults) == count):
            return None
        if len(columns) != self.figures and not (all(faults) and not columns):
            return None
        if not all(_wholes(column) and len(column) == count for column in columns):
            return None
        if not all(0 <= fault <= len(texts) for fault in faults):
            return None
        return Points(part.choice, axes, columns, faults, texts)

    def add(self, part: Part, points: Points) -> None:
        """Keep the points of one part."""
        columns, faults = [list(column) for column in points.columns], list(points.faults)
        line = {"net": part.choice, "from": part.low, **dict(zip(KEYS, (columns, faults, points.texts)))}
        with self._told(), self.path.open("ab") as file:
            file.write(f"{json.dumps(line)}\n".encode())

    def end(self) -> None:
        """All points have been written to the target."""
        with self._told():
            self.path.unlink(missing_ok=True)


def _whole_lines(file: BinaryIO, longest: int) -> Iterator[bytes]:
    """The lines that have an end, read one at a time; of one that is too long only its end."""
    while line := file.readline(longest):
        if line.endswith(b"\n"):
            yield line


def _json(line: bytes) -> Any:
    """What a line of JSON says; None where it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):  # not UTF-8, no JSON, a number of thousands of digits; or nested without end
        return None


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _wholes(value: object) -> bool:
    return isinstance(value, list) and all(type(one) is int for one in value)
