"""What the file holds, where it meets a tensor otherwise than as the weights of a layer."""

from __future__ import annotations

from cnncalc.interchange.onnx.call import Call, Live
from cnncalc.interchange.onnx.parts import Tensor
from cnncalc.layers.base import Shape

__all__ = ["held"]


def held(call: Call, tensor: Tensor, live: Live, shape: Shape, batch: int) -> Live:
    """A tensor of the file, or what it makes of several, as layers beside a tensor; their batch is that axis.

    Each of the weights that it is made of is learned; what is made of them is no layer, and costs nothing at inference.
    """
    if not tensor.floating or not (tensor.of or tensor.name):
        return call.put("constant", live, suffix="_with", batch=batch, shape=shape, join="alone")
    if not tensor.of:
        return call.put("parameter", live, suffix="_with", weights=[tensor], batch=batch, shape=shape, join="alone")
    learned = [
        call.put("parameter", live, suffix="_table", weights=[one], shape=one.dims, join="alone") for one in tensor.of
    ]
    return call.put("opaque", *learned, suffix="_read", batch=batch, shape=shape, of="Constant")
