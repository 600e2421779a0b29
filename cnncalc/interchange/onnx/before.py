"""What a net had before an exporter folded its batch norms, where the names of the file's tensors tell that it did."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from cnncalc.interchange.onnx.parts import Graph, Tensor

__all__ = ["before_folds"]


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
