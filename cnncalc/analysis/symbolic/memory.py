"""The memory of a net on symbolic lengths: what is kept for backward, case by case, and the most alive at once."""

from __future__ import annotations

from typing import Any

from cnncalc.analysis.memory.elements import Elements, sizes
from cnncalc.analysis.memory.layouts import laid_out
from cnncalc.analysis.memory.totals import backwards, lifetimes
from cnncalc.arithmetic.symbolic.cases import ALWAYS, cases, indicator, union_indicator
from cnncalc.arithmetic.symbolic.conditions import Condition
from cnncalc.arithmetic.symbolic.maxima import Sum, largest_of, sum_of
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Net
from cnncalc.layers.backward import Backward, Saved

__all__ = ["closed_peak", "saved_by_layer"]


def saved_by_layer(
    graph: Net, condition: Condition, images: Any, size: int, half: int = 0, parts: int = 1
) -> dict[int, Any]:
    """For each node the bytes that autograd keeps and first meets there; what depends on the case in `[…]`.

    `condition` is that of the whole net, `size`, `half` and `parts` as in `Elements`. Raises `NoClosedForm`.
    """
    owner, gaps = laid_out(graph, training=True)
    elements = Elements(graph, size, half, parts, images, gaps)
    keeping: dict[object, list[Condition]] = {}
    memo: dict[tuple[int, Backward], list[tuple[Condition, list[Saved]]]] = {}
    kept: dict[int, Any] = {}
    for index, node, trains, inputs in backwards(graph):
        backward = elements.backward(trains, inputs)
        key = (node.signature, backward)
        if key not in memo:
            layer, shapes = graph.signatures[node.signature]
            memo[key] = cases(lambda: list(layer.saved(backward, *shapes)), condition)  # noqa: B023 - called at once
        found = [(case, elements.storage(index, saved, owner)) for case, several in memo[key] for saved in several]
        found += [(ALWAYS, weight) for weight in elements.weights(index, backward)]
        total: Any = 0
        touched: dict[object, tuple[Any, list[Condition]]] = {}
        for case, storage in found:
            size_of = product(storage.shape) * (images if storage.batched else 1) * storage.element
            if storage.key is None:
                total = total + indicator(case) * size_of
            else:
                touched.setdefault(storage.key, (size_of, []))[1].append(case)
        for held, (size_of, those) in touched.items():
            before = keeping.get(held, [])
            keeping[held] = before + those
            total = total + (union_indicator(keeping[held]) - union_indicator(before)) * size_of
        kept[index] = total
    return kept


def closed_peak(graph: Net, condition: Condition, images: Any, size: int, half: int = 0, parts: int = 1) -> Any:
    """The most bytes alive at once in inference: the largest of the sums at each step. Raises `NoClosedForm`."""
    elements = sizes(graph, size, half, parts)
    unit = half or min(elements)  # a tensor of twice as wide elements counts as two
    times = [element // unit for element in elements]
    alive: dict[int, None] = {}
    steps: dict[Sum, None] = {}
    for _, born, freed in lifetimes(graph):
        alive |= dict.fromkeys(born)
        steps[sum_of((times[storage], *graph.nodes[storage].shape) for storage in alive)] = None
        for storage in freed:
            del alive[storage]
    return largest_of(list(steps), condition, images * unit)
