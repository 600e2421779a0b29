"""The memory of a net: what autograd keeps for backward, and the most that is alive at once in inference.

Storages are what is counted, each once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from cnncalc.analysis.memory.elements import Elements, Storage, sizes
from cnncalc.analysis.memory.layouts import laid_out, storages
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.graph import Net, Node
from cnncalc.layers.backward import Backward
from cnncalc.records import NamedTuple

__all__ = [
    "Kept",
    "Peak",
    "Wanted",
    "all_wanted",
    "backwards",
    "kept_for_backward",
    "lifetimes",
    "peak",
]

Wanted: TypeAlias = "tuple[bool, tuple[bool, ...]]"
"""What the pass backward wants of a layer: whether its parameters train, and which inputs want a gradient."""
NEVER = -1
"""In place of a node that uses a storage: there is no such storage."""


class Kept(NamedTuple):
    """A storage that autograd keeps: by which node first, what it is, and its bytes."""

    node: int
    what: str
    size: int


class Peak(NamedTuple):
    """The most bytes alive at once: when, and the tensors (by node) that make it."""

    size: int
    at: int
    alive: tuple[int, ...]


def all_wanted(graph: Net) -> list[Wanted | None]:
    """What the pass backward wants of every layer, None of inputs; what is equal is one object, however long the net.

    That decides in training mode whether a layer keeps anything for backward.
    """
    nodes = graph.nodes
    wanted = [False] * len(nodes)
    weighs = [met.weighs for met in graph.signatures]
    known: dict[Wanted, Wanted] = {}
    found: list[Wanted | None] = [None] * len(nodes)
    for index, node in enumerate(nodes):
        layer = node.layer
        if layer is None:
            continue
        trains = weighs[node.signature] and (node if node.share is None else nodes[node.share]).trainable
        passes = layer.passes_gradient
        taken = node.inputs[: layer.seen_inputs]  # others lend only their shape
        inputs: tuple[bool, ...]
        if len(taken) == 1:  # as most have
            inputs = (passes and wanted[taken[0]],)
        else:
            inputs = tuple([passes and wanted[each] for each in taken])
        one = trains, inputs
        wanted[index] = trains or True in inputs
        found[index] = known.setdefault(one, one)
    return found


def backwards(graph: Net) -> Iterator[tuple[int, Node, bool, tuple[bool, ...]]]:
    """Every layer in execution order, with what is wanted of it."""
    nodes = graph.nodes
    for index, one in enumerate(all_wanted(graph)):
        if one is not None:
            yield index, nodes[index], *one


def kept_for_backward(
    graph: Net, batch: int, size: int, half: int = 0, parts: int = 1, wanted: Sequence[Wanted | None] | None = None
) -> Iterator[Kept]:
    """Every storage that autograd keeps in training mode, in the order in which it is first kept, one by one.

    `size` is the bytes of an element; `half` those of the type in which torch.autocast computes, where it does; `parts`
    are the real numbers in a number.
    Parameters and running statistics are apart, but copies of weights that autocast makes are not; an input of the net
    counts where it is kept. Layers of which nothing is trained, up to the first trained one, keep nothing. `wanted` is
    `all_wanted` of the net, where somebody has it.
    """
    owner, gaps = laid_out(graph, training=True)
    elements = Elements(graph, size, half, parts, batch, gaps)
    mets, nodes = graph.signatures, graph.nodes
    tensors = [False] * len(nodes)
    others: set[object] = set()

    def new(storage: Storage) -> bool:
        if not storage.element or (storage.key is not None and storage.key in others):
            return False
        others.add(storage.key)
        return True

    backward_of = dict[Wanted, Backward]()
    for index, one in enumerate(all_wanted(graph) if wanted is None else wanted):
        if one is None:
            continue
        backward = backward_of.get(one)
        if backward is None:
            backward = backward_of[one] = elements.backward(*one)
        for saved in mets[nodes[index].signature].saved(backward):
            tensor = elements.tensor(index, saved)
            if tensor is None:
                storage = elements.own(index, saved)
                if new(storage):
                    yield Kept(index, storage.what, storage.bytes(batch))
            elif not tensors[owner[tensor]]:
                held = owner[tensor]
                tensors[held] = True
                yield Kept(index, nodes[held].name, batch * product(nodes[held].shape) * elements.of[held])
        for weight in elements.weights(index, backward) if half else ():
            if new(weight):
                yield Kept(index, weight.what, weight.bytes(batch))


def peak(graph: Net, batch: int, size: int, half: int = 0, parts: int = 1) -> Peak:
    """The most bytes alive at once in inference, in execution order, each storage freed after its last use.

    Layer by layer: the inputs and the output of the layer that runs, and what later layers still need. Parameters, and
    the scratch memory inside a layer, are apart. `size`, `half` and `parts` are those of `kept_for_backward`.
    """
    owner = storages(graph, training=False)
    last = _last_uses(graph, owner)
    elements = sizes(graph, size, half, parts)
    made = [batch * met.elements for met in graph.signatures]
    bytes_of = [
        element * (batch * product(node.shape) if node.layer is None else made[node.signature])
        for node, element in zip(graph.nodes, elements)
    ]
    now, best, at = 0, -1, 0
    for index, born, freed in lifetimes(graph, owner, last):
        for storage in born:
            now += bytes_of[storage]
        if now > best:
            best, at = now, index
        for storage in freed:
            now -= bytes_of[storage]
    return Peak(best, at, _alive_at(graph, owner, last, at))


def lifetimes(
    graph: Net, owner: Sequence[int] | None = None, last: Sequence[int] | None = None
) -> Iterator[tuple[int, Sequence[int], Sequence[int]]]:
    """Inference step by step: the node that runs, the storages that begin with it, and those freed after it."""
    owner = storages(graph, training=False) if owner is None else owner
    last = _last_uses(graph, owner) if last is None else last
    yield 0, list(dict.fromkeys(graph.inputs.values())), ()
    for index, node in enumerate(graph.nodes):
        if node.layer is not None:
            held = {owner[index], *[owner[one] for one in node.inputs]}
            yield index, (index,) if owner[index] == index else (), [one for one in held if last[one] == index]


def _last_uses(graph: Net, owner: Sequence[int]) -> list[int]:
    """The node that uses each storage last; one past the end where it is an output of the net.

    `NEVER` for a node whose output lies in another's storage.
    """
    last = [held if held == index else NEVER for index, held in enumerate(owner)]
    for node in graph.nodes:
        index = node.index  # not one number more for each
        if node.layer is not None:
            last[owner[index]] = index
            for one in node.inputs:
                last[owner[one]] = index
    for index in graph.outputs.values():
        last[owner[index]] = len(graph.nodes)
    return last


def _alive_at(graph: Net, owner: Sequence[int], last: Sequence[int], at: int) -> tuple[int, ...]:
    return tuple([storage for storage in range(at + 1) if owner[storage] == storage and last[storage] >= at])
