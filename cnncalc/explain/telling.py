"""Tells the layers of a graph: one by one, or as a walk that tells repeats once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence

from cnncalc.analysis.costs import Followed
from cnncalc.analysis.formats import parts_of_nodes
from cnncalc.analysis.memory.totals import backwards
from cnncalc.analysis.receptive.fields import NOTHING, Fields, before
from cnncalc.analysis.receptive.sight import Sight
from cnncalc.analysis.remarks.nets import PASSING, Neighbours, remarks
from cnncalc.analysis.remarks.windows import Remark
from cnncalc.answers.report import ReceptiveField, Report
from cnncalc.errors import CnncalcError, Fault
from cnncalc.explain.derive import Seen, derive
from cnncalc.explain.explanation import Part, Region, Repeat, Rest, Told
from cnncalc.explain.repeats import Run, depths, runs
from cnncalc.graph import Net, Node
from cnncalc.layers.backward import Backward
from cnncalc.layers.kinds.conv import Conv
from cnncalc.layers.kinds.linear import Linear

__all__ = ["Teller"]

FEW = 12
"""A walk of so few layers tells each of them."""
MANY = 120
"""A walk of more layers looks for looser repeats."""
MOST_PARTS = 300
"""A walk tells no more layers than these."""
EXACT, SHAPES_DIFFER, WIDTHS_DIFFER = range(3)
"""How alike layers must be to count as repeats; the looser ones are only for nets that are too long otherwise."""


class Teller:
    """Tells layers of one graph."""

    def __init__(
        self,
        graph: Net,
        counted: Report,
        followed: Followed,
        batch: int,
        pixel: Sequence[int] | None,
    ) -> None:
        self.graph, self.batch, self.pixel = graph, batch, pixel
        self.seen, self.elements = followed.fields, followed.elements
        self.parts = parts_of_nodes(graph, followed.numbers.parts)
        self.rows = dict(zip((index for index, _, _ in graph.layers()), counted.rows))
        self.net = Neighbours(graph, tuple(followed.fields.values()))
        self.gradients = followed.gradients
        self.kept: dict[int, list[tuple[str, int]]] = {}
        for kept in followed.kept:
            self.kept.setdefault(kept.node, []).append((kept.what, kept.size))

    def told(self, index: int) -> Told:
        """All that there is to say of one layer."""
        node = self.graph.nodes[index]
        layer = node.layer
        assert layer is not None
        shapes = self.graph.input_shapes(node)
        every = Backward(True, True, (True,) * len(shapes))
        regions = self._regions(index)
        return Told(
            self.rows[index],
            derive(
                layer,
                shapes,
                self._before(node),
                self.batch,
                self.elements[index],
                self._behind(index),
                self.gradients.get(index),
                self.parts[index],
            ),
            (*remarks(self.net, index), *self._unseen_pixel(index)),
            tuple(self.kept.get(index, ())),
            any(True for _ in layer.saved(every, *shapes)),
            any(_differs(seen[index], [seen[one] for one in node.inputs]) for seen in self.seen.values()),
            "" if node.share is None else self.graph.nodes[node.share].name,
            self._wanted(index),
            self._smallest(index),
            regions,
        )

    def _wanted(self, index: int) -> str:
        """Which gradients of its products the pass backward computes, and why no others."""
        node, gradients = self.graph.nodes[index], self.gradients.get(index)
        if gradients is None:
            trained = any(one == index and (trains or any(wanted)) for one, _, trains, wanted in backwards(self.graph))
            return "none: it leads to no output" if trained else "none: nothing in it or before it is trained"
        again = next((one.name for one in self.graph.plan.checkpoints if one.first <= index <= one.last), "")
        return self._gradients(node, gradients) + (f"; it runs again with {again}" if again else "")

    def _gradients(self, node: Node, gradients: Backward) -> str:
        inputs = "its inputs" if len(node.inputs) > 1 else "its input"
        weighs = self.graph.signatures[node.signature].weighs
        if not gradients.weights:
            return f"for {inputs} alone: its weights are frozen" if weighs else f"for {inputs}"
        if not any(gradients.inputs):
            return "for its weights alone: nothing before it is trained"
        return f"for its weights and {inputs}"

    def _before(self, node: Node) -> list[Seen] | None:
        """The receptive field of what comes in, where three numbers an axis say it all, of several inputs the same."""
        others = node.inputs[1:]
        if any(_differs(seen[node.inputs[0]], [seen[one]]) for seen in self.seen.values() for one in others):
            return None
        return _told_by_three([before(self.graph, node, seen) for seen in self.seen.values()], phases=False)

    def _behind(self, index: int) -> list[Seen] | None:
        """The receptive field of what comes out, by which a recurrence is held; None where it is no whole number."""
        return _told_by_three([seen[index] for seen in self.seen.values()], phases=True)

    def _smallest(self, index: int) -> tuple[int, ...]:
        """The least that a pixel sees, one an axis, where pixels see differently; else nothing."""
        for seen in (of_input[index] for of_input in self.seen.values()):
            if isinstance(seen, Sight):
                phases = [[phase[1] - phase[0] + 1 if phase else 0 for phase in axis.phases] for axis in seen.fields]
                if any(len(set(sizes)) > 1 for sizes in phases):
                    return tuple(map(min, phases))
        return ()

    def _unseen_pixel(self, index: int) -> Iterator[Remark]:
        """What is said of a pixel whose region is no rectangle of the input, or empty."""
        if self.pixel is None:
            return
        for name, of_input in self.seen.items():
            seen = of_input[index]
            if isinstance(seen, str):
                if seen != NOTHING:
                    yield Remark(f"What its pixels see is {seen}.", "pixel")
            elif not any(_regions_of(name, seen, dict(zip(seen.places, self.pixel)))):
                where = name if len(self.seen) > 1 else "the input"
                yield Remark(
                    f"Pixel ({', '.join(map(str, self.pixel))}), counted from 0, sees nothing of {where}.", "pixel"
                )

    def _regions(self, index: int) -> tuple[Region, ...]:
        """What the pixel that is asked for sees of every input, axis by axis."""
        if self.pixel is None:
            return ()
        node = self.graph.nodes[index]
        found: list[Region] = []
        for name, of_input in self.seen.items():
            seen = of_input[index]
            places = range(1, len(node.shape)) if isinstance(seen, str) else seen.places
            self._check_pixel(node, [node.shape[place] for place in places])
            if not isinstance(seen, str):
                found += _regions_of(name, seen, dict(zip(places, self.pixel)))
        return tuple(found)

    def _check_pixel(self, node: Node, lengths: Sequence[int]) -> None:
        """Raise `CnncalcError` where a layer has no such pixel; `lengths` are those of the axes that count."""
        assert self.pixel is not None
        if len(self.pixel) != len(lengths) or any(not 0 <= o < n for o, n in zip(self.pixel, lengths)):
            size = "x".join(map(str, lengths))
            raise CnncalcError(
                Fault(
                    f"{node.name} has no pixel {','.join(map(str, self.pixel))}",
                    values=f"its output is {'x'.join(map(str, node.shape))}",
                    help=f"count from 0, one number an axis of {size}" if size else "ask for a layer before it",
                )
            )

    def walk(self, chosen: Sequence[int]) -> list[Part]:
        """The layers in order, with repeats told once where there are many, and never more than MOST_PARTS of them."""
        if len(chosen) <= FEW:
            return [self.told(index) for index in chosen]
        names = [self.graph.nodes[index].name for index in chosen]
        depth = depths(names)
        found: list[Run] = []
        for looseness in (EXACT, SHAPES_DIFFER, WIDTHS_DIFFER):
            marks = [self._mark(index, looseness) for index in chosen]
            found = runs(marks, depth, self._starts(chosen, names, marks))
            if sum(run.period for run in found) <= MANY:
                break
        parts: list[Part] = []
        for run in found:
            unit = range(run.start, run.start + run.period)
            if len(parts) + run.period > MOST_PARTS:
                parts.append(self._rest([chosen[at] for at in range(run.start, len(chosen))]))
                break
            parts += [self.told(chosen[at]) for at in unit]
            if run.times > 1:
                parts.append(self._repeat(chosen, names, run, marked_exact=looseness == EXACT))
        return parts

    def _mark(self, index: int, looseness: int) -> Hashable:
        """Equal for layers that do the same on the same shapes, and take as much from as far back."""
        node = self.graph.nodes[index]
        back = tuple([index - one for one in node.inputs])
        if looseness == EXACT:
            return (node.layer, self.graph.input_shapes(node), back, node.share is None, node.trainable)
        if looseness == SHAPES_DIFFER or not isinstance(node.layer, (Conv, Linear)):
            return (node.layer, back, node.share is None)
        values = [getattr(node.layer, name) for name in node.layer.fields if name != "out"]
        return (node.layer.kind, tuple(values), back, node.share is None)

    def _starts(self, chosen: Sequence[int], names: Sequence[str], marks: Sequence[Hashable]) -> list[bool]:
        """Whether a unit may begin there: not with an activation or the like that belongs to the layer before it."""
        found = []
        for at, index in enumerate(chosen):
            passing = at > 0 and isinstance(self.graph.nodes[index].layer, PASSING)
            new_group = passing and names[at].rpartition(".")[0] != names[at - 1].rpartition(".")[0]
            found.append(not passing or new_group or marks[at] == marks[at - 1])
        return found

    def _rest(self, left: Sequence[int]) -> Rest:
        rows = [self.rows[index] for index in left]
        return Rest(len(rows), rows[0].name, sum(row.params for row in rows), sum(row.macs for row in rows))

    def _repeat(self, chosen: Sequence[int], names: Sequence[str], run: Run, *, marked_exact: bool) -> Repeat:
        units = [run.start + run.period * turn for turn in range(run.times)]
        first, second, last = (_ends(names, at, run.period) for at in (units[0], units[1], units[-1]))
        ends = [[self.rows[chosen[at + step]] for step in range(run.period)] for at in (units[1], units[-1])]
        heads = [self.graph.input_shapes(self.graph.nodes[chosen[at]])[0] for at in (units[0], units[1], units[-1])]
        exact = marked_exact or all(
            self._mark(chosen[at + step], EXACT) == self._mark(chosen[units[0] + step], EXACT)
            for at in units[1:]
            for step in range(run.period)
        )
        around = [self.rows[chosen[at - 1]].receptive_field for at in (units[1], units[-1] + run.period)]
        return Repeat(
            names=_to(second[0], last[1]),
            of=_to(*first),
            times=run.times - 1,
            layers=run.period,
            exact=exact,
            params=(sum(row.params for row in ends[0]), sum(row.params for row in ends[1])),
            macs=(sum(row.macs for row in ends[0]), sum(row.macs for row in ends[1])),
            shapes=(heads[1], heads[2]),
            receptive_field=None if any(one.note for one in around) else (_largest(around[0]), _largest(around[1])),
            remarks=tuple(self._new_remarks(chosen, units, run.period)) if exact else (),
        )

    def _new_remarks(self, chosen: Sequence[int], units: Sequence[int], period: int) -> Iterator[Remark]:
        """What can be said of the last unit's layers and not of the first's: where a row of convolutions ends."""
        for step in range(period):
            known = {remark.topic for remark in remarks(self.net, chosen[units[0] + step])}
            for remark in remarks(self.net, chosen[units[-1] + step]):
                if remark.topic not in known:
                    yield remark


def _largest(field: ReceptiveField) -> int:
    return max(field.size, default=0)


def _differs(seen: Fields, before: Sequence[Fields]) -> bool:
    """Whether a tensor's elements see other regions than those of every tensor that it is made of."""
    if isinstance(seen, str):
        return seen not in before
    return seen.fields not in [one.fields for one in before if isinstance(one, Sight)]


def _told_by_three(of_inputs: Sequence[Fields], *, phases: bool) -> list[Seen] | None:
    """Size, stride and padding along each axis, if they are the same on all inputs that reach a tensor.

    With `phases` the largest of pixels that differ; without, none where they do.
    """
    first, *others = [one for one in of_inputs if one != NOTHING] or [NOTHING]
    if isinstance(first, str) or not first.is_plain or any(one != first for one in others):
        return None
    if any(isinstance(field.stride, str) or not field.advance for field in first.fields):
        return None
    if not phases and any(field.period > 1 or field.phases[0] is None for field in first.fields):
        return None
    return [Seen(field.size, int(field.stride), field.padding) for field in first.fields]


def _regions_of(name: str, seen: Sight, pixel: Mapping[int, int]) -> Iterator[Region]:
    """What a pixel, by the places of its axes, sees of one input; nothing where it sees none of an axis."""
    intervals = seen.of_pixel(pixel)
    known = [interval for _, interval in intervals if interval is not None]
    if len(known) == len(intervals):
        for (o, _), (first, last), n in zip(intervals, known, seen.lengths):
            yield Region(o, first, last, n, name)


def _ends(names: Sequence[str], at: int, period: int) -> tuple[str, str]:
    """The group that these layers are, twice, or the names of the first and the last of them."""
    unit = names[at : at + period]
    around = [names[index] for index in (at - 1, at + period) if 0 <= index < len(names)]
    levels = unit[0].split(".")
    for depth in range(1, len(levels)):
        group = ".".join(levels[:depth]) + "."
        if all(name.startswith(group) for name in unit) and not any(name.startswith(group) for name in around):
            return group[:-1], group[:-1]
    return unit[0], unit[-1]


def _to(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"
