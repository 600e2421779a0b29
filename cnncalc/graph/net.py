"""A network as a graph: which layer takes which tensors, in execution order, with all shapes known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from cnncalc.layers.base import Layer, Requirement, Shape

if TYPE_CHECKING:
    from cnncalc.errors import Place

__all__ = ["Graph", "Node", "Origin", "broken_requirement"]


class Origin(Protocol):
    """Where a layer was written: something that knows its line (from 1) and can show its place."""

    line: int

    def place(self) -> Place:
        """The stretch of text, for an error."""


class Node:
    """One layer in its place: the tensor that it makes is known by the node's index in the graph.

    `layer` is None for an input of the net. `share` is the index of the node whose parameters it uses. `signature` is
    the number of its layer on its input shapes, see `Graph.sign`.
    """

    __slots__ = ("inputs", "layer", "name", "origin", "shape", "share", "signature", "train_only", "trainable")

    def __init__(
        self,
        name: str,
        layer: Layer | None,
        inputs: tuple[int, ...],
        shape: Shape,
        *,
        signature: int = -1,
        trainable: bool = True,
        share: int | None = None,
        train_only: bool = False,
        origin: Origin | None = None,
    ) -> None:
        self.name, self.layer, self.inputs, self.shape = name, layer, inputs, shape
        self.signature = signature
        self.trainable, self.share, self.train_only, self.origin = trainable, share, train_only, origin

    def __repr__(self) -> str:
        return f"Node({self.name!r}, {self.layer!r}, {self.inputs}, {self.shape})"


class Graph:
    """A whole net. `nodes` stand in execution order, the inputs first; shapes are without the batch."""

    __slots__ = (
        "_signed",
        "blocks",
        "conditions",
        "dialect",
        "expect",
        "file",
        "groups",
        "inputs",
        "name",
        "nodes",
        "outputs",
        "own_names",
        "signatures",
        "source",
        "train",
    )

    def __init__(
        self, name: str, *, source: str = "", dialect: str = "torch", file: str = "", train: bool = False
    ) -> None:
        self.name, self.source, self.dialect, self.file, self.train = name, source, dialect, file, train
        self.nodes: list[Node] = []
        self.signatures: list[tuple[Layer, tuple[Shape, ...]]] = []
        """Every layer with its input shapes, each once: what follows from them alone is computed once for each."""
        self._signed: dict[tuple[Layer, tuple[Shape, ...]], int] = {}
        self.inputs: dict[str, int] = {}
        self.outputs: dict[str, int] = {}
        self.own_names: set[str] = set()
        """The layers that their file names; the others are called by their kind and count, or by their position."""
        self.blocks: dict[str, str] = {}
        """The block that each group is a use of, where it is one with names and no plain sequence."""
        self.groups: dict[str, int] = {}
        """The tensor that comes out of each named group."""
        self.expect: Any = None
        """The file's `expect:` block as it was read."""

        self.conditions: dict[int, list[Requirement]] = {}
        """Of symbolic input lengths: what each signature requires of them."""

    def sign(self, layer: Layer, shapes: tuple[Shape, ...]) -> int:
        """The number of a layer on input shapes: the index in `signatures`."""
        key = (layer, shapes)
        number = self._signed.get(key)
        if number is None:
            number = self._signed[key] = len(self.signatures)
            self.signatures.append(key)
        return number

    def forget_signatures(self) -> None:
        """Start anew with them; the numbers that nodes have mean nothing any more."""
        self.signatures.clear()
        self._signed.clear()

    def layers(self) -> Iterator[tuple[int, Node, Layer]]:
        """Every node that is a layer, with its index."""
        return ((index, node, node.layer) for index, node in enumerate(self.nodes) if node.layer is not None)

    def input_shapes(self, node: Node) -> tuple[Shape, ...]:
        """The shapes of the tensors that a node takes."""
        return tuple(self.nodes[index].shape for index in node.inputs)


def undecided(truth: object) -> bool:
    """Whether a requirement is a condition on symbolic lengths that some meet and others do not."""
    return type(truth) is not bool and not getattr(truth, "always", True) and not getattr(truth, "impossible", True)


_WORDS = {
    "map": "a map (channels and 1 to 3 spatial axes)",
    "vector": "a vector",
}


def broken_requirement(
    layer: Layer, shapes: tuple[Shape, ...], conditions: list[Requirement] | None = None
) -> Requirement | None:
    """The first condition that these inputs break, or None.

    Of symbolic lengths a requirement may hold for some and not for others: it goes to `conditions`.
    """
    least, most = layer.inputs
    if not least <= len(shapes) <= most:
        wanted = str(least) if least == most else f"at least {least}" if most > 9 else f"{least} to {most}"
        return Requirement(
            False,
            f"`{layer.kind}` takes {wanted} input{'s' if wanted != '1' else ''}, and it gets {len(shapes)}",
            "",
            "name them with `from: [a, b]`"
            if len(shapes) < least
            else "take one tensor, or merge them first, as with `{concat: , from: [a, b]}`",
        )
    for shape in shapes:
        if not shape and layer.kind != "opaque":
            return Requirement(
                False,
                f"`{layer.kind}` takes a tensor with axes",
                "its input is a scalar, one number",
                "end the net with it, or take another layer's output by `from:`",
            )
        rank = len(shape) - 1
        if (layer.needs == "map" and not 1 <= rank <= 3) or (layer.needs == "vector" and rank != 0):
            text = "x".join(map(str, shape))
            return Requirement(
                False,
                f"`{layer.kind}` takes {_WORDS[layer.needs]}",
                f"its input is {'the vector ' if rank == 0 else ''}{text}",
                "put it before `flatten`, or `reshape` first" if rank == 0 else "put `flatten` before it",
            )
    for requirement in layer.requirements(*shapes):
        if conditions is not None and undecided(requirement.holds):
            conditions.append(requirement)
        elif not requirement.holds:
            return requirement
    return None
