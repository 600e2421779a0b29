"""An ncnn net to a sketch: layer after layer, blobs by name."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import suggestion
from cnncalc.interchange.building import Build, Fields, each_made, finished
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.lengths import opened, settled
from cnncalc.interchange.ncnn.elements import raised
from cnncalc.interchange.ncnn.params import Operator, operators
from cnncalc.interchange.ncnn.table import RULES
from cnncalc.interchange.ncnn.windows import dynamic
from cnncalc.interchange.sketch import Asked, Sketch
from cnncalc.interchange.text import Text
from cnncalc.interchange.unknown import Unknown
from cnncalc.layers.base import Shape

__all__ = ["Reader", "read"]

JOINS = {
    "BinaryOp": {0: "add", 1: "add", 2: "multiply", 3: "multiply"},
    "Eltwise": {0: "multiply", 1: "add"},
}
"""By setting 0 how a tensor of the weights meets another: a difference costs as a sum does, a quotient as a product."""
QUANTISED = {"Convolution": 8, "Convolution1D": 8, "ConvolutionDepthWise": 8, "InnerProduct": 8}
"""The setting that is above 0 where weights are of a byte (int8_scale_term)."""
NOTHING = -1
"""What comes out of a layer that could not be read."""


def read(file: ForeignFile, asked: Asked) -> Sketch:
    """A `.param`. Raises CnncalcError with everything that is wrong."""
    found = operators(Text(file.name, file.text), file.limits)
    return settled(lambda usual: Reader(found, asked, usual).read(), asked)


class Reader:
    """One net on its way."""

    def __init__(self, found: Sequence[Operator], asked: Asked, usual: int | None) -> None:
        self.operators, self.given, self.opaque, self.usual = found, asked.inputs, asked.opaque, usual
        self.sketch = Sketch("", "ncnn")
        self.blobs: dict[str, int] = {}
        self.open: dict[str, int] = {}
        """The blobs that no layer has taken yet: in the end, the outputs."""
        self.constants: dict[str, tuple[str, Shape]] = {}
        """The blobs that the file's weights hold, with the name and the shape of each."""
        self.parameters: dict[tuple[str, Shape], int] = {}
        self.unknown = Unknown("ncnn")

    def read(self) -> Sketch:
        """The whole net. Raises CnncalcError with everything that is wrong."""
        for operator, made in each_made(self.operators, self.made, self.unknown):
            tops = made or []
            self.blobs.update(dict.fromkeys(operator.tops, NOTHING))
            self.blobs.update(zip(operator.tops, tops))
            if operator.bottoms:
                self.open.update(zip(operator.tops, tops))
        if stored := sum(one.type in QUANTISED and one.whole(QUANTISED[one.type], 0) > 0 for one in self.operators):
            layers = "1 layer" if stored == 1 else f"{stored:,} layers"
            self.sketch.notes.append(f"the file stores the weights of {layers} in int8, with scales beside")
        return finished(self.sketch, list(self.open.values()))

    def made(self, operator: Operator) -> list[int]:
        """The tensors that a layer makes."""
        if operator.type == "Input":
            return [self.sketch.input(top, self.shape(operator, top)) for top in operator.tops]
        if operator.type == "MemoryData":
            self.constants.update(dict.fromkeys(operator.tops, (operator.name, declared(operator) or (1,))))
            return []
        if any(bottom in self.constants for bottom in operator.bottoms):
            return self.with_constant(operator)
        tensors = [self.tensor(bottom, operator) for bottom in operator.bottoms]
        if operator.type not in RULES and not self.opaque:
            self.unknown.add(operator.type, operator.name, operator.place())
            return []
        if NOTHING in tensors:
            return []
        if not tensors:
            raise operator.fault(f"`{operator.type}` takes at least one blob")
        build = Build(self.sketch, operator.name, operator.type, operator.place(), tensors)
        rule = RULES.get(operator.type)
        if rule:
            return rule(operator, build)
        return [build.opaque(build.x[0], suffix=f"_{place}" if place else "") for place in range(len(operator.tops))]

    def with_constant(self, operator: Operator) -> list[int]:
        """A layer that takes a tensor of the file's weights: a copy of it, or a sum or product with it."""
        constants = [self.constants[bottom] for bottom in operator.bottoms if bottom in self.constants]
        if operator.type in ("Split", "Noop"):
            self.constants.update(dict.fromkeys(operator.tops, constants[0]))
            return []
        others = [self.tensor(bottom, operator) for bottom in operator.bottoms if bottom not in self.constants]
        if dynamic(operator) and operator.bottoms[0] not in self.constants and len(others) == 1:
            return self.weighted(operator, others)
        joined = JOINS.get(operator.type, {}).get(operator.whole(0, 0))
        join: Fields | None = {"join": joined} if joined else None
        if operator.type == "Concat":
            join = {"join": "concat", "axis": operator.whole(0, 0), "first": operator.bottoms[0] in self.constants}
        if NOTHING in others:
            return []
        if others and operator.type in RULES and (len(others) != 1 or len(constants) != 1 or join is None):
            return self.brought(operator, others[0])
        if len(others) != 1 or len(constants) != 1 or join is None:
            if operator.type not in RULES or not self.sketch.inputs:
                raise operator.fault(f"a `{operator.type}` of tensors of the weights alone is not read")
            return self.brought(operator, next(iter(self.sketch.inputs.values())))
        build = Build(self.sketch, operator.name, operator.type, operator.place(), others)
        name, own = constants[0]
        if len(own) > len(build.x[0]):
            raise operator.fault("the tensor of the weights has more axes than the other")
        shape = own if operator.type == "Concat" else raised(own, build.x[0])
        tensor = build.put("parameter", share=self.parameters.get((name, shape)), shape=shape, **join)
        self.parameters.setdefault((name, shape), tensor)
        return [tensor]

    def weighted(self, operator: Operator, live: list[int]) -> list[int]:
        """A convolution whose weights are the file's: a layer of its own, or one that shares another's."""
        if NOTHING in live:
            return []
        name, shape = self.constants[operator.bottoms[1]]
        shared = [self.parameters[name, shape]] if (name, shape) in self.parameters else []
        build = Build(self.sketch, operator.name, operator.type, operator.place(), live, shared)
        build.x.append(shape)
        made = RULES[operator.type](operator, build)
        self.parameters.setdefault((name, shape), build.made[0])
        return made

    def brought(self, operator: Operator, beside: int) -> list[int]:
        """A layer on tensors of which some are the weights': layers without an input of their own bring these."""
        tensors: list[int] = []
        for bottom in operator.bottoms:
            if bottom not in self.constants:
                tensors.append(self.tensor(bottom, operator))
                continue
            name, shape = self.constants[bottom]
            if (name, shape) not in self.parameters:
                build = Build(self.sketch, name, "MemoryData", operator.place(), [beside])
                self.parameters[name, shape] = build.put("parameter", shape=shape, join="alone")
            tensors.append(self.parameters[name, shape])
        build = Build(self.sketch, operator.name, operator.type, operator.place(), tensors)
        return RULES[operator.type](operator, build)

    def tensor(self, blob: str, operator: Operator) -> int:
        """What a blob holds."""
        if blob not in self.blobs:
            help = suggestion(blob, self.blobs, "a layer takes what layers before it make")
            raise operator.fault(f"no layer before this one makes the blob `{blob[:60]}`", help=help)
        self.open.pop(blob, None)
        return self.blobs[blob]

    def shape(self, operator: Operator, name: str) -> Shape:
        """The shape of an input, as the user gives it or else the file."""
        shape = self.given.get(name) or self.given.get("") or declared(operator)
        channels = self.channels(name)
        if not shape and channels and self.usual:
            opened(self.sketch, name, self.usual)
            return (channels, self.usual, self.usual)
        if not shape or min(shape) < 1:
            like = f"{channels or 3}x224x224"
            help = f"give it: `--input {like}`, or `--input {name}={like}` where there are several"
            raise operator.fault(f"the shape of the input `{name[:60]}` is not in the file", help=help)
        return shape

    def channels(self, blob: str) -> int:
        """The channels that the first convolution on an input takes, by the size of its weights; 0 where none says."""
        for operator in self.operators:
            out, width = operator.whole(0, 0), operator.whole(1, 0)
            if blob in operator.bottoms and operator.type == "Convolution" and out > 0 and width > 0:
                return operator.whole(6, 0) // max(out * width * operator.whole(11, width), 1)
        return 0


def declared(operator: Operator) -> Shape:
    """Width, height, depth and channels as settings 0, 1, 11 and 2, as many as are given; channels first."""
    lengths = [operator.whole(number, 0) for number in (2, 11, 1, 0)]
    return tuple(length for length in lengths if length not in (0, -233))
