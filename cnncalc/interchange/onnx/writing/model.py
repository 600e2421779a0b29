"""The model that the onnx package makes of what was noted. The only module that knows the package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net
from cnncalc.interchange.onnx.writing.scribe import Body, Held, Learned, Said, Scribe
from cnncalc.interchange.onnx.writing.values import Source

__all__ = ["OLDEST", "empty", "newest_opset", "serialised"]

OLDEST = 11
"""Borders and bounds are tensors since then, and Resize says where the middle of a pixel is."""
MOST_BYTES = 2**31 - 1
"""What a protobuf message can hold."""
BATCH = "N"


def newest_opset() -> int:
    """The newest opset that the onnx package has. Raises CnncalcError where it is not installed."""
    try:
        import onnx
    except ImportError:
        message = "ONNX files are written by the onnx package, which is not installed"
        raise CnncalcError(Fault(message, help="`pip install 'cnncalc[onnx]'`")) from None
    found: int = onnx.defs.onnx_opset_version()
    return found


def serialised(
    graph: Net,
    scribe: Scribe,
    outputs: Mapping[str, str],
    source: Source,
    notes: Mapping[str, str],
    data: str,
) -> bytes:
    """The file's bytes. `outputs` are the tensors by name; `data` is the file in which numbers lie that it has not."""
    from onnx import TensorProto, helper

    sizes = [4 * prod(one.shape) for one in scribe.learned.values()]
    tensors = []
    offset = written = 0
    for (name, one), size in zip(scribe.learned.items(), sizes):
        numbers = source(name, one)
        written += 0 if numbers is None else size
        if written > MOST_BYTES:
            values = f"{sum(sizes):,} bytes of weights"
            help = "`--values none` declares them, for a file beside that you write"
            raise CnncalcError(Fault("an ONNX file holds less than 2 GiB", values=values, help=help))
        if numbers is None:
            tensors.append(_external(name, one, data, offset, size))
            offset += size
        else:
            tensors.append(helper.make_tensor(name, TensorProto.FLOAT, one.shape, numbers.tobytes(), raw=True))
    layers = {node.name: node.shape for _, node, _ in graph.layers()}
    leaving = {tensor: graph.nodes[graph.outputs[name]].shape for name, tensor in outputs.items()}
    whole = helper.make_graph(
        _nodes(scribe.nodes),
        graph.name,
        [_declared(name, graph.nodes[index].shape) for name, index in graph.inputs.items()],
        [_declared(*one) for one in leaving.items()],
        [*tensors, *(_held(*one) for one in scribe.held.items())],
        value_info=[_declared(*one) for one in layers.items() if one[0] not in leaving],
    )
    return _packed(whole, scribe.opset, notes)


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
    return _packed(whole, scribe.opset, {})


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


def _packed(whole: Any, opset: int, notes: Mapping[str, str]) -> bytes:
    """The bytes of a model of this graph."""
    from onnx import helper

    opsets = [helper.make_opsetid("", opset)]
    model = helper.make_model(
        whole,
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets),
        producer_name="cnncalc",
    )
    helper.set_model_props(model, dict(notes))
    packed: bytes = model.SerializeToString()
    return packed


def _held(name: str, tensor: Held) -> Any:
    from onnx import TensorProto, helper

    kind = TensorProto.INT64 if tensor.type == "int64" else TensorProto.FLOAT
    return helper.make_tensor(name, kind, tensor.shape, tensor.numbers)


def _external(name: str, learned: Learned, data: str, offset: int, size: int) -> Any:
    """A tensor whose numbers lie in a file beside."""
    from onnx import StringStringEntryProto, TensorProto

    said = {"location": data, "offset": str(offset), "length": str(size)}
    return TensorProto(
        name=name,
        dims=learned.shape,
        data_type=TensorProto.FLOAT,
        data_location=TensorProto.EXTERNAL,
        external_data=[StringStringEntryProto(key=key, value=value) for key, value in said.items()],
    )


def _declared(name: str, shape: Sequence[Any] | None) -> Any:
    """A tensor's type and shape: the batch is a symbol, and lengths that are formulas are left open."""
    from onnx import TensorProto, helper

    if shape is None:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
    lengths = [n if isinstance(n, int) else str(n) if str(n).isidentifier() else None for n in shape]
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *lengths])
