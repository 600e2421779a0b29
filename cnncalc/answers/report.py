"""The records that the analysis fills and that everything which draws or prints reads.

Every shape here has the batch as its first axis; every count is a whole number.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.answers.counting import Counting

__all__ = ["Hint", "ReceptiveField", "Report", "Row", "Shape", "Totals"]

Shape = tuple[int, ...]


class ReceptiveField(NamedTuple):
    """Size, stride (jump) and padding on the input in pixels, one an axis; `note` says why there are none.

    A stride is a whole number, or text such as `1/2` after layers that enlarge the map, and 0 where all pixels see the
    same. Where pixels differ the size is the largest. `inputs` has the field on each input of a net with several.
    """

    size: tuple[int, ...] = ()
    stride: tuple[int | str, ...] = ()
    padding: tuple[int, ...] = ()
    note: str = ""
    inputs: tuple[tuple[str, ReceptiveField], ...] = ()

    @property
    def moves(self) -> bool:
        """Whether its pixels see different regions of known sizes, as those of a map do."""
        return any(self.stride)


class Row(NamedTuple):
    """One layer, in execution order."""

    name: str
    """Its dotted name; each dot goes one group deeper."""
    kind: str
    notation: str
    """The layer as it would be written in a file: `conv 64 k3 p1`."""
    inputs: tuple[str, ...]
    """The names of the layers (or inputs of the net) whose outputs it takes."""
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    params: int
    """Learnable numbers, frozen or not; a layer that shares another's parameters has 0."""
    weights: int
    biases: int
    trainable: int
    buffers: int
    macs: int
    flops: int
    activation_bytes: int
    line: int
    """The line of the file that it comes from, counted from 1; 0 where there is none."""
    saved_bytes: int = 0
    """What autograd keeps for backward in training mode and first meets at this layer."""
    receptive_field: ReceptiveField = ReceptiveField()
    counted: int | None = 0
    """What the convention of the report counts for it; None where it cannot."""


class Totals(NamedTuple):
    """The sums over all rows, and the sizes in bytes that follow from them."""

    layers: int
    weighted_layers: int
    params: int
    weights: int
    biases: int
    trainable: int
    buffers: int
    macs: int
    flops: int
    weight_bytes: int
    activation_bytes: int
    """The inputs and the outputs of all layers; what lies in another's storage counts once."""
    saved_bytes: int = 0
    peak_bytes: int = 0
    """The most alive at once in inference, layer by layer, parameters apart."""
    train_bytes: int = 0
    """Weights, buffers, gradients, optimizer state and saved activations."""


class Hint(NamedTuple):
    """Something about a layer that its author may want to know."""

    layer: str
    text: str


class Report(NamedTuple):
    """A whole net, counted."""

    name: str
    source: str
    """Where the architecture is published; empty where the file does not say."""
    dialect: str
    file: str
    inputs: dict[str, Shape]
    rows: tuple[Row, ...]
    outputs: dict[str, Shape]
    totals: Totals
    hints: tuple[Hint, ...]
    optimizer: str = "sgd"
    """Whose state `train_bytes` counts."""
    amp: str = ""
    """The type in which torch.autocast computes, where it does; empty where all numbers are of one type."""
    counting: Counting | None = None
    """The net as another tool counts it, where one was asked for."""
