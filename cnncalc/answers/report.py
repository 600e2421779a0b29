"""The records that the analysis fills and that everything which draws or prints reads.

Every shape here has the batch as its first axis; every count is a whole number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cnncalc.answers.figures import KEYS, OF_LAYERS
from cnncalc.records import NamedTuple, Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cnncalc.answers.counting import Counting
    from cnncalc.answers.roofline import Bound, Roofline


__all__ = ["LAYER", "Hint", "Layers", "ReceptiveField", "Report", "Row", "Shape", "Totals"]

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


BESIDE = {"receptive_field": ReceptiveField(), "counted": 0, "bound": None, "origin": ""}
"""What a row may have besides, and what it is where it has none."""


class Row(Record, fields=(*LAYER, *BESIDE), defaults=tuple(BESIDE.values())):
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
    bound: Bound | None
    """The least time that it takes on the device of the report; None where none is asked for."""
    origin: str
    """The operator of another tool's file that it comes from; empty where there is none."""

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


class Layers(Sequence[Row]):
    """The rows of a report, which are made as they are walked through: a million need not be in memory at once."""

    __slots__ = ("report",)

    def __init__(self, report: Report) -> None:
        self.report = report

    def __len__(self) -> int:
        return self.report.count

    def __getitem__(self, at: Any) -> Any:
        return self.report.rows[at]

    def __iter__(self) -> Iterator[Row]:
        return self.report.made()


class Report:
    """A whole net, counted. What takes time may be given as a function, which is called when it is first asked for."""

    def __init__(
        self,
        name: str,
        source: str,
        dialect: str,
        file: str,
        inputs: dict[str, Shape],
        rows: tuple[Row, ...] | Callable[[], Iterable[Row]],
        outputs: dict[str, Shape] | Callable[[], dict[str, Shape]],
        totals: Totals | Callable[[], Totals],
        hints: tuple[Hint, ...] | Callable[[], tuple[Hint, ...]],
        optimizer: str = "sgd",
        amp: str = "",
        counting: Counting | None = None,
        roofline: Roofline | None = None,
        checkpoints: tuple[str, ...] = (),
        types: Mapping[str, str] | None = None,
        sharding: tuple[str, int] = ("", 1),
        accumulate: int = 1,
    ) -> None:
        """`source` is where the architecture is published; empty where the file does not say.

        `optimizer` is the one whose state `train_bytes` counts, `amp` the type in which torch.autocast computes, where
        it does (empty where all numbers are of one type), `counting` the net as another tool counts it, if asked for,
        `roofline` its least time on a device, likewise, `checkpoints` the groups that run again in the pass backward,
        `types` those of layers that have one of their own, by name, `sharding` how ranks share training, and how many,
        `accumulate` how many batches a step adds up.
        """
        self.name, self.source, self.dialect, self.file, self.inputs = name, source, dialect, file, inputs
        self.checkpoints, self.types = checkpoints, types or {}
        self.sharding, self.accumulate = sharding, accumulate
        self.optimizer, self.amp, self.counting, self.roofline = optimizer, amp, counting, roofline
        self._rows, self._outputs, self._totals, self._hints = rows, outputs, totals, hints

    @property
    def rows(self) -> tuple[Row, ...]:
        """Every layer in execution order."""
        if callable(self._rows):
            self._rows = tuple(self._rows())
        return self._rows

    @property
    def count(self) -> int:
        """How many layers there are."""
        return self.totals.layers if callable(self._rows) else len(self._rows)

    @property
    def layers(self) -> Layers:
        """The rows one after another, none of them kept."""
        return Layers(self)

    def made(self) -> Iterator[Row]:
        """Each row as it is made, or as it was."""
        return iter(self._rows() if callable(self._rows) else self._rows)

    @property
    def outputs(self) -> dict[str, Shape]:
        """The shape of each output, by name."""
        if callable(self._outputs):
            self._outputs = self._outputs()
        return self._outputs

    @property
    def totals(self) -> Totals:
        """Every figure of the whole net."""
        if callable(self._totals):
            self._totals = self._totals()
        return self._totals

    @property
    def hints(self) -> tuple[Hint, ...]:
        """What an author may want to know."""
        if callable(self._hints):
            self._hints = self._hints()
        return self._hints

    def changed(self, **changes: Any) -> Report:
        """The same report but for some of what it was made of."""
        other = Report.__new__(Report)
        vars(other).update(vars(self))
        for name, value in changes.items():
            setattr(other, f"_{name}" if f"_{name}" in vars(other) else name, value)
        return other
