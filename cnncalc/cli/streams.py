"""Standard streams that are closed, full or gone: what cannot be printed is told where it can, never as a traceback.

A stream that was closed before the program began is None in Python. What is printed to it is an output that cannot be
written, as on a full disk; what is told on it is lost.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from typing import TextIO

__all__ = ["gone", "on_terminal", "prepare", "put", "tell"]


class _Closed(io.TextIOBase):
    """Standard output that was closed."""

    encoding = "utf-8"

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> NoReturn:
        raise OSError(errno.EBADF, "standard output is closed")


def prepare() -> None:
    """Before anything is printed. A terminal that lacks a letter shows `?`, not a traceback."""
    while (low := os.open(os.devnull, os.O_RDWR)) <= 2:  # or the next file would be taken for a standard stream
        if low in (1, 2):
            _unwritable(low)
    os.close(low)
    if sys.stdout is None:
        sys.stdout = _Closed()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115 - as long as the program runs
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _unwritable(number: int) -> None:
    """Makes it a pipe that nobody reads: what is written to `/dev/stdout` would else be lost without a word."""
    nobody, pipe = os.pipe()
    os.dup2(pipe, number)
    os.close(pipe)
    os.close(nobody)


def on_terminal(stream: TextIO) -> bool:
    """Whether a person reads the stream on a terminal that understands colour and position."""
    return stream.isatty() and os.environ.get("TERM") not in {"dumb", "unknown"}


def put(text: str | bytes, stream: TextIO) -> None:
    """Prints the text; on a terminal click does, which knows how those of Windows show colours."""
    if isinstance(text, bytes) or stream.isatty():
        import click

        click.echo(text, file=stream, nl=False)
    else:
        stream.write(text)


def tell(text: str, *, error: bool) -> None:
    """Prints a message; where standard output takes none, on standard error, and where that takes none, nowhere."""
    for stream in (sys.stderr,) if error else (sys.stdout, sys.stderr):
        try:
            put(text, stream)
            stream.flush()
        except BrokenPipeError:
            raise
        except (OSError, ValueError):  # ValueError: a file that was closed meanwhile
            gone(stream)
        else:
            return


def gone(stream: TextIO) -> None:
    """The stream takes nothing any more: Python must not try to flush what is left once more on its way out."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # it has none
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
