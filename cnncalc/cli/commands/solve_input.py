"""`cnncalc solve input-size`."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.cli.commands.solve import QUESTIONS, all_answer_options
from cnncalc.cli.options import net_argument, net_options, quantity, wanted
from cnncalc.cli.output import answer
from cnncalc.cli.program.declared import option

NONE = 1


def _bound(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    return quantity(option, text, least=1)


@click.command("input-size", short_help=QUESTIONS["input-size"][1])
@net_argument
@option("--output", metavar="SIZE", help="The size that is wanted: 7x7, or of a layer or group, layer4=7x7.")
@option("--same-weights", is_flag=True, help="Only sizes at which every weight keeps its shape.")
@option("--strict", is_flag=True, help="Only sizes at which no layer drops a pixel.")
@option("--where", metavar="CONDITION", multiple=True, help="As 'H == W' or 'H % 32 == 0'. May be repeated.")
@option("--from", "low", metavar="N", help="The least length.")
@option("--to", "high", metavar="N", help="The largest length.")
@all_answer_options
@net_options
def command(net: str, **given: Any) -> None:
    """Find every input size that a net takes, read off its closed form.

    \b
    cnncalc solve input-size unet
    cnncalc solve input-size resnet50 --output 7x7

    Intervals and residue classes for each axis, exact and complete, with the layers that ask for them. The exit code
    is 1 where there is no such size.
    """
    from cnncalc.pages.solving.input_sizes import page
    from cnncalc.solve.inputs.sizes import InputWants, solve_input

    asked = wanted(given)
    low, high = _bound("--from", given["low"]), _bound("--to", given["high"])
    wants = InputWants(given["output"], given["same_weights"], given["strict"], tuple(given["where"]), low, high)
    found = solve_input(net, asked.options, wants)
    answer(page(found), given)
    if not found.solved:
        click.get_current_context().exit(NONE)


commands = {"input-size": command}
