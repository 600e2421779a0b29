"""Where a result goes: standard output, or a file that appears whole or not at all."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING, Any

from cnncalc.cli.streams import on_terminal, put
from cnncalc.errors import CnncalcError, Fault
from cnncalc.files import write_whole
from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cnncalc.answers.page import Page

__all__ = ["answer", "emit", "form_of", "spare_nets", "target_of"]

STEERING = "\x1b\\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
"""A colour, or a character that does more than stand there."""

AT_ONCE = 2**20
"""Characters, or bytes, that are looked at and printed together: of a text of hundreds of megabytes there is one."""

PLAIN_SUFFIXES = (".txt",)
"""Of files that a table is written to, besides those without a suffix."""


def form_of(given: Mapping[str, Any]) -> str:
    """The form that is asked for: what `--format` says, or else what the name of the output file says.

    Raises CnncalcError where it cannot be had here.
    """
    from cnncalc.forms import by_suffix, form_named, ready

    file = given["file"]
    by_name = by_suffix(file or "")
    if given["format_"] is None and file is not None:
        _known_suffix(file, by_name)
    form = form_named(given["format_"] or by_name or "table")
    if form.binary and file in (None, "-"):
        message = f"{form.name.capitalize()} goes to a file"
        raise CnncalcError(Fault(message, help=f"add `-o FILE{form.suffix}`"))
    ready(form)
    return "plain" if form.name == "table" and not _on_terminal(file) else form.name


def _on_terminal(file: str | None) -> bool:
    """Whether the result is read by a person on a terminal that understands colour and position."""
    return file is None and on_terminal(sys.stdout)


def _known_suffix(file: str, form: str) -> None:
    """Raises CnncalcError for a file whose name asks for a form that there is not."""
    from pathlib import Path

    from cnncalc.forms import FORMS

    suffix = Path(file).suffix
    if suffix and not form and suffix.lower() not in PLAIN_SUFFIXES:
        known = ", ".join(sorted({*(one.suffix for one in FORMS if one.suffix), *PLAIN_SUFFIXES}))
        help = f"these are written: {known}; for another name, say `--format table`"
        raise CnncalcError(Fault(f"-o {file}: nothing is written as `{suffix}`", help=help))


def answer(page: Page, given: Mapping[str, Any]) -> None:
    """Prints the page, or writes it to the file, in the form that is asked for. Raises CnncalcError."""
    from cnncalc.forms import drawn

    emit(drawn(page, form_of(given)), given["file"])


def emit(text: str | bytes | Iterator[str], output: str | None, *, over: bool = False) -> None:
    """Prints the text, or its pieces, or writes it to the file `output` by way of a temporary file beside it.

    What could steer a terminal is written as an escape, whoever put it in; colours on a terminal are ours.
    Raises CnncalcError for a folder that there is not, a file that cannot be written, or, unless it may be written
    `over`, one that was read as a net.
    """
    coloured = _on_terminal(output)
    if isinstance(text, bytes):
        parts: Iterator[str | bytes] = iter((text,))
    else:
        parts = (_harmless(one, coloured=coloured) for one in ((text,) if isinstance(text, str) else _stretches(text)))
    if output is None or output == "-":
        for part in parts:
            for start in range(0, len(part), AT_ONCE):
                put(part[start : start + AT_ONCE], sys.stdout)
        return
    target = target_of(output)
    if not over:
        spare_nets(target)
    try:
        write_whole(parts, target)
    except OSError as error:  # its own message would name the temporary file
        raise _unwritable(output, error) from None


def _stretches(pieces: Iterator[str]) -> Iterator[str]:
    """Pieces put together to some that are worth a call."""
    held: list[str] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= AT_ONCE:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)


def target_of(output: str) -> Path:
    """The file that is written: what a link points to. Raises CnncalcError where there can be none."""
    from pathlib import Path

    if not Path(output).parent.is_dir():
        message = f"there is no folder `{Path(output).parent}`"
        raise CnncalcError(Fault(message, help="make it first, or write elsewhere"))
    if Path(output).exists() and not Path(output).is_file():  # a device or a pipe, whose real name may be no path
        return Path(output)
    try:
        return Path(os.path.realpath(output, strict=True))
    except FileNotFoundError:
        return Path(os.path.realpath(output))
    except OSError as error:  # links that go in a circle
        raise _unwritable(output, error) from None


def _unwritable(output: str, error: OSError) -> CnncalcError:
    why = "nobody reads it" if error.errno in (errno.EPIPE, errno.ENXIO) else error.strerror
    return CnncalcError(Fault(f"`{output}` cannot be written: {why}", help="write elsewhere"))


def _harmless(text: str, *, coloured: bool) -> str:
    starts = range(0, len(text), AT_ONCE)
    if all(text[start : start + AT_ONCE].replace("\n", "").isprintable() for start in starts):
        return text
    import re  # few texts have anything odd in them

    return re.sub(STEERING, lambda odd: odd[0] if coloured and len(odd[0]) > 1 else printable(odd[0]), text)


def spare_nets(target: Path) -> None:
    """Raises CnncalcError for a target that was read as a net, or as what a net extends: it would be lost."""
    library = sys.modules.get("cnncalc.language.documents.library")
    if library is not None and target.exists() and target.resolve() in library.READ:
        message = f"-o {target}: this file was read as a net, and would be lost"
        raise CnncalcError(Fault(message, help="write elsewhere"))
