"""`cnncalc import`: a file of another tool as YAML that a person would have written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnncalc.cli.faults import note
from cnncalc.cli.options import net_argument, net_options, wanted
from cnncalc.cli.output import emit
from cnncalc.cli.program.declared import option
from cnncalc.errors import CnncalcError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from cnncalc.graph import Net
    from cnncalc.language.documents.foreign import Foreign
    from cnncalc.language.options import Options
    from cnncalc.layers import Shape

__all__ = ["command"]


@click.command("import", short_help="Print a file of another tool as YAML of cnncalc.")
@net_argument
@net_options
@option("-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Write there, as a .yaml file.")
@option("--force", is_flag=True, help="Write over a file that is there.")
def command(net: str, output: str | None, force: bool, **given: Any) -> None:
    """Print a file of another tool as YAML of cnncalc: ONNX, Keras, Caffe, darknet, …

    The text ends in an `expect:` block with what was counted, so that `cnncalc check` holds it from then on. What was
    folded, left out or not counted is said on standard error. NET may also be `package.module:function`: that code is
    run, and the torch module that it makes is read by torch.export on zeros of the shape `--input`; it needs torch.
    """
    from cnncalc.analysis.costs import report
    from cnncalc.interchange.writers import spare_yaml
    from cnncalc.text import shape_text

    if output is not None and output != "-":
        spare_yaml(output, force=force)
    foreign, graph = _read(net, wanted(given).options)
    counted = report(graph)
    shapes = [shape_text(shape) or "scalar" for shape in counted.outputs.values()]
    named = ", ".join(map(": ".join, zip(counted.outputs, shapes)))
    outputs = f"output: {shapes[0]}" if len(shapes) == 1 else f"outputs: {{{named}}}"
    expect = f"expect: {{{outputs}, params: {counted.totals.params}, macs: {counted.totals.macs}}}\n"
    emit(foreign.text + expect, output)
    for text in foreign.notes:
        note(text)


def _read(net: str, options: Options) -> tuple[Foreign, Net]:
    """The text of a file, or of a module that the user's code makes, and the net that it is. Raises CnncalcError."""
    from cnncalc.api.programs import is_call, run
    from cnncalc.cli.nets import open_net
    from cnncalc.language import given_foreign, load
    from cnncalc.notation.shapes import read_shape

    if is_call(net):
        note(f"this runs the code of `{net}`")
        parts = [part for part in (options.input or "").split(",") if part]
        read = {part.partition("=")[0].strip(): _shape(part.rpartition("=")[2], read_shape) for part in parts}
        shapes = read if all("=" in part for part in parts) else list(read.values())
        foreign = run(net, shapes, opaque=options.opaque)
        return foreign, load(given_foreign(foreign._replace(net=None), net), options._replace(input=None))
    document = open_net(net, options)
    if document.foreign is None:
        help = "`cnncalc show` takes it as it is" if document.keys else "name a file of another tool, or a net of ours"
        raise CnncalcError(Fault(f"`{net}` is a file of cnncalc's own language", help=help))
    return document.foreign, load(net, options)


def _shape(text: str, read: Callable[[str], Shape]) -> Shape:
    """A shape of --input. Raises CnncalcError."""
    from cnncalc.layers import FieldError

    try:
        return read(text)
    except FieldError as error:
        raise CnncalcError(Fault(f"--input {text[:60]}: {error.rule}", help="such as 3x224x224")) from None
