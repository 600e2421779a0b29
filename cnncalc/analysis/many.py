"""The figures of a net of very many layers, alike or different: what was followed and read of all is not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from cnncalc.analysis.counter import Alike, OfOneError, rule_of
from cnncalc.analysis.counts import Counts
from cnncalc.analysis.memory.gradients import each_gradient
from cnncalc.analysis.memory.totals import kept_for_backward
from cnncalc.analysis.receptive.fields import described_in_turn
from cnncalc.answers.figures import FIGURES
from cnncalc.answers.reading import OfLayer
from cnncalc.answers.report import ReceptiveField
from cnncalc.graph import Costs, Met

__all__ = ["Long", "Many"]

NEAR = 1_024
"""So many of the layers that were read last are kept: the next may be like one of them."""


class _CostsOf(Sequence[Costs]):
    """What each signature costs, asked of it when it is wanted."""

    def __init__(self, signatures: Sequence[Met]) -> None:
        self.signatures = signatures

    def __len__(self) -> int:
        return len(self.signatures)

    def __getitem__(self, at: Any) -> Any:
        return self.signatures[at].costs


class _ByNode(Mapping[int, int]):
    """A number of every node; a dict has to keep the nodes too."""

    def __init__(self, count: int) -> None:
        self._numbers = [0] * count

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self._numbers)))

    def __getitem__(self, node: int) -> int:
        return self._numbers[node]

    def add(self, node: int, number: int) -> None:
        """So much more."""
        self._numbers[node] += number


class Long(Counts):
    """The counts that keep of each layer no more than numbers."""

    @cached_property
    def saved(self) -> Mapping[int, int]:
        graph, followed = self.graph, self.followed
        found = _ByNode(len(graph.nodes))
        apart = graph.plan.checkpoints  # groups run again: who keeps what is decided at the end
        every = followed.kept if apart else kept_for_backward(graph, self.images, *self.numbers, followed.wanted)
        for kept in every:
            found.add(kept.node, kept.size)
        return found

    @property
    def most_kept(self) -> int:
        return super().most_kept if self.graph.plan.checkpoints else sum(self.saved.values())

    @cached_property
    def backward(self) -> Mapping[int, int]:
        nodes, mets = self.graph.nodes, self.graph.signatures
        found = _ByNode(len(nodes))
        for index, wanted in each_gradient(self.graph, self.followed.wanted):
            found.add(index, mets[nodes[index].signature].backward_macs(wanted))
        return found

    @property
    def seen(self) -> Iterator[ReceptiveField]:
        return described_in_turn(self.graph)


class Many(Long):
    """The counts that forget what they read of a layer, too."""

    @cached_property
    def costs(self) -> Sequence[Costs]:
        return _CostsOf(self.graph.signatures)

    def figures(self, keys: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        rules, one = [(key, rule_of(key)) for key in keys], self.own
        for index, facts, known in self._near():
            for key, rule in rules:
                if key not in known:
                    try:
                        known[key] = rule(facts)
                    except OfOneError:
                        continue
            one.node = index
            found = tuple([known[key] if key in known else rule(facts) for key, rule in rules])
            one.node = None
            yield found

    def _near(self) -> Iterator[tuple[int, OfLayer, dict[str, Any]]]:
        """Every layer's node, what the rules read of it, and what is known of it, as of those near that are alike."""
        near: dict[Alike, tuple[OfLayer, dict[str, Any]]] = {}
        for index, key in self.keys():
            if key not in near:
                if len(near) >= NEAR:
                    near.clear()
                near[key] = self.facts_of(index), {}
            yield index, *near[key]

    def each(self, key: str) -> list[Any]:
        return [value for (value,) in self.figures((key,))]

    def sum(self, key: str) -> Any:
        return self._sums[key] if key in self._sums else sum(value for (value,) in self.figures((key,)))

    @cached_property
    def _sums(self) -> dict[str, Any]:
        """Of all figures of which nothing is a layer's own, in one walk."""
        rules = {one.key: one.layer for one in FIGURES if one.layer is not None}
        sums = dict.fromkeys(rules, 0)
        for _, facts, known in self._near():
            for key in [*sums]:
                try:
                    if key not in known:
                        known[key] = rules[key](facts)
                    sums[key] += known[key]
                except OfOneError:
                    del sums[key]
        return sums
