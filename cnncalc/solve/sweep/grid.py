"""What a sweep goes over: choices of variables, each a net, and sizes of each; and the parts that it is done in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product
from math import prod
from operator import contains

from cnncalc.analysis.memory.optimizers import optimizer_named
from cnncalc.answers.figures import CLAIMED as FIGURES
from cnncalc.claims.latency import LATENCY
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.limits import Limits
from cnncalc.records import NamedTuple

__all__ = ["Grid", "Part", "asked_figures", "check"]

SIZES = 10_000
"""So many sizes of a net are done in one go; of more, the longest axis is cut."""


class Part(NamedTuple):
    """Some sizes of one net, or its only one: what is computed in one go, and kept as one line of a journal."""

    choice: tuple[str, ...]
    """The values of the variables."""
    low: int = 0
    """The first place on the first axis of sizes."""
    high: int | None = None
    """Where it ends on that axis; None at the end."""


class Grid(NamedTuple):
    """What is varied."""

    variables: dict[str, tuple[str, ...]]
    input: str
    """The input in symbols, `3xHxH`; empty: the file's own."""
    lengths: dict[str, tuple[int, ...]]
    """The lengths of each symbol."""

    @property
    def points(self) -> int:
        """How many nets and sizes there are."""
        return self.sizes * self.nets

    @property
    def nets(self) -> int:
        """How many choices of variables there are."""
        return prod(len(values) for values in self.variables.values())

    @property
    def sizes(self) -> int:
        """How many sizes of each net there are."""
        return prod(len(values) for values in self.lengths.values())

    @property
    def step(self) -> int | None:
        """So many lengths of the first axis belong to one part; None where all do."""
        if self.sizes <= SIZES:
            return None
        first = len(next(iter(self.lengths.values())))
        return max(SIZES * first // self.sizes, 1)

    def choices(self) -> Iterator[tuple[str, ...]]:
        """The values of the variables of each net, in order."""
        return product(*self.variables.values())

    def parts(self) -> Iterator[Part]:
        """All that there is to compute, in order; the same ones whoever does it."""
        return (part for choice in self.choices() for part in self.parts_of(choice))

    def parts_of(self, choice: tuple[str, ...]) -> Iterator[Part]:
        """The parts of one net."""
        step = self.step
        if step is None:
            yield Part(choice)
            return
        first = len(next(iter(self.lengths.values())))
        for low in range(0, first, step):
            yield Part(choice, low, min(low + step, first))

    def part(self, choice: tuple[str, ...], low: int) -> Part | None:
        """The part of a choice that begins there; None where none does."""
        known = len(choice) == len(self.variables) and all(map(contains, self.variables.values(), choice))
        first, step = next(map(len, self.lengths.values()), 1), self.step
        if not known or not 0 <= low < first or low % (step or first):
            return None
        return Part(choice) if step is None else Part(choice, low, min(low + step, first))

    def choice(self, number: int) -> tuple[str, ...]:
        """The values of the variables of a net, by its place among all."""
        values = []
        for some in reversed(self.variables.values()):
            number, place = divmod(number, len(some))
            values.append(some[place])
        return tuple(reversed(values))

    def size(self, lengths: Sequence[int]) -> str:
        """A size as `--input` takes it.

        >>> Grid({}, "3xHxH", {"H": (224,)}).size([224])
        '3x224x224'
        """
        known = dict(zip(self.lengths, lengths))
        return "x".join(str(known.get(part, part)) for part in self.input.split("x"))

    def axes(self, part: Part) -> list[tuple[int, ...]]:
        """The lengths of each symbol that belong to a part."""
        first, *others = self.lengths.values() if self.lengths else [()]
        return [first[part.low : part.high], *others] if self.lengths else []

    def sizes_of(self, part: Part) -> int:
        """How many points a part has."""
        return prod(map(len, self.axes(part)))

    def batches(self, parts: Iterator[Part], runners: int) -> Iterator[list[Part]]:
        """Parts that are handed out together: one where few are to be done, so that all have some, else up to 32.

        Nets that differ little share what was computed of them, where one process has them.
        """
        several = 1 if runners < 2 or self.step is not None else max(min(self.nets // (32 * runners), 32), 1)
        while batch := list(islice(parts, several)):
            yield batch


def asked_figures(named: Sequence[str], front: Sequence[str], *, device: bool) -> list[str]:
    """What each point has: the figures that are named, what the front has besides (`-params`: more of it is better).

    A device adds its `latency`.
    """
    asked = [*named, *(name for name in (one.removeprefix("-") for one in front) if name not in named)]
    return [*asked, LATENCY] if device and LATENCY not in asked else asked


def check(
    grid: Grid, figures: Sequence[str], optimizer: str = "sgd", limits: Limits | None = None, *, device: bool = False
) -> None:
    """Raises `CnncalcError` for a grid of too many points, a figure or an optimizer that there is not.

    `latency` is a figure on a device.
    """
    optimizer_named(optimizer)
    limits = limits or Limits()
    if grid.points > limits.points:
        message = f"{grid.points:,} points are more than {limits.points:,}, the bound `points`"
        raise CnncalcError(Fault(message, help=f"take larger steps, or {limits.way_out('points')}"))
    if not figures:
        raise CnncalcError(Fault("a sweep of no figures", help="name some, as params,macs"))
    if LATENCY in figures and not device:
        raise CnncalcError(Fault("`latency` is the least time on a device", help="add `--device a100`"))
    for name in figures:
        if name not in (*FIGURES, LATENCY):
            help = suggestion(name, FIGURES, f"a sweep has {', '.join(FIGURES)}")
            raise CnncalcError(Fault(f"there is no figure `{name[:60]}` to sweep", help=help))
