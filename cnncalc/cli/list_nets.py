"""`cnncalc list`."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.cli.nets import natural, open_net, required_variables
from cnncalc.cli.options import output_options
from cnncalc.cli.output import emit, on_terminal
from cnncalc.cli.showing import form_of


@click.command("list", short_help="List the bundled architectures with their totals.")
@output_options
def command(**given: Any) -> None:
    """List the bundled architectures with their totals, and the families that members can be made of."""
    from cnncalc.analysis.costs import report
    from cnncalc.language import bundled, load
    from cnncalc.language.options import Options
    from cnncalc.render.listing import Family, Net, draw

    nets, families = [], []
    for name in sorted(bundled(), key=natural):
        document = open_net(name)
        required = required_variables(document)
        if required:
            families.append(Family(name, document.text("name") or name, tuple(required)))
        else:
            counted = report(load(name, Options()))
            nets.append(
                Net(name, counted.name, tuple(counted.inputs.values()), counted.totals.params, counted.totals.macs)
            )
    width = None
    if on_terminal(given["output"]):
        from shutil import get_terminal_size

        width = get_terminal_size().columns
    emit(draw(nets, families, form_of(given), width), given["output"])
