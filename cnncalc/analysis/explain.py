"""Graph -> explanation: every number of a layer with its derivation, and a walk through the net that tells repeats once."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple, TypeAlias

from cnncalc.analysis.costs import report
from cnncalc.analysis.derive import Derivation, Seen, derive
from cnncalc.analysis.dtypes import element_bytes
from cnncalc.analysis.memory import kept_for_backward
from cnncalc.analysis.net_remarks import PASSING, Neighbours, remarks
from cnncalc.analysis.receptive import Fields, fields
from cnncalc.analysis.repeats import Run, depths, runs
from cnncalc.analysis.report import ReceptiveField, Report, Row
from cnncalc.analysis.totals import Totals, totals
from cnncalc.analysis.window_remarks import Remark
from cnncalc.arithmetic.reach import join
from cnncalc.errors import CnncalcError, Fault, near
from cnncalc.graph import Graph, Node
from cnncalc.layers.base import Backward
from cnncalc.layers.conv import Conv
from cnncalc.layers.linear import Linear

__all__ = ["Explanation", "Part", "Region", "Repeat", "Rest", "Told", "explain"]

MOST_PARTS = 120
"""A walk tells no more layers than these."""
EXACT, SHAPES_DIFFER, WIDTHS_DIFFER = range(3)
"""How alike layers must be to count as repeats; the looser ones are only for nets that are too long otherwise."""
FEW = 12
"""So many layers asked for by name are all told, repeats too."""


class Told(NamedTuple):
    """One layer, explained."""

    row: Row
    derivation: Derivation
    remarks: tuple[Remark, ...]
    saved: tuple[tuple[str, int], ...]
    """What autograd keeps for backward and meets here first: the tensor, or what it is, and its bytes."""
    keeps: bool
    """Whether backward needs anything of this layer at all."""
    regions: tuple[Region, ...] = ()


class Region(NamedTuple):
    """The input pixels that an output pixel sees along one axis, from `first` to `last`, counted from 0.

    They may lie outside the `length` pixels that there are: that is padding.
    """

    pixel: int
    first: int
    last: int
    length: int


class Repeat(NamedTuple):
    """Layers that repeat others told before."""

    names: str
    of: str
    """What they repeat."""
    times: int
    """How often they stand there."""
    layers: int
    """Layers in each."""
    exact: bool
    """False: built alike, on other shapes."""
    params: tuple[int, int]
    """Parameters of the first and of the last of them."""
    macs: tuple[int, int]
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    """What goes into the first and into the last of them."""
    receptive_field: tuple[int, int] | None
    """Before them and behind the last, the larger axis; None where it is no number."""


class Rest(NamedTuple):
    """What a walk leaves out."""

    layers: int
    first: str
    params: int
    macs: int


Part: TypeAlias = "Told | Repeat | Rest"


class Explanation(NamedTuple):
    """A net, or some of its layers, explained."""

    report: Report
    parts: tuple[Part, ...]
    totals: Totals | None
    """What dominates; only of a whole net."""
    asked: bool
    """Whether layers were asked for by name, so that all is told of each."""
    size: int
    """Bytes of an element."""


def explain(
    graph: Graph,
    layers: Sequence[str] = (),
    batch: int = 1,
    dtype: str = "float32",
    pixel: Sequence[int] | None = None,
) -> Explanation:
    """The layers of these names, groups or patterns, or the whole net as a lecture would tell it.

    `pixel` asks for the region of the input that this output pixel sees, one number an axis, counted from 0. Raises
    `CnncalcError` for a name that matches nothing and a pixel that there is not.
    """
    counted = report(graph, batch, dtype)
    size = element_bytes(dtype)
    seen = fields(graph)
    teller = _Teller(graph, counted, seen, batch, size, pixel)
    chosen = _chosen(graph, layers) if layers else [index for index, _, _ in graph.layers()]
    if layers and len(chosen) <= FEW:
        parts: list[Part] = [teller.told(index) for index in chosen]
    else:
        parts = teller.walk(chosen)
    whole = None if layers else totals(graph, counted, batch, size)
    return Explanation(counted, tuple(parts), whole, bool(layers), size)


def _chosen(graph: Graph, names: Sequence[str]) -> list[int]:
    """The nodes of all layers that are named, in execution order."""
    found: set[int] = set()
    faults: list[Fault] = []
    for name in names:
        matches = {
            index
            for index, node, _ in graph.layers()
            if node.name == name or node.name.startswith(f"{name}.") or fnmatchcase(node.name, name)
        }
        if not matches:
            faults.append(_unknown(graph, name))
        found |= matches
    if faults:
        raise CnncalcError(faults)
    return sorted(found)


def _unknown(graph: Graph, name: str) -> Fault:
    known: dict[str, None] = {}
    for _, node, _ in graph.layers():
        levels = node.name.split(".")
        known.update({".".join(levels[:depth]): None for depth in range(1, len(levels) + 1)})
    matches = near(name, known)
    meant = f"did you mean {' or '.join(f'`{match}`' for match in matches)}? " if matches else ""
    first = ", ".join(list(known)[:3])
    return Fault(
        f"there is no layer or group `{name[:60]}`",
        help=f"{meant}the layers are {first}, …; a pattern such as `*conv*` works too",
    )


class _Teller:
    """Tells layers of one graph."""

    def __init__(
        self,
        graph: Graph,
        counted: Report,
        seen: Sequence[Fields],
        batch: int,
        size: int,
        pixel: Sequence[int] | None,
    ) -> None:
        self.graph, self.seen, self.batch, self.size, self.pixel = graph, seen, batch, size, pixel
        self.rows = dict(zip((index for index, _, _ in graph.layers()), counted.rows))
        self.net = Neighbours(graph, seen)
        self.kept: dict[int, list[tuple[str, int]]] = {}
        for kept in kept_for_backward(graph, batch, size):
            self.kept.setdefault(kept.node, []).append((kept.what, kept.size))

    def told(self, index: int) -> Told:
        """All that there is to say of one layer."""
        node = self.graph.nodes[index]
        layer = node.layer
        assert layer is not None
        shapes = self.graph.input_shapes(node)
        every = Backward(True, True, (True,) * len(shapes))
        return Told(
            self.rows[index],
            derive(layer, shapes, self._before(node), self.batch, self.size),
            tuple(remarks(self.net, index)),
            tuple(self.kept.get(index, ())),
            any(True for _ in layer.saved(every, *shapes)),
            self._regions(index),
        )

    def _before(self, node: Node) -> list[Seen] | None:
        """The receptive field of what comes in, where three numbers an axis say it all."""
        assert node.layer is not None
        taken = [self.seen[index] for index in node.inputs[: node.layer.seen_inputs]]
        known = [one for one in taken if not isinstance(one, str)]
        if len(known) < len(taken):
            return None
        found = []
        for axes in zip(*known):
            joined = join(list(axes))
            if joined is None or joined.period > 1 or joined.phases[0] is None:
                return None
            found.append(Seen(joined.size, joined.advance, joined.padding))
        return found

    def _regions(self, index: int) -> tuple[Region, ...]:
        if self.pixel is None:
            return ()
        node, seen = self.graph.nodes[index], self.seen[index]
        shape = node.shape[1:]
        if len(self.pixel) != len(shape) or any(not 0 <= o < n for o, n in zip(self.pixel, shape)):
            size = "x".join(map(str, shape)) or "no map"
            raise CnncalcError(
                Fault(
                    f"{node.name} has no pixel {','.join(map(str, self.pixel))}",
                    values=f"its output is {'x'.join(map(str, node.shape))}",
                    help=f"count from 0, one number an axis of {size}" if shape else "ask for a layer before it",
                )
            )
        if isinstance(seen, str):
            return ()
        lengths = self.graph.nodes[next(iter(self.graph.inputs.values()))].shape[1:]
        found = []
        for o, axis, n in zip(self.pixel, seen, lengths):
            interval = axis.interval(o)
            if interval is None:
                return ()
            found.append(Region(o, *interval, n))
        return tuple(found)

    def walk(self, chosen: Sequence[int]) -> list[Part]:
        """The layers in order, with repeats told once, and never more than MOST_PARTS of them."""
        names = [self.graph.nodes[index].name for index in chosen]
        depth = depths(names)
        found: list[Run] = []
        for looseness in (EXACT, SHAPES_DIFFER, WIDTHS_DIFFER):
            marks = [self._mark(index, looseness) for index in chosen]
            found = runs(marks, depth, self._starts(chosen, names, marks))
            if sum(run.period for run in found) <= MOST_PARTS:
                break
        parts: list[Part] = []
        for run in found:
            unit = range(run.start, run.start + run.period)
            if len(parts) + run.period > MOST_PARTS:
                parts.append(self._rest([chosen[at] for at in range(run.start, len(chosen))]))
                break
            parts += [self.told(chosen[at]) for at in unit]
            if run.times > 1:
                parts.append(self._repeat(chosen, names, run))
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

    def _repeat(self, chosen: Sequence[int], names: Sequence[str], run: Run) -> Repeat:
        units = [run.start + run.period * turn for turn in range(run.times)]
        first, second, last = (_ends(names, at, run.period) for at in (units[0], units[1], units[-1]))
        ends = [[self.rows[chosen[at + step]] for step in range(run.period)] for at in (units[1], units[-1])]
        heads = [self.graph.input_shapes(self.graph.nodes[chosen[at]])[0] for at in (units[0], units[1], units[-1])]
        exact = all(
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
        )


def _largest(field: ReceptiveField) -> int:
    return max(field.size, default=0)


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
