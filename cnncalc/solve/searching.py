"""The search over a file's unknowns: piece by piece, each whole sub-tree refused where its beginning already fails.

It is complete: a candidate is passed over only where a piece that all candidates of its sub-tree share makes no net,
where a named layer that stands already has a shape that is not wanted, or where a sum over the layers so far (params,
macs …) is beyond its bound: no layer takes anything away from a sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import NamedTuple

from cnncalc.analysis.dtypes import element_bytes
from cnncalc.errors import CnncalcError
from cnncalc.language.reader import Sequence as ListNode
from cnncalc.language.unknowns import UnknownFile, assignments
from cnncalc.layers import show_shape
from cnncalc.layers.dialects import DIALECTS
from cnncalc.solve.figures import FIGURES, Measured, Want, meets
from cnncalc.solve.pieces import pieces
from cnncalc.solve.stages import Stages, State

__all__ = ["Candidate", "Search", "Tried"]

SUMS = ("params", "weights", "biases", "buffers", "macs", "flops", "weight_bytes", "layers")
"""The figures that are sums over the layers, of which none is negative."""


class Candidate:
    """The net of one assignment; each figure is computed when it is asked for."""

    def __init__(self, search: Search, stages: Stages, state: State) -> None:
        self.search, self.stages, self.state = search, stages, state
        self._measured: Measured | None = None

    def sum(self, name: str) -> int:
        """One of the figures that are sums, as far as the net stands."""
        state, search = self.state, self.search
        sums, numbers = state.sums, state.sums.weights + state.sums.biases
        if name == "params":
            return numbers + (sums.buffers if DIALECTS[self.stages.graph.dialect].buffers_are_parameters else 0)
        if name == "macs":
            return search.batch * sums.macs
        if name == "flops":
            return search.batch * (2 * sums.macs + sums.operations)
        if name == "weight_bytes":
            return numbers * search.size
        return state.layers if name == "layers" else int(getattr(sums, name))

    def figure(self, name: str) -> int | str:
        """A figure of the whole net; raises `CnncalcError` where it has no such figure, or is no net."""
        ends = self.stages.ends(self.state)
        if name in SUMS:
            return self.sum(name)
        if name == "output" or (name not in FIGURES and name in ends.places):
            place = next(iter(ends.outputs.values())) if name == "output" else ends.places[name]
            return show_shape(self.state.nodes[place].shape)
        if self._measured is None:
            self._measured = Measured(self.stages.whole(self.state), self.search.batch, self.search.dtype)
        return self._measured.figure(name)


class Tried(NamedTuple):
    """Candidates that are decided together: one that makes a net, or all of a sub-tree that is refused."""

    covers: int
    """How many."""
    values: tuple[int, ...]
    candidate: Candidate | None
    fault: str
    """Why they make no net; empty where they are only not as wanted."""


class Search:
    """Goes through all assignments of a file."""

    def __init__(self, file: UnknownFile, dtype: str, wants: Sequence[Want]) -> None:
        self.file, self.dtype, self.size, self.batch = file, dtype, element_bytes(dtype), file.options.batch
        self.wants = sorted(wants, key=lambda want: (want.figure in FIGURES, want.figure not in SUMS))
        self.early = [want for want in wants if want.figure in SUMS and want.operator in ("<=", "<", "==")]
        self.shapes = [want for want in wants if want.figure not in FIGURES and want.figure != "output"]
        self._last: Stages | None = None
        """What the last search built, for the next."""
        self.whole = False
        self.passed = 0
        """How many candidates were refused for their beginning, though they may make nets."""

    def meets_all(self, candidate: Candidate) -> bool:
        """Whether a net is all that is wanted, the cheap figures first; raises `CnncalcError`."""
        return all(meets(candidate.figure(want.figure), want) for want in self.wants)

    def candidates(self, *, early: bool = True) -> Iterator[Tried]:
        """All of them; with `early`, sub-trees that cannot be as wanted are passed over.

        Raises `CnncalcError` where a fault is no matter of the unknowns, and `MissedUnknownError` where the file
        must be built `whole` for every candidate.
        """
        self.passed = 0
        layers = self.file.document.keys.get("layers")
        if layers is None or not isinstance(layers[1], ListNode):
            self.file.build(next(assignments(self.file.unknowns)))  # raises what is wrong
        self.parts = pieces(self.file)
        yield from self._from(self._first(), early=early)

    def _first(self) -> list[int]:
        """The unknowns that are given values before anything is built: those outside the pieces, and fixed ones."""
        if self.whole:
            return list(range(len(self.file.unknowns)))
        inside = {number for piece in self.parts for number in piece.unknowns}
        unknowns = self.file.unknowns
        outside = self.file.in_defaults | (set(range(len(unknowns))) - inside)
        return sorted(outside | {number for number, one in enumerate(unknowns) if len(one.values) == 1})

    def _from(self, first: list[int], *, early: bool) -> Iterator[Tried]:
        unknowns = self.file.unknowns
        for choice in product(*(unknowns[number].values for number in first)):
            values = dict(zip(first, choice))
            try:
                stages = self._last if self._last and not first else Stages(self.file, self.parts, values)
            except CnncalcError as error:
                if all(len(unknowns[number].values) == 1 for number in first):
                    raise
                yield self._refused(values, error)
                continue
            self._last = stages
            yield from self._below(stages, 0, stages.start, values, early=early)

    def _below(
        self, stages: Stages, number: int, state: State, values: dict[int, int], *, early: bool
    ) -> Iterator[Tried]:
        """The candidates of a sub-tree: the net stands up to a piece, and some unknowns have values."""
        try:
            while number < len(self.parts) and all(one in values for one in self.parts[number].unknowns):
                state = stages.advance(number, state, values)
                number += 1
        except CnncalcError as error:
            if not any(len(self.file.unknowns[one].values) > 1 for one in values):
                raise
            yield self._refused(values, error)
            return
        candidate = Candidate(self, stages, state)
        if early and self._hopeless(candidate):
            count = self._left(values)
            self.passed += count
            yield Tried(count, (), None, "")
        elif number == len(self.parts):
            try:
                stages.ends(state)
            except CnncalcError as error:
                yield self._refused(values, error)
                return
            yield Tried(1, tuple([values[one] for one in range(len(self.file.unknowns))]), candidate, "")
        else:
            new = [one for one in self.parts[number].unknowns if one not in values]
            for choice in product(*(self.file.unknowns[one].values for one in new)):
                yield from self._below(stages, number, state, {**values, **dict(zip(new, choice))}, early=early)

    def _left(self, values: dict[int, int]) -> int:
        """How many candidates have these values."""
        count = 1
        for number, unknown in enumerate(self.file.unknowns):
            count *= 1 if number in values else len(unknown.values)
        return count

    def _refused(self, values: dict[int, int], error: CnncalcError) -> Tried:
        return Tried(self._left(values), (), None, str(error.faults[0].message))

    def _hopeless(self, candidate: Candidate) -> bool:
        """Whether nothing that follows can make the net as wanted."""
        for want in self.early:
            found, bound = candidate.sum(want.figure), want.value
            if isinstance(bound, int) and (found > bound or (found == bound and want.operator == "<")):
                return True
        state = candidate.state
        for want in self.shapes:
            place = state.kept.tensors.get(want.figure, -1)
            if place >= 0 and not meets(show_shape(state.nodes[place].shape), want):
                return True
        return False
