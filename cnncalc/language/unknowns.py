"""A file with `?` in place of numbers, or with variables to choose: where they stand, and the nets that values make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Mapping as MappingType
from math import prod
from types import MappingProxyType

from cnncalc.errors import CnncalcError, Fault
from cnncalc.language.building.assembling import Assembler
from cnncalc.language.documents.document import Document
from cnncalc.language.documents.variables import given_value
from cnncalc.language.expressions import Value
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import Mapping, Scalar, YamlNode, read
from cnncalc.language.yaml.reader import Sequence as ListNode
from cnncalc.records import NamedTuple

__all__ = ["Unknown", "UnknownFile", "variable_name"]

UNKNOWN = re.compile(r"\?(?:([0-9]{1,18})\.\.([0-9]{1,18})|([0-9]{1,18}(?:\|[0-9]{1,18})*))?(?=x[0-9?]|[^\w.|?]|\Z)")
_NAME = re.compile(r"[^\W\d]\w*")
NOTHING: MappingType[str, Sequence[str]] = MappingProxyType({})
BOUNDS = {
    "k": range(1, 12), "kernel": range(1, 12),
    "s": range(1, 5), "stride": range(1, 5),
    "p": range(6), "padding": range(6),
    "d": range(1, 5), "dilation": range(1, 5),
}  # fmt: skip
"""Where a bare `?` is looked for."""


class Unknown(NamedTuple):
    """One `?`: its name in answers, and the values that it may have."""

    name: str
    """The line and what stands before it: `7:k`."""
    values: Sequence[int]
    notation: str
    """The layer that it stands in."""
    texts: Sequence[str] = ()
    """Of a variable of the file: what `--set` would give it; its values are places among these."""

    def text(self, value: int) -> str:
        """A value as `--set` would give it."""
        return self.texts[value] if self.texts else str(value)


class UnknownFile:
    """A file's unknowns, and its net for values of them."""

    def __init__(self, net: str, options: Options, over: MappingType[str, Sequence[str]] = NOTHING) -> None:
        """`over` are variables of the file that are unknown too, with the texts of their values."""
        faults = Faults()
        self.options = options
        self.document = Document(net, options, faults)
        faults.raise_any()
        self.unknowns: list[Unknown] = []
        self._faults: list[Fault] = []
        self._seen: set[int] = set()
        keys = self.document.keys
        for key in ("input", "inputs", "layers"):
            if key in keys:
                self._walk(keys[key][1], "" if key == "layers" else key)
                if key != "layers" and self.unknowns and options.input:
                    help = "leave `--input` out, or write the input in numbers"
                    raise CnncalcError(
                        Fault("`--input` gives what is `?` in the file", keys[key][1].place(), help=help)
                    )
        for _, node in self.document.blocks.values():
            self._walk(node, "")
        inside = len(self.unknowns)
        for _, node in self.document.defaults.values():
            self._walk(node, "")
        for name, (_, node) in self.document.variables.items():
            if name not in options.variables:
                self._walk(node, name)
        self.everywhere = set(range(inside, len(self.unknowns)))
        """Those in `defaults:` and `variables:`, which any layer may depend on."""
        inside = len(self.unknowns)
        if self._faults:
            raise CnncalcError(self._faults)
        for name, texts in over.items():
            if self._used_anywhere(name):
                self.everywhere.add(len(self.unknowns))
            self.unknowns.append(Unknown(name, range(len(texts)), "", tuple(texts)))
        self.numbers = {self.variable(number): number for number in range(len(self.unknowns))}
        """The unknowns by the variables that stand for them."""
        self._values = [[given_value(text, options.limits) for text in one.texts] for one in self.unknowns]
        for number in range(inside):
            root = read(f"{variable_name(number)}: 1\n", "unknowns", options.limits)
            assert isinstance(root, Mapping)
            self.document.variables.update(root.entries)

    def _walk(self, node: YamlNode, key: str) -> None:
        """Replace every `?` below a node by a variable; `key` is the field that it is the value of."""
        if id(node) in self._seen:
            return
        self._seen.add(id(node))
        if isinstance(node, Scalar):
            if "?" in node.text:
                node.text = UNKNOWN.sub(lambda match: self._found(match, node, key), node.text)
        elif isinstance(node, ListNode):
            for item in node.items:
                self._walk(item, key)
        elif isinstance(node, Mapping):
            for name, (_, value) in node.entries.items():
                self._walk(value, name)

    def _found(self, match: re.Match[str], node: Scalar, key: str) -> str:
        low, high, choices = match.groups()
        before = re.search(r"([a-z_]+)=?[0-9x:]*\Z", match.string[: match.start()])
        before = None if before and before[1] == "x" else before
        field = before[1] if before else key
        values: Sequence[int] = BOUNDS.get(field, ())
        if low is not None:
            values = range(int(low), int(high) + 1)
        elif choices is not None:
            values = list(dict.fromkeys(int(choice) for choice in choices.split("|")))
        if not values:
            message = "this `?` is unbounded" if low is None else "this `?` has no values"
            help = "say where to look: `?16..64`, or `?16|32|64`"
            self._faults.append(Fault(message, node.place(), help=help))
        word = match.string.split(maxsplit=1)[0]
        label = f"{node.line}:{field if before or '?' in word else word}"
        taken = sum(one.name.split("#")[0] == label for one in self.unknowns)
        name = f"{label}#{taken + 1}" if taken else label
        self.unknowns.append(Unknown(name, values, match.string))
        return f"$({variable_name(len(self.unknowns) - 1)})"

    def builder(self, values: MappingType[int, int]) -> Assembler:
        """What builds the net where some unknowns, by their numbers, have these values; raises `CnncalcError`."""
        named = {one.name: one.texts[0] for one in self.unknowns if one.texts}
        settings = {self.variable(number): self.unknowns[number].text(value) for number, value in values.items()}
        settings = {**named, **settings}
        options = self.options._replace(variables={**self.options.variables, **settings})
        faults = self.document.faults = Faults()
        return Assembler(self.document, options, faults)

    def variable(self, number: int) -> str:
        """The variable that stands for an unknown."""
        one = self.unknowns[number]
        return one.name if one.texts else variable_name(number)

    def value(self, number: int, value: int) -> Value:
        """What that variable is, where the unknown has a value."""
        return self._values[number][value] if self._values[number] else value

    def _used_anywhere(self, name: str) -> bool:
        """Whether any layer may depend on a variable, without naming it."""
        document = self.document
        nodes = [node for key, (_, node) in document.keys.items() if key not in ("input", "inputs", "layers")]
        nodes += [node for other, (_, node) in document.variables.items() if other != name]
        nodes += [node for _, node in document.defaults.values()]
        return any(document.parts.values()) or any(
            name in _NAME.findall(text) for one in nodes for text in texts_in(one)
        )

    def candidates(self) -> int:
        """How many assignments there are."""
        return prod(len(unknown.values) for unknown in self.unknowns)


def texts_in(node: YamlNode) -> Iterator[str]:
    """Every key and scalar below a node, each node once."""
    seen, waiting = set[int](), [node]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Scalar):
            yield one.text
        elif isinstance(one, ListNode):
            waiting += one.items
        elif isinstance(one, Mapping):
            yield from one.entries
            waiting += [value for _, value in one.entries.values()]


def variable_name(number: int) -> str:
    """What stands in the file in place of an unknown."""
    return f"unknown_{number + 1}"
