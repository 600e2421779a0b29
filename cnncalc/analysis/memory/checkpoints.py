"""Groups that are run again in the pass backward: what training keeps then, and what is computed twice.

As torch.utils.checkpoint does it (`use_reentrant=False`, with its early stop). Forward a group keeps the tensors that
it takes. Where the pass backward comes to it, it runs again up to the last tensor that it saves, and keeps all of them;
what later layers kept is gone by then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnncalc.analysis.memory.elements import Elements, Storage
from cnncalc.analysis.memory.gradients import gradients
from cnncalc.analysis.memory.layouts import laid_out
from cnncalc.analysis.memory.totals import Kept, Wanted, backwards, kept_for_backward
from cnncalc.graph import Net
from cnncalc.graph.plan import Part
from cnncalc.records import NamedTuple

__all__ = ["Checkpointed", "checkpointed", "recomputed"]


class Checkpointed(NamedTuple):
    """What autograd keeps of a net some of whose groups are run again; of any other `kept` alone."""

    kept: list[Kept]
    """After the pass forward."""
    most: int
    """The most bytes that are kept at once in the pass backward: when it begins, or behind a group that ran again."""
    at: str
    """The group behind which that is; empty where it is when it begins."""


def checkpointed(
    graph: Net, batch: int, size: int, half: int = 0, parts: int = 1, wanted: Sequence[Wanted | None] | None = None
) -> Checkpointed:
    """What autograd keeps; the numbers, and `wanted`, are those of `kept_for_backward`."""
    if not graph.plan.checkpoints:
        kept = [*kept_for_backward(graph, batch, size, half, parts, wanted)]
        return Checkpointed(kept, sum([one.size for one in kept]), "")
    owner, gaps = laid_out(graph, training=True)
    elements = Elements(graph, size, half, parts, batch, gaps)
    around = _around(graph)
    found: dict[object, Kept] = {}
    inside: dict[Part, dict[object, int]] = {}

    def keep(index: int, storage: Storage) -> None:
        found.setdefault(object() if storage.key is None else storage.key, _kept(index, storage, batch))

    reached = gradients(graph)  # what no output leads to is let go
    for index, storing in [one for one in _saving(graph, elements, owner) if one[0] in reached]:
        part = around.get(index)
        if part is None:
            for storage in storing:
                keep(index, storage)
            continue
        if part not in inside:
            inside[part] = {}
            for one in part.inputs:
                keep(part.first, elements.tensor_storage(owner[one]))
        for storage in storing:
            if not isinstance(storage.key, int) or storage.key >= part.first:  # others are what it takes
                inside[part].setdefault(object() if storage.key is None else storage.key, storage.bytes(batch))
    return _most(list(found.values()), inside)


def _most(kept: list[Kept], inside: Mapping[Part, Mapping[object, int]]) -> Checkpointed:
    """The most at once: all that is kept, or what is kept up to a group with what is kept inside it."""
    most, at = sum([one.size for one in kept]), ""
    for part, own in inside.items():
        there = sum([one.size for one in kept if one.node <= part.first]) + sum(own.values())
        if there > most:
            most, at = there, part.name
    return Checkpointed(kept, most, at)


def recomputed(graph: Net) -> dict[int, bool]:
    """The nodes that run again; False for one that stops before its last product, since nothing is saved behind it."""
    around, found, last = _around(graph), {}, {}
    if not around:
        return {}
    reached = gradients(graph)
    wanted = {around[index] for index in reached if index in around}
    for index, _ in _saving(graph, Elements(graph, 4), laid_out(graph, training=True).owner):
        if index in around:
            last[around[index]] = index
    for part, end in last.items():
        if part in wanted:
            found.update(dict.fromkeys(range(part.first, end), True))
            found[end] = False
    return found


def _around(graph: Net) -> Mapping[int, Part]:
    """The group that runs again around a node."""
    return {index: part for part in graph.plan.checkpoints for index in range(part.first, part.last + 1)}


def _kept(index: int, storage: Storage, batch: int) -> Kept:
    return Kept(index, storage.what, storage.bytes(batch))


def _saving(graph: Net, elements: Elements, owner: list[int]) -> Iterator[tuple[int, list[Storage]]]:
    """The layers that save anything, parameters too, and the storages that they save beside these."""
    mets = graph.signatures
    for index, node, trains, inputs in backwards(graph):
        backward = elements.backward(trains, inputs)
        saved = [elements.storage(index, one, owner) for one in mets[node.signature].saved(backward)]
        copied = elements.weights(index, backward)
        saved = [one for one in (*saved, *copied) if one.element]
        if saved or (any(inputs) and mets[node.signature].weighs):
            yield index, saved
