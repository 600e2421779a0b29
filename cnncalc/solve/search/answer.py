"""The front of a space, by the way that is exact and quick, else by every point, else by a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from cnncalc.answers.figures import RECEPTIVE_FIELD
from cnncalc.claims.latency import LATENCY
from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.documents.foreign import in_ours
from cnncalc.language.unknowns import UnknownFile
from cnncalc.records import NamedTuple
from cnncalc.running.runner import HERE, Runner
from cnncalc.solve.figures import meets
from cnncalc.solve.fronts import Numbers, unbeaten
from cnncalc.solve.search.question import Question, asked_for
from cnncalc.solve.search.sample import Choice, rounds
from cnncalc.solve.search.sums import NoSumsError, Progress, by_sums, raise_unknown_variables
from cnncalc.solve.sweep.evaluating import Apart, Asked
from cnncalc.solve.sweep.grid import Part
from cnncalc.solve.sweep.points import Point, Points
from cnncalc.solve.sweep.sweeping import each

__all__ = ["SAMPLES", "Keeping", "SearchAnswer", "asked_of", "search"]

SAMPLES = 10_000
"""Nets that are looked at, where no more is said."""
AT_A_TIME = 20_000
"""Points that wait to be held against the best so far."""


class SearchAnswer(NamedTuple):
    """What no other point beats, and how sure that is."""

    question: Question
    names: tuple[str, ...]
    """What is chosen: the variables, and the unknowns of the file."""
    way: str
    """`sums`, `points` or `sample`."""
    reason: str
    """Why it is not by sums; empty where it is."""
    looked: int
    """Points that were compared."""
    points: int
    """Points of the space."""
    found: tuple[Point, ...]
    """The front, in order, each with the figures of the question; of equal points one."""
    fault: str = ""
    """Why the first that is no net is none, where nothing was found."""
    seed: int = 0
    stopped: bool = False
    """Whether it was interrupted: what was found until then is here."""
    equal: int | None = None
    """Further points that equal one of these in all that is compared; None where they were not told apart."""

    @property
    def exact(self) -> bool:
        """Whether no point of the whole space beats any of these."""
        return self.way != "sample" and not self.stopped


class Keeping(NamedTuple):
    """Where what is computed is kept on the way."""

    begin: Callable[[], dict[Part, Points]]
    """What an earlier run kept."""
    add: Callable[[Part, Points], None]


def search(
    question: Question,
    *,
    runner: Runner = HERE,
    samples: int = SAMPLES,
    seed: int = 0,
    keeping: Keeping | None = None,
    progress: Progress | None = None,
) -> SearchAnswer:
    """The front; an interruption keeps what was found. Raises `CnncalcError`."""
    asked_for(question)
    raise_unknown_variables(question)
    file = UnknownFile(question.net, question.options, question.grid.variables)
    unknowns = [one.name for one in file.unknowns if not one.texts]
    names = (*unknowns, *question.grid.variables)
    space = file.candidates() * question.grid.sizes
    if space < 2:
        own = in_ours(
            file.document.foreign, file.document.file, "`?16..64` in the file", "`?16..64` in place of a number"
        )
        help = f"as `--over width=0.25:1.4:0.05`, `--input 3x{{96:320:32}}`, or {own}"
        raise CnncalcError(Fault("there is one net and one size: nothing to choose from", help=help))
    try:
        found, fault = by_sums(question, progress)
        return SearchAnswer(question, names, "sums", "", space, space, tuple(found), fault)
    except NoSumsError as problem:
        reason = str(problem)
    if unknowns:
        help = "put variables in place of `?`, and say `--over NAME=VALUES`: then a sample can be looked at"
        raise CnncalcError(Fault(f"the file's `?` cannot be searched for a front: {reason}", help=help))
    limits, most = question.options.limits, min(question.grid.nets, samples) * question.grid.sizes
    if most > limits.points:
        help = f"take fewer sizes or `--samples`, or {limits.way_out('points')}"
        message = f"{most:,} points would be looked at, which is more than {limits.points:,}, the bound `points`"
        raise CnncalcError(Fault(message, values=f"they cannot be told by sums: {reason}", help=help))
    looking = _Looking(question, runner, keeping, progress)
    every = question.grid.nets <= samples
    if every:
        looking.look(question.grid.parts(), space)
    else:
        for some in rounds(question.grid, samples, seed, looking.front):
            looking.look(_parts(question, some), samples * question.grid.sizes)
            if looking.stopped:
                break
    front = tuple(looking.front())
    way = "points" if every else "sample"
    fault = "" if front else looking.fault
    equal = sum(looking.equal.values())
    return SearchAnswer(question, names, way, reason, looking.seen, space, front, fault, seed, looking.stopped, equal)


def asked_of(question: Question) -> Asked:
    """What is asked of each net: closed forms do where totals are all that is asked for."""
    figures = question.figures
    whole = LATENCY in figures or RECEPTIVE_FIELD in figures or bool(question.shapes)
    apart = Apart(tuple(question.shapes), question.device) if whole else None
    return Asked(
        question.net, question.options, question.dtype, question.grid, tuple(figures), question.optimizer, apart
    )


def _parts(question: Question, choices: Sequence[Choice]) -> Iterator[Part]:
    return (part for choice in choices for part in question.grid.parts_of(choice))


class _Looking:
    """Looks at points, and keeps the best of them."""

    def __init__(self, question: Question, runner: Runner, keeping: Keeping | None, progress: Progress | None) -> None:
        self.question, self.runner, self.keeping, self.progress = question, runner, keeping, progress
        self.kept = keeping.begin() if keeping is not None else {}
        self.asked = asked_of(question)
        self.best: list[Point] = []
        self.waiting: list[Point] = []
        self.equal: dict[Numbers, int] = {}
        """How many further points equal one of the best in all that is compared."""
        self.seen = 0
        self.fault = ""
        self.stopped = False

    def look(self, parts: Iterator[Part], whole: int) -> None:
        """Compute those that are not kept, and hold all against the best."""
        some = list(parts)
        missing = [part for part in some if part not in self.kept]
        for part in some:
            if part in self.kept:
                self._see(self.kept[part])
        try:
            for part, points in each(self.asked, iter(missing), self.runner):
                if self.keeping is not None:
                    self.keeping.add(part, points)
                self._see(points)
                if self.progress is not None:
                    self.progress("points", self.seen, whole)
        except KeyboardInterrupt:
            self.stopped = True

    def _see(self, points: Points) -> None:
        self.seen += len(points)
        numbers, shapes = len(self.question.figures), len(self.question.shapes)
        places = {name: place for place, name in enumerate(self.question.figures)}
        for point in points:
            if not point.figures:
                self.fault = self.fault or point.fault
            elif all(point.figures[numbers : numbers + shapes]) and all(
                meets(point.figures[places[want.figure]], want) for want in self.question.numbers
            ):
                self.waiting.append(point._replace(figures=point.figures[:numbers]))
        if len(self.waiting) > AT_A_TIME:
            self.front()

    def front(self) -> list[Point]:
        """What no other point beats so far."""
        held = self.best + self.waiting
        signs = [one.sign for one in self.question.objectives]
        numbers = [tuple([sign * number for sign, number in zip(signs, point.figures)]) for point in held]
        kept, counts = unbeaten(numbers), Counter(numbers)
        self.equal = {one: counts[one] - 1 + self.equal.get(one, 0) for one in (numbers[at] for at in kept)}
        self.best, self.waiting = [held[at] for at in kept], []
        return self.best
