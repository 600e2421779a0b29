"""Nets side by side: the figures that people compare, and two nets aligned layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from cnncalc.analysis.costs import report
from cnncalc.answers.report import ReceptiveField, Report, Row
from cnncalc.graph import Net, Node
from cnncalc.layers.kinds.pool import AdaptivePool
from cnncalc.records import NamedTuple

__all__ = ["Change", "Compared", "changes", "compared"]


class Compared(NamedTuple):
    """One net's figures."""

    net: str
    """As the user gave it."""
    report: Report
    depth: int
    """The most weighted layers on a way from an input to an output: the 50 of ResNet-50."""
    last_map: tuple[int, ...]
    """The shape of the last feature map before the net pools or flattens all of it, without the batch."""
    receptive_field: ReceptiveField
    """That of the last feature map."""
    output_stride: tuple[Fraction, ...]
    """Input pixels from one pixel of the last feature map to the next, one an axis; empty where there is no map."""


def compared(net: str, graph: Net, batch: int = 1, dtype: str = "float32") -> Compared:
    """The figures of a net. Raises CnncalcError for a dtype that there is not."""
    counted = report(graph, batch=batch, dtype=dtype)
    at = _last_map(graph)
    if at is None:
        return Compared(net, counted, _depth(graph), (), ReceptiveField(note="there is no map"), ())
    node = graph.nodes[at]
    fields = {row.name: row.receptive_field for row in counted.rows}
    field = fields.get(node.name, ReceptiveField((1,), (1,), (0,)))
    return Compared(net, counted, _depth(graph), node.shape, field, _strides(graph)[at] or ())


def _depth(graph: Net) -> int:
    depths = [0] * len(graph.nodes)
    for index, node, layer in graph.layers():
        depths[index] = max(depths[one] for one in node.inputs) + bool(layer.weighted)
    return max((depths[index] for index in graph.outputs.values()), default=0)


def _last_map(graph: Net) -> int | None:
    """The last map of more than one pixel that the first output is made of, other than by an adaptive pool."""
    ancestors = _ancestors(graph, next(iter(graph.outputs.values())))
    maps = [index for index in ancestors if len(graph.nodes[index].shape) > 1]
    large = [index for index in maps if max(graph.nodes[index].shape[1:]) > 1]
    made = [index for index in large if not isinstance(graph.nodes[index].layer, AdaptivePool)]
    return max(made or maps, default=None)


def _ancestors(graph: Net, index: int) -> set[int]:
    found, waiting = {index}, [index]
    while waiting:
        for one in graph.nodes[waiting.pop()].inputs:
            if one not in found:
                found.add(one)
                waiting.append(one)
    return found


def _strides(graph: Net) -> list[tuple[Fraction, ...] | None]:
    """For each tensor the pixels of the input from one of its own to the next; None where it is no map."""
    strides: list[tuple[Fraction, ...] | None] = []
    for node in graph.nodes:
        if node.layer is None:
            strides.append((Fraction(1),) * (len(node.shape) - 1) or None)
        else:
            strides.append(_stride(graph, node, strides))
    return strides


def _stride(graph: Net, node: Node, strides: Sequence[tuple[Fraction, ...] | None]) -> tuple[Fraction, ...] | None:
    """That of the largest map which goes in, times the layer's own; by lengths where the layer has none of its own."""
    assert node.layer is not None
    rank = len(node.shape) - 1
    taken = [one for one in node.inputs[: node.layer.seen_inputs] if len(graph.nodes[one].shape) - 1 == rank and rank]
    if not taken:
        return None
    main = max(taken, key=lambda one: graph.nodes[one].shape[1:])
    before = strides[main]
    if before is None:
        return None
    reaches = node.layer.reaches(*graph.input_shapes(node))
    known = [reach for reach in reaches if reach is not None and reach.a]
    if len(known) < len(reaches) or node.layer.taken_axes(*graph.input_shapes(node)) is not None:
        lengths = zip(graph.nodes[main].shape[1:], node.shape[1:], strict=True)
        return tuple(stride * Fraction(n, out) for stride, (n, out) in zip(before, lengths, strict=True))
    return tuple(stride * Fraction(reach.a, reach.c) for stride, reach in zip(before, known, strict=True))


class Change(NamedTuple):
    """A layer that is not the same in both nets; None on the side that has no such layer."""

    left: Row | None
    right: Row | None

    @property
    def name(self) -> str:
        """The layer's name; both, where they differ."""
        names = dict.fromkeys(row.name for row in (self.left, self.right) if row is not None)
        return " / ".join(names)


MOST_BY_KIND = 2_000
"""Longer nets are aligned by name whatever they share: kinds repeat, and the time would grow as the square."""
SEEN = ("input_shapes", "output_shape", "params", "macs")
"""What makes two layers the same besides how they would be written, their names and what feeds them apart."""
SPELT = {"dwconv": "conv"}
"""Kinds that are another one with fields of its own."""


def changes(left: Report, right: Report) -> list[Change]:
    """The layers that differ, in order. Nets that share most names are aligned by name, others by their kinds.

    Of a net that another tool wrote it is no difference that a layer without parameters is called otherwise, and
    none whether it overwrites what it takes, which most formats do not say.
    """
    from difflib import SequenceMatcher

    first, second = ([(row.name, SPELT.get(row.kind, row.kind)) for row in one.rows] for one in (left, right))
    longest = max(len(first), len(second))
    if 2 * len(set(first) & set(second)) < longest <= MOST_BY_KIND:
        first, second = ([("", kind) for _, kind in one] for one in (first, second))
    foreign = any(row.origin for one in (left, right) for row in one.rows)
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return [change for span in matcher.get_opcodes() for change in _changed(left, right, span, foreign)]


def _changed(left: Report, right: Report, span: tuple[str, int, int, int, int], foreign: bool) -> Iterator[Change]:
    """The changes in one stretch of the alignment."""
    what, start, stop, other_start, other_stop = span
    rows: Sequence[Row] = left.rows[start:stop]
    others: Sequence[Row] = right.rows[other_start:other_stop]
    if what == "equal":
        for row, other in zip(rows, others, strict=True):
            if _content(row, foreign) != _content(other, foreign):
                yield Change(row, other)
        return
    if foreign and len(rows) * len(others) <= MOST_BY_KIND**2:
        rows, others = _unlike(rows, others)
    yield from (Change(row, None) for row in rows)
    yield from (Change(None, row) for row in others)


def _unlike(rows: Sequence[Row], others: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Those of both stretches that are not the same layers without parameters, in order, by other names."""
    from difflib import SequenceMatcher

    first, second = (
        [("" if not row.params else row.name, _content(row, True)) for row in one] for one in (rows, others)
    )
    left: tuple[list[Row], list[Row]] = ([], [])
    for what, start, stop, other_start, other_stop in SequenceMatcher(
        None, first, second, autojunk=False
    ).get_opcodes():
        if what != "equal":
            left[0].extend(rows[start:stop])
            left[1].extend(others[other_start:other_stop])
    return left


def _content(row: Row, foreign: bool) -> tuple[object, ...]:
    """What a layer is, however it is spelt: a depthwise convolution is one with as many groups as channels."""
    words = [word for word in row.notation.split() if not (foreign and word == "inplace")]
    if row.kind == "dwconv":
        words = [
            "conv",
            str(row.output_shape[1]),
            f"g{row.input_shapes[0][1]}",
            *(w for w in words[1:] if not w.isdigit()),
        ]
    return (*sorted(words), *(getattr(row, field) for field in SEEN))
