"""`cnncalc solve variable`, `batch-size` and `file`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnncalc.cli import completing, listings
from cnncalc.cli.commands.solve import QUESTIONS, all_answer_options
from cnncalc.cli.options import (
    amp_option,
    device_option,
    net_argument,
    net_options,
    optimizer_option,
    quantity,
    wanted,
)
from cnncalc.cli.output import answer, form_of
from cnncalc.cli.program.declared import option
from cnncalc.cli.running import named_progress_bar, progress_bar
from cnncalc.errors import CnncalcError, Fault
from cnncalc.solve.asking import parse_wants

if TYPE_CHECKING:
    from fractions import Fraction

NONE = 1

want_option = option(
    "--want", "wants", metavar="WANT", multiple=True,
    help="As 'params <= 3.5M', 'output == 512x7x7' or 'layer4 == 512x7x7'. May be repeated.",
)  # fmt: skip


def _decimal(option: str, text: str | None) -> Fraction | None:
    from cnncalc.claims.decimals import decimal_number

    if text is None:
        return None
    number = decimal_number(text.replace("_", ""))
    if number is None:
        raise CnncalcError(Fault(f"{option}: `{text[:40]}` is no number", help="such as 8 or 0.25"))
    return number


@click.command("variable", short_help=QUESTIONS["variable"][1])
@net_argument
@click.argument("variable", shell_complete=completing.variable_names)
@want_option
@option("--from", "low", metavar="X", help="The least value.  [default: one step]")
@option("--to", "high", metavar="X", help="The largest value.  [default: 4 times the file's own, or 64 steps]")
@option("--step", metavar="X", help="From one value to the next.  [default: 1, or 0.05 for a decimal]")
@optimizer_option
@all_answer_options
@amp_option
@net_options
def variable_command(net: str, variable: str, **given: Any) -> None:
    """Find the values of a file's variable at which the net is as wanted.

    \b
    cnncalc solve variable mobilenet_v2 width --want 'params <= 3.5M'

    Every value on the grid is tried. The exit code is 1 where none does.
    """
    from cnncalc.pages.solving.searches import variable_page
    from cnncalc.solve.inputs.variables import solve_variable

    form_of(given)  # what cannot be written is not computed
    asked = wanted(given)
    wants = parse_wants(given["wants"])
    bounds = (_decimal("--from", given["low"]), _decimal("--to", given["high"]), _decimal("--step", given["step"]))
    found = solve_variable(net, variable, asked.options, asked.dtype, wants, bounds, progress_bar(), given["optimizer"])
    answer(variable_page(found), given)
    if not found.met:
        click.get_current_context().exit(NONE)


def _memory(text: str | None, device: str | None) -> int:
    """The bytes that there are: those of --memory, or all that a device has. Raises CnncalcError."""
    from cnncalc.tools.devices import memory_of

    found = memory_of(device, said=text is not None)
    if text is None or found is not None:
        assert found is not None
        return found
    if text.strip().replace(".", "", 1).isdecimal():
        message = f"--memory {text[:40]}: bytes, or what?"
        raise CnncalcError(Fault(message, help=f"write a unit, as {text.strip()[:20]}GiB, or 1000B for bytes"))
    return quantity("--memory", text, least=1, in_bytes=True)


@click.command("batch-size", short_help=QUESTIONS["batch-size"][1])
@net_argument
@option("--memory", metavar="BYTES", help="What there is, as 24GiB.")
@device_option
@option(
    "--optimizer", metavar="NAME", shell_complete=completing.optimizers, callback=listings.optimizers,
    help="Training with it, as adamw; `--optimizer help` lists them.",
)  # fmt: skip
@all_answer_options
@amp_option
@net_options
def batch_command(net: str, **given: Any) -> None:
    """Find the largest batch that fits in a memory.

    \b
    cnncalc solve batch-size resnet50 --memory 24GiB --optimizer adam

    With --optimizer (or --train: sgd) it counts training: weights, gradients, the optimizer's state and what autograd
    keeps; else inference: weights and the most alive at once.
    """
    from cnncalc.language import load
    from cnncalc.pages.solving.searches import batch_page
    from cnncalc.solve.inputs.batches import solve_batch

    asked = wanted(given)
    if asked.options.batch != 1:
        raise CnncalcError(Fault("--batch is what is looked for here", help="leave it out"))
    memory = _memory(given["memory"], given["device"])
    optimizer = given["optimizer"] or ("sgd" if given["train"] else None)
    found = solve_batch(load(net, asked.options), memory, asked.dtype, optimizer)
    answer(batch_page(found), given)
    if found.batch == 0:
        click.get_current_context().exit(NONE)


@click.command("file", short_help=QUESTIONS["file"][1])
@net_argument
@want_option
@option("--maximize", metavar="FIGURE", shell_complete=completing.figures, help="Order by it, the largest first.")
@option("--minimize", metavar="FIGURE", shell_complete=completing.figures, help="Order by it, the smallest first.")
@option("--all", "every", is_flag=True, help="List every solution.")
@all_answer_options
@amp_option
@net_options
def file_command(net: str, **given: Any) -> None:
    """Find the numbers of a file that are `?`, so that the net is as wanted.

    \b
    cnncalc solve file net.yaml --want 'output == 64x16x16' --minimize params

    In the file, `k?` `s?` `p?` `d?` are looked for in small numbers, `?1..7` and `?16|32|64` where they say. Every
    assignment is tried or ruled out; Ctrl-C ends the search and prints what was found. The exit code is 1 where there
    is none.
    """
    from cnncalc.pages.solving.searches import file_page
    from cnncalc.solve.figures import FIGURES
    from cnncalc.solve.files.answer import Goal, solve_file

    form_of(given)
    asked = wanted(given)
    wants = parse_wants(given["wants"])
    if given["maximize"] and given["minimize"]:
        raise CnncalcError(Fault("--maximize and --minimize cannot be had together", help="take one of the two back"))
    figure = given["maximize"] or given["minimize"]
    if figure and figure not in FIGURES:
        raise CnncalcError(Fault(f"there is no figure `{figure[:60]}`", help=f"there are {', '.join(FIGURES)}"))
    goal = Goal(figure, bool(given["maximize"])) if figure else None
    found = solve_file(net, asked.options, asked.dtype, wants, goal, named_progress_bar())
    answer(file_page(found, every=given["every"]), given)
    if not found.total:
        click.get_current_context().exit(NONE)


commands = {"variable": variable_command, "batch-size": batch_command, "file": file_command}
