"""Whatever goes wrong -> one form of message and one exit code."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from cnncalc.errors import Fault, near

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["fault_of_os_error", "faults_of_usage", "faults_text", "wants_json"]


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether the command line asks for JSON. It is read by hand, as the fault may be in the command line itself."""
    pairs = pairwise(arguments)
    return "--format=json" in arguments or ("--format", "json") in pairs


def faults_text(faults: Sequence[Fault], json: bool) -> str:
    """What is printed for the faults: text for people, or one JSON object with the first and, of several, all."""
    if not json:
        return "".join(f"{fault}\n" for fault in faults)
    from cnncalc.forms.json_form import dumps

    answer: dict[str, object] = {"error": faults[0].as_dict()}
    if len(faults) > 1:
        answer["errors"] = [fault.as_dict() for fault in faults]
    return dumps(answer)


def _sentence(message: str) -> str:
    """Click's message in the manner of ours: quotes as backticks, no capital, no full stop."""
    message = message.strip().rstrip(".").replace("'", "`")
    return message[:1].lower() + message[1:]


def faults_of_usage(error: click.ClickException, called: str) -> list[Fault]:
    """What click has to say about the command line, with the nearest right spelling.

    `called` is the program and its command, which click does not always know.
    """
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else called
    more = f"`{path} --help` says what it takes"
    if isinstance(error, click.NoSuchOption):
        known = [name for parameter in context.command.params for name in parameter.opts] if context else []
        matches = near(error.option_name, [name for name in known if name.startswith("--")])
        meant = f"did you mean {' or '.join(f'`{match}`' for match in matches)}? " if matches else ""
        return [Fault(f"there is no option `{error.option_name}`", help=meant + more)]
    if isinstance(error, click.MissingParameter) and error.param is not None:
        return [Fault(f"{error.param.human_readable_name} is missing", values=_usage(context), help=more)]
    if isinstance(error, click.BadParameter) and error.param is not None:
        option = error.param.opts[0] if isinstance(error.param, click.Option) else error.param.human_readable_name
        return [Fault(f"{option}: {_sentence(error.message)}", help=more)]
    return [Fault(_sentence(error.format_message()), help=more)]


def _usage(context: click.Context | None) -> str:
    return context.get_usage().replace("Usage:", "usage:") if context else ""


def fault_of_os_error(error: OSError) -> Fault:
    """A file that cannot be read or written."""
    if error.filename is None:
        help = "write to a file with -o, or make room"
        return Fault("the output cannot be written", values=(error.strerror or str(error)).lower(), help=help)
    name = os.fsdecode(error.filename)[:200]
    if isinstance(error, FileNotFoundError):
        return Fault(f"there is no file `{name}`", help=_near_files(name))
    if isinstance(error, IsADirectoryError):
        return Fault(f"`{name}` is a folder", help="name a file in it")
    if isinstance(error, PermissionError):
        return Fault(f"there is no permission to use `{name}`", help="change its permissions, or name another file")
    why = (error.strerror or str(error)).lower()
    return Fault(f"`{name}` cannot be used", values=why, help="name another file")


def _near_files(name: str) -> str:
    """Files of the same folder and bundled nets with a name like it."""
    from pathlib import Path

    from cnncalc.language import bundled

    path = Path(name)
    beside = {str(path.with_name(found)): None for found in _names_in(path.parent)}
    matches = near(name, [*beside, *bundled()])
    return (
        f"did you mean {' or '.join(f'`{match}`' for match in matches)}?"
        if matches
        else ("`cnncalc list` shows the bundled nets")
    )


def _names_in(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())[:10_000]
    except OSError:
        return []
