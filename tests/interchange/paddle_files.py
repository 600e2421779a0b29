"""Programs of Paddle written by tests, operator by operator, in both of its forms."""

from __future__ import annotations

import json
import struct
from typing import Any

from reading import read


class Pir:
    """A program as release 3 writes it, value by value; each is known by its number."""

    suffix = "json"

    def __init__(self, *shape):
        self.entries: list[dict[str, Any]] = []
        self.count = 0
        self.x = self.add("data", [], [shape], name="image", shape=list(shape))

    def value(self, shape):
        self.count += 1
        return {"%": self.count, "TT": {"#": "0.t_dtensor", "D": [{"#": "0.t_f32"}, list(shape), "NCHW", [], 0]}}

    def weight(self, name, *shape):
        made = self.value(shape)
        self.entries.append({"#": "p", "A": [0, 1, 1, name], "O": made})
        return made["%"]

    def numbers(self, *numbers):
        return self.add("full_int_array", [], [(len(numbers),)], value=list(numbers))

    def add(self, kind, inputs, shapes, **settings):
        made = [self.value(shape) for shape in shapes]
        listed = [{"N": name, "AT": {"#": "0.a", "D": self.setting(value)}} for name, value in settings.items()]
        entry = {"#": f"1.{kind}", "A": listed, "I": [{"%": one} for one in inputs], "O": made}
        self.entries.append(entry)
        return made[0]["%"] if len(made) == 1 else [one["%"] for one in made]

    def setting(self, value):
        return [{"#": "0.a_i32", "D": one} for one in value] if isinstance(value, list) else value

    def bytes(self, *outputs):
        for one in outputs:
            self.add("fetch", [one], [()], name="out")
        block = {"#": "block_0", "args": [], "ops": self.entries}
        program = {"regions": [{"#": "region_0", "blocks": [block]}]}
        return json.dumps({"base_code": {"magic": "pir", "version": 4}, "program": program}).encode()


def varint(number):
    number &= (1 << 64) - 1
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def field(number, body):
    """A field of the wire format: a number, or a payload."""
    if isinstance(body, int):
        return varint(number << 3) + varint(body)
    body = body.encode() if isinstance(body, str) else body
    return varint(number << 3 | 2) + varint(len(body)) + body


class Desc:
    """The same as release 2 writes it."""

    suffix = "pdmodel"

    def __init__(self, *shape):
        self.variables, self.operators = b"", b""
        self.count = 0
        self.x = self.value(shape, "image")
        self.operator("feed", {"X": ["feed"]}, {"Out": [self.x]}, {})

    def value(self, shape, name="", *, kept=False):
        self.count += 1
        name = name or f"tmp_{self.count}"
        tensor = field(1, 5) + b"".join(field(2, n) for n in shape)
        kind = field(1, 7) + field(3, field(1, tensor))
        self.variables += field(3, field(1, name) + field(2, kind) + field(3, int(kept)))
        return name

    def weight(self, name, *shape):
        return self.value(shape, name, kept=True)

    def operator(self, kind, inputs, outputs, settings):
        body = b""
        for number, ends in ((1, inputs), (2, outputs)):
            for name, values in ends.items():
                body += field(number, field(1, name) + b"".join(field(2, one) for one in values))
        body += field(3, kind)
        for name, value in settings.items():
            body += field(4, field(1, name) + self.setting(value))
        self.operators += field(4, body)

    def setting(self, value):
        if isinstance(value, bool):
            return field(2, 6) + field(10, int(value))
        if isinstance(value, float):
            return field(2, 1) + varint(4 << 3 | 5) + struct.pack("<f", value)
        if isinstance(value, str):
            return field(2, 2) + field(5, value)
        if isinstance(value, list):
            if value and isinstance(value[0], float):
                return field(2, 4) + b"".join(varint(7 << 3 | 5) + struct.pack("<f", one) for one in value)
            return field(2, 3) + b"".join(field(6, one) for one in value)
        return field(2, 0) + field(3, value)

    def bytes(self, *outputs):
        for one in outputs:
            self.operator("fetch", {"X": [one]}, {"Out": ["fetch"]}, {})
        return field(1, field(1, 0) + field(2, -1) + self.variables + self.operators)


def paddle(data, suffix, **options):
    return read(data, f"net.{suffix}", **options)
