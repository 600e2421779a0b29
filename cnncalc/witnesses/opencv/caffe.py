"""A net for OpenCV as our writer of Caffe says it: its prototxt, and a caffemodel of zeros."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod

from cnncalc.errors import CnncalcError, Fault
from cnncalc.graph import Net, Node
from cnncalc.interchange.caffe.writing.pieces import Piece
from cnncalc.interchange.caffe.writing.writer import said
from cnncalc.layers import Shape
from cnncalc.witnesses.opencv.reading import Read

__all__ = ["read"]

MOST_BYTES = 2**31 - 2**20
"""protobuf reads messages of less than 2 GiB."""


def read(graph: Net, batch: int) -> Read:
    """The two files. Raises CnncalcError that names every layer which Caffe cannot say."""
    written, pieces = said(graph, batch)
    named = {graph.nodes[index].name: (graph.nodes[index], those) for index, those in pieces.items()}
    layers = {name: _last(name, those) for name, (_, those) in named.items()}
    outputs = {name: _maker(graph, at, pieces) for name, at in graph.outputs.items()}
    note = "layers are those of a prototxt, which tells nothing of one that does nothing at inference"
    return Read(str(written.content).encode(), _model(named.values(), graph), layers, outputs, note)


def _last(name: str, pieces: list[Piece]) -> tuple[str, int]:
    """The layer of Caffe that makes what ours makes, and which of its tops that is."""
    last = pieces[-1]
    return name + last.suffix, last.tops.index("") if last.tops else 0


def _maker(graph: Net, index: int, pieces: dict[int, list[Piece]]) -> str:
    """The layer that makes an output, where ours is none the one before it."""
    while index not in pieces and graph.nodes[index].inputs:
        index = graph.nodes[index].inputs[0]
    return _last(graph.nodes[index].name, pieces[index])[0] if index in pieces else graph.nodes[index].name


def _model(layers: Iterable[tuple[Node, list[Piece]]], graph: Net) -> bytes:
    """A caffemodel: for each layer with parameters its blobs, of zeros. Raises CnncalcError where it is too large."""
    blobs = [
        (node.name + piece.suffix, piece.type, [*_blobs(graph, node, piece)])
        for node, those in layers
        for piece in those
    ]
    numbers = sum(prod(shape) for _, _, shapes in blobs for shape in shapes)
    if 4 * numbers > MOST_BYTES:
        help = "make the net narrower, or hold it by `--with torch`"
        raise CnncalcError(
            Fault("a caffemodel of 2 GiB and more is not read", values=f"{numbers:,} numbers", help=help)
        )
    parts = (
        _field(100, _field(1, name.encode()) + _field(2, kind.encode()) + b"".join(map(_blob, shapes)))
        for name, kind, shapes in blobs
        if shapes
    )
    return b"".join(parts) or _field(1, b"net")


def _blobs(graph: Net, node: Node, piece: Piece) -> Iterator[Shape]:
    """The shapes of a layer's blobs, as Caffe keeps them."""
    assert node.layer is not None
    if piece.type == "BatchNorm":
        yield from ((node.shape[0],), (node.shape[0],), (1,))
    elif piece.learns:
        learned = node.layer.weight_shapes(*graph.input_shapes(node))
        for name, shape in learned.items():
            wide = 4 - len(shape) if name == "weight" and piece.type in ("Convolution", "Deconvolution") else 0
            yield (*shape, *(1,) * wide)


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
