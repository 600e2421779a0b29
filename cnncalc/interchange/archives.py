"""JSON, zip archives and tars from strangers, read within bounds."""

from __future__ import annotations

import io
import json
import mmap
import re
import zipfile
import zlib
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.limits import Limits

__all__ = ["BLOCK", "GZIP", "is_tar", "json_of", "member_of", "members_of"]

LENIENT = re.compile(rb"(?:^|[,{\[])[ \t]{0,99}(?://|/\*|#)|,\s{0,999}[}\]]", re.MULTILINE)
"""What some programs allow in JSON."""
GZIP = b"\x1f\x8b\x08"
BLOCK = 512
"""Of a tar's header, and of what a member is filled up to."""
ANEW = "it is cut off, or was changed on its way: fetch or export it anew"
MOST_MEMBERS = 20_000
MOST_RATIO = 200
"""How many times larger than its stored form a member may be; JSON packs to a twentieth."""


def json_of(data: bytes | mmap.mmap, name: str, limits: Limits) -> Any:
    """A JSON document; one that is too long, too deep or broken is an error."""
    if len(data) > limits.text:
        help = limits.way_out("text", len(data))
        raise CnncalcError(
            Fault(f"the JSON of `{name}` is longer than {limits.text:,} characters, the bound `text`", help=help)
        )
    try:
        return json.loads(bytes(data[:]))
    except RecursionError:
        raise CnncalcError(Fault(f"the JSON of `{name}` is nested too deep")) from None
    except UnicodeDecodeError:
        raise CnncalcError(Fault(f"`{name}` is no text in UTF-8")) from None
    except ValueError as error:
        help = "take comments out, and a comma behind the last entry: JSON has neither" if LENIENT.search(data) else ""
        raise CnncalcError(Fault(f"`{name}` is broken JSON", values=str(error)[:100], help=help)) from None


def members_of(file: ForeignFile) -> zipfile.ZipFile:
    """The archive, with a bounded number of members."""
    source = io.BytesIO(file.data) if file.path is None else file.path
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, UnicodeDecodeError) as error:
        raise CnncalcError(
            Fault(f"`{file.name}` is a broken zip archive", values=str(error)[:100], help=ANEW)
        ) from None
    if len(archive.infolist()) > MOST_MEMBERS:
        raise CnncalcError(Fault(f"`{file.name}` has more than {MOST_MEMBERS:,} members"))
    return archive


def member_of(file: ForeignFile, ending: str) -> bytes:
    """One member of an archive, found by the end of its name; read no further than its bound. Raises CnncalcError."""
    with members_of(file) as archive:
        found = [one for one in archive.infolist() if one.filename == ending or one.filename.endswith(f"/{ending}")]
        if not found:
            raise CnncalcError(Fault(f"`{file.name}` has no `{ending}` inside"))
        member = min(found, key=lambda one: len(one.filename))
        packed = MOST_RATIO * max(member.compress_size, 1_000)
        most = min(file.limits.text, packed)
        if member.file_size > most:
            help = "no text of a net packs so far: save the model anew"
            help = help if member.file_size > packed else file.limits.way_out("text", member.file_size)
            raise CnncalcError(
                Fault(
                    f"`{ending}` in `{file.name}` is larger than is read",
                    values=f"{member.file_size:,} bytes",
                    help=help,
                )
            )
        try:
            with archive.open(member) as opened:
                data = opened.read(most + 1)
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            ValueError,
            RuntimeError,
            NotImplementedError,
            EOFError,
        ) as error:
            raise CnncalcError(Fault(f"`{ending}` in `{file.name}` cannot be read", values=str(error)[:100])) from None
    if len(data) > most:
        raise CnncalcError(Fault(f"`{ending}` in `{file.name}` is larger than it says"))
    return data


def is_tar(file: ForeignFile) -> bool:
    """Whether a file is a tar, packed by gzip or not."""
    head = file.head
    if head.startswith(GZIP):
        try:
            head = zlib.decompressobj(31).decompress(head, BLOCK)
        except zlib.error:
            return False
    return head[257:262] == b"ustar"
