"""An ncnn net to a sketch: layer after layer, blobs by name."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.interchange.building import Build
from cnncalc.interchange.ncnn.params import Operator
from cnncalc.interchange.ncnn.table import RULES
from cnncalc.interchange.sketch import Sketch
from cnncalc.interchange.unknown import Unknown
from cnncalc.layers.base import Shape

__all__ = ["Reader"]

NOTHING = -1
"""What comes out of a layer that could not be read."""


class Reader:
    """One net on its way. `inputs` are the shapes that the user gives, by name or one for a net with one input."""

    def __init__(self, operators: Sequence[Operator], *, inputs: dict[str, Shape], opaque: bool) -> None:
        self.operators, self.given, self.opaque = operators, inputs, opaque
        self.sketch = Sketch("", "ncnn")
        self.blobs: dict[str, int] = {}
        self.open: dict[str, int] = {}
        """The blobs that no layer has taken yet: in the end, the outputs."""
        self.unknown = Unknown()

    def read(self) -> Sketch:
        """The whole net. Raises CnncalcError with everything that is wrong."""
        faults: list[Fault] = []
        for operator in self.operators:
            try:
                tops = self.made(operator)
            except CnncalcError as error:
                faults.extend(error.faults)
                tops = []
            self.blobs.update(dict.fromkeys(operator.tops, NOTHING))
            self.blobs.update(zip(operator.tops, tops))
            if operator.bottoms:
                self.open.update(zip(operator.tops, tops))
            if len(faults) >= 20:
                break
        if faults:
            raise CnncalcError(faults)
        self.unknown.raise_any("ncnn")
        self.sketch.outputs = list(dict.fromkeys(self.open.values()))
        return self.sketch

    def made(self, operator: Operator) -> list[int]:
        """The tensors that a layer makes."""
        if operator.type == "Input":
            return [self.sketch.input(top, self.shape(operator, top)) for top in operator.tops]
        if operator.type == "MemoryData":
            build = Build(self.sketch, operator.name, operator.type, operator.place(), [])
            return [build.put("constant", shape=declared(operator) or (1,))]
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
        if not shape or min(shape) < 1:
            help = f"give it: `--input 3x224x224`, or `--input {name}=3x224x224` where there are several"
            raise operator.fault(f"the shape of the input `{name[:60]}` is not in the file", help=help)
        return shape


def declared(operator: Operator) -> Shape:
    """Width, height, depth and channels as settings 0, 1, 11 and 2, as many as are given; channels first."""
    lengths = [operator.whole(number, 0) for number in (2, 11, 1, 0)]
    return tuple(length for length in lengths if length not in (0, -233))
