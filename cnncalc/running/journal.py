"""What a long run has found so far, kept in a file beside its target, so that a run that is killed can go on.

The first line says which run it is; each further line holds one result, and a sum over both. A line that was cut off,
or changed, or that is none of this run, is passed over, and what it held is computed again. So the file is right
whenever the run ends, and whatever ends it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, TypeVar
from zlib import crc32

from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Journal", "summed"]

SUFFIX = ".part"
LONGEST_FIRST = 1_000_000
"""Bytes of the line that says which run it is."""
SUM = ', "sum": '
"""What stands before the sum of a line, which is its last word."""
Key = TypeVar("Key")
Result = TypeVar("Result")


class Journal(Generic[Key, Result]):
    """The file `TARGET.part` of a run, called `what`; `depends` is all that its results depend on.

    `write` makes a line's record of a result, and `read` a result of a record, None where it is none of this run. A
    line is at most `longest` bytes: a longer one is none of ours.
    """

    def __init__(
        self,
        target: str,
        what: str,
        depends: Mapping[str, object],
        *,
        write: Callable[[Key, Result], object],
        read: Callable[[dict[str, Any]], tuple[Key, Result] | None],
        longest: int,
    ) -> None:
        self.target, self.path, self.what = Path(target), Path(f"{target}{SUFFIX}"), what
        self.first = json.dumps(depends, default=str, sort_keys=True)
        self._write, self._read, self._longest = write, read, longest

    def spare(self, *, resume: bool) -> None:
        """Raises CnncalcError where a run is to go on, and what its file holds is none that was interrupted."""
        with self._told():
            begun = os.path.lexists(self.path) or not resume
            if not begun and self.target.exists() and self.target.stat().st_size:
                help = "without --resume it is written over; else write elsewhere"
                message = f"`{self.target}` is there, and nothing that was to be written to it was interrupted"
                raise CnncalcError(Fault(message, help=help))

    def begin(self, *, resume: bool) -> dict[Key, Result]:
        """What an earlier run found. Raises CnncalcError where there is one that should not go on."""
        self.spare(resume=resume)
        with self._told():
            if not os.path.lexists(self.path):
                self._start()
                return {}
            if not self.path.is_file():
                help = f"a {self.what} keeps its journal there: write elsewhere"
                raise CnncalcError(Fault(f"`{self.path}` is not a regular file", help=help))
            if not resume:
                help = f"go on with --resume, or delete `{self.path}` for a fresh start"
                raise CnncalcError(Fault(f"`{self.path}` holds an unfinished {self.what}", help=help))
            with self.path.open("r+b") as file:
                self._check(file.readline(LONGEST_FIRST))
                found, whole = self._found(file)
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
        except FileExistsError:  # another run to the same file has just begun
            raise
        except OSError:
            self.path.unlink(missing_ok=True)
            raise

    def _check(self, first: bytes) -> None:
        """Whether the first line is that of this run. Raises CnncalcError."""
        fresh = f"delete `{self.path}` for a fresh start"
        if not first:
            raise CnncalcError(Fault(f"`{self.path}` is empty: no {self.what} can go on from it", help=fresh))
        if not first.endswith(b"\n"):
            message = f"the first line of `{self.path}` is cut off: no {self.what} can go on"
            raise CnncalcError(Fault(message, help=fresh))
        known = _json(first)
        if not isinstance(known, dict):
            raise CnncalcError(Fault(f"`{self.path}` is no journal of a {self.what}", help=fresh))
        ours = json.loads(self.first)
        if known != ours:
            apart = sorted(name.rstrip("_") for name in known.keys() | ours.keys() if known.get(name) != ours.get(name))
            what = f"the files or the options are not those with which it began ({', '.join(apart)[:200]})"
            help = f"give the same net and options again, or {fresh}"
            raise CnncalcError(Fault(f"`{self.path}` holds another {self.what}", values=what, help=help))

    def _found(self, file: BinaryIO) -> tuple[dict[Key, Result], int]:
        """The result of every line that is whole and ours, and where the last whole line ends."""
        found: dict[Key, Result] = {}
        end = file.tell()
        for line in _whole_lines(file, self._longest):
            end = file.tell()
            record = _json(line) if _holds(line, self.first) else None
            one = self._read(record) if isinstance(record, dict) else None
            if one is not None:
                found[one[0]] = one[1]
        return found, end

    def add(self, key: Key, result: Result) -> None:
        """Keep one result."""
        line = summed(self._write(key, result), self.first)
        with self._told(), self.path.open("ab") as file:
            file.write(f"{line}\n".encode())

    def end(self) -> None:
        """All results have been written to the target."""
        with self._told():
            self.path.unlink(missing_ok=True)


def _whole_lines(file: BinaryIO, longest: int) -> Iterator[bytes]:
    """The lines that have an end, read one at a time; of one that is too long only its end."""
    while line := file.readline(longest):
        if line.endswith(b"\n"):
            yield line


def summed(record: object, first: str) -> str:
    """A record, which is a mapping, as a line of the journal whose first line is `first`."""
    text = json.dumps(record)
    return f"{text[:-1]}{SUM}{crc32(f'{first}{text}'.encode())}}}"


def _holds(line: bytes, first: str) -> bool:
    """Whether a line is as it was written."""
    text, _, end = line.rstrip().rpartition(SUM.encode())
    return end == b"%d}" % crc32(first.encode() + text + b"}")


def _json(line: bytes) -> Any:
    """What a line of JSON says; None where it is none."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):  # not UTF-8, no JSON, a number of thousands of digits; or nested without end
        return None
