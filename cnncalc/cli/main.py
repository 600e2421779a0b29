"""`cnncalc`: finds the command, and runs it: at once where its words are plain, by click where they are not."""

from __future__ import annotations

import gc
import os
import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

from cnncalc.cli.program.declared import Command
from cnncalc.cli.program.ending import INTERRUPTED, ended
from cnncalc.cli.program.reading import read
from cnncalc.cli.program.table import COMMANDS
from cnncalc.cli.streams import prepare
from cnncalc.limits import RECURSION

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.cli.program.group import cnncalc

__all__ = ["COMMANDS", "cnncalc", "main"]

COMPLETES = "_CNNCALC_COMPLETE"
"""Set by a shell that asks click for completions."""


def __getattr__(name: str) -> Any:
    """`cnncalc` is the whole program as click has it, for who runs commands in a process of his own."""
    if name == "cnncalc":
        from cnncalc.cli.program.group import cnncalc

        return cnncalc
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def main() -> None:
    """The console script."""
    gc.set_threshold(100_000, 20, 20)  # a command is over soon: what it imports and builds is no garbage on the way
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
    try:
        prepare()
        _run(sys.argv[1:])
    except KeyboardInterrupt:  # while something is imported
        _end(INTERRUPTED)


def _end(code: int) -> NoReturn:
    """Exit; who interrupts the end of an interrupted program ends it at once, and without a word."""
    if code == INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.freeze()  # all of it goes with the process, and is not looked through for cycles before
    sys.exit(code)


def _run(words: Sequence[str]) -> NoReturn:
    """The command of these words, or click's answer to them; ends the program."""
    call = None if COMPLETES in os.environ else _plain(words)
    if call is None:
        from cnncalc.cli.program.group import cnncalc

        sys.exit(cnncalc.main(prog_name="cnncalc"))
    _end(ended(call, words))


def _plain(words: Sequence[str]) -> Callable[[], int | None] | None:
    """The call of a command that these words make without click; None where they need it."""
    if not words or words[0] not in COMMANDS:
        return None
    command = import_module(f"cnncalc.cli.commands.{COMMANDS[words[0]][0]}").command
    given = read(words[1:], command.takes.all) if isinstance(command, Command) else None
    return None if given is None else lambda: command.run(**given)
