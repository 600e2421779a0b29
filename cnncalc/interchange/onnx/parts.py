"""What an ONNX file is made of: tensors, nodes, graphs, functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from cnncalc.records import NamedTuple

__all__ = [
    "MOST_READ", "TYPES", "Attribute", "Function", "Graph", "Model", "Node", "Numbers", "Reference", "Tensor",
    "captured", "in_common", "in_order", "module_of", "of_code", "of_module", "plain_numbers", "reached", "takes",
]  # fmt: skip

Numbers: TypeAlias = "tuple[int | float, ...]"
MOST_READ = 4_096
"""Numbers of a tensor that are read: shapes, axes and sizes are short, weights are not looked at."""
TYPES = {
    1: ("float32", 4, "f"), 2: ("uint8", 1, "B"), 3: ("int8", 1, "b"), 4: ("uint16", 2, "H"), 5: ("int16", 2, "h"),
    6: ("int32", 4, "i"), 7: ("int64", 8, "q"), 8: ("string", 0, ""), 9: ("bool", 1, "?"), 10: ("float16", 2, "e"),
    11: ("float64", 8, "d"), 12: ("uint32", 4, "I"), 13: ("uint64", 8, "Q"), 16: ("bfloat16", 2, ""),
    17: ("float8", 1, ""), 18: ("float8", 1, ""), 19: ("float8", 1, ""), 20: ("float8", 1, ""), 21: ("uint4", 0, ""),
    22: ("int4", 0, ""), 23: ("float4", 0, ""),
}  # fmt: skip
"""TensorProto.DataType: its name, the bytes of a number, and how `struct` reads it."""
FLOATING = (1, 10, 11, 16, 17, 18, 19, 20, 23)


_OWN = re.compile(r"(Constant(_[0-9]+)?_output_[0-9]+|val_[0-9]+)\Z")
"""What torch's exporters call a tensor of the code."""


class Tensor(NamedTuple):
    """A tensor of known shape that the file holds, or that follows from it."""

    dims: tuple[int, ...]
    held: Numbers | Callable[[], Numbers | None] | None = None
    """Its numbers; of many what reads them, which few files need; None where they are not to be read."""
    type: int = 1
    name: str = ""
    """That of the initialiser that it comes from."""
    of: tuple[Tensor, ...] = ()
    """The initialisers that it is made of, where these are fewer numbers or several: all of them are learned."""
    stored: int | None = None
    """The numbers of the largest tensor of the file that it is computed of; None where it is one itself."""

    @property
    def numbers(self) -> Numbers | None:
        """Its numbers; None where they are not to be read."""
        return self.held() if callable(self.held) else self.held

    @property
    def size(self) -> int:
        """The number of its elements."""
        size = 1
        for n in self.dims:
            size *= n
        return size

    def computed(self, dims: tuple[int, ...], numbers: Numbers | None = None, of: tuple[Tensor, ...] = ()) -> Tensor:
        """What is computed with it, of another shape: no tensor of the file."""
        return self._replace(dims=dims, held=numbers, name="", of=of, stored=self.most)

    @property
    def most(self) -> int:
        """The numbers of the largest tensor of the file that it is, or is computed of."""
        return self.stored if self.stored is not None else self.size if self.name else 0

    @property
    def learned(self) -> bool:
        """Whether the file holds as many numbers: a tensor of it, in another layout or scaled; no angles or zeros."""
        return (bool(self.name) and not self.of) or 0 < self.size <= self.most

    @property
    def held_as_learned(self) -> bool:
        """Whether it is learned where it stands on its own: zeros and ones that the file only says are not."""
        return self.learned and self.stored != 0 and not self.begun

    @property
    def begun(self) -> bool:
        """Whether it is zeros of the code's own, as a first state or an imaginary part, which no module has."""
        return _OWN.search(self.name) is not None and self.size > 1 and self.zeros

    @property
    def computed_anew(self) -> bool:
        """Whether fewer numbers make it, as angles and windows are made, so that no layer learns it."""
        return self.stored is not None and not self.learned

    @property
    def zeros(self) -> bool:
        """Whether all its numbers are known to be zeros, as of the states from which a cell starts."""
        numbers = self.numbers
        return numbers is not None and not any(numbers)

    @property
    def floating(self) -> bool:
        """Whether it holds floating-point numbers."""
        return self.type in FLOATING


class Reference(NamedTuple):
    """An attribute of a node in a function that is one of the function's."""

    name: str


Attribute: TypeAlias = (
    "int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | Tensor | Graph | Reference"
)


class Node(NamedTuple):
    """An operator of the file."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    name: str
    domain: str
    attributes: Mapping[str, Attribute]
    scopes: str
    """Where an exporter of torch says that it comes from: the names of the modules around it."""
    number: int
    """Its place in its graph, from 1."""
    told: str = ""
    """What the format calls it from which it was told in ONNX's terms."""

    def called(self) -> str:
        """The operator in the file, with its place."""
        return self.told or f"{self.kind}, {self.where()}"

    def operator(self) -> str:
        """What it is, with the domain that is not ONNX's own."""
        return f"{self.domain}.{self.kind}" if self.domain else self.kind

    def where(self) -> str:
        """Its place in words."""
        return f"node {self.number}" + (f" `{self.name[:60]}`" if self.name else "")


class Graph(NamedTuple):
    """A graph: declared shapes have None for a length that is left open, and are None where no shape is said."""

    name: str
    nodes: tuple[Node, ...]
    tensors: Mapping[str, Tensor]
    inputs: Mapping[str, tuple[int | str | None, ...] | None]
    outputs: tuple[str, ...]
    declared: Mapping[str, tuple[int | str | None, ...] | None]


class Function(NamedTuple):
    """A function: a graph that a node of its name stands for."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    defaults: Mapping[str, Attribute] = {}
    """Attributes that a node need not say."""

    def bound(self, given: Mapping[str, Attribute]) -> list[Node]:
        """Its nodes with the attributes that a node of its name says."""
        known = {**self.defaults, **given}

        def own(node: Node) -> Node:
            refers = {name: value.name for name, value in node.attributes.items() if isinstance(value, Reference)}
            if not refers:
                return node
            plain = {name: value for name, value in node.attributes.items() if name not in refers}
            return node._replace(attributes=plain | {name: known[of] for name, of in refers.items() if of in known})

        return list(map(own, self.nodes))


class Model(NamedTuple):
    """A whole file."""

    graph: Graph
    opset: int
    producer: str
    functions: Mapping[tuple[str, str], Function]
    opsets: Mapping[str, int]
    tool: str = "ONNX"
    """The format that it was told in."""
    stated: frozenset[str] = frozenset()
    """Operators of that format without weights, of which the shape that it states is all that is known."""


def captured(node: Node) -> set[str]:
    """The names that the graphs inside a node take of what is around it; a name of their own hides one outside."""
    found: set[str] = set()
    for graph in node.attributes.values():
        if isinstance(graph, Graph):
            taken, made = set(graph.outputs), {*graph.inputs, *graph.tensors}
            for inner in graph.nodes:
                taken.update(inner.inputs, captured(inner))
                made.update(inner.outputs)
            found |= taken - made
    return found


def takes(node: Node) -> tuple[str, ...]:
    """The names of all that a node takes, and the graphs inside it."""
    return (*filter(None, node.inputs), *sorted(captured(node)))


def reached(graph: Graph) -> set[int]:
    """The numbers of the nodes that lead to an output."""
    wanted = set(graph.outputs)
    numbers: set[int] = set()
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            numbers.add(node.number)
            wanted.update(takes(node))
    return numbers


def in_order(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """The nodes, each behind what makes its inputs; those that make each other's stay where the file has them."""
    makers = {name: place for place, node in enumerate(nodes) for name in node.outputs if name}
    taken = [takes(node) for node in nodes]
    if not any(makers.get(name, -1) >= place for place, names in enumerate(taken) for name in names):
        return tuple(nodes)
    waits = [{makers[name] for name in names if name in makers} for names in taken]
    after: dict[int, list[int]] = {}
    for place, before in enumerate(waits):
        for one in before:
            after.setdefault(one, []).append(place)
    found = [place for place, before in enumerate(waits) if not before]
    for place in found:
        for one in after.get(place, ()):
            waits[one].discard(place)
            found += [one] * (not waits[one])
    left = {*range(len(nodes))}.difference(found)
    return tuple(nodes[place] for place in [*found, *sorted(left)])


_COMPUTED = re.compile(r"val_[0-9]+\Z")


def of_code(number: Tensor) -> bool:
    """Whether a single number is the code's and not the net's: one without an axis, or one inside an operator.

    torch's newer exporter calls what it computes inside of one `val_7`, as the root of the scale of attention, and
    what a module learns as the module does.
    """
    return not number.dims or (len(number.dims) == 1 and _COMPUTED.match(number.name) is not None)


def plain_numbers(nodes: Sequence[Node], left: set[int], fixed: Mapping[str, Tensor]) -> set[str]:
    """The single numbers of the file that are added or multiplied, those of the code or inside a pattern."""
    return {
        value.name
        for node in nodes
        if node.kind in ("Add", "Mul") and any(name not in fixed for name in node.inputs)
        for value in map(fixed.get, node.inputs)
        if value is not None and value.name and value.floating and value.size == 1
        if of_code(value) or node.number not in left
    }


WEIGHTED = ("Conv", "ConvTranspose", "Gemm", "MatMul", "LayerNormalization", "BatchNormalization")
"""Nodes whose second and third input are weights."""


def in_common(nodes: Sequence[Node], fixed: Mapping[str, Tensor]) -> set[str]:
    """The vectors that are added apart from weights: those in several places, and several of one weight.

    A file has equal ones, as biases of zeros, once; a head that is used on several maps may have a bias for each.

    Nodes all of whose weights are the same share them as one layer, and are one place.
    """
    users: dict[str, set[tuple[str, ...]]] = {}
    added: set[str] = set()
    for node in nodes:
        if node.kind not in (*WEIGHTED, "Add"):
            continue
        held = map(fixed.get, node.inputs if node.kind == "Add" else node.inputs[1:3])
        names = tuple([one.name for one in held if one is not None and one.name and one.floating and one.size > 1])
        for name in names:
            users.setdefault(name, set()).add((node.kind, *names))
        added.update(names[-1:] if node.kind == "Add" or len(names) > 1 else ())
    several = {names[-1] for of in users.values() if len(of) > 1 for _, *names in of if names[-1] in added}
    return {name for name in added if len(users[name]) > 1} | several


_PARAMETER = re.compile(r"[._/](weights?|filter|kernel|gamma|scale|w|W)(_[0-9]+)?(:0)?\Z")


def module_of(weight: Tensor) -> str | None:
    """The module whose weight a tensor is called as; None of an exporter's own, which have other names."""
    whole = weight.name.partition("[")[0]  # a part of a weight is that module's, too
    match = None if "::" in whole else _PARAMETER.search(whole)
    return None if match is None else whole[: match.start()]


def of_module(weight: Tensor) -> bool:
    """Whether a tensor is called as a module's weight; one of the net itself has no module before it."""
    return weight.name == "weight" or module_of(weight) is not None
