"""A report -> boxes in boxes: groups by the dots of names, repeated groups once, what lies too deep folded.

A tensor is known by the number of the node that makes it. The nodes of a box are a stretch of the execution order, so
that no two boxes take from one another in a circle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.answers.report import Report, Row, Shape

__all__ = ["Box", "Tree", "tree_of"]


class _Named(NamedTuple):
    """A layer, or an input of the net."""

    name: str
    levels: list[str]
    row: Row | None
    shape: Shape
    inputs: tuple[int, ...]


class Box:
    """A layer, an input, or a group of them; `inner` is None for what is drawn as one.

    `takes` are the tensors from elsewhere, `gives` its own that are taken elsewhere. `count` is how often it stands
    there one after another, and `rows` are the layers of one of these.
    """

    __slots__ = ("count", "first", "gives", "inner", "kind", "label", "last", "name", "rows", "shape", "takes")

    def __init__(self, name: str, label: str, first: int, last: int) -> None:
        self.name, self.label, self.first, self.last = name, label, first, last
        self.count = 1
        self.inner: list[Box] | None = None
        self.takes: list[int] = []
        self.gives: list[int] = []
        self.rows: list[Row] = []
        self.shape: Shape = ()
        self.kind = "group"

    def boxes(self) -> Iterator[Box]:
        """Itself, and all boxes in it."""
        yield self
        for one in self.inner or ():
            yield from one.boxes()


class Tree(NamedTuple):
    """The outermost box, and the shape of every tensor."""

    top: Box
    shapes: list[Shape]
    drawn: int
    """The boxes that are drawn as one."""


def _nodes(report: Report) -> list[_Named]:
    index: dict[str, int] = {}
    found: list[_Named] = []
    for name, shape in report.inputs.items():
        index[name] = len(found)
        found.append(_Named(name, [name], None, shape, ()))
    for row in report.rows:
        index[row.name] = len(found)
        inputs = tuple([index[one] for one in row.inputs])
        found.append(_Named(row.name, row.name.split("."), row, row.output_shape, inputs))
    return found


class _Builder:
    """Builds the boxes; `same` has for the tensor of a repeated group that of the first, which is drawn."""

    def __init__(self, report: Report, depth: int | None, *, unrolled: bool) -> None:
        self.nodes = _nodes(report)
        self.depth, self.unrolled = depth, unrolled
        self.same = list(range(len(self.nodes)))
        self.hidden = [False] * len(self.nodes)
        self.taken: list[list[int]] = [[] for _ in self.nodes]
        for place, node in enumerate(self.nodes):
            for one in node.inputs:
                self.taken[one].append(place)

    def inside(self, first: int, last: int, level: int) -> list[Box]:
        """The boxes of nodes `first` to `last`, which share their first `level` names."""
        runs: list[tuple[str, int, int]] = []
        for place in range(first, last):
            levels = self.nodes[place].levels
            name = ".".join(levels[: level + 1])
            grouped = len(levels) > level + 1
            if grouped and runs and runs[-1][0] == name and len(self.nodes[place - 1].levels) > level + 1:
                runs[-1] = (name, runs[-1][1], place + 1)
            else:
                runs.append((name, place, place + 1))
        boxes = []
        for name, start, end, count in self._repeated(runs, level):
            size = (end - start) // count
            box = self._box(name, start, start + size, level)
            box.last, box.count = end, box.count * count
            if level and box.label.isdecimal() and box.kind == "group":
                box.label = f"{self.nodes[start].levels[level - 1]}.{box.label}"
            if count > 1:
                box.label = f"{box.label}–{self.nodes[end - 1].levels[level]}"
            boxes.append(box)
        return boxes

    def _box(self, name: str, first: int, last: int, level: int) -> Box:
        box = Box(name, name.split(".")[level], first, last)
        box.rows = [node.row for node in self.nodes[first:last] if node.row is not None]
        box.shape = self.nodes[last - 1].shape
        if last - first == 1:  # a group of one layer is that layer
            node = self.nodes[first]
            box.name, box.label = node.name, ".".join(node.levels[level:])
            box.kind = node.row.kind if node.row is not None else "input"
            return box
        if self.depth is not None and level + 1 >= self.depth:
            return box
        box.inner = self.inside(first, last, level + 1)
        if len(box.inner) == 1:
            (only,) = box.inner
            if not only.label.startswith(f"{box.label}."):
                only.label = f"{box.label}.{only.label}"
            return only
        return box

    def _repeated(self, runs: Sequence[tuple[str, int, int]], level: int) -> Iterator[tuple[str, int, int, int]]:
        """Runs with how often each stands there: groups that follow one another and do the same are one."""
        place = 0
        while place < len(runs):
            name, start, end = runs[place]
            count = 1
            while (
                not self.unrolled
                and place + count < len(runs)
                and self._same(runs[place], runs[place + count - 1], runs[place + count])
            ):
                count += 1
            if count > 1:
                end = runs[place + count - 1][2]
                size = (end - start) // count
                for hidden in range(start + size, end):
                    self.hidden[hidden] = True
                    self.same[hidden] = start + (hidden - start) % size
            yield name, start, end, count
            place += count

    def _same(self, first: tuple[str, int, int], before: tuple[str, int, int], after: tuple[str, int, int]) -> bool:
        """Whether `after` does what `first` does, on what `before` makes at its end and on nothing else."""
        name, start, end = after
        size = end - start
        if size < 2 or size != first[2] - first[1] or not _numbered(first[0], name):
            return False
        if len({source for one in self.nodes[first[1] : first[2]] for source in one.inputs if source < first[1]}) > 1:
            return False
        for one, other in zip(range(first[1], first[2]), range(start, end)):
            mine, theirs = self.nodes[one], self.nodes[other]
            if mine.name[len(first[0]) :] != theirs.name[len(name) :] or not _alike(mine.row, theirs.row):
                return False
            for source, again in zip(mine.inputs, theirs.inputs):
                inner = source >= first[1]
                if again != (source - first[1] + start if inner else start - 1):
                    return False
        return self._ends_in(before, end) and self._ends_in(after, len(self.nodes), last=True)

    def _ends_in(self, run: tuple[str, int, int], until: int, *, last: bool = False) -> bool:
        """Whether nothing but the last tensor of a run is taken beyond it, and that, unless it is the last, in time."""
        _, start, end = run
        if any(taker >= end for place in range(start, end - 1) for taker in self.taken[place]):
            return False
        return last or all(taker < until for taker in self.taken[end - 1])

    def connect(self, top: Box) -> None:
        """Say of every box what it takes and gives."""
        for place in range(len(self.nodes)):
            self.same[place] = self.same[self.same[place]]  # an earlier one: where what repeats stands in what repeats
        taken: list[list[int]] = [[] for _ in self.nodes]
        for place, node in enumerate(self.nodes):
            if not self.hidden[place]:
                for source in node.inputs:
                    if self.same[source] != place:
                        taken[self.same[source]].append(place)
        for box in top.boxes():
            shown = [place for place in range(box.first, box.last) if not self.hidden[place]]
            takes = [self.same[one] for place in shown for one in self.nodes[place].inputs]
            box.takes = list(dict.fromkeys([one for one in takes if not box.first <= one < box.last]))
            box.gives = [one for one in shown if any(not box.first <= taker < box.last for taker in taken[one])]


def _numbered(one: str, other: str) -> bool:
    """Whether two names differ in the number at their ends alone."""
    stem = one.rstrip("0123456789")
    return len(stem) < len(one) and other.rstrip("0123456789") == stem


def _alike(one: Row | None, other: Row | None) -> bool:
    return (
        one is not None
        and other is not None
        and (one.notation, one.input_shapes, one.output_shape, one.params, one.trainable)
        == (other.notation, other.input_shapes, other.output_shape, other.params, other.trainable)
    )


def tree_of(report: Report, depth: int | None = None, *, unrolled: bool = False) -> Tree:
    """The boxes of a net; groups deeper than `depth` levels of names are one box each.

    Those that repeat one another are one box as well, unless `unrolled`.
    """
    builder = _Builder(report, depth, unrolled=unrolled)
    top = Box("", "", 0, len(builder.nodes))
    top.inner = builder.inside(0, top.last, 0)
    builder.connect(top)
    drawn = sum(one.inner is None for one in top.boxes())
    return Tree(top, [node.shape for node in builder.nodes], drawn)
