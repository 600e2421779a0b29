"""The formats that nets are written in: one line each, and what all writers share."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph import Graph
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.sketch import Asked
from cnncalc.interchange.written import Written
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.layers import Shape
from cnncalc.layers.base import count
from cnncalc.limits import Limits
from cnncalc.records import NamedTuple

__all__ = ["WRITERS", "Writer", "writer_for"]


class Writer(NamedTuple):
    """One format. `function` is `module:function` below `cnncalc.interchange`: it takes a graph and the batch.

    Raises `CnncalcError` that names every layer which the format cannot say, with the reason.
    """

    name: str
    suffix: str
    function: str
    settings: tuple[str, ...] = ()
    """What else the function takes by name; a setting that is not given is left to it."""
    binary: bool = False
    """Whether it is no text; its function then takes the name of the `file`, too."""
    symbols: bool = False
    """Whether lengths of the input may be left open, as 3xHxW."""

    def write(self, graph: Graph, batch: int, **settings: Any) -> Written:
        """The net as a file's content. Raises CnncalcError, also for a setting that the format has not."""
        for name in settings.keys() - {*self.settings}:
            having = ", ".join(one.name for one in WRITERS if name in one.settings)
            raise CnncalcError(Fault(f"{self.name} has no `--{name}`", help=f"leave it out; it is for {having}"))
        module, _, function = self.function.partition(":")
        made = getattr(import_module(f"cnncalc.interchange.{module}"), function)(graph, batch, **settings)
        assert isinstance(made, Written)
        _hold(graph, self, made)
        return made


USUAL = 224
"""The length that stands for a symbol when what was written is read back."""


def _hold(graph: Graph, writer: Writer, made: Written) -> None:
    """Read what was written, and hold it against the net. Raises CnncalcError where it is not the same net."""
    from cnncalc.interchange.opening import imported

    inputs = {name: graph.nodes[index].shape for name, index in graph.inputs.items()}
    if any(_open(n) for shape in inputs.values() for n in shape):
        inputs = {name: tuple(USUAL if _open(n) else n for n in shape) for name, shape in inputs.items()}
        resized = graph.resized({index: inputs[name] for name, index in graph.inputs.items()})
        if resized is None:
            return  # the net takes no map of that size, and nothing says of which
        graph = resized
    content = made.twin or made.content
    data = content.encode("utf-8") if isinstance(content, str) else content
    file = ForeignFile(f"what was written ({writer.name})", None, Limits(), data)
    foreign = imported(file, Asked(inputs))
    assert foreign is not None
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.yaml"
        path.write_text(foreign.text, encoding="utf-8")
        back = load(str(path), Options())
    ours, theirs = _known(graph, made.macs), _known(back)
    if ours != theirs:
        values = f"outputs, parameters with buffers, and MACs are {theirs}, and they are to be {ours}"
        raise CnncalcError(Fault(f"this net cannot be said in {writer.name}: it reads back as another", values=values))


def _open(length: object) -> bool:
    """Whether a length is a symbol."""
    return not isinstance(length, int)


def _known(graph: Graph, beside: int = 0) -> tuple[list[Shape], int, int]:
    """The shapes that come out, how many parameters and statistics there are, and the multiply–accumulates.

    A vector is a map of one pixel. What is no layer's own parameter may be a statistic in one format, not in another.
    """
    held, macs = 0, beside
    for _, node, layer in graph.layers():
        shapes = graph.input_shapes(node)
        macs += layer.macs(*shapes)
        if node.share is None:
            held += count(layer.weight_shapes(*shapes))
            held += count({name: one for name, one in layer.buffer_shapes(*shapes).items() if name != "factor"})
    outputs = [graph.nodes[tensor].shape for tensor in graph.outputs.values()]
    return sorted(tuple(n for n in shape if n > 1) or (1,) for shape in outputs), held, macs


ONNX_SETTINGS = ("opset", "values", "weights", "seed", "file")
WRITERS = (
    Writer("caffe", ".prototxt", "caffe.writer:written"),
    Writer("darknet", ".cfg", "darknet.writer:written"),
    Writer("keras", "_keras.py", "keras.writing.writer:code"),
    Writer("keras-json", ".json", "keras.writing.writer:json_text"),
    Writer("onnx", ".onnx", "onnx.writing.writer:written", ONNX_SETTINGS, binary=True, symbols=True),
)


def writer_for(file: str | None, to: str | None) -> Writer:
    """The writer of a form, or of a file by its suffix. Raises CnncalcError where neither says which."""
    forms = {one.name: one for one in WRITERS}
    told = ", ".join(f"{one.name} ({one.suffix})" for one in WRITERS)
    if to is not None:
        if to in forms:
            return forms[to]
        raise CnncalcError(Fault(f"there is no form `{to[:40]}`", help=suggestion(to, forms, f"the forms are {told}")))
    for one in WRITERS:
        if file is not None and file.endswith(one.suffix):
            return one
    what = "nothing says" if file is None else f"the suffix of `{file[-60:]}` does not say"
    raise CnncalcError(Fault(f"{what} what to write", help=f"name the form with `--to`: {told}"))
