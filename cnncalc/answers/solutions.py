"""The records of a solved problem for one layer: every choice on every axis, or the proof that there is none."""

from __future__ import annotations

from cnncalc.records import NamedTuple

__all__ = ["AxisAnswer", "Choice", "LayerAnswer"]


class Choice(NamedTuple):
    """One value of the unknown, and what comes of it."""

    text: str
    """The value as notation writes it: `3`, `2:3`."""
    fields: tuple[tuple[str, int], ...]
    """The same as numbers: (("before", 2), ("after", 3))."""
    notation: str
    """The whole layer for this axis."""
    output: int
    dropped: int
    """Pixels of the input at its far end that no window sees."""
    names: tuple[str, ...]
    """What people call it (`symmetric`, `same`, `valid`), and what is lost (`drops 1`, `gaps`)."""
    torch: str
    """How PyTorch is told: by its own padding, or with a pad or crop layer beside it."""
    working: str
    """The formula with the numbers in it, up to the output."""


class AxisAnswer(NamedTuple):
    """All the choices on one axis, or on several that pose the same problem."""

    axis: str
    given: tuple[tuple[str, str], ...]
    """What is known, as (name, value)."""
    total: int
    """How many choices there are within the bounds."""
    choices: tuple[Choice, ...]
    """The best of them, best first."""
    bounds: str
    """Where was looked, in words."""
    complete: bool
    """Whether no choice lies outside the bounds, or only ones that change nothing."""
    remarks: tuple[str, ...] = ()
    proof: str = ""
    """Why there is no choice."""
    nearest: tuple[Choice, ...] = ()
    """What comes closest where there is none."""


class LayerAnswer(NamedTuple):
    """The answer to one question about a layer."""

    kind: str
    unknown: str
    dialect: str
    best: str
    """The best choice on every axis as one notation; empty where there is none."""
    axes: tuple[AxisAnswer, ...]

    @property
    def solved(self) -> bool:
        """Whether every axis has a choice."""
        return all(axis.total for axis in self.axes)


class Clause(NamedTuple):
    """One thing that is asked of the input size, where it comes from, and the sizes that it leaves."""

    source: str
    text: str


class SizeSet(NamedTuple):
    """The lengths of one axis that work."""

    symbol: str
    text: str
    intervals: tuple[tuple[int, int | None], ...]
    """First and last length of each run; None: without end. Those of residue classes are not among them."""
    period: int
    residues: tuple[int, ...]
    """Of the period; each class from `first` on."""
    first: int
    """The first length of the residue classes; 0 where there are none, that is where the period is 1."""
    examples: tuple[int, ...]


class InputAnswer(NamedTuple):
    """The input sizes that work for a net."""

    net: str
    form: str
    """The input in symbols: `3xHxW`."""
    tensor: str
    """The map that is spoken of, with its size: `layer4: 2048x⌈H/32⌉x⌈W/32⌉`."""
    sets: tuple[SizeSet, ...]
    boxes: tuple[tuple[tuple[str, int, int | None], ...], ...]
    """Where the axes depend on one another: every box of lengths that works, that of the declared size first.

    None: without end; then the list is complete.
    """
    clauses: tuple[Clause, ...]
    remarks: tuple[str, ...] = ()
    proof: str = ""
    nearest: tuple[str, ...] = ()

    @property
    def solved(self) -> bool:
        """Whether there is a size."""
        return not self.proof
