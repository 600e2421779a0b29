"""What a file tells beside its layers: what a person called them, what a net had before an exporter folded it.

And which of its numbers count as nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from math import isqrt

from cnncalc.interchange.building import has_parameters
from cnncalc.interchange.onnx.fold import ROUNDED
from cnncalc.interchange.onnx.parts import Graph, Node, Tensor, captured, module_of
from cnncalc.interchange.onnx.patterns import ENDS
from cnncalc.interchange.sketch import Sketch

__all__ = ["before_folds", "before_tables", "named_by_modules", "own_name", "uncounted"]

_NUMBERED = re.compile(r"(node_)?[A-Za-z_:]*[0-9]*\Z")


def own_name(node: Node, weight: Tensor | None) -> str:
    """What a person called a node: the name of its weight, of its module, or its own path; empty for a made-up one."""
    if weight is not None and (module := module_of(weight)) is not None:
        return module
    if node.scopes:
        scopes = re.findall(r"'([^']*)'", node.scopes)[:-1]
        return scopes[-1] if scopes else ""
    path = node.name.strip("/").split("/")
    if len(path) < 2:
        return "" if _NUMBERED.match(node.name) else node.name
    if path[-1].split("_")[0] in (node.kind, *ENDS):
        path.pop()
    levels: list[str] = []
    for part in path:  # torch writes `layer1/layer1.0/conv1`
        if levels and part.startswith(levels[-1] + "."):
            levels.pop()
        levels.append(part)
    return "/".join(levels)


def named_by_modules(sketch: Sketch) -> None:
    """Leave own names to layers with parameters: the others are called by their kinds in the modules around them."""
    names = [operator.name.replace("/", ".") for operator in sketch.operators]
    modules = {"", "."}
    for around in names:
        while (around := around.rpartition(".")[0]) not in modules:
            modules.add(around)
    for number, (operator, name) in enumerate(zip(sketch.operators, names)):
        if operator.layer is not None and not has_parameters(operator.layer.kind):
            around = name if name in modules else name.rpartition(".")[0]
            sketch.operators[number] = operator._replace(name=around and f"{around}.")


def before_folds(graph: Graph, needed: AbstractSet[int]) -> list[str]:
    """A sentence on the batch norms that torch's exporters folded into convolutions with biases, if there are any.

    A batch norm of C channels has 2·C parameters and as many statistics, of which the fold leaves a bias of C.
    TorchScript's exporter calls what it computes `onnx::Conv_7`, dynamo's calls the bias `conv1.weight_bias`.
    """
    biases: dict[str, Tensor] = {}
    for node in graph.nodes:
        if node.kind == "Conv" and node.number in needed and len(node.inputs) > 2:
            _, weight, bias = node.inputs[:3]
            made = weight.startswith("onnx::Conv") and bias.startswith("onnx::Conv")
            if (made or bias == f"{weight}_bias") and bias in graph.tensors:
                biases[weight] = graph.tensors[bias]
    channels = sum(bias.size for bias in biases.values())
    if not channels:
        return []
    which = "1 convolution has" if len(biases) == 1 else f"{len(biases)} convolutions have"
    more = f"{channels:,} parameters more, and {2 * channels:,} statistics"
    return [f"{which} a batch norm folded in: the net had {more}, before the fold"]


def before_tables(graph: Graph, needed: AbstractSet[int]) -> list[str]:
    """A sentence on the biases of attention within square windows that an exporter may have read out of tables.

    For w·w places there are w⁴ numbers a head, of (2w - 1)² for each distance. TorchScript's exporter calls what it
    computes `onnx::Add_7`.
    """
    biases: dict[str, Tensor] = {}
    for node in graph.nodes:
        names = [name for name in node.inputs if name.startswith("onnx::Add") and name in graph.tensors]
        if node.kind == "Add" and node.number in needed and names:
            held = graph.tensors[names[0]]
            if len(held.dims) == 4 and held.dims[0] == 1 < held.dims[2] == held.dims[3] == isqrt(held.dims[2]) ** 2:
                biases[names[0]] = held
    fewer = sum(one.size - one.dims[1] * (2 * isqrt(one.dims[2]) - 1) ** 2 for one in biases.values())
    if not biases:
        return []
    which = "1 bias of attention is a number" if len(biases) == 1 else f"{len(biases)} biases of attention are a number"
    return [f"{which} for each two places of a window: as tables of distances the net had {fewer:,} parameters fewer"]


MOST_NAMED = 5
SCALED = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", *ROUNDED)
GIVEN: Mapping[str, tuple[int, ...]] = {
    "LSTM": (5, 6), "GRU": (5,), "RNN": (5,), "RotaryEmbedding": (1, 2, 3), "GroupQueryAttention": (7, 8), "STFT": (2,),
}  # fmt: skip
"""Which inputs of a node on an output's way are no weights: the states of the start, tables of angles, windows."""
CELLS = ("LSTM", "GRU", "RNN")


def begins(node: Node) -> tuple[str, ...]:
    """The states from which a cell begins."""
    return tuple(filter(None, node.inputs[5:7])) if node.kind in CELLS else ()


NOT_LEARNED = frozenset((*SCALED, "Div", "Mul"))
"""Nodes on an output's way that may take a tensor of the file which counts as nothing."""


def uncounted(graph: Graph, needed: set[int]) -> list[str]:
    """Sentences on the floating-point tensors of the file that are no parameters, the largest first."""
    users: dict[str, list[tuple[Node, int]]] = {}
    counted: set[str] = set()
    given: set[str] = set()
    for node in graph.nodes:
        names = (*node.inputs, *captured(node))
        if node.number in needed and node.kind not in NOT_LEARNED:
            beside = GIVEN.get(node.kind, ())
            counted.update(name for place, name in enumerate(names) if place not in beside)
            given.update(name for place, name in enumerate(names) if place in beside)
            counted.update(name for name in begins(node) if (held := graph.tensors.get(name)) and not held.zeros)
        else:
            for place, name in enumerate(names):
                users.setdefault(name, []).append((node, place))
    lengths = {name for node in graph.nodes if node.kind == "ReduceL2" for name in node.outputs}
    scaled = {node.outputs[0] for node in graph.nodes if node.kind == "Div" and lengths.intersection(node.inputs)}
    told = []
    for name, tensor in graph.tensors.items():
        if name in counted or not tensor.floating:
            continue
        uses = users.get(name, [])
        leading = [(node, place) for node, place in uses if node.number in needed]
        why = (
            "cells start from them, places are turned by them, or a spectrum is seen through them"
            if name in given
            else "nothing uses them"
            if not uses
            else "no output depends on them"
            if not leading
            else "they scale quantised ones"
            if all(node.kind in SCALED and place > 0 for node, place in leading)
            else "a normalised weight is computed with them"
            if all(node.kind in ("Div", "Mul") and (lengths | scaled).intersection(node.inputs) for node, _ in leading)
            else ""
        )
        if why:
            told.append((tensor.size, f"{tensor.size:,} numbers of `{name[:60]}` count as nothing: {why}"))
    told.sort(key=lambda one: -one[0])
    more = [f"{len(told) - MOST_NAMED} tensors more count as nothing"] if len(told) > MOST_NAMED else []
    return [text for _, text in told[:MOST_NAMED]] + more
