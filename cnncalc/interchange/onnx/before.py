"""What a net had before an exporter folded batch norms or read out tables, where names and shapes tell that it did."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from math import isqrt

from cnncalc.interchange.onnx.parts import Graph, Tensor

__all__ = ["before_folds", "before_tables"]


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
