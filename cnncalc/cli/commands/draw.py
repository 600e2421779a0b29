"""`cnncalc draw`."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.cli.faults import note
from cnncalc.cli.options import device_option, net_argument, net_options, wanted
from cnncalc.cli.output import emit
from cnncalc.cli.program.declared import option
from cnncalc.errors import CnncalcError, Fault
from cnncalc.pictures.drawing import STYLES, VIEWS
from cnncalc.pictures.heat import HEATS
from cnncalc.pictures.theme import THEMES

__all__ = ["command"]


@click.command("draw", short_help="Draw a net: how it flows, or its feature maps to scale.")
@net_argument
@option(
    "-o",
    "--output",
    "file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write there, over what is there: .svg, .html, .png, .pdf, .dot or .mmd.  [default: SVG on standard output]",
)
@option("--view", type=click.Choice(VIEWS), default="flow", show_default=True, help="What to draw.")
@option(
    "--depth",
    metavar="N",
    type=click.IntRange(min=1),
    help="Fold what lies deeper than N levels of names.  [default: as deep as fits]",
)
@option("--heat", type=click.Choice(list(HEATS)), help="Colour each box of a flow by what it costs.")
@option("--style", type=click.Choice(STYLES), help="Arrange feature maps in a row, in two lanes, in a U.")
@option(
    "--theme",
    type=click.Choice(THEMES),
    default="auto",
    show_default=True,
    help="Colours; auto follows the reader's system.",
)
@option(
    "--scale",
    metavar="F",
    type=click.FloatRange(min=0, min_open=True),
    help="Pixels of a PNG for each of the picture's own.  [default: 2, or what fits]",
)
@device_option
@net_options
def command(net: str, file: str | None, scale: float | None, **given: Any) -> None:
    """Draw a net: how it flows, or its feature maps to scale.

    In a flow, sequences run down and branches stand side by side; groups are boxes with their names, repeated groups
    one box with how often, and long skips run beside. Lines are as thick as their tensors are large. `--view volumes`
    draws feature maps in perspective, as papers do.
    """
    from cnncalc.analysis.costs import report
    from cnncalc.language import load
    from cnncalc.pictures.drawing import View, fitting, suffix_of, written

    suffix = suffix_of(file) if file not in (None, "-") else ".svg"
    if scale is not None and suffix != ".png":
        raise CnncalcError(Fault("--scale is that of a PNG", help="add `-o net.png`, or leave --scale out"))
    asked = wanted(given)
    counted = report(load(net, asked.options), batch=asked.options.batch, dtype=asked.dtype)
    if given["device"] is not None:
        from cnncalc.tools.devices import on_device

        counted = on_device(counted, given["device"], asked.dtype)
    view = View(given["depth"], given["heat"] or "", given["theme"], given["view"], given["style"] or "")
    if suffix == ".html":
        from cnncalc.forms import draw
        from cnncalc.pages.show.report import page

        svg = str(written(counted, ".svg", view))
        made = draw(page(counted)._replace(picture=lambda: svg), "html")
    else:
        made = written(counted, suffix, view, scale)
    emit(made, file)
    if view.view == "flow" and view.depth is None:
        deepest = max((row.name.count(".") + 1 for row in counted.rows), default=1)
        depth = fitting(counted)
        if depth < deepest:
            note(f"folded to {depth} of {deepest} levels of names; `--depth {deepest}` shows all")
