"""Every operator of ONNX that is read, and what it becomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from cnncalc.interchange.onnx.call import Call, Value
from cnncalc.interchange.onnx.control import CONTROL
from cnncalc.interchange.onnx.fold import FOLDS
from cnncalc.interchange.onnx.parts import Model, Node
from cnncalc.interchange.onnx.rules import columns, elements, picking, products, shapes, windows
from cnncalc.interchange.onnx.rules.searches import is_search
from cnncalc.interchange.onnx.rules.stacked import of_each

__all__ = ["DOMAINS", "Rule", "is_known", "rule_of"]

Rule: TypeAlias = "Callable[[Call], list[Value] | list[Value | None]]"

RULES: Mapping[str, Rule] = {
    **dict.fromkeys(elements.FUNCTIONS, elements.function),
    **dict.fromkeys(("LeakyRelu", "Elu", "Gelu"), elements.with_slope),
    **dict.fromkeys(elements.JOINS, elements.arithmetic),
    **dict.fromkeys(("Identity", "Cast", "CastLike", "QuantizeLinear", "DequantizeLinear"), elements.same),
    **dict.fromkeys(("BatchNormalization", "SpatialBN"), of_each(elements.batch_norm)),
    **dict.fromkeys(("LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization"), picking.normalised),
    **dict.fromkeys(("InstanceNormalization", "GroupNormalization"), of_each(elements.group_norm)),
    **dict.fromkeys(("Softmax", "LogSoftmax"), elements.softmax),
    **dict.fromkeys(elements.COMPARED, elements.compared),
    "Clip": elements.clip,
    "Dropout": elements.dropout,
    "LRN": of_each(elements.lrn),
    "PRelu": elements.prelu,
    "Conv": of_each(windows.convolution),
    "ConvInteger": windows.quantised,
    "ConvTranspose": of_each(windows.deconvolution),
    "Col2Im": columns.folded,
    "Im2Col": columns.columns,
    "DeformConv": columns.deformable,
    "MaxUnpool": columns.unpool,
    **dict.fromkeys(("MaxPool", "AveragePool", "LpPool"), of_each(windows.pool)),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"), windows.global_pool),
    "Pad": of_each(windows.pad),
    **dict.fromkeys(("Resize", "Upsample"), of_each(windows.resize)),
    "Gemm": products.gemm,
    "MatMul": products.matmul,
    "Einsum": products.einsum,
    **dict.fromkeys(("QLinearMatMul", "MatMulInteger"), products.quantised_matmul),
    **dict.fromkeys(("Shape", "Size"), shapes.shape_of),
    "TopK": picking.topk,
    "Reshape": shapes.reshape,
    "Flatten": shapes.flatten,
    "Squeeze": shapes.squeeze,
    "Unsqueeze": shapes.unsqueeze,
    "Transpose": shapes.transpose,
    "Concat": shapes.concat,
    "Slice": shapes.slice_,
    "Split": shapes.split,
    "Gather": picking.gather,
    "GatherND": picking.gather_nd,
    **dict.fromkeys(("ScatterND", "ScatterElements"), picking.scattered),
    "ReverseSequence": picking.reversed_sequence,
    "Expand": shapes.expand,
    "Tile": shapes.tile,
    "DepthToSpace": of_each(shapes.depth_to_space),
    "SpaceToDepth": of_each(shapes.space_to_depth),
    **dict.fromkeys(picking.REDUCTIONS, picking.reduce),
    **dict.fromkeys(("ArgMax", "ArgMin"), picking.argmax),
}
"""A function of a node, with the values that it takes, to those that it makes; rare ones stand elsewhere."""


DOMAINS = ("", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc", "ai.onnx.ml")
"""The domains whose operators are read, ONNX's own first; those of a runtime are imported where a file has them."""


def rule_of(domain: str, kind: str) -> Rule | None:
    """What an operator becomes; None of one that is not known."""
    if domain in ("com.microsoft.nchwc", "com.ms.internal.nhwc"):
        from cnncalc.interchange.onnx.rules.fused.blocked import BLOCKED, LAST

        return (LAST if domain.endswith("nhwc") else BLOCKED).get(kind)
    if domain == "ai.onnx.ml":
        from cnncalc.interchange.onnx.rules.fused.labels import LABELS

        return LABELS.get(kind)
    if kind in RULES:
        return RULES[kind]
    from cnncalc.interchange.onnx.rules.cells import CELLS, recurrent
    from cnncalc.interchange.onnx.rules.fused.attention import ATTENTION
    from cnncalc.interchange.onnx.rules.fused.runtime import RUNTIME
    from cnncalc.interchange.onnx.rules.listed import LISTED
    from cnncalc.interchange.onnx.rules.rarer import RARER

    if kind in CELLS:
        return recurrent
    known = LISTED.get(kind) or ATTENTION.get(kind) or RUNTIME.get(kind) or RARER.get(kind)
    if known is None:
        from cnncalc.interchange.onnx.rules.fused.further import FURTHER
        from cnncalc.interchange.onnx.rules.fused.words import WORDS

        known = FURTHER.get(kind) or WORDS.get(kind)
    return known


def is_known(node: Node, model: Model) -> bool:
    """Whether a node may be read, whatever it takes: by a rule, by its numbers, or as a function of the model."""
    if (node.domain, node.kind) in model.functions or node.kind in model.stated:
        return True
    beside = node.kind in FOLDS or node.kind in CONTROL or node.kind == "Constant" or is_search(node)
    return node.domain in DOMAINS and (beside or rule_of(node.domain, node.kind) is not None)
