"""The formats that nets are written in: one line each, and what all writers share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph import Net, Node
from cnncalc.interchange.refusing import YAML_SUFFIXES, named_as
from cnncalc.interchange.written import Written
from cnncalc.layers import Shape
from cnncalc.layers.base import count
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.interchange.sketch import Operator

__all__ = ["WRITERS", "Writer", "exported", "spare", "spare_yaml", "writer_for"]


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
    held: bool = True
    """Whether what is written is read back and held against the net; a program is not run."""

    def write(self, graph: Net, batch: int, **settings: Any) -> Written:
        """The net as a file's content. Raises CnncalcError, also for a setting that the format has not."""
        for name in settings.keys() - {*self.settings}:
            having = ", ".join(one.name for one in WRITERS if name in one.settings)
            raise CnncalcError(Fault(f"{self.name} has no `--{name}`", help=f"leave it out; it is for {having}"))
        try:
            made = self._made(graph, batch, settings)
            if self.held:
                _hold(graph, self, made)
        except CnncalcError as error:
            error = error.of_operators(graph.origins)
            others = " or ".join(f"`--to {one.name}`" for one in WRITERS if one is not self and one.says(graph, batch))
            more = f", or try {others}" if others else ""
            raise _proposing(error.with_way_out("write it otherwise, without that layer"), more) from None
        left = [what for what, said in (("types", graph.plan.types), ("zeros", graph.plan.sparsity)) if said]
        notes = [f"the {' and '.join(left)} of single layers are not written"] if left else []
        return made._replace(notes=(*made.notes, *notes))

    def says(self, graph: Net, batch: int) -> bool:
        """Whether the format has every layer of a net, as far as can be told without what its writer needs."""
        settings = {"file": f"net{self.suffix}", "values": "none"} if self.binary else {}
        try:
            self._made(graph, batch, settings)
        except CnncalcError as error:
            return not any(fault.layer for fault in error.faults)
        return True

    def _made(self, graph: Net, batch: int, settings: Mapping[str, Any]) -> Written:
        module, _, function = self.function.partition(":")
        made = getattr(import_module(f"cnncalc.interchange.{module}"), function)(graph, batch, **settings)
        assert isinstance(made, Written)
        return made


def _proposing(error: CnncalcError, more: str) -> CnncalcError:
    """The same faults, the last layer's with the forms that have the net."""
    *before, last = error.faults
    return CnncalcError([*before, last._replace(help=f"{last.help}{more}")]) if last.layer and more else error


def exported(
    graph: Net, batch: int, file: str | None, to: str | None, settings: Mapping[str, Any], *, force: bool
) -> Written:
    """A net as a file, written where one is named. Raises CnncalcError, and then nothing is written."""
    from cnncalc.files import write_whole

    writer = writer_for(file, to)
    if file is not None:
        spare(file, force=force)
    given = {name: value for name, value in settings.items() if value is not None}
    if writer.binary and file is not None:
        given["file"] = Path(file).name
    made = writer.write(graph, batch, **given)
    if file is not None:
        try:
            write_whole(made.content, Path(file))
        except OSError as error:
            message = f"`{file[-60:]}` cannot be written: {error.strerror}"
            raise CnncalcError(Fault(message, help="write elsewhere")) from None
    return made


def spare(file: str, *, force: bool) -> None:
    """Raises CnncalcError for a file that is there, unless it may be written over; a device holds nothing to lose."""
    if not force and Path(file).is_file():
        raise CnncalcError(Fault(f"`{file[-60:]}` is there already", help="write elsewhere, or over it with `--force`"))


def spare_yaml(file: str, *, force: bool) -> None:
    """`spare`, and raises CnncalcError for a name that is not one of a YAML file."""
    if Path(file).suffix not in YAML_SUFFIXES:
        raise CnncalcError(Fault(f"-o {file}: what is written is YAML", help=f"write `-o {Path(file).stem}.yaml`"))
    spare(file, force=force)


NOTHING = ("crop", "dropout", "droppath", "expand", "identity")
"""Kinds that do nothing at inference, or where they change no shape, and that readers leave out then."""
USUAL = 224
"""The length that stands for a symbol when what was written is read back."""


def _hold(graph: Net, writer: Writer, made: Written) -> None:
    """Read what was written, and hold it against the net. Raises CnncalcError where it is not the same net."""
    from cnncalc.interchange.file import ForeignFile
    from cnncalc.interchange.formats import recognised
    from cnncalc.interchange.opening import read_as
    from cnncalc.interchange.sketch import Asked, Sketch
    from cnncalc.limits import Limits

    if all(layer.kind in NOTHING and node.shape == graph.input_shapes(node)[0] for _, node, layer in graph.layers()):
        return  # what is read back has no layers
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
    form = recognised(file)
    back = None if form is None else read_as(form, file, Asked(inputs))
    assert isinstance(back, Sketch)
    outputs, numbers, macs = _known(graph.nodes, (*graph.outputs.values(), *made.ends))
    ours = outputs, numbers - made.unseen, macs + made.macs
    outputs, numbers, macs = _known(back.operators, back.ends())
    theirs = outputs, numbers + back.beside, macs
    if ours != theirs:
        values = f"outputs, parameters with buffers, and MACs are {theirs}, and they are to be {ours}"
        raise CnncalcError(Fault(f"this net cannot be said in {writer.name}: it reads back as another", values=values))


def _open(length: object) -> bool:
    """Whether a length is a symbol."""
    return not isinstance(length, int)


def _known(nodes: Sequence[Node | Operator], ends: Iterable[int]) -> tuple[list[Shape], int, int]:
    """The shapes that come out, how many parameters and statistics there are, and the multiply–accumulates.

    A vector is a map of one pixel. What is no layer's own parameter may be a statistic in one format, not in another.
    """
    held = macs = 0
    for node in nodes:
        if node.layer is None:
            continue
        shapes = tuple([nodes[one].shape for one in node.inputs])
        macs += node.layer.macs(*shapes)
        if node.share is None:
            held += count(node.layer.weight_shapes(*shapes))
            held += count({name: one for name, one in node.layer.buffer_shapes(*shapes).items() if name != "factor"})
    outputs = [nodes[tensor].shape for tensor in {_source(nodes, tensor) for tensor in ends}]
    return sorted(tuple(n for n in shape if n > 1) or (1,) for shape in outputs), held, macs


def _source(nodes: Sequence[Node | Operator], tensor: int) -> int:
    """The tensor whose numbers one has, which a reader takes for the same output."""
    node = nodes[tensor]
    while node.layer is not None and node.layer.kind in NOTHING and nodes[node.inputs[0]].shape == node.shape:
        tensor = node.inputs[0]
        node = nodes[tensor]
    return tensor


ONNX_SETTINGS = ("opset", "values", "weights", "seed", "file")
WRITERS = (
    Writer("keras", "_keras.py", "keras.writing.writer:code"),  # before torch, whose suffix is the end of this
    Writer("keras-json", ".json", "keras.writing.writer:json_text"),
    Writer("torch", ".py", "torch_code.writer:written", held=False),
    Writer("caffe", ".prototxt", "caffe.writing.writer:written"),
    Writer("darknet", ".cfg", "darknet.writer:written"),
    Writer("onnx", ".onnx", "onnx.writing.writer:written", ONNX_SETTINGS, binary=True, symbols=True),
)


def _agree(file: str | None, writer: Writer) -> None:
    """Raises CnncalcError for a file whose name says that it is of another form than the one that is asked for."""
    path = Path(file or "")
    suffix = path.suffix.lower()
    if not suffix or writer.suffix.endswith(suffix):
        return
    said = named_as(suffix) or ("a net in YAML" if suffix in YAML_SUFFIXES else "")
    said = said or next((f"what `--to {one.name}` writes" for one in WRITERS if one.suffix == suffix), "")
    if said:
        message = f"`{str(file)[-60:]}` is named as {said}, and `--to {writer.name}` writes another form"
        raise CnncalcError(Fault(message, help=f"write `-o {path.with_name(path.stem)}{writer.suffix}`"))


def writer_for(file: str | None, to: str | None) -> Writer:
    """The writer of a form, or of a file by its suffix. Raises CnncalcError where neither says which."""
    forms = {one.name: one for one in WRITERS}
    told = ", ".join(f"{one.name} ({one.suffix})" for one in WRITERS)
    if to is not None:
        if to in forms:
            _agree(file, forms[to])
            return forms[to]
        raise CnncalcError(Fault(f"there is no form `{to[:40]}`", help=suggestion(to, forms, f"the forms are {told}")))
    for one in WRITERS:
        if file is not None and file.endswith(one.suffix):
            return one
    what = "nothing says" if file is None else f"the suffix of `{file[-60:]}` does not say"
    raise CnncalcError(Fault(f"{what} what to write", help=f"name the form with `--to`: {told}"))
