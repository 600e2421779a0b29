"""`cnncalc export`: a net as a file that another tool reads."""

from __future__ import annotations

import os
from typing import Any

from cnncalc.cli.faults import note
from cnncalc.cli.options import net_argument, net_options, wanted
from cnncalc.cli.output import emit
from cnncalc.cli.program.declared import called, option
from cnncalc.errors import CnncalcError, Fault


@called(
    "export",
    net_argument,
    *net_options,
    option("-o", "--output", metavar="FILE", file=True, help="Write there; its suffix says how."),
    option(
        "--to",
        metavar="FORM",
        help="torch (.py), keras (_keras.py), keras-json (.json), caffe (.prototxt), darknet (.cfg) or onnx (.onnx), "
        "where the suffix does not say it.",
    ),
    option("--force", is_flag=True, help="Write over a file that is there."),
    option("--opset", least=1, help="onnx: the opset, from 11 to the newest of the onnx package, the default."),
    option(
        "--values",
        choices=("random", "zero", "none"),
        help="onnx: the learned numbers; random unless said, none declares them to lie in a file beside.",
    ),
    option("--weights", metavar="FILE", help="onnx: the learned numbers from a safetensors file, by their names."),
    option("--seed", least=0, help="onnx: of the random numbers; 0 unless said."),
)
def command(net: str, output: str | None, to: str | None, force: bool, **given: Any) -> None:
    """Write a net as a file of another tool: a PyTorch or Keras program, ONNX, Caffe or Darknet.

    A net that the format cannot say is refused: every layer that it lacks, with the reason. What is written is read
    back and counted before it is given, so that it holds the same shapes and parameters; a program is not run.
    """
    from cnncalc.interchange.writers import spare, writer_for
    from cnncalc.language import load

    writer = writer_for(output, to)
    if output is not None and output != "-":
        spare(output, force=force)
    settings = {name: given.pop(name) for name in ("opset", "values", "weights", "seed")}
    settings = {name: value for name, value in settings.items() if value is not None}
    if writer.binary:
        if output in (None, "-"):
            raise CnncalcError(Fault(f"{writer.name} goes to a file", help=f"add `-o FILE{writer.suffix}`"))
        settings["file"] = os.path.basename(output or "")  # noqa: PTH119 - pathlib is slow to import
    asked = wanted(given)
    options = asked.options._replace(symbols=writer.symbols)
    made = writer.write(load(net, options), options.batch, **settings)
    emit(made.content, output)
    if asked.dtype != "float32":
        note(f"`--dtype {asked.dtype}` is not written: numbers are float32 there, until they are cast")
    for text in made.notes:
        note(text)
