"""ONNX files written for tests, by the field numbers of onnx.proto; weights are zeros, or are left out."""

from __future__ import annotations

import struct
from math import prod

FLOAT, INT64 = 1, 7


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, value: int | bytes | str) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def tensor(name: str, dims: tuple[int, ...], numbers=None, kind: int = FLOAT) -> bytes:
    """A TensorProto: zeros, or these numbers, or bytes of them; of many zeros only the shape."""
    parts = b"".join(field(1, n) for n in dims) + field(2, kind) + field(8, name)
    if isinstance(numbers, bytes):
        return parts + field(9, numbers)
    if numbers is None and prod(dims) > 100:
        return parts + field(14, 1)
    values = [0] * prod(dims) if numbers is None else list(numbers)
    return parts + field(9, struct.pack(f"<{len(values)}{'f' if kind == FLOAT else 'q'}", *values))


def attribute(name: str, value) -> bytes:
    head = field(1, name)
    if isinstance(value, float):
        return head + varint(2 << 3 | 5) + struct.pack("<f", value) + field(20, 1)
    if isinstance(value, int):
        return head + field(3, value) + field(20, 2)
    if isinstance(value, str):
        return head + field(4, value) + field(20, 3)
    if isinstance(value, bytes):
        return head + field(6, value) + field(20, 5)
    return head + b"".join(field(8, one) for one in value) + field(20, 7)


def node(
    kind: str, inputs: str, outputs: str, name: str = "", domain: str = "", scopes: str = "", **attributes
) -> bytes:
    """A NodeProto; inputs and outputs apart by blanks, `-` for one that is left out."""
    parts = b"".join(field(1, one.replace("-", "")) for one in inputs.split())
    parts += b"".join(field(2, one.replace("-", "")) for one in outputs.split())
    parts += field(3, name) + field(4, kind) + (field(7, domain) if domain else b"")
    parts += b"".join(field(5, attribute(key, value)) for key, value in attributes.items())
    if scopes:
        parts += field(9, field(1, "pkg.torch.onnx.name_scopes") + field(2, scopes))
    return parts


def value(name: str, dims) -> bytes:
    """A ValueInfoProto; a text stands for a length that is left open."""
    shape = b"".join(field(1, field(1, n) if isinstance(n, int) else field(2, n)) for n in dims)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, shape)))


def graph(nodes, inputs=(), outputs=(), tensors=(), name: str = "") -> bytes:
    parts = b"".join(field(1, one) for one in nodes) + field(2, name)
    parts += b"".join(field(5, one) for one in tensors)
    parts += b"".join(field(11, value(own, dims)) for own, dims in inputs)
    return parts + b"".join(field(12, value(own, dims)) for own, dims in outputs)


def model(made: bytes, opset: int = 20, functions=(), producer: str = "test") -> bytes:
    parts = field(1, 10) + field(2, producer) + field(7, made)
    parts += b"".join(field(25, one) for one in functions)
    return parts + field(8, field(1, "") + field(2, opset))


def net(*nodes: bytes, x=(1, 3, 8, 8), tensors=(), opset: int = 20, outputs=("y",), **more) -> bytes:
    """A model of one input `x` and these nodes, which end in `y`."""
    return model(graph(nodes, [("x", x)], [(name, ()) for name in outputs], tensors), opset, **more)


def whole(name: str, *numbers: int) -> bytes:
    """A list of whole numbers."""
    return tensor(name, (len(numbers),), numbers, INT64)
