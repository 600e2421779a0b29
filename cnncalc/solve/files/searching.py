"""The search over a file's unknowns: the diagram of all assignments, cut down to those that are as wanted, then listed.

Nothing is left out by guess. What was not looked at, because of an interruption or because it would take too much work,
is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.unknowns import UnknownFile
from cnncalc.layers import show_shape
from cnncalc.records import NamedTuple
from cnncalc.solve.figures import (
    FIGURES,
    Measured,
    Want,
    check_lengths,
    known_figures,
    meets,
    miss,
    missed_by,
    taken,
)
from cnncalc.solve.files.diagram import DiagramNode, summarise
from cnncalc.solve.files.growing import Growth, Progress
from cnncalc.solve.files.judging import ABSENT, Judging, Tracked
from cnncalc.solve.files.listing import FOLLOWED, Listing
from cnncalc.solve.files.narrowing import narrowed
from cnncalc.solve.files.nearest import Miss, Nearest
from cnncalc.solve.files.ranking import Path, Rank, Values
from cnncalc.solve.files.stages import MissedUnknownError, Stages, State
from cnncalc.solve.files.sums import Counting

__all__ = ["Assignment", "Search"]

KEPT = 10_000
"""As many assignments are listed; all are counted."""
NEAREST = 5
"""As many of the closest are kept where none is as wanted."""
TRIES, MEASURED = 5_000, 1_000
"""Nets that are tried to find what comes closest; and where a figure of each has to be measured."""


class Goal(NamedTuple):
    """What the assignments are ordered by."""

    figure: str
    largest: bool


class Assignment(NamedTuple):
    """The values of all unknowns, and the figures of that net."""

    values: tuple[int, ...]
    figures: tuple[tuple[str, int | str], ...]
    missed: str = ""
    """By how much the wants are missed, in words."""


class Candidate:
    """A whole net; each figure is computed when it is asked for."""

    def __init__(self, counting: Counting, dtype: str, stages: Stages, state: State) -> None:
        self.counting, self.dtype, self.stages, self.state = counting, dtype, stages, state
        self._measured: Measured | None = None

    def figure(self, name: str) -> int | str:
        """A figure of the net; raises `CnncalcError` where it has no such figure, or is no net."""
        ends = self.stages.ends(self.state)
        if name in self.counting.names:
            return self.counting.figure(name, self.state.sums)
        if name == "output" or (name not in FIGURES and name in ends.places):
            place = next(iter(ends.outputs.values())) if name == "output" else ends.places[name]
            return show_shape(self.state.nodes[place].shape)
        if self._measured is None:
            net = self.stages.whole(self.state)
            self._measured = Measured(net, self.counting.images, self.dtype)
        return self._measured.figure(name)


class Search:
    """Everything that is found; `find` looks for it."""

    def __init__(self, file: UnknownFile, dtype: str, wants: Sequence[Want], goal: Goal | None) -> None:
        """Raises `CnncalcError` where the file has faults, or there is no hope of an end."""
        self.file, self.dtype, self.wants, self.goal = file, dtype, wants, goal
        self.counting = Counting(file, dtype)
        figure = goal.figure if goal is not None else None
        self.judging = Judging(self.counting, wants, [figure] if figure else [], file.options.limits)
        self.measures = bool(self.judging.measured) or (goal is not None and not self.judging.goals)
        self.figures = list(dict.fromkeys([*(want.figure for want in wants), *([figure] if figure else [])]))
        values = narrowed(file, self.judging)
        self.narrowed = values is not None
        """Whether candidates are left out that provably cannot be as wanted."""
        if values is not None:
            file.unknowns = [one._replace(values=some) for one, some in zip(file.unknowns, values)]
        self.growth = Growth(file, self.judging)
        self.found: list[Assignment] = []
        self.nearest: list[Assignment] = []
        self.nearest_complete = True
        self.total = 0
        self._shapes: dict[int, dict[str, int | str]] = {}
        """What the nets have that end in a node, which are alike in it."""
        self.exact = True
        """Whether there are no more."""
        self.undecided = 0
        """Candidates of which nothing is known, since the search ended early."""
        self.left: list[str] = []
        """Why it did, if it did."""
        self.reasons: list[str] = []
        """Where nothing is as wanted, what cannot be had at all."""

    def find(self, progress: Progress | None) -> None:
        """All that is as wanted, and where that is nothing what comes closest; an interruption keeps what was found."""
        with self._kept_if_interrupted():
            try:
                self.growth.grow(progress)
            except MissedUnknownError:
                self.growth = Growth(self.file, self.judging, whole=True)
                self.growth.grow(progress)
        self.undecided = self.growth.undecided()
        if self.undecided and not self.left:
            limits = self.file.options.limits
            most = f"the bound `search`, {limits.search:,}, was reached, and no more nets are built"
            self.left.append(f"{most}: narrow the bounds, or {limits.way_out('search')}")
        layers = self._counted()
        with self._kept_if_interrupted():
            self._list(layers, progress)
        self.found = _ordered(self.found, self.goal)[:KEPT]
        if not self.total:
            with self._kept_if_interrupted():
                self._find_nearest(progress)

    @contextmanager
    def _kept_if_interrupted(self) -> Iterator[None]:
        try:
            yield
        except KeyboardInterrupt:
            self.left.append("interrupted")

    def _counted(self) -> list[list[DiagramNode]]:
        """The diagram with the sums behind each node; raises `CnncalcError` where a layer is asked for that is none."""
        layers = self.growth.nodes()
        summarise(layers, self.judging.nothing)
        for want in self.judging.shapes:
            met = want.figure == "output" or want.figure in self.judging.known
            if layers[-1] and not self.undecided and (not met or isinstance(want.value, int)):
                end = layers[-1][0]
                assert end.stages is not None
                assert end.state is not None
                graph = end.stages.whole(end.state)
                if not met or want.figure in known_figures(graph):
                    check_lengths(Measured(graph, 1, self.dtype).figure(want.figure), want)
        return layers

    # -- what is as wanted --

    def _list(self, layers: list[list[DiagramNode]], progress: Progress | None) -> None:
        listing = Listing(layers, self.judging.nothing, self.judging.bounds)
        if not listing.ordered:
            self.left.append("the sums are too many to list all")
        if not self.measures:
            self.total, self.exact = listing.total or 0, listing.total is not None
            for path in islice(listing.paths(self._weigh), KEPT):
                self.found.append(self._of_path(path))
            self.total = max(self.total, len(self.found))
            return
        total = FOLLOWED if listing.total is None else listing.total
        limits = self.file.options.limits
        most = limits.search
        if total > most:
            name = next((want.figure for want in self.judging.measured), self.figures[-1])
            found = f"{total:,} candidates meet the other wants, which is more than {most:,}, the bound `search`"
            help = f"narrow the bounds, as `?1..7` or `?16|32|64`, want more, or {limits.way_out('search')}"
            raise CnncalcError(Fault(f"`{name}` is measured on whole nets", values=found, help=help))
        self.exact = listing.ordered
        self.undecided += total
        gone = 0
        for number, path in enumerate(listing.paths(self._weigh), 1):
            gone += self._measure(path.values)
            self.undecided -= 1
            if progress is not None:
                progress("measured", number, total)
            if gone > most and self.undecided:
                found = f"the bound `search`, {most:,}, was reached, and no more nets are measured"
                self.left.append(f"{found}: narrow the bounds, or {limits.way_out('search')}")
                break

    def _weigh(self, sums: Tracked, choice: Values) -> Rank:
        """By the goal, then by small values."""
        if self.goal is None or not self.judging.goals:
            return 0, sum(choice)
        return (-1 if self.goal.largest else 1) * sums[self.judging.goals[0]], sum(choice)

    def _measure(self, values: Values) -> int:
        """Look whether a candidate is as wanted; how many layers it has, so that there is an end."""
        candidate = self._candidate(values)
        if all(meets(candidate.figure(want.figure), want) for want in self.judging.measured):
            self.total += 1
            self.found.append(self._assignment(values, candidate))
            if len(self.found) >= 2 * KEPT:
                self.found = _ordered(self.found, self.goal)[:KEPT]
        return taken(len(candidate.state.nodes), [want.figure for want in self.judging.measured])

    def _candidate(self, values: Values) -> Candidate:
        given = dict(zip(self.growth.order, values))
        return Candidate(self.counting, self.dtype, *self.growth.state(given))

    def _assignment(self, values: Values, candidate: Candidate | None = None) -> Assignment:
        given = dict(zip(self.growth.order, values))
        net = candidate or self._candidate(values)
        figures = tuple([(name, self._figure(net, name)) for name in self.figures])
        return Assignment(tuple([given[number] for number in range(len(given))]), figures)

    def _of_path(self, path: Path) -> Assignment:
        """As `_assignment`, but nothing is built: sums are the path's, and shapes those of all nets that end there."""
        if (shapes := self._shapes.get(id(path.end))) is None:
            assert path.end.stages is not None
            assert path.end.state is not None
            net = Candidate(self.counting, self.dtype, path.end.stages, path.end.state)
            shapes = {name: self._figure(net, name) for name in self.figures if name not in self.judging.figures}
            self._shapes[id(path.end)] = shapes
        places = self.judging.figures
        figures = [
            (name, shapes[name] if name in shapes else int(path.sums[places.index(name)])) for name in self.figures
        ]
        return Assignment(tuple([value for _, value in sorted(zip(self.growth.order, path.values))]), tuple(figures))

    def _figure(self, candidate: Candidate, name: str) -> int | str:
        """A figure; `ABSENT` for a layer that only other candidates have."""
        missing = name in self.judging.known and name not in candidate.stages.ends(candidate.state).places
        return ABSENT if missing else candidate.figure(name)

    # -- what comes closest --

    def _find_nearest(self, progress: Progress | None) -> None:
        self.nearest_complete = False
        if not self.undecided:
            self.growth.grow(progress, passing=False)
        layers = self._counted()
        whole = not self.growth.undecided()
        if whole and not self.narrowed and layers[0][0].count:
            self.reasons = list(self._impossible(layers[0][0]))
        nearest = Nearest(layers, self.judging, self._miss)
        with self._kept_if_interrupted():
            nearest.find(NEAREST, MEASURED if self.measures else TRIES)
        for _, values in nearest.found:
            one = self._assignment(values)
            known = dict(one.figures)
            missed = [words for want in self.wants if (words := missed_by(known[want.figure], want))]
            self.nearest.append(one._replace(missed=", ".join(missed)))
        self.nearest_complete = nearest.complete and whole and not self.narrowed

    def _impossible(self, start: DiagramNode) -> Iterator[str]:
        """The wants that no candidate meets, whatever the others."""
        for want, bound in zip((*self.judging.sums, *self.judging.shapes), self.judging.bounds[self.judging.fixed :]):
            low, high = start.low[bound.place], start.high[bound.place]
            if bound.decided(low, high) is not False:
                continue
            if want in self.judging.shapes:
                yield f"no candidate has {want.text}"
            elif want.operator in ("<=", "<") or (want.operator == "==" and low > bound.value):
                yield f"every candidate has {want.figure} >= {low:,}"
            elif want.operator == "!=":
                yield f"every candidate has {want.figure} == {low:,}"
            else:
                yield f"every candidate has {want.figure} <= {high:,}"

    def _miss(self, values: Values) -> Miss:
        """How far a net is from what is wanted."""
        candidate = self._candidate(values)
        return miss([self._figure(candidate, want.figure) for want in self.wants], self.wants)


def _ordered(found: list[Assignment], goal: Goal | None) -> list[Assignment]:
    """By the goal, then by small values."""
    if goal is None:
        return sorted(found, key=lambda one: (sum(one.values), one.values))
    sign = -1 if goal.largest else 1
    return sorted(found, key=lambda one: (sign * int(dict(one.figures)[goal.figure]), sum(one.values), one.values))
