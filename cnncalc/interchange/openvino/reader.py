"""An intermediate representation to a sketch: layers in an order in which each comes after what it takes."""

from __future__ import annotations

from itertools import chain, repeat
from math import prod

from cnncalc.interchange.building import Build, Fields, each_made, finished
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.openvino import rarer
from cnncalc.interchange.openvino.images import Images
from cnncalc.interchange.openvino.numbers import Numbers, numbers_beside
from cnncalc.interchange.openvino.table import FOLDED, MERGES, OPAQUE, PASSED, RULES, WEIGHTED
from cnncalc.interchange.openvino.xml import Ir, IrLayer, declared, read_ir
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.interchange.text import Text
from cnncalc.interchange.unknown import Unknown
from cnncalc.layers import Shape

__all__ = ["Reader", "read"]

Port = tuple[str, str]
FIXED = -2
"""The tensor of what does not depend on the inputs: weights, and shapes."""
NOTHING = -1
"""The tensor of what could not be read."""
SINGLE = ("GroupNormalization", "MVN", "MatMul", "PReLU", "ScaledDotProductAttention")
"""What depends on the constants around it in a way of its own."""
ATTENTION = SINGLE[-1]
SCALES = "scales and zero points of quantised weights, or of lengths, count as `exporter_constants`: none learned"


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """An IR. Raises CnncalcError with everything that is wrong."""
    return Reader(read_ir(Text(file.name, file.text), file.limits), asked, numbers_beside(file)).read()


class Reader:
    """One net on its way."""

    def __init__(self, net: Ir, asked: Asked, numbers: Numbers) -> None:
        self.net, self.asked, self.numbers = net, asked, numbers
        self.sketch = Sketch(net.name, "onnx")
        self.tensors: dict[Port, int] = {}
        self.outputs: list[int] = []
        self.unknown = Unknown()
        self.takers: dict[Port, list[IrLayer]] = {}
        for (to, _), source in net.edges.items():
            if to in net.layers:
                self.takers.setdefault(source, []).append(net.layers[to])
        self.stored: dict[str, int] = {}
        """The numbers of the largest constant that each fixed layer is made of."""
        self.scales = 0
        """Numbers that scale quantised weights."""
        self.images = Images()
        self.biased: set[str] = set()
        """The Adds that are the bias of what is before them."""

    def read(self) -> Sketch:
        """The whole net. Raises CnncalcError with everything that is wrong."""
        for layer, made in each_made(ordered(self.net), self.made):
            ports = [(layer.id, port) for port in layer.outputs]
            self.tensors.update(zip(ports, chain(made or (), repeat(NOTHING))))
        self.unknown.raise_any("OpenVINO")
        sketch = finished(self.sketch, [tensor for tensor in self.outputs if tensor >= 0])
        if self.scales:
            sketch.beside = self.scales
            sketch.notes.append(f"{self.scales:,} {SCALES}")
        return sketch

    def made(self, layer: IrLayer) -> list[int]:
        """The tensors that a layer makes."""
        sources = self.net.sources(layer)
        tensors = [self.tensors.get(source, NOTHING) for source in sources]
        if layer.type in ("Parameter", "Input"):
            return [self.sketch.input(layer.name, self.input(layer))]
        if layer.type == "Result":
            self.outputs += tensors
            return []
        if layer.type in FOLDED or (tensors and all(tensor == FIXED for tensor in tensors)):
            own = [prod(shape) for shape in layer.outputs.values()] if layer.type == "Const" else []
            self.stored[layer.id] = max([*own, *(self.stored.get(one, 0) for one, _ in sources)], default=0)
            self.scaling(layer, sources)
            return [FIXED] * len(layer.outputs)
        if layer.type in PASSED or layer.id in self.biased:
            return [next((tensor for tensor in tensors if tensor != FIXED), NOTHING)]
        known = [
            *RULES,
            *MERGES,
            *WEIGHTED,
            *OPAQUE,
            *rarer.CELLS,
            "MatMul",
            "PReLU",
            "MVN",
            "GroupNormalization",
            ATTENTION,
        ]
        if layer.type not in known and not self.asked.opaque:
            self.unknown.add(layer.type, layer.name, layer.place())
            return []
        if NOTHING in tensors:
            return []
        moving = [tensor for tensor in tensors if tensor != FIXED]
        if not moving:
            raise layer.fault(f"`{layer.type}` takes a tensor", "no edge leads to it")
        fixed = [self.shape(source) for source, tensor in zip(sources, tensors) if tensor == FIXED]
        held = {place: self.held(source) for place, source in enumerate(sources) if tensors[place] == FIXED}
        read = {place: self.numbers(one) for place, one in held.items() if one is not None}
        layer.constants = {place: numbers for place, numbers in read.items() if numbers is not None}
        build = Build(self.sketch, layer.name, layer.type, layer.place(), moving)
        self.images.enter(layer, build)
        return self.images.leave(layer, build, self.put(layer, build, fixed))

    def put(self, layer: IrLayer, build: Build, fixed: list[list[int]]) -> list[int]:
        """The tensors that a layer makes of tensors that depend on the inputs, and of weights of these shapes."""
        if layer.type in WEIGHTED:
            return [self.weighted(layer, build, fixed)]
        if layer.type == "MatMul":
            return [self.product(layer, build, fixed)]
        if layer.type == "PReLU":
            shared = max(fixed[0], default=1) == 1 if fixed else True
            return [build.put("prelu", slopes="shared" if shared else "per_channel")]
        if layer.type in MERGES:
            return [self.merged(layer, build, fixed)]
        if layer.type == "Concat" and fixed:
            return [self.joined(layer, build)]
        if layer.type in RULES:
            return RULES[layer.type](layer, build)
        found = self.rarer(layer, build, fixed)
        if found is not None:
            return found
        return [
            build.opaque(declared(layer, number), suffix=f"_{number}" if number else "")
            for number in range(len(layer.outputs))
        ]

    def rarer(self, layer: IrLayer, build: Build, fixed: list[list[int]]) -> list[int] | None:
        """The tensors of a layer that depends on the constants around it; None where it is opaque."""
        if layer.type == "MVN":
            return rarer.norm(layer, build, fixed[0] if fixed else [], lambda sizes: self.affine_behind(layer, sizes))
        if layer.type == ATTENTION:
            source = next(iter(self.net.sources(layer)[3:4]), ("", ""))
            own = self.shape(source) if self.tensors.get(source) == FIXED else []
            kept = prod(own) > 1 and self.stored.get(source[0], 0) >= prod(own)
            return rarer.attention(layer, build, tuple(own) if kept else ())
        if layer.type == "GroupNormalization":
            return rarer.group_norm(layer, build, all(self.held(one) for one in self.net.sources(layer)[1:]))
        if layer.type in rarer.CELLS:
            wanted = [(layer.id, port) in self.takers for port in layer.outputs]
            return rarer.recurrent(layer, build, fixed, wanted)
        if layer.type == "Slice":
            return rarer.taken(layer, build)
        if layer.type == "Gather":
            table = self.held(self.net.sources(layer)[0])
            own = next(iter(table.outputs.values()), []) if table is not None else []
            return rarer.embedding(layer, build, own) if len(own) == 2 else rarer.looked_up(layer, build)
        return None

    def joined(self, layer: IrLayer, build: Build) -> int:
        """A Concat with what the file holds for each image, such as a class token, which is a parameter."""
        tensors, entering = [], build.tensors[0]
        for place, source in enumerate(self.net.sources(layer)):
            tensor, shape = self.tensors.get(source, NOTHING), self.shape(source)[not layer.lifted :]
            if tensor == FIXED:
                if not shape:
                    raise layer.fault("what is joined has a batch, and something in it")
                tensor = build.put("parameter", entering, suffix=f"_own{place}", shape=tuple(shape), join="alone")
            tensors.append(tensor)
        axis = layer.whole("axis", 1) % (len(build.x[0]) + 1)
        if axis == 0:
            raise layer.fault("a layer that acts along the batch is no layer of a net here")
        return build.put("concat", *tensors, suffix="_join", axis=axis - 1)

    def scaling(self, layer: IrLayer, sources: list[Port]) -> None:
        """Keep account of what turns stored integers into weights, or a length into another: scales, zero points."""
        if layer.type in ("Add", "Multiply", "Subtract"):
            floating = [source for source in sources if self.floating(source)]
            self.scales += min((prod(self.shape(source)) for source in floating), default=0)

    def input(self, layer: IrLayer) -> Shape:
        """The shape of an input, as the user gives it or else the file."""
        shape = self.asked.inputs.get(layer.name) or self.asked.inputs.get("")
        return shape or declared(layer)

    def shape(self, port: Port) -> list[int]:
        """The shape that a port declares."""
        layer = self.net.layers.get(port[0])
        return layer.outputs.get(port[1], []) if layer is not None else []

    def bias_behind(self, layer: IrLayer, channels: int) -> bool:
        """Whether an Add of a number for each channel follows, and nothing else; it is the bias then."""
        added = self.constant_behind(layer, "Add", [channels])
        self.biased.update(() if added is None else (added.id,))
        return added is not None

    def affine_behind(self, layer: IrLayer, sizes: list[int]) -> bool:
        """Whether a factor and a shift of these lengths follow, and nothing else; they are the norm's then."""
        scaled = self.constant_behind(layer, "Multiply", sizes)
        shifted = self.constant_behind(scaled, "Add", sizes) if scaled is not None else None
        if scaled is None or shifted is None:
            return False
        self.biased |= {scaled.id, shifted.id}
        return True

    def constant_behind(self, layer: IrLayer, kind: str, sizes: list[int]) -> IrLayer | None:
        """The one layer that takes what this one makes, if it is of this kind, with a constant of these lengths."""
        port = (layer.id, next(iter(layer.outputs), ""))
        takers = self.takers.get(port, [])
        if len(takers) != 1 or takers[0].type != kind:
            return None
        others = [source for source in self.net.sources(takers[0]) if source != port]
        if len(others) != 1 or self.tensors.get(others[0], self.fixed(others[0])) != FIXED:
            return None
        alike = sorted(n for n in self.shape(others[0]) if n > 1) == sorted(n for n in sizes if n > 1)
        return takers[0] if alike else None

    def fixed(self, port: Port) -> int:
        """Whether a tensor that is not made yet is one of the weights."""
        return FIXED if self.held(port) is not None else NOTHING

    def floating(self, port: Port) -> bool:
        """Whether a tensor is one of the weights' file, and not stored as 32 or 64 bits of whole numbers."""
        layer = self.held(port)
        return layer is not None and layer.attributes.get("element_type") not in ("i32", "i64", "u32", "u64")

    def held(self, port: Port) -> IrLayer | None:
        """The constant that a tensor is, if only its type is changed on the way."""
        layer = self.net.layers.get(port[0])
        while layer is not None and layer.type in PASSED:
            sources = self.net.sources(layer)
            layer = self.net.layers.get(sources[0][0]) if sources else None
        return layer if layer is not None and layer.type == "Const" else None

    def weighted(self, layer: IrLayer, build: Build, fixed: list[list[int]]) -> int:
        """A convolution, forward or transposed."""
        if len(build.tensors) != 1 or not fixed:
            raise layer.fault("a convolution whose weights another layer makes is not read")
        channels = declared(layer)[0]
        return WEIGHTED[layer.type](layer, build, fixed[0], bias=self.bias_behind(layer, channels))

    def product(self, layer: IrLayer, build: Build, fixed: list[list[int]]) -> int:
        """A linear layer where one side is a matrix of weights; else a product of two tensors."""
        if len(build.tensors) == 2:
            swapped: Fields = {"transposed": True} if layer.flag("transpose_b", default=False) else {}
            return build.put("matmul", **swapped)
        if len(fixed) != 1 or len(fixed[0]) > 2 or layer.flag("transpose_a", default=False):
            raise layer.fault("this product is not read", "its second side is no matrix of weights")
        out = declared(layer)[-1]
        fields: Fields = {"axis": "last"} if len(build.x[0]) > 1 else {}
        return build.put("linear", out=out, bias=self.bias_behind(layer, out), **fields)

    def merged(self, layer: IrLayer, build: Build, fixed: list[list[int]]) -> int:
        """Two tensors; or a tensor and one of the weights, which counts as a parameter."""
        kind = MERGES[layer.type]
        if not fixed:
            return build.put(kind)
        own, rank = fixed[0], len(build.x[0])
        if len(own) > rank + 1 or (len(own) == rank + 1 and own[0] != 1):
            raise layer.fault("a constant with a batch of its own is not read", "x".join(map(str, own)))
        shape = (1,) * (rank - len(own)) + tuple(own[-rank:] if len(own) > rank else own)
        if kind in ("maximum", "minimum", "power"):
            if prod(own) != 1:
                raise layer.fault(f"a `{layer.type}` with a constant of several numbers is not read")
            build.sketch.notes.append(f"the number of `{layer.name[:60]}` is in the weights' file: 1 stands for it")
            return build.put(kind, number=1)
        held = max(self.stored.get(one, 0) for one, _ in self.net.sources(layer))
        made = "parameter" if held >= prod(own) else "constant"  # what is computed of fewer numbers is not in the file
        return build.put(made, shape=shape, join="add" if kind in ("add", "subtract") else "multiply")


def ordered(net: Ir) -> list[IrLayer]:
    """The layers, each after all that it takes. Raises CnncalcError for a circle."""
    waiting = {
        layer.id: {source[0] for source in net.sources(layer) if source[0] in net.layers}
        for layer in net.layers.values()
    }
    after: dict[str, list[str]] = {}
    for one, before in waiting.items():
        for other in before:
            after.setdefault(other, []).append(one)
    ready = [one for one, before in waiting.items() if not before]
    found: list[IrLayer] = []
    for one in ready:
        found.append(net.layers[one])
        for other in after.get(one, ()):
            waiting[other].discard(one)
            if not waiting[other]:
                ready.append(other)
    if len(found) < len(net.layers):
        stuck = next(layer for layer in net.layers.values() if waiting[layer.id])
        raise stuck.fault("the layers take each other's outputs in a circle")
    return found
