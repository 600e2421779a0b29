"""One layer in its place in a net."""

from __future__ import annotations

from typing import Protocol

from cnncalc.errors import Place
from cnncalc.layers import Layer, Shape

__all__ = ["Node", "Origin", "place_of"]


class Origin(Protocol):
    """Where a layer was written: something that knows its line (from 1) and can show its place."""

    line: int

    def place(self) -> Place:
        """The stretch of text, for an error."""


class Node:
    """One layer in its place, and the tensor that it makes, of this shape (without the batch).

    `index` is its place in the net's `nodes`, by which the nodes that take its tensor name it in `inputs`. `layer` is
    None for an input of the net. `share` is the index of the node whose parameters it uses. `signature` is the number
    of its layer on its input shapes, see `Net.signatures`. `dtype` is the type that its file gives it beside the layer,
    if any. Nets that were forked have their nodes in common, so that a node is never changed.
    """

    __slots__ = (
        "dtype", "index", "inputs", "layer", "name", "origin", "shape", "share", "signature", "train_only", "trainable",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        layer: Layer | None,
        inputs: tuple[int, ...],
        shape: Shape,
        index: int = -1,
        signature: int = -1,
        trainable: bool = True,
        share: int | None = None,
        train_only: bool = False,
        origin: Origin | None = None,
        dtype: str = "",
    ) -> None:
        self.name, self.layer, self.inputs, self.shape = name, layer, inputs, shape
        self.index, self.signature = index, signature
        self.trainable, self.share, self.train_only, self.origin = trainable, share, train_only, origin
        self.dtype = dtype

    def __repr__(self) -> str:
        return f"Node({self.name!r}, {self.layer!r}, {self.inputs}, {self.shape})"

    def alike(self, other: Node) -> bool:
        """Whether it is the other one, perhaps frozen since or on inputs of other shapes."""
        mine, theirs = (self.name, self.layer, self.inputs), (other.name, other.layer, other.inputs)
        return self is other or mine == theirs

    def frozen(self) -> Node:
        """The same layer with parameters that are not trained."""
        return Node(self.name, self.layer, self.inputs, self.shape, self.index, self.signature, False, self.share,
                    self.train_only, self.origin, self.dtype)  # fmt: skip

    def resized(self, shape: Shape, signature: int) -> Node:
        """The same layer on inputs of other shapes."""
        return Node(self.name, self.layer, self.inputs, shape, self.index, signature, self.trainable, self.share,
                    self.train_only, self.origin, self.dtype)  # fmt: skip


def place_of(origin: Origin | None) -> Place | None:
    """The place of a layer, if one is known."""
    return None if origin is None else origin.place()
