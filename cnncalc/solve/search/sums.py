"""A front where what is asked for adds up piece by piece: exact, and without building more than what can differ.

The net is cut where its variables stand, as `solve file` cuts it at unknowns; beginnings from which the same follows
are one. What cannot be as wanted any more is left out, and of all that leads on from a state only what no other beats
is kept: whatever comes before, it adds the same to all of them. So the front of a product of choices is put together
from fronts, and none of its points is built by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from math import prod
from operator import add
from typing import TypeAlias

from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.language.documents.document import Document
from cnncalc.language.faults import Faults
from cnncalc.language.unknowns import UnknownFile
from cnncalc.records import NamedTuple
from cnncalc.solve.figures import Measured, check_lengths, known_figures
from cnncalc.solve.files.diagram import DiagramNode, Edge, summarise
from cnncalc.solve.files.growing import Growth
from cnncalc.solve.files.judging import Judging, Tracked
from cnncalc.solve.files.stages import MissedUnknownError
from cnncalc.solve.files.sums import Counting
from cnncalc.solve.fronts import Numbers, unbeaten
from cnncalc.solve.search.question import Question
from cnncalc.solve.sweep.points import Point

__all__ = ["NoSumsError", "by_sums"]

MOST_ROOTS = 5_000
"""Choices of what every layer may depend on: so many nets are begun from their start, at all sizes together."""
MOST_WORK = 4_000_000
"""Sums that are compared to put fronts together; one of three numbers counts as six, of four as 36."""
Progress: TypeAlias = "Callable[[str, int, int], None]"


class NoSumsError(Exception):
    """The question is none of sums, for the reason that it says, or one with too many of them."""


class Best(NamedTuple):
    """A sum that no other behind a node beats, with a step that leads to it."""

    numbers: Numbers
    edge: Edge | None = None
    behind: Best | None = None


def by_sums(question: Question, progress: Progress | None = None) -> tuple[list[Point], str]:
    """The front, each point with its figures, and why no net at all is one, where that is so.

    Raises `NoSumsError`, or `CnncalcError` for what is wrong whatever the variables.
    """
    found: list[Point] = []
    sizes = list(product(*question.grid.lengths.values()))
    refused, work = "", 0
    for number, lengths in enumerate(sizes):
        some, why, work = _at_one_size(question, lengths, len(sizes), work, progress if len(sizes) == 1 else None)
        found += some
        refused = refused or why
        if progress is not None and len(sizes) > 1:
            progress("sizes", number + 1, len(sizes))
    signs = [one.sign for one in question.objectives]
    kept = unbeaten([tuple([sign * number for sign, number in zip(signs, point.figures)]) for point in found])
    return [found[at] for at in kept], refused


def _at_one_size(
    question: Question, lengths: Sequence[int], sizes: int, work: int, progress: Progress | None
) -> tuple[list[Point], str, int]:
    """The front at one size, why no net is one there, and the work of this size and those before, which it adds to."""
    file = UnknownFile(question.net, question.at(lengths), question.grid.variables)
    counting = Counting(file, question.dtype)
    apart = [name for name in question.figures if name not in counting.names]
    if apart:
        raise NoSumsError(f"`{apart[0]}` is told of a whole net")
    judging = Judging(counting, question.wants, question.figures, file.options.limits)
    growth = Growth(file, judging)
    growth.work = work
    roots = prod([len(file.unknowns[one].values) for one in growth.cuts[0][1]])
    if roots * sizes > MOST_ROOTS:
        several = [file.unknowns[one].name for one in growth.cuts[0][1] if len(file.unknowns[one].values) > 1]
        raise NoSumsError(f"every layer may depend on {', '.join(several[:4]) or 'the size'}")
    try:
        growth.grow(progress)
    except MissedUnknownError:
        raise NoSumsError("what the layers depend on cannot be told apart") from None
    if growth.undecided():
        raise NoSumsError(f"the bound `search`, {file.options.limits.search:,}, was reached")
    layers = growth.nodes()
    summarise(layers, judging.nothing)
    _check_shapes(question, judging, layers)
    folding = _Folding(layers, judging, question)
    found = []
    for best in folding.front():
        values, sums = _followed(best, [judging.figures.index(name) for name in question.figures])
        given = dict(zip(growth.order, values))
        texts = tuple([one.text(given[number]) for number, one in enumerate(file.unknowns)])
        found.append(Point(texts, tuple(lengths), sums))
    return found, growth.refused if not found else "", growth.work


def _check_shapes(question: Question, judging: Judging, layers: list[list[DiagramNode]]) -> None:
    """Raises `CnncalcError` where a layer is asked for that no net has."""
    for want in question.shapes:
        if layers[-1] and want.figure not in judging.known:
            end = layers[-1][0]
            assert end.stages is not None
            assert end.state is not None
            net = end.stages.whole(end.state)
            if want.figure == "output" or want.figure not in known_figures(net):
                check_lengths(Measured(net, 1, question.dtype).figure(want.figure), want)


class _Folding:
    """Puts the front of a diagram together, node by node from its end.

    Behind a node one sum beats another where it is as good in all that is to be small or large, and in all that is
    wanted and still open: less where at most so much is, more where at least so much is, and the same where it is `==`.
    """

    def __init__(self, layers: Sequence[Sequence[DiagramNode]], judging: Judging, question: Question) -> None:
        self.layers, nothing = layers, judging.nothing
        start = layers[0][0]
        self.open = [
            bound for bound in judging.bounds
            if start.count and bound.decided(start.low[bound.place], start.high[bound.place]) is not True
        ]  # fmt: skip
        self.best_in = [(judging.figures.index(one.figure), one.sign) for one in question.objectives]
        axes = [*self.best_in]
        for bound in self.open:
            axes += [(bound.place, 1)] if bound.operator in ("<=", "<", "==", "!=") else []
            axes += [(bound.place, -1)] if bound.operator in (">=", ">", "==", "!=") else []
        self.axes = list(dict.fromkeys(axes))
        self.watched = [next(at for at, axis in enumerate(self.axes) if axis[0] == one.place) for one in self.open]
        """For each open bound, the place of its figure among the axes."""
        self.before: dict[int, tuple[Tracked, Tracked]] = {id(start): (nothing, nothing)}
        """The least and the largest sums with which each node is reached."""
        self.left = MOST_WORK

    def front(self) -> list[Best]:
        """What no other path beats of those that are as wanted."""
        if not self.layers[0][0].count:
            return []
        self._reach()
        known = {id(node): [Best((0,) * len(self.axes))] for node in self.layers[-1] if id(node) in self.before}
        for layer in reversed(self.layers[:-1]):
            behind, known = known, {}
            for node in layer:
                if id(node) in self.before:
                    known[id(node)] = self._behind(node, behind)
        found = known[id(self.layers[0][0])]
        return [found[at] for at in unbeaten([one.numbers[: len(self.best_in)] for one in found])]

    def _reach(self) -> None:
        for layer in self.layers[:-1]:
            for node in layer:
                if id(node) not in self.before:
                    continue
                least, most = self.before[id(node)]
                for edge in node.edges or ():
                    if edge.child.count:
                        low, high = tuple(map(add, least, edge.sums)), tuple(map(add, most, edge.sums))
                        if (known := self.before.get(id(edge.child))) is not None:
                            low, high = tuple(map(min, low, known[0])), tuple(map(max, high, known[1]))
                        self.before[id(edge.child)] = low, high

    def _behind(self, node: DiagramNode, known: Mapping[int, list[Best]]) -> list[Best]:
        """The best of all that leads on from a node."""
        steps: list[Best] = []
        for edge in node.edges or ():
            if behind := known.get(id(edge.child)):
                added = [sign * edge.sums[place] for place, sign in self.axes]
                self.left -= len(behind) * 6 ** max(len(self.axes) - 2, 0)
                if self.left < 0:
                    raise NoSumsError("the sums that would have to be compared are too many")
                steps += [Best(tuple(map(add, added, one.numbers)), edge, one) for one in behind]
        if self.open:
            steps = [one for one in steps if self._hopeful(node, one.numbers)]
        return [steps[at] for at in unbeaten([one.numbers for one in steps])]

    def _hopeful(self, node: DiagramNode, numbers: Numbers) -> bool:
        """Whether something before a node can make it as wanted."""
        least, most = self.before[id(node)]
        for bound, at in zip(self.open, self.watched):
            behind = self.axes[at][1] * numbers[at]
            if bound.decided(least[bound.place] + behind, most[bound.place] + behind) is False:
                return False
        return True


def _followed(best: Best, places: Sequence[int]) -> tuple[list[int], tuple[int, ...]]:
    """The values along a path, in the order in which the unknowns get them, and what the figures add up to."""
    values: list[int] = []
    sums = [0] * len(places)
    at: Best | None = best
    while at is not None and at.edge is not None:
        values += at.edge.choices[0]
        sums = [whole + int(at.edge.sums[place]) for whole, place in zip(sums, places)]
        at = at.behind
    return values, tuple(sums)


def raise_unknown_variables(question: Question) -> None:
    """Raises `CnncalcError` for a variable that the file does not have."""
    faults = Faults()
    document = Document(question.net, question.options, faults)
    faults.raise_any()
    wrong = [name for name in question.grid.variables if name not in document.variables]
    if wrong:
        known = document.variables
        raise CnncalcError([
            Fault(
                f"there is no variable `{name[:60]}` to go over",
                help=suggestion(name, known, f"the file declares {', '.join(known) or 'none'}"),
            )
            for name in wrong
        ])  # fmt: skip
