"""An ONNX model in 64 bits, run by the onnx package's own evaluator, which is written in numpy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import AttributeProto, TensorProto, numpy_helper
from onnx.reference import ReferenceEvaluator

__all__ = ["evaluated"]


def evaluated(model: Any, inputs: Mapping[str, Any]) -> list[Any]:
    """What comes out of a model whose 32-bit numbers are 64-bit ones."""
    doubled(model.graph)
    evaluator = ReferenceEvaluator(model)
    wide = {name: one.astype(np.float64) for name, one in inputs.items()}
    found: list[Any] = evaluator.run(None, wide)
    return found


def doubled(graph: Any) -> None:
    """Give 64 bits to all floating-point numbers of a graph."""
    for one in graph.initializer:
        if one.data_type == TensorProto.FLOAT:
            one.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(one).astype(np.float64), one.name))
    for node in graph.node:
        if node.op_type == "GroupNormalization":  # which computes its statistics in 32 bits unless it is told
            node.attribute.add(name="stash_type", type=AttributeProto.INT, i=TensorProto.DOUBLE)
        for said in node.attribute:
            if said.name == "to" and said.i == TensorProto.FLOAT:
                said.i = TensorProto.DOUBLE
            elif said.name == "value" and said.t.data_type == TensorProto.FLOAT:
                said.t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(said.t).astype(np.float64)))
    for declared in (*graph.input, *graph.output, *graph.value_info):
        if declared.type.tensor_type.elem_type == TensorProto.FLOAT:
            declared.type.tensor_type.elem_type = TensorProto.DOUBLE
