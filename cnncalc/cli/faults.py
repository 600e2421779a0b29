"""Whatever goes wrong -> one form of message and one exit code."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

from cnncalc.cli.streams import on_terminal, tell
from cnncalc.text import printable_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.errors import Fault

__all__ = ["aside", "coloured", "faults_text", "note", "wants_json"]


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the command line asks for JSON. It is read by hand, as the fault may be in the command line itself."""
    pairs = pairwise(arguments)
    return "--format=json" in arguments or ("--format", "json") in pairs


def faults_text(faults: Sequence[Fault], json: bool) -> str:
    """What is printed for the faults: text for people, or one JSON object with the first and, of several, all."""
    if not json:
        return coloured("".join(f"{fault}\n" for fault in faults))
    from cnncalc.forms.json_form import dumps

    answer: dict[str, object] = {"error": faults[0].as_dict()}
    if len(faults) > 1:
        answer["errors"] = [fault.as_dict() for fault in faults]
    return dumps(answer)


def coloured(text: str) -> str:
    """What is told on standard error, in colours where a person reads it on a terminal."""
    if not on_terminal(sys.stderr):
        return text
    from cnncalc.forms.coloured import coloured_faults, wanted

    return coloured_faults(text) if wanted() else text


def aside(text: object) -> None:
    """Tells something beside the answer, which is given where standard error is full, too; names in it are escaped."""
    tell(coloured(f"{printable_lines(str(text))}\n"), error=True)


def note(text: str) -> None:
    """Tells what a user should know of an answer that is right."""
    aside(f"note: {text}")
