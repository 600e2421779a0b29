"""Nets of other formats told in ONNX's operators: one table of rules, one fold of shapes, one set of patterns for all.

A format whose operators are near ONNX's (Core ML, NNEF) says each of its own as one or a few of these, and what `read`
makes of them is a sketch like that of an ONNX file. What the format says of sizes is decided before, in its own room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.onnx.parts import Graph, Model, Node, Tensor
from cnncalc.interchange.onnx.reader import read_model
from cnncalc.interchange.sketch import Asked, Sketch

__all__ = ["OPSET", "Dims", "Telling"]

OPSET = 21
"""The opset in whose terms operators are told."""
Dims = tuple["int | str | None", ...]
MOST = 100_000
"""Operators of a net."""


class Telling:
    """A net on its way: operators in order, tensors by name. A name that a format has left out is made up."""

    __slots__ = (
        "copies",
        "declared",
        "foreign",
        "inputs",
        "left",
        "made_by",
        "made_up",
        "makers",
        "nodes",
        "stated",
        "tensors",
        "tool",
    )

    def __init__(self, tool: str) -> None:
        self.tool, self.made_up = tool, 0
        self.foreign = self.made_by = ""
        """What the format calls the operator that is being told, and the framework that the net was made with."""
        self.nodes: list[Node] = []
        self.makers: dict[str, Node] = {}
        self.tensors: dict[str, Tensor] = {}
        self.inputs: dict[str, Dims | None] = {}
        self.declared: dict[str, Dims | None] = {}
        """Shapes that the format states of tensors, None for a length that is open."""
        self.stated: set[str] = set()
        """Operators of the format without weights, of which the shape that it states is all that is known."""
        self.copies: dict[object, str] = {}
        """Whose few numbers are, by what they are, where each layer has a copy of them in the file."""
        self.left: Counter[str] = Counter()
        """Numbers of the file that nobody learned, by why they are there."""

    def fresh(self) -> str:
        """A name that no tensor has."""
        self.made_up += 1
        return f"\0{self.made_up}"

    def put(self, kind: str, inputs: Sequence[str], outputs: Sequence[str] = (), name: str = "", **said: Any) -> str:
        """An operator of ONNX; its first output. Attributes are whole numbers, real ones, texts and tuples of these."""
        if len(self.nodes) >= MOST:
            raise CnncalcError(Fault(f"the net has more than {MOST:,} operators"))
        made = tuple(outputs) or (self.fresh(),)
        node = Node(kind, tuple(inputs), made, name, "", said, "", len(self.nodes) + 1, self.foreign)
        self.nodes.append(node)
        self.makers.update(dict.fromkeys(made, node))
        return made[0]

    def maker(self, name: str) -> Node | None:
        """The operator that makes a tensor; None where none does."""
        return self.makers.get(name)

    def weight(self, name: str, dims: Sequence[int], label: str = "") -> str:
        """A tensor that was learned; the last level of its name, or label, says what it is: `conv1.weight`.

        One that is taken in two shapes, such as a table that is turned to be a matrix, has two names and one label.
        """
        if len(dims) > 64 or any(n < 0 or n > 10**12 for n in dims):
            raise CnncalcError(Fault(f"the tensor `{name[:60]}` has the lengths {list(dims)[:8]}"))
        label = label or name
        if name in self.tensors and self.tensors[name].dims != tuple(dims):
            name = f"{name}\0{'x'.join(map(str, dims))}"
        self.tensors[name] = Tensor(tuple(dims), None, 1, label)
        return name

    def numbers(self, *numbers: int) -> str:
        """Whole numbers: axes, shapes, bounds."""
        name = self.fresh()
        self.tensors[name] = Tensor((len(numbers),), tuple(numbers), 7)
        return name

    def reals(self, *numbers: float) -> str:
        """Real numbers that are no parameters: factors of lengths."""
        name = self.fresh()
        self.tensors[name] = Tensor((len(numbers),), tuple(numbers))
        return name

    def number(self, value: float) -> str:
        """A number that is no parameter."""
        return self.known(self.fresh(), value)

    def known(self, name: str, value: float) -> str:
        """A number that is no parameter, by the name that it has."""
        self.tensors[name] = Tensor((), (value,))
        return name

    def filled(self, name: str, dims: Sequence[int], value: float | None) -> str:
        """A tensor of one number over and over, or of numbers that do not matter: no parameter."""
        count = 1
        for n in dims:
            count *= n
        small = value is not None and 0 < count <= 64
        self.tensors[name] = Tensor(tuple(dims), (value or 0.0,) * count if small else None)
        return name

    def read(self, name: str, outputs: Sequence[str], file: ForeignFile, asked: Asked) -> Sketch:
        """The sketch of the whole net, which ends in these tensors. Raises CnncalcError with everything wrong."""
        declared: Mapping[str, Dims | None] = {**self.declared, **self.inputs}
        graph = Graph(name, tuple(self.nodes), self.tensors, self.inputs, tuple(outputs), declared)
        model = Model(graph, OPSET, "", {}, {"": OPSET}, self.tool, frozenset(self.stated))
        sketch = read_model(model, file, asked)
        sketch.notes += self.notes()
        return sketch

    def notes(self) -> list[str]:
        """What is to be said of numbers that the file holds and nobody learned."""
        return [f"{count:,} numbers count as nothing: {why}" for why, count in sorted(self.left.items())]
