"""`cnncalc solve conv-padding` and its sisters: one number of one layer left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnncalc.cli import completing
from cnncalc.cli.commands.solve import QUESTIONS, answer_options
from cnncalc.cli.output import answer
from cnncalc.errors import CnncalcError, Fault, suggestion

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.layers.fields import FieldType

NONE = 1
LONGEST = 10**9

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
REQUIRED = ("input", "output", "kernel")


def _numbers(question: str, name: str, text: str | None, kind: FieldType, usual: Any) -> Any:
    """The numbers that an option says. Raises CnncalcError that names it."""
    from cnncalc.layers.fields import FieldError

    if text is None:
        if name in REQUIRED:
            help = f"`cnncalc solve {question} --help` says what it takes"
            raise CnncalcError(Fault(f"--{name} is missing", help=help))
        return usual
    try:
        return kind.read(text)
    except FieldError as error:
        help = error.help or "such as 3, or 1x7 for one an axis"
        raise CnncalcError(Fault(f"--{name}: {error.rule}", help=help)) from None


def _problem(kind: str, unknown: str, given: dict[str, Any]) -> Any:
    from cnncalc.layers.dialects import DIALECTS
    from cnncalc.layers.fields import Border, PerAxis
    from cnncalc.solve.layer.answer import LayerProblem

    question = f"{kind}-{unknown}"
    types: dict[str, FieldType] = {"padding": Border(), "output-padding": PerAxis(0)}
    usual = {"stride": (), "padding": ((0, 0),), "dilation": (1,), "output-padding": ()}
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name in SIZES:
        key = name.replace("-", "_")
        if name == unknown or key not in given:
            continue
        try:
            values[key] = _numbers(question, name, given[key], types.get(name, PerAxis()), usual.get(name))
        except CnncalcError as error:
            faults += error.faults
    if given["dialect"] not in DIALECTS:
        help = suggestion(given["dialect"], DIALECTS, f"the dialects are {', '.join(DIALECTS)}")
        faults.append(Fault(f"--dialect: there is no dialect `{given['dialect'][:60]}`", help=help))
    if not faults:
        faults += _axes_faults(values)
    if faults:
        raise CnncalcError(faults)
    return LayerProblem(kind, unknown, dialect=given["dialect"], rounding=given.get("rounding"), **values)


def _axes_faults(values: dict[str, Any]) -> list[Fault]:
    """Numbers for different numbers of axes, and numbers that no layer has."""
    lengths = {name: len(value) for name, value in values.items() if isinstance(value, tuple) and len(value) > 1}
    faults = []
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name.replace('_', '-')} {length}" for name, length in lengths.items())
        help = "give one number for all axes, or the same number of axes everywhere"
        faults.append(Fault("the numbers of axes differ", values=found, help=help))
    for name, value in values.items():
        pairs = () if isinstance(value, str) else value
        flat = [n for one in pairs for n in (one if isinstance(one, tuple) else (one,))]
        if any(n > LONGEST for n in flat):
            message = f"--{name.replace('_', '-')}: at most {LONGEST:,}"
            faults.append(Fault(message, values=f"it is {max(flat):,}", help="take a smaller one"))
    return faults


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
    for option in reversed(list(_options(kind, unknown))):
        command = option(command)
    return click.command(question, short_help=QUESTIONS[question][1])(command)


def _options(kind: str, unknown: str) -> list[Callable[..., Any]]:
    options: list[Callable[..., Any]] = [
        click.option(f"--{name}", metavar=metavar, help=text)
        for name, (metavar, text) in SIZES.items()
        if name != unknown and (kind == "deconv" or name != "output-padding")
    ]
    if kind == "pool":
        options.append(
            click.option(
                "--rounding",
                type=click.Choice(("floor", "ceil")),
                help="How the size is made whole.  [default: what the dialect says]",
            )
        )
    dialect = click.option(
        "--dialect",
        metavar="NAME",
        default="torch",
        show_default=True,
        shell_complete=completing.dialects,
        help="Whose rules hold: torch, keras, caffe, paddle or onnx.",
    )
    return [
        *options,
        dialect,
        click.option("--all", "every", is_flag=True, help="List every solution."),
        *answer_options,
    ]


commands = {question: _made(question) for question, (module, _) in QUESTIONS.items() if module == "solve_layer"}
