"""Whatever goes wrong -> one form of message and one exit code."""

from __future__ import annotations

import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from cnncalc.cli.streams import on_terminal
from cnncalc.errors import Fault, near

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["coloured", "faults_of_usage", "faults_text", "note", "wants_json"]


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


def note(text: str) -> None:
    """Tells what a user should know of an answer that is right."""
    click.echo(coloured(f"note: {text}"), err=True)


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
