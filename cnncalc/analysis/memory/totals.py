"""The memory of a net: what autograd keeps for backward, and the most that is alive at once in inference.

Storages are what is counted, each once: a view (flatten) and a layer in place lie in the storage of their input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cnncalc.analysis.memory.elements import Elements
from cnncalc.arithmetic.windows.formulas import product
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph import Graph, Node
from cnncalc.layers.backward import Backward, Saved
from cnncalc.layers.base import Layer
from cnncalc.records import NamedTuple

__all__ = [
    "OPTIMIZER_STATES",
    "Kept",
    "Peak",
    "backwards",
    "kept_for_backward",
    "lifetimes",
    "optimizer_states",
    "peak",
    "storages",
]

OPTIMIZER_STATES = {"sgd": 0, "momentum": 1, "rmsprop": 1, "adam": 2, "adamw": 2}
"""Numbers that an optimizer keeps for each trained parameter (torch's defaults; `momentum` is sgd with momentum)."""


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


def storages(graph: Graph, *, training: bool) -> list[int]:
    """For each node the node whose storage its output lies in."""
    owner = list(range(len(graph.nodes)))
    for index, node, layer in graph.layers():
        if layer.reuses_input(training=training):
            owner[index] = owner[node.inputs[0]]
    return owner


def backwards(graph: Graph) -> Iterator[tuple[int, Node, Layer, Backward]]:
    """Every layer in execution order, with what decides in training mode whether it keeps anything for backward."""
    wanted = [False] * len(graph.nodes)
    has_weights = [bool(layer.weight_shapes(*shapes)) for layer, shapes in graph.signatures]
    for index, node, layer in graph.layers():
        holder = node if node.share is None else graph.nodes[node.share]
        trains = holder.trainable and has_weights[node.signature]
        taken = node.inputs[: layer.seen_inputs]  # others lend only their shape
        inputs = tuple([layer.passes_gradient and wanted[one] for one in taken])
        wanted[index] = trains or any(inputs)
        yield index, node, layer, Backward(True, trains, inputs)


def kept_for_backward(graph: Graph, batch: int, size: int, half: int = 0) -> list[Kept]:
    """Every storage that autograd keeps in training mode, in the order in which it is first kept.

    `size` is the bytes of an element; `half` those of the type in which torch.autocast computes, where it does.
    Parameters and running statistics are apart, but copies of weights that autocast makes are not; an input of the net
    counts where it is kept. Layers of which nothing is trained, up to the first trained one, keep nothing.
    """
    owner, elements = storages(graph, training=True), Elements(graph, size, half)
    seen: set[object] = set()
    kept: list[Kept] = []
    memo: dict[tuple[int, Backward], list[Saved]] = {}
    for index, node, layer, backward in backwards(graph):
        key = (node.signature, backward)
        if key not in memo:
            memo[key] = list(layer.saved(backward, *graph.signatures[node.signature][1]))
        found = [elements.storage(index, saved, owner) for saved in memo[key]]
        if half and (weight := elements.weight(index, backward)) is not None:
            found.append(weight)
        for storage in found:
            if storage.element and (storage.key is None or storage.key not in seen):
                seen.add(storage.key)
                count = product(storage.shape) * (batch if storage.batched else 1)
                kept.append(Kept(index, storage.what, count * storage.element))
    return kept


def peak(graph: Graph, batch: int, size: int, half: int = 0) -> Peak:
    """The most bytes alive at once in inference, in execution order, each storage freed after its last use.

    Layer by layer: the inputs and the output of the layer that runs, and what later layers still need. Parameters, and
    the scratch memory inside a layer, are apart. `size` and `half` are those of `kept_for_backward`.
    """
    owner = storages(graph, training=False)
    last = _last_uses(graph, owner)
    elements = Elements(graph, size, half).of
    bytes_of = [batch * product(node.shape) * element for node, element in zip(graph.nodes, elements)]
    now, best, at = 0, -1, 0
    for index, born, freed in lifetimes(graph, owner, last):
        now += sum([bytes_of[storage] for storage in born])
        if now > best:
            best, at = now, index
        now -= sum([bytes_of[storage] for storage in freed])
    return Peak(best, at, _alive_at(graph, owner, last, at))


def lifetimes(
    graph: Graph, owner: Sequence[int] | None = None, last: Mapping[int, int] | None = None
) -> Iterator[tuple[int, Sequence[int], Sequence[int]]]:
    """Inference step by step: the node that runs, the storages that begin with it, and those freed after it."""
    owner = storages(graph, training=False) if owner is None else owner
    freed: dict[int, list[int]] = {}
    for storage, use in (_last_uses(graph, owner) if last is None else last).items():
        freed.setdefault(use, []).append(storage)
    yield 0, list(dict.fromkeys(graph.inputs.values())), ()
    for index, _, _ in graph.layers():
        yield index, (index,) if owner[index] == index else (), freed.get(index, ())


def _last_uses(graph: Graph, owner: Sequence[int]) -> dict[int, int]:
    """The node that uses each storage last; one past the end where it is an output of the net."""
    last = {index: index for index in range(len(graph.nodes)) if owner[index] == index}
    for index, node, _ in graph.layers():
        last[owner[index]] = max(last[owner[index]], index)
        for one in node.inputs:
            last[owner[one]] = index
    for index in graph.outputs.values():
        last[owner[index]] = len(graph.nodes)
    return last


def _alive_at(graph: Graph, owner: Sequence[int], last: dict[int, int], at: int) -> tuple[int, ...]:
    inputs = set(graph.inputs.values())
    return tuple(i for i in range(at + 1) if owner[i] == i and last[i] >= at and (i <= at or i in inputs))


def optimizer_states(optimizer: str) -> int:
    """The numbers that an optimizer keeps for each trained parameter; raises `CnncalcError` for an unknown one."""
    if optimizer not in OPTIMIZER_STATES:
        help = suggestion(optimizer, OPTIMIZER_STATES, f"the optimizers are {', '.join(OPTIMIZER_STATES)}")
        raise CnncalcError(Fault(f"there is no optimizer `{optimizer[:60]}`", help=help))
    return OPTIMIZER_STATES[optimizer]
