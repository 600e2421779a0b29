"""A graph, counted by a convention: layer by layer, with the terms that each count consists of."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from cnncalc.answers.counting import Counted, Counting
from cnncalc.answers.report import Report
from cnncalc.graph import Net
from cnncalc.layers.base import Elementwise
from cnncalc.layers.kinds.norm import LayerScale
from cnncalc.layers.kinds.regularize import Dropout, DropPath, Identity
from cnncalc.tools.conventions.base import Case, Convention, counted

__all__ = ["count", "with_counting"]


VIEWS = ("permute", "crop")
"""Layers whose output lies across the memory of their input."""
KEEPERS = (Elementwise, Dropout, DropPath, Identity, LayerScale)
"""Layers whose output lies in memory as their input does."""


def count(graph: Net, convention: Convention, batch: int = 1, functions: Sequence[str] = ()) -> Counting:
    """Every layer as the convention counts it, for `batch` images.

    `functions` are patterns of names: those layers are called as functions, which some tools do not see, as are those
    that the net itself says.
    """
    calls = {**dict.fromkeys(functions, "function"), **({} if convention.own_nets else graph.functions)}
    images = 1 if convention.one_image else batch
    permuted = [False] * len(graph.nodes)
    memo: dict[tuple[int, str, bool], Counted] = {}
    layers: dict[str, Counted] = {}
    for index, node, layer in graph.layers():
        contiguous = not permuted[node.inputs[0]]
        permuted[index] = layer.kind in VIEWS or (not contiguous and isinstance(layer, KEEPERS))
        called = next((calls[pattern] for pattern in calls if fnmatchcase(node.name, pattern)), "module")
        key = (node.signature, called, contiguous)
        if key not in memo:
            shapes = graph.input_shapes(node)
            memo[key] = counted(
                convention, Case(layer, shapes, node.shape, images, called=called, contiguous=contiguous)
            )
        layers[node.name] = memo[key]
    return Counting(convention, layers)


def with_counting(report: Report, counting: Counting) -> Report:
    """The report with each row as the convention counts it."""
    rows = []
    for row in report.rows:
        found = counting.layers[row.name]
        rows.append(row._replace(counted=None if found.unknown else found.total))
    return report.changed(rows=tuple(rows), counting=counting)
