"""Every layer of a net with its input shapes, each once: what follows from these alone is the same in all places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from cnncalc.graph.met import MOST, Met, met
from cnncalc.layers import Layer, Requirement, Shape
from cnncalc.limits import Limits

__all__ = ["Met", "Signatures"]

STACKED = 50
"""A layer that stands inside of another, as those of an LSTM of several, takes as much work as so many alike layers."""


class Remade(Sequence[Met]):
    """Very many layers on input shapes: what they are is kept, what follows from them is asked again.

    The answers of all would fill the memory; no more of them are remembered for all nets than `met.MOST`.
    """

    __slots__ = ("_layers", "_table", "_taken")

    def __init__(self, pairs: Iterable[Met], table: Signatures) -> None:
        """`table` is theirs, which knows the shapes of their outputs."""
        self._table = table
        self._layers: list[Layer] = []
        self._taken: list[tuple[Shape, ...]] = []
        for pair in pairs:
            self.append(pair)

    def __len__(self) -> int:
        return len(self._layers)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        output = None if at in self._table.conditions else self._table.shapes[at]
        return met(self._layers[at], self._taken[at], output)

    def __iter__(self) -> Iterator[Met]:
        """Each for this once, so that a walk through all puts none out of what is remembered."""
        for layer, taken, shape in zip(self._layers, self._taken, self._table.shapes):
            one = Met((layer, taken))
            one.inferred = shape, []
            yield one

    def append(self, pair: Met) -> None:
        """One more."""
        layer, taken = pair
        self._layers.append(layer)
        self._taken.append(taken)

    def copied(self, table: Signatures) -> Remade:
        """The same, to which others can be added."""
        other = Remade((), table)
        other._layers, other._taken = self._layers.copy(), self._taken.copy()
        return other


class Signatures:
    """The layers on input shapes of a net, numbered, and by the same numbers their output shapes."""

    __slots__ = ("_numbers", "conditions", "inside", "limits", "pairs", "shapes")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.inside = 0
        """Layers that stand inside of these, beside one each."""
        self.pairs: list[Met] | Remade = []
        self.shapes: list[Shape] = []
        self.conditions: dict[int, list[Requirement]] = {}
        """Of symbolic input lengths: what each signature requires of them."""
        self._numbers: dict[Met, int] = {}

    def fork(self) -> Signatures:
        """A table of its own that goes on from here."""
        other, pairs = Signatures(self.limits), self.pairs
        other.pairs = pairs.copied(other) if isinstance(pairs, Remade) else pairs.copy()
        other.shapes, other._numbers, other.inside = self.shapes.copy(), self._numbers.copy(), self.inside
        other.conditions = {number: [*met] for number, met in self.conditions.items()}
        return other

    def sign(self, layer: Layer, shapes: tuple[Shape, ...]) -> int | Requirement:
        """The number of a layer on input shapes, or else the first rule that is broken."""
        pair = met(layer, shapes)
        number = self._numbers.get(pair)
        if layer.stacks and (bound := self._counted(getattr(layer, layer.stacks))) is not None:
            return bound
        return self._entered(pair) if number is None else number

    def number(self, pair: Met) -> int:
        """The number of what was signed before, in this table or another."""
        number = self._numbers.get(pair)
        if number is None:
            found = self._entered(pair)
            assert not isinstance(found, Requirement)
            return found
        return number

    def _entered(self, pair: Met) -> int | Requirement:
        shape, conditions = pair.inferred
        if not isinstance(shape, Requirement):
            shape = self._bounded(shape)
        if isinstance(shape, Requirement):
            return shape
        if len(self._numbers) >= MOST:  # as many as are known by their layers and shapes: others are never found again
            self._numbers.clear()
            if not isinstance(self.pairs, Remade):
                self.pairs = Remade(self.pairs, self)
        number = self._numbers[pair] = len(self.pairs)
        self.pairs.append(pair)
        self.shapes.append(shape)
        if conditions:
            self.conditions[number] = [*conditions]
        return number

    def require(self, number: int, condition: Requirement) -> None:
        """One condition more on symbolic lengths."""
        self.conditions.setdefault(number, []).append(condition)

    def _counted(self, inside: int) -> Requirement | None:
        """The bound that the layers inside of one more layer break, together with those before."""
        self.inside += inside - 1
        most = self.limits.layers // STACKED
        if self.inside <= most:
            return None
        number = self.limits.layers
        rule = f"the net has more than {number:,} layers, the bound `layers`; one inside of another counts as {STACKED}"
        found = f"{inside:,} are inside of this one, and {most:,} may be in all"
        return Requirement(False, rule, found, self.limits.way_out("layers"))

    def _bounded(self, shape: Shape) -> Shape | Requirement:
        """The shape, or the bound that it breaks: layers that enlarge could make numbers that nothing can print."""
        for n in shape:
            if type(n) is int and n > self.limits.number:
                message = f"a length is larger than {self.limits.number:,}, the bound `number`"
                found = f"the output has {n:.3e} along an axis"
                return Requirement(False, message, found, self.limits.way_out("number"))
        return shape
