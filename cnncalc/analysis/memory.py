"""The memory of a net: what autograd keeps for backward, and the most that is alive at once in inference.

Storages are what is counted, each once: a view (flatten) and a layer in place lie in the storage of their input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.arithmetic.formulas import product
from cnncalc.errors import CnncalcError, Fault, suggestion
from cnncalc.graph import Graph
from cnncalc.layers.base import Backward, Saved

__all__ = ["OPTIMIZER_STATES", "Kept", "Peak", "kept_for_backward", "peak", "storages", "train_bytes"]

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


def kept_for_backward(graph: Graph, batch: int, size: int) -> list[Kept]:
    """Every storage that autograd keeps in training mode, in the order in which it is first kept.

    `size` is the bytes of an element. Parameters and running statistics are apart; an input of the net counts where it
    is kept. Layers of which nothing is trained, up to the first trained one, keep nothing.
    """
    owner = storages(graph, training=True)
    wanted = [False] * len(graph.nodes)
    seen: set[int] = set()
    kept: list[Kept] = []
    memo: dict[tuple[int, bool, tuple[bool, ...]], list[Saved]] = {}
    has_weights = [bool(layer.weight_shapes(*shapes)) for layer, shapes in graph.signatures]
    for index, node, layer in graph.layers():
        holder = node if node.share is None else graph.nodes[node.share]
        trains = holder.trainable and has_weights[node.signature]
        inputs = tuple([wanted[one] for one in node.inputs[: layer.seen_inputs]])  # others lend only their shape
        wanted[index] = trains or any(inputs)
        key = (node.signature, trains, inputs)
        if key not in memo:
            memo[key] = list(layer.saved(Backward(True, trains, inputs), *graph.signatures[node.signature][1]))
        for saved in memo[key]:
            if saved.what in ("input", "output"):
                storage = owner[node.inputs[saved.index] if saved.what == "input" else index]
                if storage not in seen:
                    seen.add(storage)
                    kept.append(
                        Kept(index, graph.nodes[storage].name, batch * product(graph.nodes[storage].shape) * size)
                    )
            else:
                elements = product(saved.shape) * (batch if saved.batched else 1)
                kept.append(Kept(index, saved.what, elements * (saved.size or size)))
    return kept


def peak(graph: Graph, batch: int, size: int) -> Peak:
    """The most bytes alive at once in inference, in execution order, each storage freed after its last use.

    Layer by layer: the inputs and the output of the layer that runs, and what later layers still need. Parameters, and
    the scratch memory inside a layer, are apart.
    """
    owner = storages(graph, training=False)
    last = _last_uses(graph, owner)
    freed: dict[int, list[int]] = {}
    for storage, use in last.items():
        freed.setdefault(use, []).append(storage)
    bytes_of = [batch * product(node.shape) * size for node in graph.nodes]
    alive = dict.fromkeys(graph.inputs.values())
    now = sum(bytes_of[index] for index in alive)
    best, at = now, 0
    for index, _, _ in graph.layers():
        if owner[index] == index:
            alive[index] = None
            now += bytes_of[index]
        if now > best:
            best, at = now, index
        for storage in freed.get(index, ()):
            del alive[storage]
            now -= bytes_of[storage]
    return Peak(best, at, _alive_at(graph, owner, last, at))


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


def train_bytes(trainable: int, parameters: int, buffers: int, saved: int, size: int, optimizer: str = "sgd") -> int:
    """Weights, buffers, gradients, optimizer state and saved activations, in bytes; `size` is that of a number.

    Raises `CnncalcError` for an optimizer that is not known.
    """
    if optimizer not in OPTIMIZER_STATES:
        help = suggestion(optimizer, OPTIMIZER_STATES, f"the optimizers are {', '.join(OPTIMIZER_STATES)}")
        raise CnncalcError(Fault(f"there is no optimizer `{optimizer[:60]}`", help=help))
    numbers = parameters + buffers + trainable * (1 + OPTIMIZER_STATES[optimizer])
    return numbers * size + saved
