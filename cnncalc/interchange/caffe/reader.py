"""A Caffe net to a sketch: layer after layer, blobs by name, those that are overwritten in place told apart."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.interchange.building import Build, each_made, finished
from cnncalc.interchange.caffe import data
from cnncalc.interchange.caffe.elements import learns, shares_channels
from cnncalc.interchange.caffe.net import CaffeLayer, chosen, layers_of, state_of
from cnncalc.interchange.caffe.prototext import Message, read_message
from cnncalc.interchange.caffe.table import RULES
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.lengths import opened, settled
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.interchange.text import Text
from cnncalc.interchange.unknown import Unknown
from cnncalc.layers.base import Shape

__all__ = ["Reader", "read"]

NOTHING = -1
"""The tensor of a label, or of what comes out of a layer that is not known."""
SINKS = {"silence"}
"""Layers that only take what is else an output of the net."""
WRITING = {"hdf5output"}
"""Layers that write outputs of the net to a file."""


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """A prototxt. Raises CnncalcError with everything that is wrong."""
    net = read_message(Text(file.name, file.text), file.limits)
    return settled(lambda usual: Reader(net, asked, usual).read(), asked)


class Reader:
    """One net on its way."""

    def __init__(self, net: Message, asked: Asked, usual: int | None) -> None:
        self.net, self.given, self.opaque, self.usual = net, asked.inputs, asked.opaque, usual
        self.layers = chosen(list(layers_of(net)), state_of(net, train=asked.train))
        self.images = 1
        """The batch that the file is written for."""
        self.sketch = Sketch(net.word("name"), "caffe")
        self.blobs: dict[str, int] = {}
        self.open: dict[str, int] = {}
        """The blobs that no layer has taken yet."""
        self.uses = used(self.layers)
        self.tops = {top for layer in self.layers for top in layer.tops}
        self.labels = data.labels(self.layers)
        self.scaled = scales(self.layers, self.uses)
        self.owners: dict[tuple[str, ...], list[int]] = {}
        """What the first layer with parameters of these names became."""
        self.unknown = Unknown("Caffe")

    def read(self) -> Sketch:
        """The whole net. Raises CnncalcError with everything that is wrong."""
        if not self.layers:
            raise CnncalcError(
                Fault("this file has no `layer`", self.net.place(), help="is it a Caffe net, not a solver?")
            )
        for name, shape in data.legacy_inputs(self.net):
            self.input(name, shape, None)
        for layer, taken in each_made(self.layers, self.taken, self.unknown):
            if not taken:
                self.makes_nothing(layer)
        return finished(self.sketch, list(self.open.values()))

    def taken(self, layer: CaffeLayer) -> bool:
        """Take a layer into the net; raises CnncalcError where that is wrong."""
        self.layer(layer)
        return True

    def makes(self, tops: Sequence[str], tensors: Sequence[int]) -> None:
        """These blobs hold these tensors from here on; what no later layer takes is an output of the net."""
        self.blobs.update(zip(tops, tensors))
        self.open.update((top, tensor) for top, tensor in zip(tops, tensors) if tensor != NOTHING)

    def makes_nothing(self, layer: CaffeLayer) -> None:
        """What the layer makes is no part of the net, or is not known."""
        self.makes(layer.tops, [NOTHING] * len(layer.tops))

    def input(self, name: str, shape: Shape | None, layer: CaffeLayer | None) -> None:
        """An input of the net, with the shape that the user gives, or else the file; the file's has the batch."""
        given = self.given.get(name) or self.given.get("")
        own = shape[1:] if shape is not None and len(shape) > 1 else None
        if shape and shape[0] > 1 and self.images == 1:
            self.images = shape[0]
        if given is None and own and own[1:] == data.OPEN and self.usual:
            opened(self.sketch, name, self.usual)
            own = (own[0], self.usual, self.usual)
        if given is None and (own is None or min(own) < 1):
            self.blobs[name] = NOTHING  # it is said once
            place = layer.place() if layer else self.net.place()
            said = own is not None and own[1:] != data.OPEN
            values = f"it says {'x'.join(map(str, own or ()))}" if said else "it is in a database, or comes from code"
            help = f"give it: `--input 3x224x224`, or `--input {name}=3x224x224` where there are several"
            raise CnncalcError(Fault(f"the shape of the input `{name}` is not in the file", place, name, values, help))
        self.blobs[name] = self.sketch.input(name, given or own or ())

    def layer(self, layer: CaffeLayer) -> None:
        """One layer: an input, a loss, or what the table says."""
        if layer.kind == "parameter" and not layer.bottoms and self.sketch.operators:
            self.makes(layer.tops, self.learned(layer))
            return
        if not layer.bottoms:
            self.data(layer)
            return
        if not layer.tops and layer.kind not in SINKS:
            return  # netscope's `implicit` marks an output
        if layer.kind in WRITING:
            return  # what is written to a file comes out of the net
        sinks = layer.kind in SINKS or data.targets(layer) or {*layer.bottoms} <= self.labels
        loss = data.loss(layer, known=layer.kind in RULES)
        known = sinks or loss or layer.kind in RULES or self.opaque
        if not known:
            self.unknown.add(layer.type, layer.name, layer.place())
        tensors = [self.tensor(bottom, layer) for bottom in layer.bottoms]
        if loss and not sinks and self.loss(layer, tensors):
            return
        if layer.kind in data.LABELLED:
            tensors = [tensor for tensor, bottom in zip(tensors, layer.bottoms) if bottom not in self.labels]
        if sinks or not known or NOTHING in tensors:
            self.makes_nothing(layer)
            return
        self.makes(layer.tops, self.made(layer, tensors))

    def data(self, layer: CaffeLayer) -> None:
        """A layer that only gives: images, labels, regions."""
        for place, (top, shape) in enumerate(zip(layer.tops, data.data_shapes(layer))):
            if any(data.regions(use, top) for use in self.uses.get((id(layer), place), ())):
                self.input(top, (1, 5), layer)
            elif top in self.labels:
                self.blobs[top] = NOTHING
            else:
                self.input(top, shape, layer)

    def learned(self, layer: CaffeLayer) -> list[int]:
        """A Parameter: a tensor that is learned, whatever comes in."""
        shapes = [shape for shape in data.data_shapes(layer) if shape]
        if len(shapes) != 1 or len(shapes[0]) < 2 or shapes[0][0] != 1 or min(shapes[0]) < 1:
            raise layer.fault("a `Parameter` is read with a first axis of 1, the batch's", help="give it `shape`")
        build = Build(self.sketch, layer.name, layer.type, layer.place(), [0], ())
        return [build.put("parameter", shape=shapes[0][1:])]

    def made(self, layer: CaffeLayer, tensors: list[int]) -> list[int]:
        """The tensors that a layer makes."""
        names = (layer.kind, *parameter_names(layer))
        shared = self.owners.get(names, ()) if len(names) > 1 else ()
        build = Build(self.sketch, layer.name, layer.type, layer.place(), tensors, shared)
        layer.images = self.images
        if layer.kind not in RULES:
            return [build.opaque(build.x[0], suffix=f"_{n}" if n else "") for n in range(len(layer.tops))]
        if id(layer) in self.scaled:
            return tensors  # the batch norm before it has learned already
        if layer.kind == "batchnorm" and any(id(scale) in self.scaled for scale in self.uses.get((id(layer), 0), ())):
            return [build.put("batchnorm", eps=layer.part("batch_norm_param").real("eps", 1e-5))]
        tops = RULES[layer.kind](layer, build)
        if len(names) > 1:
            self.owners.setdefault(names, build.made)
        return tops

    def tensor(self, blob: str, layer: CaffeLayer) -> int:
        """What a blob holds when this layer takes it."""
        if blob not in self.blobs and blob not in self.tops:  # the layer of the data was left out of the file
            if blob in self.labels:
                return NOTHING
            if blob in self.given or not self.sketch.inputs:
                self.input(blob, None, layer)
        if blob not in self.blobs:
            help = suggestion(blob, self.blobs, "a layer takes what layers before it make")
            raise layer.fault(f"no layer before this one makes the blob `{blob[:60]}`", help=help)
        self.open.pop(blob, None)
        return self.blobs[blob]

    def loss(self, layer: CaffeLayer, tensors: list[int]) -> bool:
        """A loss or an accuracy, one number for the batch. False for one that is a layer instead."""
        compared = [tensor for bottom, tensor in zip(layer.bottoms, tensors) if bottom not in self.labels]
        alone = len(layer.bottoms) == 1
        if alone and layer.kind in RULES:
            return False  # netscope's files end in a loss that is a softmax
        if alone or NOTHING in compared:
            self.makes_nothing(layer)
            return True
        build = Build(self.sketch, layer.name, layer.type, layer.place(), compared)
        self.makes(layer.tops, [build.opaque(()), *beside_loss(layer, build)])
        return True


def beside_loss(layer: CaffeLayer, build: Build) -> list[int]:
    """The second top of a loss: the probabilities, how right each class was, or a loss for each region."""
    made: list[int] = []
    for number in range(1, len(layer.tops)):
        if layer.kind == "softmaxwithloss":
            made.append(build.put("softmax", build.tensors[0], suffix="_prob"))
        else:
            shape = build.x[0][:1] if layer.kind == "accuracy" else (1,) if layer.kind.endswith("ohem") else ()
            made.append(build.opaque(shape, build.tensors[0], suffix=f"_{number}"))
    return made


def used(layers: Sequence[CaffeLayer]) -> dict[tuple[int, int], list[CaffeLayer]]:
    """The layers that take each top, by the layer that makes it and its place among that layer's tops."""
    makers: dict[str, tuple[int, int]] = {}
    found: dict[tuple[int, int], list[CaffeLayer]] = {}
    for layer in layers:
        for bottom in layer.bottoms:
            if bottom in makers:
                found.setdefault(makers[bottom], []).append(layer)
        makers.update((top, (id(layer), place)) for place, top in enumerate(layer.tops))
    return found


def scales(layers: Sequence[CaffeLayer], uses: dict[tuple[int, int], list[CaffeLayer]]) -> set[int]:
    """The `Scale`s that are the second half of a batch norm: alone behind it, with a factor and a shift a channel."""
    found: set[int] = set()
    for layer in layers:
        after = uses.get((id(layer), 0), []) if layer.kind == "batchnorm" and not learns(layer) else []
        if len(after) == 1 and after[0].kind == "scale" and len(after[0].bottoms) == 1 and shares_channels(after[0]):
            found.add(id(after[0]))
    return found


def parameter_names(layer: CaffeLayer) -> tuple[str, ...]:
    """The names of a layer's parameters, by which layers share them; nothing where it names none."""
    entries = layer.message.having("param")
    names = [entry.word("name") if isinstance(entry, Message) else entry.text for entry in entries]
    return tuple(names) if any(names) else ()
