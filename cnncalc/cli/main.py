"""`cnncalc`: finds the command, imports only that one, and turns every fault into a message and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from cnncalc import __version__
from cnncalc.cli.faults import faults_of_usage, faults_text, wants_json
from cnncalc.cli.streams import gone, prepare, tell
from cnncalc.errors import CnncalcError, Fault, near
from cnncalc.limits import RECURSION

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COMMANDS", "cnncalc", "main"]

BAD_INPUT = 2
INTERRUPTED = 130
PIPE_CLOSED = 141  # what a shell reports for a program that SIGPIPE ended

# command -> (its module, its short help), so that `cnncalc --help` imports none of them
COMMANDS = {
    "show": ("show", "Show a net layer by layer: shapes, parameters, costs, and their totals."),
    "chain": ("chain", "Show layers that are written on the command line."),
    "explain": ("explain", "Say why: the derivation of every number."),
    "compare": ("compare", "Compare nets side by side, or two of them layer by layer."),
    "draw": ("draw", "Draw a net: how it flows, or its feature maps to scale."),
    "list": ("list_nets", "List the bundled architectures with their totals."),
    "import": ("import_net", "Print a file of another tool as YAML of cnncalc."),
    "export": ("export", "Write a net as a file of another tool."),
    "rewrite": ("rewrite", "Make another net of a net: fold, split, fuse, replace, and what that gains."),
    "check": ("check", "Hold files to their `expect:` blocks and to budgets."),
    "verify": ("verify", "Build the net in torch, run it, and hold every number against it."),
    "solve": ("solve", "Run it backwards: what must go in so that this comes out."),
    "sweep": ("sweep", "A net over a grid of variables and input sizes."),
    "search": ("search", "The best of a space of nets: a Pareto front."),
    "kinds": ("kinds", "Say what a kind of layer is and which fields it has."),
    "web": ("web", "Serve the calculator as a page, on this machine."),
    "schema": ("schema", "Print the JSON Schema of the language, for editors."),
    "completion": ("completion", "Print the script that completes cnncalc's words in a shell."),
}


class Commands(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"cnncalc.cli.commands.{COMMANDS[cmd_name][0]}").command
        assert isinstance(command, click.Command)
        return command

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
        try:
            code = super().main(arguments, *rest, **extra)
            sys.stdout.flush()
        except CnncalcError as error:
            code = _told(error.faults, arguments)
        except click.ClickException as error:
            called = " ".join(["cnncalc", *(word for word in arguments[:1] if word in COMMANDS)])
            code = _told(faults_of_usage(error, called), arguments)
        except click.Abort:
            code = INTERRUPTED
        except BrokenPipeError:
            gone(sys.stdout)
            code = PIPE_CLOSED
        except OSError as error:
            lost = error.filename is None  # it was the output that could not be written
            if lost:
                gone(sys.stdout)
            from cnncalc.language.unreadable import fault_of_os_error  # only a mistake pays for it

            code = _told([fault_of_os_error(error)], [] if lost else arguments)
        sys.exit(code if isinstance(code, int) else 0)


def _no_such_command(name: str) -> Fault:
    matches = near(name, COMMANDS)
    if matches:
        return Fault(f"there is no command `{name}`", help=f"did you mean `cnncalc {matches[0]}`?")
    if name.endswith((".yaml", ".yml")) or os.sep in name:
        return Fault(f"there is no command `{name}`", help=f"to show that file: `cnncalc show {name}`")
    return Fault(f"there is no command `{name}`", help=f"the commands are {', '.join(COMMANDS)}")


def _told(faults: Sequence[Fault], arguments: Sequence[str]) -> int:
    """Prints the faults: JSON is an answer and goes to standard output, text goes to standard error."""
    json = wants_json(arguments)
    try:
        tell(faults_text(faults, json), error=not json)
    except BrokenPipeError:
        gone(sys.stdout)
        return PIPE_CLOSED
    return BAD_INPUT


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="cnncalc %(version)s")
def cnncalc() -> None:
    """A calculator for convolutional networks.

    Give it a net, as a file or by the name of a bundled architecture, and it computes every layer's size,
    parameters and costs, and says where a size does not fit.
    """


def main() -> None:
    """The console script."""
    gc.set_threshold(100_000, 20, 20)  # a command is over soon: what it imports and builds is no garbage on the way
    sys.setrecursionlimit(max(sys.getrecursionlimit(), RECURSION))
    prepare()
    cnncalc.main(prog_name="cnncalc")
