"""What click has to say about a command line, as faults of ours."""

from __future__ import annotations

import click

from cnncalc.errors import Fault, near

__all__ = ["faults_of_usage"]


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
