"""Where a result goes: standard output, or a file that appears whole or not at all."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from cnncalc.errors import CnncalcError, Fault
from cnncalc.text import printable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["emit", "on_terminal"]

STEERING = "\x1b\\[[0-9;]*m|[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
"""A colour, or a character that does more than stand there."""


def on_terminal(output: str | None) -> bool:
    """Whether the result is read by a person on a terminal that understands colour and position."""
    return output is None and sys.stdout.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


def emit(text: str, output: str | None) -> None:
    """Prints the text, or writes it to the file `output` by way of a temporary file beside it.

    What could steer a terminal is written as an escape, whoever put it in; colours on a terminal are ours.
    Raises CnncalcError for a folder that there is not, or a file that cannot be written.
    """
    text = _harmless(text, coloured=on_terminal(output))
    if output is None or output == "-":
        click.echo(text, nl=False)
        return
    from pathlib import Path

    target = Path(output)
    if not target.parent.is_dir():
        raise CnncalcError(Fault(f"there is no folder `{target.parent}`", help="make it first, or write elsewhere"))
    try:
        _write(text, target)
    except OSError as error:  # its own message would name the temporary file
        raise CnncalcError(Fault(f"`{output}` cannot be written: {error.strerror}", help="write elsewhere")) from None


def _harmless(text: str, *, coloured: bool) -> str:
    if text.replace("\n", "").isprintable():
        return text
    import re  # few texts have anything odd in them

    return re.sub(STEERING, lambda odd: odd[0] if coloured and len(odd[0]) > 1 else printable(odd[0]), text)


def _write(text: str, target: Path) -> None:
    from pathlib import Path
    from tempfile import NamedTemporaryFile

    if target.exists() and not target.is_file():  # a device or a pipe cannot be replaced
        target.write_text(text, encoding="utf-8")
        return
    target = target.resolve()  # what a link points to is what is written
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="\n", dir=target.parent, prefix=f".{target.name}.", delete=False
    ) as scratch:
        try:
            scratch.write(text)
            scratch.close()
            mode = target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask()
            Path(scratch.name).chmod(mode)
            Path(scratch.name).replace(target)
        except BaseException:
            Path(scratch.name).unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
