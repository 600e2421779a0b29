"""The figures of many nets whose layers are mostly alike, as those that a variable makes: asked of a layer once."""

from __future__ import annotations

from typing import Any, TypeAlias

from cnncalc.analysis.costs import Counts
from cnncalc.analysis.counter import OfOneError, rule_of
from cnncalc.answers.reading import OfLayer
from cnncalc.graph import Met, Net

__all__ = ["Known", "Repeated"]

Known: TypeAlias = "dict[tuple[Met, object, tuple[object, ...]], dict[str, Any]]"
"""Figures of a layer by all that they depend on: itself, its place, and its net."""


class Repeated(Counts):
    """The counts of one of the nets; they share what is `known`, and have batch, type and optimizer in common."""

    def __init__(self, graph: Net, batch: int, dtype: str, optimizer: str, known: Known) -> None:
        super().__init__(graph, batch, dtype, optimizer)
        self._known = known
        self._made: dict[int, OfLayer] = {}

    def of_alike(self, key: str) -> list[Any] | None:
        rule = rule_of(key)
        of_net = self.graph.dialect, self.graph.train, bool(self.graph.plan.checkpoints), self.parted is None
        values: list[Any] = []
        for index, one in self.alike[1]:
            signature, place = (one, None) if isinstance(one, int) else (one[0], one[1:])
            known = self._known.setdefault((self.graph.signatures[signature], place, of_net), {})
            if key not in known:
                try:
                    known[key] = rule(self._fact(index))
                except OfOneError:
                    return None
            values.append(known[key])
        return values

    def _fact(self, index: int) -> OfLayer:
        if index not in self._made:
            self._made[index] = self.facts_of(index)
        return self._made[index]
