"""A disk that is full at the k-th write: half of what was to be written gets there, and then nothing more.

Or the process is killed there, or at the k-th change of a file.
"""

from __future__ import annotations

import errno
import io
import os
import signal
import sys


class Disk:
    """Counts the writes to files; the one with number `fails`, and each after it, fails."""

    def __init__(self, fails):
        self.fails, self.writes = fails, 0

    def full(self):
        self.writes += 1
        return self.writes >= self.fails

    @property
    def failed(self):
        return self.writes >= self.fails

    def ends(self):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Killing(Disk):
    """Kills this process at the k-th write, of which half gets there, or before the k-th renaming, removal and such."""

    CHANGES = frozenset({"os.rename", "os.remove", "os.chmod", "os.truncate"})

    def watch(self):
        sys.addaudithook(lambda event, _: self.ends() if event in self.CHANGES and self.full() else None)

    def ends(self):
        os.kill(os.getpid(), signal.SIGKILL)


class _Raw(io.FileIO):
    disk: Disk

    def write(self, data):
        if self.disk.full():
            if self.disk.writes == self.disk.fails:
                super().write(bytes(data)[: len(data) // 2])
            self.disk.ends()
        return super().write(data)


def on(monkeypatch, disk):
    """Every file that is opened for writing from now on stands on that disk."""
    plain = io.open

    def opened(file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
        if not set(mode) & set("wxa"):
            return plain(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = _Raw(file, mode.replace("b", "").replace("t", ""), closefd, opener)
        raw.disk = disk
        binary = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return binary if "b" in mode else io.TextIOWrapper(binary, encoding, errors, newline)

    monkeypatch.setattr(io, "open", opened)
    monkeypatch.setattr("builtins.open", opened)
    monkeypatch.setattr("tempfile._io.open", opened)
