"""`cnncalc solve`: the inverse problems, a command each, imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

from cnncalc.cli.options import format_option
from cnncalc.cli.program.declared import option
from cnncalc.errors import CnncalcError, Fault, suggestion

__all__ = ["QUESTIONS", "all_answer_options", "answer_options", "command"]

UNKNOWNS = ("padding", "kernel", "stride", "dilation", "input")
QUESTIONS: dict[str, tuple[str, str]] = {
    **{
        f"{kind}-{unknown}": ("solve_layer", f"The {unknown} of a {words} that gives a wanted size.")
        for kind, words in (("conv", "convolution"), ("pool", "pool"), ("deconv", "transposed convolution"))
        for unknown in UNKNOWNS
    },
    "input-size": ("solve_input", "Every input size that a net takes, or that gives a wanted size."),
    "variable": ("solve_search", "The values of a file's variable at which the net is as wanted."),
    "file": ("solve_search", "The numbers of a file that are `?`, so that the net is as wanted."),
    "batch-size": ("solve_search", "The largest batch that fits in a memory."),
    "deconv-output-padding": ("solve_layer", "The output padding that gives a transposed convolution a wanted size."),
}
"""Every question, with the module that answers it and its short help."""


answer_options = (
    format_option,
    option(
        "-o",
        "file",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Write there, over what is there, not to standard output.",
    ),
)
"""Of every question; `--output` is what is wanted of the net, so that the file has only its short name."""


def all_answer_options(function: Any) -> Any:
    """Adds them to a command."""
    for one in reversed(answer_options):
        function = one(function)
    return function


class Questions(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(QUESTIONS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in QUESTIONS:
            return None
        module = import_module(f"cnncalc.cli.commands.{QUESTIONS[cmd_name][0]}")
        found = module.commands[cmd_name]
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Questions"):
            formatter.write_dl([(name, help_text) for name, (_, help_text) in QUESTIONS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in QUESTIONS and not args[0].startswith("-"):
            known = f"there are {', '.join(QUESTIONS)}"
            help = suggestion(args[0], QUESTIONS, known)
            raise CnncalcError(Fault(f"there is no question `{args[0]}` to solve", help=help))
        return super().resolve_command(ctx, args)


@click.group(
    "solve",
    cls=Questions,
    no_args_is_help=False,
    short_help="Run it backwards: what must go in so that this comes out.",
)
def command() -> None:
    """Run it backwards: what must go in so that this comes out.

    \b
    cnncalc solve conv-padding --input 224 --output 112 --kernel 7 --stride 2

    Every solution within stated bounds, the best first, or a proof that there is none and the nearest ones. The exit
    code is 1 where there is none.
    """
