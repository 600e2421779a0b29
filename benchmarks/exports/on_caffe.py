"""Caffe's prototxt, read by OpenCV with a file of zeros beside: the shapes of all layers that both know by a name."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import cv2
import numpy as np

from benchmarks.exports.nets import NOT_HELD, Case
from cnncalc.graph import Net, Node
from cnncalc.interchange.caffe.writer import written
from cnncalc.layers import Shape

__all__ = ["by_opencv"]


def by_opencv(case: Case) -> list[str]:
    """How OpenCV's shapes differ from the net's."""
    graph = case.whole
    text = str(written(graph, 1).content)
    try:
        net = cv2.dnn.readNetFromCaffe(np.frombuffer(text.encode(), np.uint8), _model(graph))
        inputs = [[1, *graph.nodes[at].shape] for at in graph.inputs.values()]
        ids, _, out = net.getLayersShapes(inputs)
    except cv2.error as error:
        return [f"{NOT_HELD}OpenCV: {' '.join(str(error).split())[-160:]}"]
    names = ["", *net.getLayerNames()]
    made = {
        names[int(one)]: [tuple(int(n) for n in shape[1:]) for shape in shapes]  # of a Slice its parts
        for one, shapes in zip(ids, out)
    }
    nodes = {node.name: node for _, node, _ in graph.layers()}
    if not made.keys() & nodes.keys():
        return ["no layer was held"]
    return [
        f"{name}: {nodes[name].shape}, there {shapes}"
        for name, shapes in made.items()
        if name in nodes and _plain(nodes[name].shape) not in map(_plain, shapes)
    ]


def _plain(shape: Shape) -> Shape:
    """A vector is a map of one pixel."""
    return (prod(shape),) if prod(shape) == max(shape, default=1) else tuple(shape)


def _model(graph: Net) -> np.ndarray:
    """A caffemodel: for each layer with parameters its blobs, of zeros."""
    parts = [
        _field(100, _field(1, name.encode()) + _field(2, kind.encode()) + b"".join(map(_blob, blobs)))
        for _, node, _ in graph.layers()
        for name, kind, blobs in _layers(graph, node)
    ]
    return np.frombuffer(b"".join(parts) or _field(1, b"net"), np.uint8)


def _layers(graph: Net, node: Node) -> Iterator[tuple[str, str, list[Shape]]]:
    """Caffe's layers with parameters that one of ours is, with the shapes of their blobs."""
    layer = node.layer
    assert layer is not None
    shapes = {**layer.weight_shapes(*graph.input_shapes(node))}
    channels = (node.shape[0],)
    if layer.kind == "batchnorm":
        yield node.name, "BatchNorm", [channels, channels, (1,)]
        if shapes:
            yield f"{node.name}_scale", "Scale", [channels, channels]
    elif layer.kind in ("conv", "dwconv", "deconv"):
        wide = (1,) * (4 - len(shapes["weight"]))
        kind = "Deconvolution" if layer.kind == "deconv" else "Convolution"
        yield node.name, kind, [(*shapes["weight"], *wide), *([shapes["bias"]] if "bias" in shapes else [])]
    elif shapes:
        kind = {"linear": "InnerProduct", "prelu": "PReLU"}.get(layer.kind, "Scale")
        yield node.name, kind, list(shapes.values())


def _blob(shape: Shape) -> bytes:
    """A BlobProto of zeros: its shape, and its numbers packed."""
    lengths = b"".join(_varint(n) for n in shape)
    return _field(7, _field(7, _field(1, lengths)) + _field(5, bytes(4 * prod(shape))))


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _field(number: int, data: bytes) -> bytes:
    """A field of bytes, as protobuf lays it out."""
    return _varint(number << 3 | 2) + _varint(len(data)) + data
