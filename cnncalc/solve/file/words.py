"""What stands in a part of a file: its unknowns, and the words by which it may refer to other parts."""

from __future__ import annotations

import re

from cnncalc.language.yaml.reader import Mapping as MappingNode
from cnncalc.language.yaml.reader import Node as YamlNode
from cnncalc.language.yaml.reader import Scalar, Sequence

__all__ = ["Words"]

VARIABLE = re.compile(r"\bunknown_(\d+)\b")
LOOKUPS = ("from", "share")
"""The keys whose values are names of earlier layers."""


class Words:
    """All that stands in a node, however deep."""

    def __init__(self, node: YamlNode) -> None:
        self.unknowns: list[int] = []
        self.words: set[str] = set()
        self.keys: set[str] = set()
        self.lookups: set[str] = set()
        """The earlier layers that are named in it."""
        self.given: set[str] = set()
        """The names that are given in it."""
        self.computed = False
        """Whether a word may be any, because an expression makes it."""
        self.any_name = False
        """Whether a name may be any."""
        self._seen: set[int] = set()
        self.own: frozenset[str] = frozenset()
        """The name of the item itself."""
        if isinstance(node, MappingNode) and "name" in node.entries:
            name = node.entries["name"][1]
            self.own = frozenset([name.text]) if isinstance(name, Scalar) else frozenset()
        self._walk(node, "")

    @property
    def shares(self) -> bool:
        """Whether anything in it uses the parameters of another layer."""
        return "share" in self.keys

    def _walk(self, node: YamlNode, under: str) -> None:
        """Below a node, which is the value of the key `under` or stands in it."""
        names = {"name": self.given}.get(under, self.lookups if under in LOOKUPS else None)
        if id(node) in self._seen and names is None:
            return
        self._seen.add(id(node))
        if isinstance(node, Scalar):
            self.unknowns += [int(number) - 1 for number in VARIABLE.findall(node.text)]
            self.words.update(node.text.split())
            self.computed = self.computed or node.text.lstrip().startswith("$")
            if names is not None:
                names.add(node.text)
                self.any_name = self.any_name or "$" in node.text
        elif isinstance(node, Sequence):
            for item in node.items:
                self._walk(item, under)
        elif isinstance(node, MappingNode):
            self.keys.update(node.entries)
            self.words.update(node.entries)
            for key, (_, value) in node.entries.items():
                self.computed = self.computed or "$" in key
                self._walk(value, key)
