"""The model that the onnx package makes of what was noted. The only module that knows the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net
from cnncalc.interchange.onnx.writing.scribe import Body, Held, Said, Scribe
from cnncalc.interchange.onnx.writing.values import Source, nothing

__all__ = ["OLDEST", "empty", "newest_opset", "serialised"]

OLDEST = 11
"""Borders and bounds are tensors since then, and Resize says where the middle of a pixel is."""
MOST_BYTES = 2**31 - 1
"""What a protobuf message can hold."""
BATCH = "N"


def newest_opset() -> int:
    """The newest opset that the onnx package has. Raises CnncalcError where it is not installed."""
    try:
        from onnx import defs  # not of a mere folder of that name
    except ImportError:
        message = "ONNX files are written by the onnx package, which is not installed"
        raise CnncalcError(Fault(message, help="`pip install 'cnncalc[onnx]'`")) from None
    found: int = defs.onnx_opset_version()
    return found


def serialised(
    graph: Net,
    scribe: Scribe,
    outputs: Mapping[str, str],
    source: Source,
    notes: Mapping[str, str],
    data: str,
) -> bytes:
    """The file's bytes. `outputs` are the tensors by name; `data` is the file in which numbers lie that it has not.

    Numbers are put where they stay, one tensor after the other, so that they are there twice at most.
    """
    from onnx import TensorProto, helper

    sizes = [4 * prod(one.shape) for one in scribe.learned.values()]
    if source is not nothing and sum(sizes) > MOST_BYTES:
        values = f"{sum(sizes):,} bytes of weights"
        help = "`--values none` declares them, for a file beside that you write"
        raise CnncalcError(Fault("an ONNX file holds less than 2 GiB", values=values, help=help))
    layers = {node.name: node.shape for _, node, _ in graph.layers()}
    leaving = {tensor: graph.nodes[graph.outputs[name]].shape for name, tensor in outputs.items()}
    whole = helper.make_graph(
        _nodes(scribe.nodes),
        graph.name,
        [_declared(name, graph.nodes[index].shape) for name, index in graph.inputs.items()],
        [_declared(*one) for one in leaving.items()],
        value_info=[_declared(*one) for one in layers.items() if one[0] not in leaving],
    )
    model, offset = _model(whole, scribe.opset, notes), 0
    for (name, one), size in zip(scribe.learned.items(), sizes):
        made = model.graph.initializer.add(name=name, dims=one.shape, data_type=TensorProto.FLOAT)
        numbers = source(name, one)
        if numbers is None:
            _lies_in(made, data, offset, size)
            offset += size
        else:
            made.raw_data = numbers.tobytes()
    model.graph.initializer.extend(_held(*one) for one in scribe.held.items())
    packed: bytes = model.SerializeToString()
    return packed


def empty(graph: Net, scribe: Scribe) -> bytes:
    """The model whose outputs are the tensors of all layers, of no declared shape; its learned numbers are zeros.

    These are made when it runs, so that it is small.
    """
    from onnx import helper

    zeros = [
        helper.make_node("ConstantOfShape", [scribe.keep(Held((len(one.shape),), one.shape, "int64"))], [name])
        for name, one in scribe.learned.items()
    ]
    whole = helper.make_graph(
        [*zeros, *_nodes(scribe.nodes)],
        graph.name,
        [_declared(name, graph.nodes[index].shape) for name, index in graph.inputs.items()],
        [_declared(node.name, None) for _, node, _ in graph.layers()],
        [_held(*one) for one in scribe.held.items()],
    )
    packed: bytes = _model(whole, scribe.opset, {}).SerializeToString()
    return packed


def _nodes(nodes: Sequence[Said]) -> list[Any]:
    from onnx import helper

    return [
        helper.make_node(
            one.kind,
            one.inputs,
            one.outputs,
            name=one.name,
            **{name: _inside(value) if isinstance(value, Body) else value for name, value in one.attributes.items()},
        )
        for one in nodes
    ]


def _inside(body: Body) -> Any:
    """A graph inside a node."""
    from onnx import helper

    ends = ([_declared(*one) for one in side.items()] for side in (body.inputs, body.outputs))
    return helper.make_graph(_nodes(body.nodes), "body", *ends)


def _model(whole: Any, opset: int, notes: Mapping[str, str]) -> Any:
    """A model of this graph."""
    from onnx import helper

    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(
        whole,
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets),
        producer_name="cnncalc",
    )
    helper.set_model_props(model, dict(notes))
    return model


def _held(name: str, tensor: Held) -> Any:
    from onnx import TensorProto, helper

    kind = TensorProto.INT64 if tensor.type == "int64" else TensorProto.FLOAT
    return helper.make_tensor(name, kind, tensor.shape, tensor.numbers)


def _lies_in(tensor: Any, data: str, offset: int, size: int) -> None:
    """Say of a tensor that its numbers lie in a file beside."""
    from onnx import TensorProto

    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", data), ("offset", str(offset)), ("length", str(size))):
        tensor.external_data.add(key=key, value=value)


def _declared(name: str, shape: Sequence[Any] | None) -> Any:
    """A tensor's type and shape: the batch is a symbol, and lengths that are formulas are left open."""
    from onnx import TensorProto, helper

    if shape is None:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
    lengths = [n if isinstance(n, int) else str(n) if str(n).isidentifier() else None for n in shape]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *lengths])
