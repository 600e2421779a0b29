"""A model as calls of layers in an order in which each finds what it takes; models inside it are opened."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.keras.config import Entry, Node, Ref, entry_of, refs_in

__all__ = ["Plan", "ends_of", "layers_of", "ordered"]

Plan = list[tuple[Entry, int, Node]]
"""Calls in order: the layer, which of its calls it is, and its arguments."""


def layers_of(model: Entry) -> list[Entry]:
    """The layers of a model; a sequence gets the calls that it leaves unsaid. Raises CnncalcError."""
    listed = model.config.get("layers")
    if not isinstance(listed, list) or not listed:
        raise CnncalcError(Fault("the model has no layers", layer=model.name))
    layers = [entry_of(one) for one in listed]
    if model.kind != "Sequential":
        return layers
    first = layers[0]
    if first.kind != "InputLayer":
        shape = first.config.get("batch_input_shape") or model.config.get("build_input_shape") or model.built
        layers.insert(0, Entry("InputLayer", f"{first.name}_input", {"batch_shape": shape}, []))
    chained: list[Entry] = []
    for layer in layers:
        nodes = [Node([Ref(chained[-1].name, 0, 0)], {})] if chained else []
        chained.append(layer._replace(nodes=nodes))
    return chained


def ends_of(model: Entry, layers: list[Entry], which: str) -> list[Ref]:
    """The tensors that enter (`input_layers`) or leave (`output_layers`) a model."""
    if model.kind == "Sequential":
        return [Ref(layers[0 if which == "input_layers" else -1].name, 0, 0)]
    calls = {layer.name: layer.nodes for layer in layers if layer.kind == "Functional"}
    return [_of_its_call(ref, calls.get(ref.layer, [])) for ref in refs_in(_refs(model.config.get(which)))]


def _of_its_call(ref: Ref, calls: list[Node]) -> Ref:
    """An end of a model; of a model inside Keras 3 counts its calls from 1 here, and from 0 wherever they are taken."""
    return ref._replace(node=ref.node - 1) if ref.node and calls and calls[0].stated else ref


def _refs(value: Any) -> Any:
    """`["x", 0, 0]`, a list or a mapping of such."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        if len(value) == 3 and isinstance(value[0], str) and type(value[1]) is int and type(value[2]) is int:
            return Ref(*value)
        return [_refs(one) for one in value]
    return None


def ordered(model: Entry, layers: list[Entry]) -> Plan:
    """Every call after those whose tensors it takes, in the file's order where that is free.

    Raises CnncalcError where some never can be made.
    """
    calls = {(layer.name, number): (layer, number, node) for layer in layers for number, node in enumerate(layer.nodes)}
    sources = {layer.name for layer in layers if not layer.nodes}
    waiting: dict[tuple[str, int], int] = {}
    takers: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for key, (_, _, node) in calls.items():
        needed = {(ref.layer, ref.node) for ref in node.refs() if ref.layer not in sources}
        missing = [name for name, number in needed if (name, number) not in calls]
        if missing:
            message = "a layer takes what no layer makes"
            raise CnncalcError(Fault(message, layer=key[0], values=f"it takes `{missing[0][:60]}`"))
        waiting[key] = len(needed)
        for one in needed:
            takers.setdefault(one, []).append(key)
    place = {key: number for number, key in enumerate(calls)}
    ready = [(place[key], key) for key, count in waiting.items() if not count]
    heapify(ready)
    plan: Plan = []
    while ready:
        _, key = heappop(ready)
        plan.append(calls[key])
        for taker in takers.get(key, ()):
            waiting[taker] -= 1
            if not waiting[taker]:
                heappush(ready, (place[taker], taker))
    if len(plan) < len(calls):
        stuck = next(name for (name, _), count in waiting.items() if count)
        raise CnncalcError(Fault("the layers take each other in a circle", layer=stuck))
    return plan
