"""The formats that nets are written in: one line each, and what all writers share."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph import Graph, Node
from cnncalc.graph.nodes import place_of
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.sketch import Asked
from cnncalc.language import load
from cnncalc.language.options import Options
from cnncalc.layers import Shape
from cnncalc.layers.base import count
from cnncalc.limits import Limits
from cnncalc.records import NamedTuple

__all__ = ["WRITERS", "Unsaid", "Unsayable", "Writer", "Written", "writer_for"]


class Written(NamedTuple):
    """A net as a file of another tool."""

    text: str
    notes: tuple[str, ...] = ()
    """What the reader of the file should know."""


class Writer(NamedTuple):
    """One format. `function` is `module:function` below `cnncalc.interchange`: it takes a graph and the batch.

    Raises `CnncalcError` that names every layer which the format cannot say, with the reason.
    """

    name: str
    suffix: str
    function: str

    def write(self, graph: Graph, batch: int) -> Written:
        """The net as a file's text. Raises CnncalcError."""
        module, _, function = self.function.partition(":")
        try:
            made = getattr(import_module(f"cnncalc.interchange.{module}"), function)(graph, batch)
            assert isinstance(made, Written)
            _hold(graph, self, made.text)
        except CnncalcError as error:
            others = " or ".join(f"`--to {one.name}`" for one in WRITERS if one is not self)
            raise error.with_way_out(f"write it otherwise, without that layer, or try {others}") from None
        return made


def _hold(graph: Graph, writer: Writer, text: str) -> None:
    """Read what was written, and hold it against the net. Raises CnncalcError where it is not the same net."""
    from cnncalc.interchange.opening import imported

    file = ForeignFile(f"what was written ({writer.name})", None, Limits(), text.encode("utf-8"))
    foreign = imported(file, Asked())
    assert foreign is not None
    with TemporaryDirectory() as folder:
        path = Path(folder) / "net.yaml"
        path.write_text(foreign.text, encoding="utf-8")
        back = load(str(path), Options())
    ours, theirs = _known(graph), _known(back)
    if ours != theirs:
        values = f"outputs, parameters and buffers are {theirs}, and they are to be {ours}"
        raise CnncalcError(Fault(f"this net cannot be said in {writer.name}: it reads back as another", values=values))


def _known(graph: Graph) -> tuple[list[Shape], int, int]:
    """The shapes that come out, and how many parameters and statistics there are; a vector is a map of one pixel."""
    parameters = buffers = 0
    for _, node, layer in graph.layers():
        if node.share is None:
            shapes = graph.input_shapes(node)
            parameters += count(layer.weight_shapes(*shapes))
            buffers += count({name: one for name, one in layer.buffer_shapes(*shapes).items() if name != "factor"})
    outputs = [graph.nodes[tensor].shape for tensor in graph.outputs.values()]
    plain = sorted(tuple(n for n in shape if n > 1) or (1,) for shape in outputs)
    return plain, parameters, buffers


WRITERS = (
    Writer("caffe", ".prototxt", "caffe.writer:written"),
    Writer("darknet", ".cfg", "darknet.writer:written"),
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


class Unsaid(Exception):
    """A layer that a format has not, and why."""

    def __init__(self, why: str, help: str = "") -> None:
        super().__init__(why)
        self.why, self.help = why, help


class Unsayable:
    """The layers that a format cannot say, told in one error."""

    def __init__(self, form: str) -> None:
        self.form = form
        self.faults: list[Fault] = []

    def add(self, node: Node, why: str, help: str = "") -> None:
        """One more layer."""
        kind = node.layer.kind if node.layer is not None else "input"
        self.faults.append(Fault(f"{self.form} has no such `{kind}`", place_of(node.origin), node.name, why, help))

    def raise_any(self) -> None:
        """Raises CnncalcError with all of them, if there are any."""
        if self.faults:
            raise CnncalcError(self.faults)
