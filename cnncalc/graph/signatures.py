"""What follows from a layer and the shapes of its inputs alone: inferred once for all places where they meet."""

from __future__ import annotations

from typing import TypeAlias

from cnncalc.arithmetic.symbolic.tables import IN_NUMBERS, NoClosedForm
from cnncalc.graph.rules import broken_requirement
from cnncalc.layers import Layer, Requirement, Shape
from cnncalc.limits import Limits

__all__ = ["Met", "Signatures"]

Met: TypeAlias = "tuple[Layer, tuple[Shape, ...]]"
"""A layer on input shapes."""
_Inferred: TypeAlias = "tuple[Shape | Requirement, list[Requirement]]"
"""Its output's shape or the first rule that is broken, and the conditions on symbolic lengths."""
MOST = 20_000
"""So many are remembered for all forks of a net together, so that a long search does not fill the memory."""


class Signatures:
    """Every layer of a net with its input shapes, each once, and by the same numbers their output shapes."""

    __slots__ = ("_forked", "_numbers", "conditions", "limits", "pairs", "shapes")

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.pairs: list[Met] = []
        self.shapes: list[Shape] = []
        self.conditions: dict[int, list[Requirement]] = {}
        """Of symbolic input lengths: what each signature requires of them."""
        self._numbers: dict[Met, int] = {}
        self._forked: dict[Met, _Inferred] | None = None
        """What was inferred since nets went on from here, known to all of them."""

    def fork(self) -> Signatures:
        """A table of its own that goes on from here; what either infers is known to both."""
        other = self.anew()
        other.pairs, other.shapes, other._numbers = self.pairs.copy(), self.shapes.copy(), self._numbers.copy()  # noqa: SLF001
        other.conditions = {number: [*met] for number, met in self.conditions.items()}
        return other

    def anew(self) -> Signatures:
        """An empty table; what either infers is known to both."""
        other = Signatures(self.limits)
        self._forked = other._forked = {} if self._forked is None else self._forked
        return other

    def sign(self, met: Met) -> int | Requirement:
        """The number of a layer on input shapes, or else the first rule that is broken."""
        number = self._numbers.get(met)
        if number is not None:
            return number
        shape, conditions = self._infer(met) if self._forked is None else self._known(met, self._forked)
        if isinstance(shape, Requirement):
            return shape
        number = self._numbers[met] = len(self.pairs)
        self.pairs.append(met)
        self.shapes.append(shape)
        if conditions:
            self.conditions[number] = [*conditions]
        return number

    def require(self, number: int, condition: Requirement) -> None:
        """One condition more on symbolic lengths."""
        self.conditions.setdefault(number, []).append(condition)

    def _known(self, met: Met, known: dict[Met, _Inferred]) -> _Inferred:
        found = known.get(met)
        if found is None:
            if len(known) >= MOST:
                known.clear()
            found = known[met] = self._infer(met)
        return found

    def _infer(self, met: Met) -> _Inferred:
        layer, shapes = met
        conditions: list[Requirement] = []
        try:
            broken = broken_requirement(layer, shapes, conditions)
            return (self._bounded(layer.output_shape(*shapes)) if broken is None else broken), conditions
        except NoClosedForm as problem:
            return Requirement(False, "this layer has no closed form", str(problem), IN_NUMBERS), conditions

    def _bounded(self, shape: Shape) -> Shape | Requirement:
        """The shape, or the bound that it breaks: layers that enlarge could make numbers that nothing can print."""
        for n in shape:
            if type(n) is int and n > self.limits.number:
                message = f"a length is larger than {self.limits.number:,}, the bound `number`"
                found = f"the output has {n:.3e} along an axis"
                return Requirement(False, message, found, self.limits.way_out("number"))
        return shape
