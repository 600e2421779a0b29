"""`cnncalc draw`."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.cli.options import net_argument, net_options, wanted
from cnncalc.cli.output import emit
from cnncalc.errors import CnncalcError, Fault
from cnncalc.pictures.drawing import HEATS
from cnncalc.pictures.theme import THEMES

__all__ = ["command"]

SUFFIXES = (".svg",)


@click.command("draw", short_help="Draw a net: how it flows, as SVG.")
@net_argument
@click.option("-o", "--output", "file", metavar="FILE", type=click.Path(dir_okay=False), help="Write there: .svg.")
@click.option("--depth", metavar="N", type=click.IntRange(min=1), help="Fold what lies deeper than N levels of names.")
@click.option("--heat", type=click.Choice(HEATS), help="Colour each box by what it costs.")
@click.option(
    "--theme",
    type=click.Choice(THEMES),
    default="auto",
    show_default=True,
    help="Colours; auto follows the reader's system.",
)
@net_options
def command(net: str, file: str | None, **given: Any) -> None:
    """Draw a net: how it flows, as SVG.

    Sequences run down and branches stand side by side; groups are boxes with their names, repeated groups one box with
    how often. Long skips run beside. Lines are as thick as their tensors are large.
    """
    from cnncalc.analysis.costs import report
    from cnncalc.language import load
    from cnncalc.pictures.drawing import View, drawing

    _known(file)
    asked = wanted(given)
    counted = report(load(net, asked.options), batch=asked.options.batch, dtype=asked.dtype)
    emit(drawing(counted, View(given["depth"], given["heat"] or "", given["theme"])), file)


def _known(file: str | None) -> None:
    """Raises CnncalcError for a file whose name asks for what is not drawn."""
    from pathlib import Path

    if file not in (None, "-") and Path(str(file)).suffix.lower() not in SUFFIXES:
        help = f"these are drawn: {', '.join(SUFFIXES)}"
        raise CnncalcError(Fault(f"-o {file}: nothing is drawn as `{Path(str(file)).suffix}`", help=help))
