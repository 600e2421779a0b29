"""`cnncalc` as click has it: for help, completion and mistakes, and for commands that declare themselves to click."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from cnncalc import __version__
from cnncalc.cli.program.declared import Command
from cnncalc.cli.program.ending import INTERRUPTED, PIPE_CLOSED, ended
from cnncalc.cli.program.table import COMMANDS
from cnncalc.cli.program.usage import faults_of_usage
from cnncalc.cli.streams import gone
from cnncalc.errors import CnncalcError, Fault, near

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["cnncalc"]


class Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"cnncalc.cli.commands.{COMMANDS[cmd_name][0]}").command
        made = command.for_click() if isinstance(command, Command) else command
        assert isinstance(made, click.Command)
        return made

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_text) for name, (_, help_text) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise CnncalcError(_no_such_command(args[0]))
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; click would report an interrupt with an empty line, and a closed pipe as a failed check."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            gone(sys.stdout)
            ctx.exit(PIPE_CLOSED)

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Runs the command and leaves with its exit code; no fault of a user's shows a traceback."""
        arguments = list(sys.argv[1:] if args is None else args) or ["--help"]
        extra["standalone_mode"] = False

        def run() -> Any:
            try:
                return super(Commands, self).main(arguments, *rest, **extra)
            except click.ClickException as error:
                called = " ".join(["cnncalc", *(word for word in arguments[:1] if word in COMMANDS)])
                raise CnncalcError(faults_of_usage(error, called)) from error
            except click.Abort:
                return INTERRUPTED

        sys.exit(ended(run, arguments))


def _no_such_command(name: str) -> Fault:
    matches = near(name, COMMANDS)
    if matches:
        return Fault(f"there is no command `{name}`", help=f"did you mean `cnncalc {matches[0]}`?")
    from cnncalc.language import bundled

    if name in bundled():
        return Fault(f"there is no command `{name}`", help=f"to show that net: `cnncalc show {name}`")
    if name.endswith((".yaml", ".yml")) or os.sep in name:
        return Fault(f"there is no command `{name}`", help=f"to show that file: `cnncalc show {name}`")
    return Fault(f"there is no command `{name}`", help=f"the commands are {', '.join(COMMANDS)}")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="cnncalc %(version)s")
def cnncalc() -> None:
    """A calculator for convolutional networks.

    Give it a net, as a file or by the name of a bundled architecture, and it computes every layer's size,
    parameters and costs, and says where a size does not fit.
    """
