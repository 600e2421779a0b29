"""NNEF's container: a tar, mostly packed by gzip, with `graph.nnef` and the weights; it is read up to the graph.

Written by hand, since what strangers put into a tar's headers is bounded here, and the weights are stepped over.
"""

from __future__ import annotations

import zlib

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import BLOCK, GZIP
from cnncalc.interchange.file import ForeignFile

__all__ = ["graph_of"]

MOST = 1 << 30
"""Bytes that are stepped over to find the graph; they take about two seconds to unpack."""
AT_ONCE = 1 << 18
REGULAR = b"0\0"
"""What a header says of a file."""
UNPACK = "unpack it, and give the `graph.nnef` inside"


class Unpacked:
    """The bytes of an archive, front to back."""

    __slots__ = ("_at", "_data", "_file", "_left", "_taken", "_zip")

    def __init__(self, file: ForeignFile) -> None:
        self._file, self._data, self._at, self._left, self._taken = file, file.data, 0, b"", 0
        self._zip = zlib.decompressobj(31) if file.head.startswith(GZIP) else None

    def _more(self) -> bytes:
        piece = self._data[self._at : self._at + AT_ONCE]
        if self._zip is None:
            self._at += len(piece)
            return piece
        if self._zip.unconsumed_tail:
            piece = self._zip.unconsumed_tail
        else:
            self._at += len(piece)
        try:
            return self._zip.decompress(piece, AT_ONCE)
        except zlib.error as error:
            raise self.fault("is a broken archive", str(error)[:100]) from None

    def take(self, count: int) -> bytes:
        """The next so many bytes, fewer at the end."""
        kept: list[bytes] = []
        while count > 0:
            piece = self._left or self._more()
            if not piece:
                break
            kept.append(piece[:count])
            self._left = piece[count:]
            count -= len(kept[-1])
        return b"".join(kept)

    def step(self, count: int) -> None:
        """Over so many bytes. Raises CnncalcError past the bound."""
        self._taken += count
        if self._taken > MOST:
            raise self.fault("has its graph behind more bytes than are unpacked", f"{MOST:,} at most")
        while count > 0:
            stepped = len(self.take(min(count, AT_ONCE)))
            if not stepped:
                return
            count -= stepped

    def fault(self, message: str, values: str = "") -> CnncalcError:
        """What is wrong with it."""
        return CnncalcError(Fault(f"`{self._file.name}` {message}", values=values, help=UNPACK))


def graph_of(file: ForeignFile) -> str:
    """The text of the `graph.nnef` inside. Raises CnncalcError where there is none, or no end to it."""
    archive = Unpacked(file)
    while True:
        header = archive.take(BLOCK)
        if len(header) < BLOCK or not header.strip(b"\0"):
            raise archive.fault("has no `graph.nnef` inside")
        name, size = header[:100].partition(b"\0")[0], header[124:136].strip(b"\0 ")
        try:
            count = int(size or b"0", 8)
        except ValueError:
            raise archive.fault("is a broken archive", "a member's size is no number") from None
        if header[156:157] in REGULAR and name.rpartition(b"/")[2] == b"graph.nnef":
            if count > 4 * file.limits.text:
                raise archive.fault("has a graph that is longer than the bound `text`", f"{count:,} bytes")
            return archive.take(count).decode("utf-8", "replace")
        archive.step(-(-count // BLOCK) * BLOCK)
