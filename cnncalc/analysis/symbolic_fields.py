"""Receptive fields on symbolic lengths: numbers, unless a padding such as `same` follows the input's length.

Where it does, the lengths of an axis fall into finitely many classes that no layer tells apart. The fields are found
for one length of each class, by the rule for numbers, and what differs between classes is a size, exact as any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import lcm
from typing import Any, NamedTuple, TypeAlias

from cnncalc.analysis.closed import Closed, Closing
from cnncalc.analysis.receptive import WHOLE
from cnncalc.analysis.report import ReceptiveField
from cnncalc.analysis.sight import BROADCAST, RATES
from cnncalc.arithmetic.cases import cases
from cnncalc.arithmetic.conditions import Condition
from cnncalc.arithmetic.formulas import all_equal, every
from cnncalc.arithmetic.reach import IDENTITY, Field, Reach, join
from cnncalc.arithmetic.sizes import NoClosedForm, Size, length
from cnncalc.arithmetic.tables import Table, tabulate
from cnncalc.graph import Graph
from cnncalc.layers import Layer, Shape
from cnncalc.layers.merge import ElementwiseMerge

__all__ = ["VARIES", "SymbolicField", "closed_fields"]

VARIES = "depends on the input size"
PERHAPS = "broadcast, or pixel by pixel"
"""A merge one of whose inputs is a single pixel for some lengths; where that one sees all, so does the result."""
MOST_CLASSES = 256
MOST_LENGTHS = 5_000
Reaches: TypeAlias = "tuple[Any, ...] | str"
"""A `Reach` an axis, in which there may be sizes, or a word."""


class SymbolicField(NamedTuple):
    """Size, stride and padding on the input, one an axis; a stride may be text as `1/2`. `note`: why there are none."""

    size: tuple[Closed, ...] = ()
    stride: tuple[Closed, ...] = ()
    padding: tuple[Closed, ...] = ()
    note: str = ""


class _Classes(NamedTuple):
    """The classes of the lengths of one symbol: of each length up to start + period the number of its class."""

    symbol: str
    start: int
    period: int
    of: list[int]
    first: list[int]
    """A length of each."""

    def size(self, values: Sequence[int]) -> Any:
        """The number that has these values on the classes."""

        def at(n: int) -> int:
            past = n - self.start - self.period
            return values[self.of[(n if past <= 0 else n - -(-past // self.period) * self.period) - 1]]

        table = tabulate(self.symbol, self.period, 0, self.start, at)
        return length(table, lambda: f"{' or '.join(map(str, sorted(set(values))))}, by {self.symbol}")


def closed_fields(graph: Graph, condition: Condition, closing: Closing) -> list[SymbolicField]:
    """The field of every node's tensor."""
    reaches = [_reaches(layer, shapes, condition) for layer, shapes in graph.signatures]
    sizes = [part for one in reaches for part in _sizes(one)]
    classes = {}
    for symbol in dict.fromkeys(size.symbol for size in sizes):
        found = _classes([size for size in sizes if size.symbol == symbol], condition)
        if found is None:
            return [SymbolicField(note=VARIES)] * len(graph.nodes)
        classes[symbol] = found
    base = {symbol: one.first[0] for symbol, one in classes.items()}
    first = _at(graph, reaches, base)
    along = {symbol: [_at(graph, reaches, {**base, symbol: n}) for n in one.first] for symbol, one in classes.items()}
    complete = _complete(graph, reaches, condition)
    answers: list[SymbolicField] = []
    for index, node in enumerate(graph.nodes):
        reach = "" if node.layer is None else reaches[node.signature]
        taken = [] if node.layer is None else node.inputs[: node.layer.seen_inputs]
        turns = {symbol: [run[index] for run in runs] for symbol, runs in along.items()}
        answer = _joined(first[index], turns, classes, closing)
        if isinstance(reach, str) and reach == "whole":
            known = any(answers[one].note == WHOLE or (complete[one] and not answers[one].note) for one in taken)
        else:
            perhaps = isinstance(reach, str) and reach == PERHAPS and answer.note != WHOLE
            known = not perhaps and not (isinstance(reach, str) and reach == VARIES)
            known = known and all(answers[one].note != VARIES for one in taken)
            if answer.note == WHOLE and not isinstance(reach, str):
                known = known and not _sizes(reach) and all(one == IDENTITY for one in reach)
        answers.append(answer if known else SymbolicField(note=VARIES))
    return answers


def _complete(graph: Graph, reaches: Sequence[Reaches], condition: Condition) -> list[bool]:
    """Whether all pixels of a node together see every pixel of the first input, shown layer by layer."""
    found: list[bool] = []
    first = next(iter(graph.inputs.values()))
    for index, node in enumerate(graph.nodes):
        if node.layer is None:
            found.append(index == first)
            continue
        reach = reaches[node.signature]
        seen = any(found[one] for one in node.inputs[: node.layer.seen_inputs])
        if seen and not isinstance(reach, str):
            lengths = zip(graph.nodes[node.inputs[0]].shape[1:], node.shape[1:])
            seen = all(_no_pixel_left(one, *pair, condition) for one, pair in zip(reach, lengths))
        found.append(seen and reach not in (VARIES, PERHAPS))
    return found


def _no_pixel_left(reach: Reach, n: Any, pixels: Any, condition: Condition) -> bool:
    """Whether each of the n pixels of a map is seen by one of the layer's, at every length that works."""
    if reach is IDENTITY:
        return True
    if reach.step != 1 or (reach.c != 1 and reach.a != 1):
        return False
    gaps = every(reach.last - reach.first >= reach.a - reach.c, reach.first <= reach.c - 1)
    joined = every(gaps, reach.a * (pixels - 1) + reach.last >= reach.c * (n - 1))
    if isinstance(joined, bool):
        return joined
    return (condition & joined).sets == condition.sets and not joined.relations


def _reaches(layer: Layer, shapes: tuple[Shape, ...], condition: Condition) -> Reaches:
    """What an output pixel sees, where that is the same for all lengths or follows them in a bounded way."""
    try:
        found: list[Reaches] = [reaches for _, reaches in cases(lambda: _in_words(layer, shapes), condition)]
    except NoClosedForm:
        return VARIES
    first = found[0]
    words = {one for one in found if isinstance(one, str)}
    if words:
        if len(words) == 1 and all(isinstance(one, str) for one in found):
            return first
        unmoved = all(reach is IDENTITY for one in found if not isinstance(one, str) for reach in one)
        return PERHAPS if words == {"broadcast"} and unmoved else VARIES
    parts = [part for one in found for reach in one for part in reach]
    sizes = [part for part in parts if not isinstance(part, int)]
    if any(not isinstance(part, Size) or part.table.advance for part in sizes):
        return VARIES
    return first if len(found) == 1 or not (sizes or any(one != first for one in found)) else VARIES


def _in_words(layer: Layer, shapes: tuple[Shape, ...]) -> Reaches:
    """What an output pixel sees: `whole` where it is all, `broadcast` where one pixel meets all of another map."""
    if layer.taken_axes(*shapes) is not None:
        return VARIES
    if isinstance(layer, ElementwiseMerge) and not all(all_equal(lengths) for lengths in zip(*(x[1:] for x in shapes))):
        return "broadcast"
    reaches = [reach for reach in layer.reaches(*shapes) if reach is not None]
    if len(reaches) < len(layer.reaches(*shapes)):
        return VARIES
    still = [type(reach.a) is int and reach.a == 0 for reach in reaches]
    if len(shapes[0]) == 1 and layer.channel_reach(*shapes) is not IDENTITY:
        return "whole"
    if any(still):
        return "whole" if all(still) else VARIES
    return tuple(reaches)


def _sizes(reaches: Reaches) -> list[Size]:
    """The parts that follow a length."""
    if isinstance(reaches, str):
        return []
    return [part for reach in reaches for part in reach if isinstance(part, Size)]


def _classes(sizes: Sequence[Size], condition: Condition) -> _Classes | None:
    """The lengths that no size tells apart; None for too many classes."""
    symbol = sizes[0].symbol
    allowed = condition.sets.get(symbol, Table(symbol, (), 0, (1,)))
    tables = list(dict.fromkeys(size.table for size in sizes))
    start = max(table.start for table in (*tables, allowed))
    period = lcm(*(table.period for table in (*tables, allowed)))
    if start + period > MOST_LENGTHS:
        return None
    numbers: dict[tuple[int, ...], int] = {}
    first: list[int] = []
    of = []
    for n in range(1, start + period + 1):
        values = tuple(table.at(n) for table in tables)
        if allowed.at(n) and values not in numbers:
            numbers[values] = len(first)
            first.append(n)
        of.append(numbers.get(values, 0))
    return _Classes(symbol, start, period, of, first) if first and len(first) <= MOST_CLASSES else None


def _at(graph: Graph, reaches: Sequence[Reaches], lengths: Mapping[str, int]) -> list[ReceptiveField]:
    """The field of every node, by the rule for numbers, at lengths of these classes."""

    def plain(one: Reaches) -> Reaches:
        if isinstance(one, str):
            return {VARIES: "undefined", PERHAPS: "broadcast"}.get(one, one)
        if not _sizes(one):
            return one
        return tuple(Reach(*(part.at(lengths) if isinstance(part, Size) else part for part in reach)) for reach in one)

    known = [plain(one) for one in reaches]
    found: list[_Seen] = []
    for node in graph.nodes:
        if node.layer is None:
            found.append(tuple(Field() for _ in node.shape[1:]) or WHOLE)
        else:
            taken = [found[index] for index in node.inputs[: node.layer.seen_inputs]]
            found.append(_behind(taken, known[node.signature]))
    memo: dict[int, ReceptiveField] = {}
    return [memo.setdefault(id(one), _described(one)) for one in found]


_Seen: TypeAlias = "tuple[Field, ...] | str"


def _behind(taken: Sequence[_Seen], reaches: Reaches) -> _Seen:
    """The field of a layer's output, from those of its inputs: one an axis, or in words why there is none."""
    words = [one for one in taken if isinstance(one, str)]
    if isinstance(reaches, str):
        if reaches == "whole" or (reaches == "broadcast" and WHOLE in words):
            return WHOLE
        return BROADCAST if reaches == "broadcast" else VARIES
    if words:
        return WHOLE if WHOLE in words else words[0]
    axes: list[Field] = []
    for axis, reach in enumerate(reaches):
        joined = join([one[axis] for one in taken if not isinstance(one, str)])
        field = joined and joined.through(reach)
        if field is None:
            return RATES
        axes.append(field)
    return tuple(axes)


def _described(seen: _Seen) -> ReceptiveField:
    if isinstance(seen, str):
        return ReceptiveField(note=seen)
    of_axes = [(field.size, field.stride, field.padding) for field in seen]
    size, stride, padding = zip(*of_axes) if of_axes else ((), (), ())
    return ReceptiveField(size, stride, padding)


def _joined(
    base: ReceptiveField,
    along: Mapping[str, Sequence[ReceptiveField]],
    classes: Mapping[str, _Classes],
    closing: Closing,
) -> SymbolicField:
    """One field for all classes: what follows one length is a size of it."""
    runs = [base, *(one for turn in along.values() for one in turn)]
    if any(one.note for one in runs):
        return SymbolicField(note=base.note if all(one.note == base.note for one in runs) else VARIES)
    parts: dict[str, list[Closed]] = {"size": [], "stride": [], "padding": []}
    for name, closed in parts.items():
        for axis, plain in enumerate(getattr(base, name)):
            values = {symbol: [getattr(one, name)[axis] for one in turn] for symbol, turn in along.items()}
            moving = [symbol for symbol, those in values.items() if len(set(those)) > 1]
            if len(moving) > 1 or any(isinstance(value, str) for symbol in moving for value in values[symbol]):
                return SymbolicField(note=VARIES)
            number = classes[moving[0]].size(values[moving[0]]) if moving else plain
            closed.append(Closed(number, number) if isinstance(number, str) else closing.closed(number))
    return SymbolicField(tuple(parts["size"]), tuple(parts["stride"]), tuple(parts["padding"]))
