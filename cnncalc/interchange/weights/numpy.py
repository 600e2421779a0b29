"""The arrays of an `.npz`: a zip with a file of a header and numbers for each (numpy.lib.format); the headers alone."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import members_of
from cnncalc.interchange.file import ForeignFile
from cnncalc.layers import Shape

__all__ = ["arrays_of"]

MAGIC = b"\x93NUMPY"
SUFFIX = ".npy"
LONGEST = 10_000
"""Bytes of a header."""
TYPE = re.compile(rb"'descr'\s*:\s*'([<>=|]?[A-Za-z]\d{0,4})'")
SHAPE = re.compile(rb"'shape'\s*:\s*\(([\d\s,]{0,400})\)")


def arrays_of(file: ForeignFile) -> dict[str, tuple[Shape, str]]:
    """The shape of every array by its name, and its type as NumPy writes it, such as `<f4`. Raises CnncalcError."""
    found: dict[str, tuple[Shape, str]] = {}
    with members_of(file) as archive:
        for member in archive.infolist():
            if not member.filename.endswith(SUFFIX):
                raise CnncalcError(Fault(f"`{file.name}` is a zip archive with other things than arrays"))
            try:
                with archive.open(member) as opened:
                    head = opened.read(LONGEST)
            except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, NotImplementedError) as error:
                what = f"`{member.filename[:80]}` in `{file.name}` cannot be read"
                raise CnncalcError(Fault(what, values=str(error)[:100])) from None
            found[member.filename[: -len(SUFFIX)]] = _shape(head, member.filename, file)
    return found


def _shape(head: bytes, name: str, file: ForeignFile) -> tuple[Shape, str]:
    """The shape and the type in an array's header, a dictionary of Python as text."""
    wide = head[6:7] >= b"\x02"
    size = struct.unpack("<I" if wide else "<H", head[8 : 12 if wide else 10].ljust(4 if wide else 2, b"\0"))[0]
    start = 12 if wide else 10
    text = head[start : min(start + size, LONGEST)]
    match = SHAPE.search(text) if head.startswith(MAGIC) else None
    kind = TYPE.search(text)
    if match is None:
        raise CnncalcError(Fault(f"`{name[:80]}` in `{file.name}` is no array of NumPy"))
    lengths = [part for part in match[1].replace(b" ", b"").split(b",") if part]
    if len(lengths) > 32 or any(len(part) > 18 for part in lengths):
        raise CnncalcError(Fault(f"`{name[:80]}` in `{file.name}` is no array of NumPy"))
    return tuple(int(part) for part in lengths), kind[1].decode() if kind is not None else ""
