"""`cnncalc import`: a file of another tool as YAML that a person would have written."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.cli.options import net_argument, net_options, wanted
from cnncalc.cli.output import emit
from cnncalc.errors import CnncalcError, Fault

__all__ = ["command"]


@click.command("import", short_help="Print a file of another tool as YAML of cnncalc.")
@net_argument
@net_options
@click.option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write there, as a .yaml file.")
def command(net: str, output: str | None, **given: Any) -> None:
    """Print a file of another tool as YAML of cnncalc: ONNX, Keras, Caffe, darknet, …

    The text ends in an `expect:` block with what was counted, so that `cnncalc check` holds it from then on. What was
    folded, left out or not counted is said on standard error.
    """
    from cnncalc.analysis.costs import report
    from cnncalc.cli.nets import open_net
    from cnncalc.language import load
    from cnncalc.text import shape_text

    options = wanted(given).options
    document = open_net(net, options)
    if document.foreign is None:
        help = "`cnncalc show` takes it as it is" if document.keys else ""
        raise CnncalcError(Fault(f"`{net}` is a file of cnncalc's own language", help=help))
    _refuse(output)
    counted = report(load(net, options))
    shapes = [shape_text(shape) or "scalar" for shape in counted.outputs.values()]
    named = ", ".join(map(": ".join, zip(counted.outputs, shapes)))
    outputs = f"output: {shapes[0]}" if len(shapes) == 1 else f"outputs: {{{named}}}"
    expect = f"expect: {{{outputs}, params: {counted.totals.params}, macs: {counted.totals.macs}}}\n"
    emit(document.foreign.text + expect, output)
    for note in document.foreign.notes:
        click.echo(f"note: {note}", err=True)


def _refuse(output: str | None) -> None:
    """An output that is no .yaml file. Raises CnncalcError."""
    from pathlib import Path

    if output is None or output == "-":
        return
    if Path(output).suffix not in (".yaml", ".yml"):
        raise CnncalcError(Fault(f"-o {output}: what is written is YAML", help=f"write `-o {Path(output).stem}.yaml`"))
