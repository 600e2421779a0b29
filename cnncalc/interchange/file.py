"""A foreign file: its bytes, of which a reader takes only what it needs."""

from __future__ import annotations

import mmap
from functools import cached_property
from pathlib import Path

from cnncalc.errors import CnncalcError, Fault
from cnncalc.files import open_regular
from cnncalc.limits import Limits

__all__ = ["HEAD", "ForeignFile"]

HEAD = 4096
"""The bytes by which a format is recognised."""


class ForeignFile:
    """A file of another tool. `path` is None for what came on standard input, whose `content` is then given."""

    def __init__(self, name: str, path: Path | None, limits: Limits, content: bytes | None = None) -> None:
        self.name, self.path, self.limits, self._content = name, path, limits, content

    @cached_property
    def head(self) -> bytes:
        """The first bytes."""
        if self._content is not None:
            return self._content[:HEAD]
        assert self.path is not None
        try:
            with open_regular(self.path) as file:
                return file.read(HEAD)
        except OSError as error:
            raise CnncalcError(
                Fault(f"`{self.name}` cannot be read: {error.strerror}", help="name another file")
            ) from None

    @cached_property
    def data(self) -> bytes | mmap.mmap:
        """The whole content, mapped into memory: what is not looked at is not read."""
        if self._content is not None:
            return self._content
        assert self.path is not None
        try:
            with open_regular(self.path) as file:
                return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except ValueError:  # an empty file cannot be mapped
            return b""
        except OSError as error:
            raise CnncalcError(
                Fault(f"`{self.name}` cannot be read: {error.strerror}", help="name another file")
            ) from None

    @cached_property
    def text(self) -> str:
        """The content as text, at most as long as `--limit text` allows. Raises CnncalcError."""
        if len(self.data) > 4 * self.limits.text:
            help = self.limits.way_out("text", len(self.data))
            raise CnncalcError(
                Fault(f"`{self.name}` is longer than {self.limits.text:,} characters, the bound `text`", help=help)
            )
        return self.data[:].decode("utf-8", "replace")
