"""The records that the analysis fills and that everything which draws or prints reads.

Every shape here has the batch as its first axis; every count is a whole number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.figures import KEYS, OF_LAYERS
from cnncalc.records import NamedTuple, Record

if TYPE_CHECKING:
    from cnncalc.answers.counting import Counting

__all__ = ["LAYER", "Hint", "ReceptiveField", "Report", "Row", "Shape", "Totals"]

Shape = tuple[int, ...]

LAYER = ("name", "kind", "notation", "inputs", "input_shapes", "output_shape", *OF_LAYERS, "line")
"""What is said of every layer, in numbers or in closed forms."""


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


class Row(Record, fields=(*LAYER, "receptive_field", "counted"), defaults=(ReceptiveField(), 0)):
    """One layer, in execution order; every figure of `OF_LAYERS` is a field too."""

    __slots__ = ()
    name: str
    """Its dotted name; each dot goes one group deeper."""
    kind: str
    notation: str
    """The layer as it would be written in a file: `conv 64 k3 p1`."""
    inputs: tuple[str, ...]
    """The names of the layers (or inputs of the net) whose outputs it takes."""
    input_shapes: tuple[Shape, ...]
    output_shape: Shape
    line: int
    """The line of the file that it comes from, counted from 1; 0 where there is none."""
    receptive_field: ReceptiveField
    counted: int | None
    """What the convention of the report counts for it; None where it cannot."""

    if TYPE_CHECKING:

        def __getattr__(self, figure: str) -> int: ...


class Totals(Record, fields=KEYS):
    """Every figure of the whole net, a field each."""

    __slots__ = ()

    if TYPE_CHECKING:

        def __getattr__(self, figure: str) -> int: ...


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
