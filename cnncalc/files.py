"""Files that appear whole or not at all, and files that are some."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["open_regular", "write_whole"]

SCRATCH = ".unfinished"
"""The end of the name of a file that is being written."""
FORSAKEN = 60
"""Seconds after which one that nobody holds is left over."""


def open_regular(path: Path) -> BinaryIO:
    """The file, opened for reading; OSError for a pipe that nobody may ever write to, and for a device.

    So for what the system makes as it is read, as /proc/kmsg: it has no size, and yet content, or keeps those waiting.
    """
    found = path.stat()
    regular = stat.S_ISREG(found.st_mode)
    if (not regular and not stat.S_ISDIR(found.st_mode)) or (regular and not found.st_size and _made(path)):
        raise OSError(errno.EINVAL, "it is no regular file")
    return path.open("rb")


def _made(path: Path) -> bool:
    """Whether a file without a size has content, or keeps those waiting who ask for it."""
    number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        return os.read(number, 1) != b""
    except BlockingIOError:
        return True
    finally:
        os.close(number)


def write_whole(content: str | bytes | Iterable[str | bytes], target: Path) -> None:
    """Write a file, whole or in parts, by way of a temporary one beside it; its mode stays.

    Raises OSError, or what making a part raises: nothing has changed then.
    """
    import errno
    from pathlib import Path

    parts = (content,) if isinstance(content, (str, bytes)) else content
    data = (part.encode() if isinstance(part, str) else part for part in parts)
    if target.exists() and not target.is_file():  # a device or a pipe cannot be replaced
        _write_into(data, target)
        return
    _clear(target)
    beside = Path(target.parent, f".{target.name}.{os.urandom(4).hex()}{SCRATCH}")  # `tempfile` takes long to import
    try:
        number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    except ValueError as error:  # letters that no name of a file has
        raise OSError(errno.EINVAL, "no file has such a name") from error
    try:
        with os.fdopen(number, "wb") as scratch:
            _alone(number)
            for part in data:
                scratch.write(part)
        beside.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _clear(target: Path) -> None:
    """Take away what writes of this file that were killed have left beside it, and nothing that is being written."""
    import re

    left = re.compile(rf"\.{re.escape(target.name)}\.[0-9a-f]{{8}}{re.escape(SCRATCH)}")
    try:
        for entry in os.scandir(target.parent):
            if left.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                _clear_one(entry.path)
    except OSError:  # a folder that cannot be read, or another write has taken it away: what is to be written goes on
        return


def _clear_one(path: str) -> None:
    """Take one away, unless it was just made or somebody holds it."""
    import time

    number = os.open(path, os.O_RDWR)
    try:
        if time.time() - os.fstat(number).st_mtime > FORSAKEN and _alone(number):
            os.unlink(path)  # noqa: PTH108 - a name that the system gave
    finally:
        os.close(number)


def _alone(number: int) -> bool:
    """Hold an open file until it is closed, or the process is killed; whether nobody else does, as far as is known."""
    try:
        from fcntl import LOCK_EX, LOCK_NB, flock
    except ImportError:  # Windows, where nothing is known
        return False
    try:
        flock(number, LOCK_EX | LOCK_NB)
    except OSError:  # it is held, or the file system knows of no such thing
        return False
    return True


def _write_into(data: Iterable[bytes], target: Path) -> None:
    """Write into a device, or into a pipe that somebody reads: of one that nobody does the system says so at once."""
    number = os.open(target, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(number, "wb") as file:
        if hasattr(os, "set_blocking"):
            os.set_blocking(number, True)
        for part in data:
            file.write(part)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
