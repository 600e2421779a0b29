"""`cnncalc solve conv-padding` and its sisters: one number of one layer left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnncalc.cli import completing, listings
from cnncalc.cli.commands.solve import QUESTIONS, answer_options
from cnncalc.cli.output import answer
from cnncalc.cli.program.declared import option

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.solve.layer.answer import LayerProblem

NONE = 1

# name -> (metavar, help); a number may be given once for all axes or one an axis
SIZES = {
    "input": ("N", "Input length, one for all axes or one an axis: 224, 224x320."),
    "output": ("N", "The output length that is wanted."),
    "kernel": ("K", "Kernel size, as 7 or 1x7."),
    "stride": ("S", "Stride.  [default: 1; a pool: what the dialect says]"),
    "padding": ("P", "Padding, as 3, 2:3 (before:after), same, same_lower or valid.  [default: 0]"),
    "dilation": ("D", "Dilation.  [default: 1]"),
    "output-padding": ("OP", "Output padding.  [default: 0; where the padding is unknown: any]"),
}


def _problem(kind: str, unknown: str, given: dict[str, Any]) -> LayerProblem:
    """What the options ask. Raises CnncalcError."""
    from cnncalc.solve.layer.asking import problem_of

    keys = [name.replace("-", "_") for name in SIZES if name != unknown]
    return problem_of(
        kind, unknown, {key: given[key] for key in keys if key in given}, given["dialect"], given.get("rounding"),
        called=lambda name: f"--{name.replace('_', '-')}",
        missing=f"`cnncalc solve {kind}-{unknown} --help` says what it takes",
    )  # fmt: skip


def _solve(kind: str, unknown: str, given: dict[str, Any]) -> None:
    from cnncalc.pages.solving.solutions import SHOWN, page
    from cnncalc.solve.layer.answer import solve_layer

    found = solve_layer(_problem(kind, unknown, given))
    answer(page(found, None if given["every"] else SHOWN), given)
    if not found.solved:
        click.get_current_context().exit(NONE)


def _made(question: str) -> click.Command:
    """The command of one question."""
    kind, _, unknown = question.partition("-")

    def callback(**given: Any) -> None:
        _solve(kind, unknown, given)

    words = {"conv": "convolution", "pool": "pool", "deconv": "transposed convolution"}[kind]
    callback.__doc__ = (
        f"Find the {unknown.replace('-', ' ')} of a {words} that gives the wanted size.\n\n"
        "All solutions within stated bounds, the best first: symmetric, no dropped pixel, small."
    )
    command: Callable[..., Any] = callback
    for one in reversed(list(_options(kind, unknown))):
        command = one(command)
    return click.command(question, short_help=QUESTIONS[question][1])(command)


def _options(kind: str, unknown: str) -> list[Callable[..., Any]]:
    options: list[Callable[..., Any]] = [
        option(f"--{name}", metavar=metavar, help=text)
        for name, (metavar, text) in SIZES.items()
        if name != unknown and (kind == "deconv" or name != "output-padding")
    ]
    if kind == "pool":
        options.append(
            option(
                "--rounding",
                type=click.Choice(("floor", "ceil")),
                help="How the size is made whole.  [default: what the dialect says]",
            )
        )
    dialect = option(
        "--dialect",
        metavar="NAME",
        default="torch",
        show_default=True,
        shell_complete=completing.dialects,
        listing=listings.dialects,
        help="Whose rules hold: torch, keras, caffe, paddle or onnx.",
    )
    return [
        *options,
        dialect,
        option("--all", "every", is_flag=True, help="List every solution."),
        *answer_options,
    ]


commands = {question: _made(question) for question, (module, _) in QUESTIONS.items() if module == "solve_layer"}
