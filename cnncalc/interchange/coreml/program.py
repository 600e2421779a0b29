"""An ML Program (MIL): operations with named inputs, the shapes of whose outputs are stated."""

from __future__ import annotations

import struct
from collections import ChainMap
from math import prod

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.coreml.loops import LOOP, gru
from cnncalc.interchange.coreml.operation import Operation, Value
from cnncalc.interchange.coreml.operations import RULES, STATED
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.onnx.telling import Dims, Telling
from cnncalc.interchange.protobuf.fields import MOST_READ, Fields
from cnncalc.interchange.sketch import Asked, Sketch

__all__ = ["program"]

CONSTANT = "const"
PACKED = "constexpr_"
"""Operations that unpack stored weights: what they make is a weight."""
BYTES = {1: "?", 10: "e", 11: "f", 21: "b", 22: "h", 23: "i", 24: "q", 31: "B", 32: "H", 33: "I"}
"""How `struct` reads the types whose numbers are stored as bytes."""


def program(
    found: Fields, inputs: dict[str, Dims | None], file: ForeignFile, asked: Asked, *, made_by: str = ""
) -> Sketch:
    """The function `main` of a program, made of another framework's net. Raises CnncalcError with all that is wrong."""
    functions = {entry.text(1): entry.part(2) for entry in found.each(2)}
    if not functions:
        raise CnncalcError(Fault("it holds no function", help="the file is cut short"))
    function = functions.get("main") or next(iter(functions.values()))
    blocks = {entry.text(1): entry.part(2) for entry in function.each(3)}
    block = blocks.get(function.text(2)) or next(iter(blocks.values()), None)
    if block is None:
        raise CnncalcError(Fault("its function has no block", help="the file is cut short"))
    tell = Telling("Core ML, ML Program")
    tell.stated |= STATED
    tell.made_by = made_by
    for declared in function.each(1):
        name = declared.text(1)
        tell.inputs[name] = usual(dims_of(declared.part(2)), inputs.get(name))
    values: dict[str, Value] = {}
    for fields in block.each(3):
        operation(fields, tell, values)
    return tell.read("", block.texts(2), file, asked)


def usual(dims: Dims | None, described: Dims | None) -> Dims | None:
    """The shape of an input; where the program leaves lengths open, the usual ones that the model is described with."""
    if not dims or described is None or len(dims) != len(described):
        return dims or described
    return tuple(other if n is None else n for n, other in zip(dims, described))


def operation(fields: Fields, tell: Telling, values: dict[str, Value]) -> None:
    """Tell one operation, or keep the constant that it is."""
    kind = fields.text(1)
    if is_constant(kind):
        values.update(constants(fields))
        return
    outputs = {declared.text(1): dims_of(declared.part(2)) for declared in fields.each(3)}
    inputs: dict[str, list[str | Value]] = {}
    for entry in fields.each(2):
        bindings = entry.part(2).each(1)
        inputs[entry.text(1)] = [one.text(1) if 1 in one else value_of(one.part(2)) for one in bindings]
    tell.declared.update(outputs)
    one = Operation(kind, inputs, outputs, tell, values)
    blocks = list(fields.each(4)) if kind == LOOP else []
    inner = {name: value for block in blocks for held in block.each(3) for name, value in constants(held).items()}
    if kind == LOOP and gru(one, blocks, ChainMap(inner, values)):
        return
    rule = RULES.get(kind)
    if rule is None:
        tell.put(kind, list(one.tensors()), tuple(outputs), one.name)
    else:
        rule(one)


def is_constant(kind: str) -> bool:
    """Whether an operation holds numbers, packed or not."""
    return kind == CONSTANT or kind.startswith(PACKED)


def constants(fields: Fields) -> dict[str, Value]:
    """What an operation holds, by name; nothing of one that computes."""
    kind = fields.text(1)
    if not is_constant(kind):
        return {}
    attributes = {entry.text(1): entry.part(2) for entry in fields.each(5)}
    found: dict[str, Value] = {}
    for declared in fields.each(3):
        name, dims = declared.text(1), dims_of(declared.part(2))
        value = value_of(attributes["val"]) if kind == CONSTANT and "val" in attributes else None
        found[name] = (value or Value(tuple(n for n in dims or () if isinstance(n, int)), None, name))._replace(
            name=name
        )
    return found


def dims_of(kind: Fields) -> Dims | None:
    """The shape that a type states, None where it is no tensor."""
    if 1 not in kind:
        return None
    return tuple(one.part(1).whole(1) or None for one in kind.part(1).each(3))


def value_of(value: Fields) -> Value:
    """A value that the file holds: its shape, and its numbers or texts where they are few."""
    kind = value.part(2).part(1)
    dims = tuple(n for n in dims_of(value.part(2)) or () if isinstance(n, int))
    tensor = value.part(3).part(1)
    if 3 not in value or prod(dims) > MOST_READ:
        return Value(dims, None, "")
    texts = tuple(tensor.part(4).texts(1))
    if texts:
        return Value(dims, texts, "")
    if 1 in tensor:
        return Value(dims, tuple(tensor.part(1).reals(1)), "")
    wholes = [*tensor.part(2).wholes(1), *tensor.part(3).wholes(1), *tensor.part(5).wholes(1)]
    if wholes or 7 not in tensor:
        return Value(dims, tuple(wholes), "")
    letter, packed = BYTES.get(kind.whole(1), ""), tensor.part(7)
    size = struct.calcsize(letter) if letter else 0
    count = packed.size(1) // size if size else 0
    if count != prod(dims):
        return Value(dims, None, "")
    return Value(dims, struct.unpack(f"<{count}{letter}", packed.payload(1)), "")
