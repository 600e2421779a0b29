"""What click has to say about a command line, as faults of ours."""

from __future__ import annotations

import re

import click

from cnncalc.errors import Fault, near

__all__ = ["faults_of_usage"]


def _sentence(message: str) -> str:
    """Click's message in the manner of ours: quotes as backticks, no capital, no full stop."""
    message = message.strip().rstrip(".").replace("'", "`")
    message = re.sub("(is not a valid (integer|float)) range$", r"\1", message)
    return message[:1].lower() + message[1:]


def _likely(parameter: click.Parameter, message: str) -> str:
    """The choice that is most like what was given, which click quotes first; empty where there is none."""
    given = re.match("'(.*?)' is not one of", message)
    choices = parameter.type.choices if isinstance(parameter.type, click.Choice) else ()
    return _meant(near(given[1], map(str, choices))) if given else ""


def _meant(matches: list[str]) -> str:
    return f"did you mean {' or '.join(f'`{match}`' for match in matches)}? " if matches else ""


def _unexpected(error: click.UsageError) -> str:
    """Of a word too many, the option that it may have been meant for, of those that the command has; else empty."""
    found = re.match(r"Got unexpected extra arguments? \((\S+).*\)", error.message)
    options = {name for parameter in error.ctx.command.params for name in parameter.opts} if error.ctx else set()
    if not found:
        return ""
    if "--set" in options and re.fullmatch(r"[A-Za-z_]\w*=.+", found[1]):
        return _meant([f"--set {found[1]}"])
    if "--input" in options and re.fullmatch("[0-9]+(x[0-9A-Z]+)+", found[1]):
        return _meant([f"--input {found[1]}"])
    return ""


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
        return [Fault(f"there is no option `{error.option_name}`", help=_meant(matches) + more)]
    if isinstance(error, click.MissingParameter) and error.param is not None:
        if path.endswith(" chain"):  # the one word is a layer
            more = f"the input comes first, as in `cnncalc chain 3x224x224 'conv 64 k7 s2 p3'`; {more}"
        return [Fault(f"{error.param.human_readable_name} is missing", values=_usage(context), help=more)]
    if isinstance(error, click.BadParameter) and error.param is not None:
        option = error.param.opts[0] if isinstance(error.param, click.Option) else error.param.human_readable_name
        return [Fault(f"{option}: {_sentence(error.message)}", help=_likely(error.param, error.message) + more)]
    if isinstance(error, click.UsageError):
        more = _unexpected(error) + more
    return [Fault(_sentence(error.format_message()), help=more)]


def _usage(context: click.Context | None) -> str:
    return context.get_usage().replace("Usage:", "usage:") if context else ""
