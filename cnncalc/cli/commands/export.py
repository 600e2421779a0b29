"""`cnncalc export`: a net as a file that another tool reads."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.cli.options import net_argument, net_options, wanted
from cnncalc.cli.output import emit
from cnncalc.errors import CnncalcError, Fault

__all__ = ["command"]


@click.command("export", short_help="Write a net as a file of another tool.")
@net_argument
@net_options
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write there; its suffix says how."
)
@click.option("--to", metavar="FORM", help="caffe (.prototxt) or darknet (.cfg), where the suffix does not say it.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
def command(net: str, output: str | None, to: str | None, force: bool, **given: Any) -> None:
    """Write a net as a file of another tool: Caffe's prototxt or Darknet's cfg.

    A net that the format cannot say is refused: every layer that it lacks, with the reason. What is written is read
    back and counted before it is given, so that it holds the same shapes and parameters.
    """
    from pathlib import Path

    from cnncalc.interchange.writers import writer_for
    from cnncalc.language import load

    writer = writer_for(output, to)
    if output is not None and output != "-" and not force and Path(output).exists():
        raise CnncalcError(Fault(f"`{output}` is there already", help="write elsewhere, or over it with `--force`"))
    options = wanted(given).options
    made = writer.write(load(net, options), options.batch)
    emit(made.text, output)
    for note in made.notes:
        click.echo(f"note: {note}", err=True)
