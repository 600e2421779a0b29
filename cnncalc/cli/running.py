"""Long work: who does it, and how far it is."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cnncalc.cli.faults import aside
from cnncalc.cli.output import spare_nets, target_of
from cnncalc.cli.program.declared import option
from cnncalc.cli.streams import tell
from cnncalc.errors import CnncalcError, Fault
from cnncalc.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.language.options import Options
    from cnncalc.running.journal import Journal
    from cnncalc.running.runner import Runner

__all__ = [
    "held_to",
    "kept_beside",
    "named_progress_bar",
    "progress_bar",
    "runner_of",
    "runner_options",
    "spared",
    "stopped",
]

Function = TypeVar("Function", bound="Callable[..., Any]")
CELLS = 24
SOON = 1
"""Seconds after which it is told how fast it goes: before, nobody knows."""
OFTEN = 0.1
"""Seconds between two pictures of a bar."""


def runner_options(function: Function) -> Function:
    """--jobs, --workers and --scheduler."""
    jobs = option("--jobs", "-j", metavar="N", type=click.IntRange(min=1), default=1, help="Processes.  [default: 1]")
    workers = option(
        "--workers", metavar="N", type=click.IntRange(min=1), help="Workers of Dask on this machine, a process each."
    )
    scheduler = option(
        "--scheduler", metavar="ADDRESS", help="The workers of a scheduler of Dask, as tcp://192.168.0.2:8786."
    )
    return jobs(workers(scheduler(function)))


RUNNERS = ("jobs", "workers", "scheduler")
"""What `runner_options` gives."""


def runner_of(given: dict[str, Any]) -> Runner:
    """Who does the work. Raises CnncalcError where it is two ways at once."""
    from cnncalc.running.runner import Runner

    return Runner(given["jobs"], given["workers"] or 0, given["scheduler"] or "").checked()


def kept_beside(given: dict[str, Any]) -> bool:
    """Whether what is found on the way is kept beside the file that is written: a device or a pipe has no journal.

    Raises CnncalcError where --resume has no file to go on with.
    """
    given["file"] = None if given["file"] == "-" else given["file"]
    if given["file"] is None:
        if given["resume"]:
            raise CnncalcError(Fault("--resume goes with a file", help="add `-o FILE`, as when it was interrupted"))
        return False
    target = target_of(given["file"])
    return not target.exists() or target.is_file()


def spared(journal: Any, given: dict[str, Any]) -> None:
    """Raises CnncalcError before anything is computed that could not be written, since a net or a file would be lost.

    The nets have been read; `journal` is None where nothing is kept on the way.
    """
    if given["file"] is not None:
        spare_nets(target_of(given["file"]))
    if journal is not None:
        journal.spare(resume=given["resume"])


def held_to(journal: Journal[Any, Any], net: str, options: Options, known: str) -> None:
    """Raises CnncalcError, and keeps nothing, where the net is not what it was when the run began: it is a mixture."""
    from cnncalc.language.digest import raise_if_changed

    try:
        raise_if_changed(net, options, known, journal.what)
    except CnncalcError:
        journal.end()
        raise


def stopped(journal: object = None) -> None:
    """Take a bar that stood still off the terminal, and say where what was found is kept."""
    if sys.stderr.isatty():
        tell("\r\x1b[K", error=True)
    if journal is not None and os.path.lexists(str(journal)):
        aside(f"Stopped. What was found is in `{journal}`: --resume goes on from there.")


def progress_bar() -> Callable[[int, int], None] | None:
    """A progress bar on standard error, where that is a terminal."""
    show = named_progress_bar()
    return None if show is None else lambda done, total: show("", done, total)


def named_progress_bar() -> Callable[[str, int, int], None] | None:
    """One that says what is being done, and how long it still takes."""
    return _Bar().show if sys.stderr.isatty() else None


class _Bar:
    def __init__(self) -> None:
        self.total, self.done, self.shown = 0, 0, 0.0
        self.began, self.first = time.monotonic(), 0

    def show(self, what: str, done: int, total: int) -> None:
        """Draw it, unless it was just drawn; another total, or less than was done, is other work."""
        if done >= total:
            tell("\r\x1b[K", error=True)
            return
        now = time.monotonic()
        if total != self.total or done < self.done:
            self.total, self.began, self.first, self.shown = total, now, done, 0.0
        self.done = done
        if now - self.shown >= OFTEN:
            self.shown = now
            cells = CELLS * done // max(total, 1)
            bar = f"{'█' * cells}{'░' * (CELLS - cells)} {done:,}/{total:,} {printable(what)}"
            pace = _pace(done - self.first, total - done, now - self.began)
            tell(f"\r\x1b[K{bar.rstrip()}{pace}", error=True)


def _pace(done: int, left: int, seconds: float) -> str:
    """How many a second, and how long the rest takes at that; empty where it is too soon to tell.

    >>> _pace(300, 18_000, 2.0)
    ', 150 a second, 2:00 left'
    """
    if seconds < SOON or done < 1:
        return ""
    rate = done / seconds
    minutes, rest = divmod(round(left / rate), 60)
    hours, minutes = divmod(minutes, 60)
    time_left = f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
    return f", {rate:,.{0 if rate >= 10 else 1}f} a second, {time_left} left"
