"""Bytes of an element of each tensor: one type throughout, or those that torch.autocast mixes, as it does on CUDA.

The class of each layer says what autocast makes of it (`Layer.autocast`). From that the types flow through the graph,
and it follows which of the tensors that a layer keeps are copies of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnncalc.analysis.formats import activation_bytes
from cnncalc.analysis.memory.layouts import joined
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Net
from cnncalc.layers.backward import Backward, Saved, known_backward
from cnncalc.layers.base import Shape
from cnncalc.records import NamedTuple

__all__ = ["Elements", "Storage", "sizes"]

MASK = 1
"""Bytes of a bool."""
FULL = 4
"""Bytes of a float32."""


PRECISIONS = ("float32", "half precision")


class Storage(NamedTuple):
    """A storage that autograd keeps, before the batch is known."""

    key: object
    """Equal for what lies in one storage; None for a storage that is nothing else's."""
    what: str
    shape: Shape
    batched: bool
    """Whether it is there for each sample."""
    element: int
    """Bytes of an element."""

    def bytes(self, images: Any) -> Any:
        """Its size for so many images."""
        return product(self.shape) * (images if self.batched else 1) * self.element


def sizes(graph: Net, size: int, half: int = 0, parts: int = 1) -> list[int]:
    """Bytes of an element of each node's output in inference.

    Types of single layers are of inference: what training keeps is counted in the type of the net.
    """
    if not graph.plan.types:
        return Elements(graph, size, half, parts).of
    return activation_bytes(graph, size)


class Elements:
    """The types of a graph's tensors. `of` holds, for each node, the bytes of an element of its output.

    `size` is the bytes of a number that is stored, `half` those of the type that autocast computes in, or 0, `parts`
    the real numbers that a number is made of. What is kept depends on how many `images` there are, and on the `gaps`
    in parts of tensors (`layouts`).
    """

    __slots__ = ("alone", "gaps", "graph", "half", "of", "parts", "size")

    def __init__(
        self, graph: Net, size: int, half: int = 0, parts: int = 1, images: Any = 1,
        gaps: Mapping[int, frozenset[int]] | None = None,
    ) -> None:  # fmt: skip
        self.graph, self.size, self.half, self.parts = graph, size, half, parts
        self.of = [size] * len(graph.nodes)
        self.alone = type(images) is int and images == 1
        self.gaps = gaps or {}
        if half:
            for index, node, layer in graph.layers():
                how = layer.casting()
                back = self.of[node.inputs[0]] if how == "float32 within" else 0
                self.of[index] = back or (size if how == "mixed" else self.computing(index))

    def backward(self, trains: bool, inputs: tuple[bool, ...]) -> Backward:
        """The pass backward of a layer in training mode, whose parameters train, with gradients for these inputs."""
        return known_backward(True, trains, inputs, self.alone, bool(self.half), self.parts)

    def computing(self, index: int, first: int = 0) -> int:
        """Bytes of an element of the type that a layer computes in; of its first inputs where they alone matter."""
        if not self.half:
            return self.size
        node = self.graph.nodes[index]
        assert node.layer is not None
        return self._cast(index) or max([self.of[one] for one in node.inputs[: first or node.layer.seen_inputs or 1]])

    def _cast(self, index: int) -> int:
        """Bytes of an element of the type that autocast has a layer's inputs cast to; 0 where it casts nothing."""
        layer = self.graph.nodes[index].layer
        assert layer is not None
        return {"half": self.half, "float32": self.size, "float32 within": self.size}.get(layer.casting(), 0)

    def tensor(self, index: int, saved: Saved) -> int | None:
        """The node whose tensor it is that a layer keeps; None where it keeps something of its own."""
        if saved.what == "output":
            return index
        if saved.what != "input":
            return None
        node = self.graph.nodes[index]
        source = node.inputs[saved.index]
        copied = self.half and saved.element != "taken" and self._cast(index) not in (0, self.of[source])
        if copied or (saved.element == "full" and self.of[source] < FULL):
            return None
        layer, shapes = self.graph.signatures[node.signature]
        shape = shapes[saved.index]
        apart = source in self.gaps and joined(self.gaps[source], shape, layer.joins(shape), alone=self.alone)
        return None if apart else source

    def own(self, index: int, saved: Saved) -> Storage:
        """The storage of what a layer keeps that is no tensor of the net: an extra, or a copy in another type."""
        nodes = self.graph.nodes
        if saved.what == "input":
            source = nodes[index].inputs[saved.index]
            cast = self._cast(index) if self.half else 0
            wanted = FULL if saved.element == "full" and cast in (0, self.of[source]) else cast or self.of[source]
            how = "in one piece" if wanted == self.of[source] else f"in {PRECISIONS[wanted == self.half]}"
            return Storage(None, f"{nodes[source].name} {how}", nodes[source].shape, True, wanted)
        key = None
        if saved.what in ("indices", "indices of input"):
            key = "indices", index if saved.what == "indices" else nodes[index].inputs[saved.index]
        what = "indices" if key else saved.what
        return Storage(key, what, saved.shape, saved.batched, self._extra(index, saved))

    def storage(self, index: int, saved: Saved, owner: Sequence[int]) -> Storage:
        """The storage of whatever a layer keeps; `owner` is each node's, as `memory.storages` says."""
        tensor = self.tensor(index, saved)
        if tensor is None:
            return self.own(index, saved)
        return self.tensor_storage(owner[tensor])

    def tensor_storage(self, owner: int) -> Storage:
        """The storage of a tensor of the net, which lies in no other's."""
        held = self.graph.nodes[owner]
        return Storage(owner, held.name, held.shape, True, self.of[owner])

    def weights(self, index: int, backward: Backward) -> Iterator[Storage]:
        """The copies of a layer's weights that autocast makes and autograd keeps.

        A trained weight is copied once, however many layers share it; a frozen one at each use.
        """
        node = self.graph.nodes[index]
        layer, shapes = self.graph.signatures[node.signature]
        if not self.half or layer.casting() != "half":
            return
        weights = layer.weight_shapes(*shapes)
        owner = index if node.share is None else node.share
        for name, uses in layer.cast_weights(backward, *shapes).items():
            if backward.weights:
                yield Storage(("weight", name, owner), "weight in half precision", weights[name], False, self.half)
            else:
                yield Storage(None, "weight in half precision", (uses, *weights[name]), False, self.half)

    def _extra(self, index: int, saved: Saved) -> int:
        if saved.size:
            return saved.size
        if saved.element == "part":
            return self.size // self.parts
        if self.half and saved.element == "cpu":
            return 0
        if saved.element == "cast":
            source = self.of[self.graph.nodes[index].inputs[saved.index]]
            return self.half if source != self.half else 0
        if saved.element == "full":
            return max(FULL, self.computing(index, saved.index))
        if not self.half or saved.element == "own":
            return self.size
        return MASK if saved.element == "mask" else self.computing(index, saved.index)
