"""How a command ends: its exit code, and what is told where it cannot answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from cnncalc.cli.faults import faults_text, wants_json
from cnncalc.cli.streams import gone, tell
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["INTERRUPTED", "PIPE_CLOSED", "ended"]

BAD_INPUT = 2
INTERRUPTED = 130
PIPE_CLOSED = 141  # what a shell reports for a program that SIGPIPE ended


def ended(run: Callable[[], object], arguments: Sequence[str]) -> int:
    """Runs a command that these arguments call, and gives its exit code; no fault of a user's shows a traceback."""
    try:
        code = run()
        sys.stdout.flush()
    except CnncalcError as error:
        return _told(error.faults, arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        gone(sys.stdout)
        return PIPE_CLOSED
    except OSError as error:
        lost = error.filename is None  # it was the output that could not be written
        if lost:
            gone(sys.stdout)
        from cnncalc.language.unreadable import fault_of_os_error  # only a mistake pays for it

        return _told([fault_of_os_error(error)], [] if lost else arguments)
    return code if isinstance(code, int) else 0


def _told(faults: Sequence[Fault], arguments: Sequence[str]) -> int:
    """Prints the faults: JSON is an answer and goes to standard output, text goes to standard error."""
    json = wants_json(arguments)
    try:
        tell(faults_text(faults, json), error=not json)
    except BrokenPipeError:
        gone(sys.stdout)
        return PIPE_CLOSED
    return BAD_INPUT
