"""An intermediate representation to a sketch: layers in an order in which each comes after what it takes."""

from __future__ import annotations

from itertools import chain, repeat
from math import prod

from cnncalc.interchange.building import Build, Fields, each_made, finished
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.openvino import rarer, windows
from cnncalc.interchange.openvino.depending import following, reopen
from cnncalc.interchange.openvino.images import Images
from cnncalc.interchange.openvino.numbers import Numbers, numbers_beside, storage
from cnncalc.interchange.openvino.sharing import Sharing
from cnncalc.interchange.openvino.table import FOLDED, LAID_OUT, MERGES, OPAQUE, PASSED, RULES, WEIGHTED
from cnncalc.interchange.openvino.tracing import Tracing
from cnncalc.interchange.openvino.xml import Ir, IrLayer, declared, ordered, read_ir
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
SCALES = "plain numbers, and scales and zero points of quantised weights, count as `exporter_constants`: none learned"


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """An IR. Raises CnncalcError with everything that is wrong."""
    return Reader(read_ir(Text(file.name, file.text), file.limits), asked, numbers_beside(file)).read()


class Reader:
    """One net on its way."""

    def __init__(self, net: Ir, asked: Asked, numbers: Numbers) -> None:
        self.net, self.asked = net, asked
        self.sketch = Sketch(net.name, "onnx")
        self.tracing = Tracing(numbers)
        self.tensors: dict[Port, int] = {}
        self.outputs: list[int] = []
        self.unknown = Unknown("OpenVINO")
        self.takers: dict[Port, list[IrLayer]] = {}
        for (to, _), source in net.edges.items():
            if to in net.layers:
                self.takers.setdefault(source, []).append(net.layers[to])
        self.stored: dict[str, int] = {}
        """The numbers of the largest constant that each fixed layer is made of."""
        self.scales = 0
        """Numbers that scale quantised weights."""
        self.images = Images()
        self.sharing = Sharing(net, self.sketch, PASSED)
        self.moving: set[str] = set()
        """The layers that depend on what the inputs hold."""
        self.biased: set[str] = set()
        """The Adds that are the bias of what is before them."""

    def read(self) -> Sketch:
        """The whole net. Raises CnncalcError with everything that is wrong."""
        order = ordered(self.net)
        self.moving = following(self.net, order, FOLDED)
        self.sharing.count(order, self.moving, (*WEIGHTED, "MatMul"))
        if any(self.resized(layer) for layer in order):
            reopen(self.net, order, self.moving)
        for layer, made in each_made(order, self.made, self.unknown):
            ports = [(layer.id, port) for port in layer.outputs]
            self.tensors.update(zip(ports, chain(made or (), repeat(NOTHING))))
        sketch = finished(self.sketch, [tensor for tensor in self.outputs if tensor >= 0])
        if self.scales:
            sketch.beside = self.scales
            sketch.notes.append(f"{self.scales:,} {SCALES}")
        sketch.stored("its numbers", *storage(order))
        return sketch

    def made(self, layer: IrLayer) -> list[int]:
        """The tensors that a layer makes."""
        sources = self.net.sources(layer)
        tensors = [self.tensors.get(source, NOTHING) for source in sources]
        if layer.type in ("Parameter", "Input"):
            shape = self.input(layer)
            self.tracing.leave(layer, [(1, *shape)])
            return [self.sketch.input(layer.name, shape)]
        if layer.type == "Result":
            self.outputs += tensors
            return []
        if layer.type in FOLDED or (tensors and all(tensor == FIXED for tensor in tensors)):
            self.stored[layer.id] = self.held_of(layer, [source for source, _ in sources])
            self.scaling(layer, sources)
            self.tracing.hold(layer, sources)
            return [FIXED] * len(layer.outputs)
        if layer.type in PASSED or layer.id in self.biased:
            through = next((source for source, tensor in zip(sources, tensors) if tensor != FIXED), ("", ""))
            self.tracing.pass_on(layer, through)
            return [self.tensors.get(through, NOTHING)]
        known = (*RULES, *MERGES, *WEIGHTED, *OPAQUE, *rarer.CELLS, *SINGLE)
        if layer.type not in known and not self.asked.opaque:
            self.unknown.add(layer.type, layer.name, layer.place())
            return []
        if NOTHING in tensors:
            return []
        moving = [tensor for tensor in tensors if tensor != FIXED]
        if not moving:
            raise layer.fault(f"`{layer.type}` takes a tensor", "no edge leads to it")
        self.tracing.enter(layer, sources, [place for place, tensor in enumerate(tensors) if tensor == FIXED])
        fixed = [self.shape(source) for source, tensor in zip(sources, tensors) if tensor == FIXED]
        build = Build(self.sketch, layer.name, layer.type, layer.place(), moving)
        self.images.enter(layer, build)
        start, biased = len(self.sketch.operators), set(self.biased)
        made = self.images.leave(layer, build, self.put(layer, build, fixed))
        added = [self.net.layers[one] for one in sorted(self.biased - biased)]
        self.sharing.settle([layer, *added], self.moving, start)
        self.tracing.leave(layer, [(1,) * (one not in self.images.whole) + build.shape(one) for one in made])
        return made

    def held_of(self, layer: IrLayer, sources: list[str]) -> int:
        """The numbers of the largest constant that a fixed layer is made of; none where lengths go into it."""
        if layer.type == "Const":
            return max((prod(shape) for shape in layer.outputs.values()), default=0)
        if layer.type in FOLDED:
            return 0
        stored = [self.stored.get(source, 0) for source in (sources[:1] if layer.type in LAID_OUT else sources)]
        return 0 if layer.type in MERGES and 0 in stored else max(stored, default=0)

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
            return rarer.group_norm(layer, build, all(map(self.learned, self.net.sources(layer)[1:])))
        if layer.type in rarer.CELLS:
            wanted = [(layer.id, port) in self.takers for port in layer.outputs]
            return rarer.recurrent(layer, build, fixed, wanted)
        if layer.type == "Slice":
            return rarer.taken(layer, build)
        if layer.type == "Gather":
            table = self.net.sources(layer)[0]
            own = self.shape(table) if self.learned(table) else []
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

    def resized(self, layer: IrLayer) -> bool:
        """Whether the user gives an input another size than the one that the file says."""
        given = self.given(layer) if layer.type in ("Parameter", "Input") else None
        stated = next(iter(layer.outputs.values()), [])
        return given is not None and min(stated[1:], default=0) > 0 and tuple(stated[1:]) != given

    def given(self, layer: IrLayer) -> Shape | None:
        """The shape that the user gives an input."""
        return self.asked.inputs.get(layer.name) or self.asked.inputs.get("")

    def input(self, layer: IrLayer) -> Shape:
        """The shape of an input, as the user gives it or else the file."""
        shape = self.given(layer)
        stated = next(iter(layer.outputs.values()), [])
        if not shape and len(stated) > 1 and min(stated[1:]) < 1:
            said = "x".join("?" if n < 1 else str(n) for n in stated)
            help = f"give them, without the batch: `--input {'x'.join(str(n if n > 0 else 224) for n in stated[1:])}`"
            raise layer.fault("the file leaves lengths of its input open", f"it says {said}", help)
        return shape or declared(layer)

    def shape(self, port: Port) -> list[int]:
        """The shape that a port declares."""
        layer = self.net.layers.get(port[0])
        return layer.outputs.get(port[1], []) if layer is not None else []

    def bias_behind(self, layer: IrLayer, channels: int) -> bool:
        """Whether an Add of a number for each channel follows, and nothing else; it is the bias then."""
        added = None if self.sharing.several(layer) else self.constant_behind(layer, "Add", [channels])
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
        takers = [taker for taker in self.takers.get(port, []) if taker.type not in FOLDED]
        if len(takers) != 1 or takers[0].type != kind:
            return None
        others = [source for source in self.net.sources(takers[0]) if source != port]
        if len(others) != 1 or self.tensors.get(others[0], self.fixed(others[0])) != FIXED:
            return None
        alike = sorted(n for n in self.shape(others[0]) if n > 1) == sorted(n for n in sizes if n > 1)
        return takers[0] if alike else None

    def fixed(self, port: Port) -> int:
        """Whether a tensor that is not made yet is one of the weights, or computed of them and of lengths."""
        return NOTHING if port[0] in self.moving else FIXED

    def learned(self, port: Port) -> bool:
        """Whether a tensor is one of the weights, in full or as they are stored: not repeated, and no lengths."""
        return self.tensors.get(port) == FIXED and self.stored.get(port[0], 0) >= prod(self.shape(port))

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
        channels = windows.channels(layer, fixed[0])
        return WEIGHTED[layer.type](layer, build, fixed[0], bias=self.bias_behind(layer, channels))

    def product(self, layer: IrLayer, build: Build, fixed: list[list[int]]) -> int:
        """A linear layer where one side is a matrix of weights; else a product of two tensors."""
        if len(build.tensors) == 2:
            swapped: Fields = {"transposed": True} if layer.flag("transpose_b", default=False) else {}
            return build.put("matmul", **swapped)
        if len(fixed) != 1 or not 1 <= len(fixed[0]) <= 2 or layer.flag("transpose_a", default=False):
            raise layer.fault("this product is not read", "its second side is no matrix of weights")
        out, entering = declared(layer)[-1], fixed[0][-1 if layer.flag("transpose_b", default=False) else 0]
        if len(fixed[0]) == 2 and entering != build.x[0][-1]:
            raise layer.fault(
                "its matrix is for as many numbers as come in", f"{entering}, and {build.x[0][-1]} come in"
            )
        fields: Fields = {"axis": "last"} if len(build.x[0]) > 1 else {}
        made = build.put("linear", out=out, bias=self.bias_behind(layer, out), **fields)
        return build.sketch.holds(made, prod(fixed[0]))

    def merged(self, layer: IrLayer, build: Build, fixed: list[list[int]]) -> int:
        """Two tensors; or a tensor and one of the weights, which counts as a parameter."""
        kind = MERGES[layer.type]
        if not fixed:
            return build.put(kind)
        own, rank = fixed[0], len(build.x[0])
        if len(own) > rank + 1 or (len(own) == rank + 1 and own[0] != 1):
            raise layer.fault("a constant with a batch of its own is not read", "x".join(map(str, own)))
        if kind in ("maximum", "minimum", "power") and prod(own) != 1:
            raise layer.fault(f"a `{layer.type}` with a constant of several numbers is not read")
        if prod(own) == 1:  # OpenVINO gives a number as many axes as the map has
            return self.with_number(layer, build)
        shape = (1,) * (rank - len(own)) + tuple(own[-rank:] if len(own) > rank else own)
        held = max(self.stored.get(one, 0) for one, _ in self.net.sources(layer))
        made = "parameter" if held >= prod(own) else "constant"  # what is computed of fewer numbers is not in the file
        return build.put(made, shape=shape, join="add" if kind in ("add", "subtract") else "multiply")

    def with_number(self, layer: IrLayer, build: Build) -> int:
        """A tensor and a plain number, which nothing learned."""
        sources = self.net.sources(layer)
        place = next(place for place, source in enumerate(sources) if self.tensors.get(source) == FIXED)
        self.scales += self.floating(sources[place])
        number = self.tracing.number(sources[place])
        if number is None:
            build.sketch.notes.append(f"the number of `{layer.name[:60]}` is in the weights' file: 1 stands for it")
        return rarer.with_number(MERGES[layer.type], build, 1 if number is None else number, first=place == 0)
