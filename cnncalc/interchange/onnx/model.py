"""The parts of an ONNX file, read by the field numbers of onnx.proto."""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any, TypeAlias

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.onnx.parts import (
    MOST_READ,
    TYPES,
    Attribute,
    Function,
    Graph,
    Model,
    Node,
    Numbers,
    Reference,
    Tensor,
    in_order,
)  # fmt: skip
from cnncalc.interchange.protobuf.wire import Message, Span, signed

__all__ = ["model_of"]

DEEPEST = 16
"""Graphs inside graphs."""
FEW = 16
"""Numbers of a tensor that are read at once: shapes and axes are asked for, biases hardly ever."""


def _int(value: int | Span) -> int:
    return value if isinstance(value, int) else 0


def _tensor(message: Message) -> Tensor:
    """A TensorProto; its numbers can be read where they are not too many and lie in the file."""
    dims: list[int] = []
    kind, name, external = 0, "", False
    parts: list[tuple[int, int | Span]] = []
    for field, value in message.fields():
        if field == 1:
            dims += message.numbers(value)
        elif field == 2:
            kind = _int(value)
        elif field == 8 and isinstance(value, Span):
            name = message.text(value)
        elif field == 14:
            external = value == 1
        elif field in (4, 5, 7, 9, 10, 11):
            parts.append((field, value))
    size = _size(dims, name)
    if external or size > MOST_READ or kind not in TYPES:
        return Tensor(tuple(dims), None, kind, name, ())
    read = partial(_numbers, message, parts, kind, size)
    return Tensor(tuple(dims), read if size > FEW else read(), kind, name, ())


def _size(dims: list[int], name: str) -> int:
    """The number of elements of a tensor of that name. Raises CnncalcError for lengths that there are not."""
    if dims and (min(dims) < 0 or max(dims) > 10**12 or len(dims) > 64):
        raise CnncalcError(Fault(f"the tensor `{name[:60]}` has the lengths {dims[:8]}"))
    return prod(dims)


def _sparse(message: Message) -> Tensor:
    """A SparseTensorProto: a tensor of its whole shape, whose numbers are not looked at."""
    dims: list[int] = []
    held = Tensor(())
    for field, value in message.fields():
        if field == 1 and isinstance(value, Span):
            held = _tensor(message.at(value))
        elif field == 3:
            dims += message.numbers(value)
    _size(dims, held.name)
    return Tensor(tuple(dims), None, held.type, held.name)


def _numbers(message: Message, parts: list[tuple[int, int | Span]], kind: int, size: int) -> Numbers | None:
    """So many numbers of a tensor; None where there are more or fewer."""
    found: list[int | float] = []
    _, bytes_each, letter = TYPES[kind]
    for field, value in parts:
        if field in (5, 7, 11):
            found += message.numbers(value)
        elif isinstance(value, int):
            found.append(
                struct.unpack("<f" if field == 4 else "<d", value.to_bytes(4 if field == 4 else 8, "little"))[0]
            )
        else:
            form, width = (letter, bytes_each) if field == 9 else ("f", 4) if field == 4 else ("d", 8)
            count = (value.stop - value.start) // width if width else 0
            if not form or count > MOST_READ:
                return None
            found += struct.unpack(f"<{count}{form}", message.data[value.start : value.start + count * width])
    return tuple(found) if len(found) == size else None


Known: TypeAlias = "dict[bytes, Any]"
"""What short payloads of one kind are, by their bytes: a net says the same strides and shapes again and again."""


def _known(message: Message, span: Span, known: Known, read: Callable[[Message], Any]) -> Any:
    """What `read` makes of a payload, read once."""
    payload = message.short(span)
    if payload is None:
        return read(message.at(span))
    if payload not in known:
        known[payload] = read(message.at(span))
    return known[payload]


def _attribute(message: Message, depth: int) -> tuple[str, Attribute | None]:
    """An AttributeProto: its name, and the one value or the list that it holds."""
    name, kind = "", 0
    made: Attribute | None = None
    lists: dict[int, list[Any]] = {7: [], 8: [], 9: []}
    for field, value in message.fields():
        if field == 20:
            kind = _int(value)
        elif field == 1 and isinstance(value, Span):
            name = message.text(value)
        elif field == 21 and isinstance(value, Span):
            return name, Reference(message.text(value))
        elif field in lists:
            lists[field] += _listed(message, field, value)
        elif field in (2, 3, 4, 5, 6, 22):
            made = _single(message, field, value, depth)
    found = next((each for each in lists.values() if each), [])
    if kind in (6, 7, 8) or (made is None and found):
        return name, tuple(lists.get(kind + 1, []) or found)
    return name, made


def _single(message: Message, field: int, value: int | Span, depth: int) -> Attribute | None:
    """The one value of an attribute."""
    if isinstance(value, int):
        if field == 2:
            return float(struct.unpack("<f", (value & 0xFFFF_FFFF).to_bytes(4, "little"))[0])
        return signed(value) if field == 3 else None
    if field == 4:
        return message.text(value)
    if field == 5:
        return _tensor(message.at(value))
    if field == 22:
        return _sparse(message.at(value))
    return _graph(message.at(value), depth + 1) if field == 6 else None


def _listed(message: Message, field: int, value: int | Span) -> list[Any]:
    """Some values of a list: ints and texts, and floats, one or packed."""
    if field == 8:
        return message.numbers(value)
    if field == 9:
        return [message.text(value)] if isinstance(value, Span) else []
    if isinstance(value, int):
        return list(struct.unpack("<f", (value & 0xFFFF_FFFF).to_bytes(4, "little")))
    count = min((value.stop - value.start) // 4, MOST_READ)
    return list(struct.unpack(f"<{count}f", message.data[value.start : value.start + 4 * count]))


def _node(message: Message, number: int, depth: int, known: Known) -> Node:
    inputs: list[str] = []
    outputs: list[str] = []
    texts = {3: "", 4: "", 7: ""}
    attributes: dict[str, Attribute] = {}
    scopes = ""
    for field, value in message.fields():
        if not isinstance(value, Span):
            continue
        if field == 1:
            inputs.append(message.text(value))
        elif field == 2:
            outputs.append(message.text(value))
        elif field in texts:
            texts[field] = message.text(value)
        elif field == 5:
            name, attribute = _known(message, value, known, partial(_attribute, depth=depth))
            if attribute is not None:
                attributes[name] = attribute
        elif field == 9:
            key, text = _entry(message.at(value))
            scopes = text if key == "pkg.torch.onnx.name_scopes" else scopes
    domain = "" if texts[7] == "ai.onnx" else texts[7]
    return Node(texts[4], tuple(inputs), tuple(outputs), texts[3], domain, attributes, scopes, number)


def _entry(message: Message) -> tuple[str, str]:
    """A key, and its value where that is short."""
    key = value = ""
    for field, span in message.fields():
        if isinstance(span, Span):
            if field == 1:
                key = message.text(span)
            elif field == 2:
                value = message.text(span)
    return key, value


Dims: TypeAlias = "tuple[int | str | None, ...]"


def _declared(message: Message, known: Known) -> tuple[str, Dims | None]:
    """A ValueInfoProto: a name and a shape."""
    name = ""
    shape: Dims | None = None
    for field, value in message.fields():
        if not isinstance(value, Span):
            continue
        if field == 1:
            name = message.text(value)
        elif field == 2:
            shape = _known(message, value, known, _dims)
    return name, shape


def _dims(message: Message) -> Dims | None:
    """A TypeProto: the shape of a tensor."""
    shape: Dims | None = None
    for tensor in message.spans(1):
        for dims in message.at(tensor).spans(2):
            shape = tuple(_length(message.at(dim)) for dim in message.at(dims).spans(1))
    return shape


def _length(message: Message) -> int | str | None:
    for field, value in message.fields():
        if field == 1 and isinstance(value, int):
            return value if 0 < value < 10**12 else None
        if field == 2 and isinstance(value, Span):
            return message.text(value)
    return None


def _graph(message: Message, depth: int = 0) -> Graph:
    if depth > DEEPEST:
        raise CnncalcError(Fault(f"graphs stand in each other deeper than {DEEPEST}"))
    nodes: list[Node] = []
    tensors: dict[str, Tensor] = {}
    shapes: dict[int, dict[str, Dims | None]] = {11: {}, 12: {}, 13: {}}
    attributes: Known = {}
    types: Known = {}
    outputs: list[str] = []
    name = ""
    for field, value in message.fields():
        if not isinstance(value, Span):
            continue
        inner = message.at(value)
        if field == 1:
            nodes.append(_node(inner, len(nodes) + 1, depth, attributes))
        elif field in (5, 15):
            tensor = _tensor(inner) if field == 5 else _sparse(inner)
            tensors[tensor.name] = tensor
        elif field == 2:
            name = message.text(value)
        elif field in shapes:
            own, shape = _declared(inner, types)
            shapes[field][own] = shape
            outputs += [own] * (field == 12)  # a body may give one tensor twice
    inputs = {own: shape for own, shape in shapes[11].items() if own not in tensors}
    return Graph(name, in_order(nodes), tensors, inputs, tuple(outputs), {**shapes[13], **shapes[12]})


def _function(message: Message) -> tuple[tuple[str, str], Function]:
    texts = {1: "", 10: ""}
    lists: dict[int, list[str]] = {4: [], 5: []}
    nodes: list[Node] = []
    attributes: Known = {}
    defaults: dict[str, Attribute] = {}
    for field, value in message.fields():
        if not isinstance(value, Span):
            continue
        if field in texts:
            texts[field] = message.text(value)
        elif field in lists:
            lists[field].append(message.text(value))
        elif field == 7:
            nodes.append(_node(message.at(value), len(nodes) + 1, 1, attributes))
        elif field == 11:
            name, attribute = _attribute(message.at(value), 1)
            defaults |= {} if attribute is None else {name: attribute}
    return (texts[10], texts[1]), Function(tuple(lists[4]), tuple(lists[5]), in_order(nodes), defaults)


def model_of(message: Message) -> Model:
    """A ModelProto. Raises `CnncalcError` where its bytes are none."""
    graph: Graph | None = None
    opsets: dict[str, int] = {}
    functions = {}
    producer = version = ""
    for field, value in message.fields():
        if not isinstance(value, Span):
            continue
        if field == 7:
            graph = _graph(message.at(value))
        elif field == 8:
            domain, number = "", 0
            for inner, one in message.at(value).fields():
                if inner == 1 and isinstance(one, Span):
                    domain = message.text(one)
                elif inner == 2:
                    number = _int(one)
            opsets["" if domain == "ai.onnx" else domain] = number
        elif field == 25:
            key, function = _function(message.at(value))
            functions[key] = function
        elif field == 2:
            producer = message.text(value)
        elif field == 3:
            version = message.text(value)
    if graph is None:
        raise CnncalcError(Fault("there is no graph in it", help="the file is cut short, or no ONNX model"))
    return Model(graph, opsets.get("", 1), f"{producer} {version}".strip(), functions, opsets)
