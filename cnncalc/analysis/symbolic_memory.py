"""The memory of a net on symbolic lengths: what is kept for backward, case by case, and the most alive at once."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis.memory import backwards, lifetimes, storages
from cnncalc.arithmetic.cases import cases, indicator, union_indicator
from cnncalc.arithmetic.conditions import Condition
from cnncalc.arithmetic.formulas import product
from cnncalc.arithmetic.maxima import Sum, largest_of, sum_of
from cnncalc.graph import Graph
from cnncalc.layers.base import Backward, Saved

__all__ = ["closed_peak", "saved_by_layer"]


def saved_by_layer(graph: Graph, condition: Condition, images: Any, size: int) -> dict[int, Any]:
    """For each node the bytes that autograd keeps and first meets there; what depends on the case in `[…]`.

    `condition` is that of the whole net, `size` the bytes of an element. Raises `NoClosedForm`.
    """
    owner = storages(graph, training=True)
    keeping: dict[int, list[Condition]] = {}
    memo: dict[tuple[int, Backward], list[tuple[Condition, list[Saved]]]] = {}
    kept: dict[int, Any] = {}
    for index, node, layer, backward in backwards(graph):
        key = (node.signature, backward)
        if key not in memo:
            shapes = graph.signatures[node.signature][1]
            memo[key] = cases(lambda: list(layer.saved(backward, *shapes)), condition)  # noqa: B023 - called at once
        total: Any = 0
        touched: dict[int, list[Condition]] = {}
        for case, all_saved in memo[key]:
            for saved in all_saved:
                if saved.what in ("input", "output"):
                    storage = owner[node.inputs[saved.index] if saved.what == "input" else index]
                    touched.setdefault(storage, []).append(case)
                else:
                    elements = product(saved.shape) * (images if saved.batched else 1)
                    total = total + indicator(case) * elements * (saved.size or size)
        for storage, those in touched.items():
            before = keeping.get(storage, [])
            keeping[storage] = before + those
            newly = union_indicator(keeping[storage]) - union_indicator(before)
            total = total + newly * (product(graph.nodes[storage].shape) * images * size)
        kept[index] = total
    return kept


def closed_peak(graph: Graph, condition: Condition, images: Any, size: int) -> Any:
    """The most bytes alive at once in inference: the largest of the sums at each step. Raises `NoClosedForm`."""
    alive: dict[int, None] = {}
    steps: dict[Sum, None] = {}
    for _, born, freed in lifetimes(graph):
        alive |= dict.fromkeys(born)
        steps[sum_of(graph.nodes[storage].shape for storage in alive)] = None
        for storage in freed:
            del alive[storage]
    return largest_of(list(steps), condition, images * size)
