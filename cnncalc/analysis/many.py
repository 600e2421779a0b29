"""The figures of a net of very many different layers, without keeping what was read of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from cnncalc.analysis.counter import OfOneError, rule_of
from cnncalc.analysis.counts import Counts
from cnncalc.answers.figures import FIGURES
from cnncalc.answers.reading import OfLayer
from cnncalc.graph import Costs, Met

__all__ = ["Many"]

NEAR = 4_096
"""So many layers of which what was read is kept, since the next ones may be of them."""


class _CostsOf(Sequence[Costs]):
    """What each signature costs, asked of it when it is wanted."""

    def __init__(self, signatures: Sequence[Met]) -> None:
        self.signatures = signatures

    def __len__(self) -> int:
        return len(self.signatures)

    def __getitem__(self, at: Any) -> Any:
        return self.signatures[at].costs


class Many(Counts):
    """Those of a net of very many different layers: what was read of a layer would fill the memory, and is not kept."""

    @cached_property
    def costs(self) -> Sequence[Costs]:
        return _CostsOf(self.graph.signatures)

    @cached_property
    def saved(self) -> dict[int, int]:
        found = super().saved
        self._forget()
        return found

    @cached_property
    def backward(self) -> dict[int, int]:
        found = super().backward
        self._forget()
        return found

    def figures(self, keys: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        rules = [(key, rule_of(key)) for key in keys]
        near: dict[int, tuple[OfLayer, dict[str, Any]]] = {}
        one, signatures = self.own, self.graph.signatures
        for (index, node, _), number in zip(self.graph.layers(), self.alike[0]):
            if number not in near:
                if len(near) >= NEAR:
                    near.clear()
                near[number] = self.facts_of(index), {}
            facts, known = near[number]
            for key, rule in rules:
                if key not in known:
                    try:
                        known[key] = rule(facts)
                    except OfOneError:
                        continue
            one.node = index
            found = tuple([known[key] if key in known else rule(facts) for key, rule in rules])
            one.node = None
            signatures[node.signature].forget()
            yield found

    def each(self, key: str) -> list[Any]:
        return [value for (value,) in self.figures((key,))]

    def sum(self, key: str) -> Any:
        return self._sums[key] if key in self._sums else sum(value for (value,) in self.figures((key,)))

    @cached_property
    def _sums(self) -> dict[str, Any]:
        """Of all figures of which nothing is a layer's own, in one walk."""
        rules = {one.key: one.layer for one in FIGURES if one.layer is not None and one.total is None}
        sums = dict.fromkeys(rules, 0)
        for times, (index, _) in zip(self.times, self.alike[1]):
            facts = self.facts_of(index)
            for key in [*sums]:
                try:
                    sums[key] += times * rules[key](facts)
                except OfOneError:
                    del sums[key]
            self.graph.signatures[self.graph.nodes[index].signature].forget()
        return sums

    def _forget(self) -> None:
        for met in self.graph.signatures:
            met.forget()
