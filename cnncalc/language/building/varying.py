"""A file of which variables vary: what stands before the first item that they reach is built once for all values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cnncalc.graph import Net
from cnncalc.language.building.assembling import Assembler
from cnncalc.language.building.evaluation import Tensor
from cnncalc.language.building.lookup import Body
from cnncalc.language.documents.document import Document
from cnncalc.language.documents.library import library_blocks
from cnncalc.language.faults import Faults
from cnncalc.language.options import Options
from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, YamlNode
from cnncalc.records import NamedTuple

__all__ = ["Varying"]

EVERYWHERE = ("input", "inputs", "defaults", "dialect", "naming")
"""The keys of a file on which all of its layers may depend."""
_NAME = re.compile(r"[^\W\d]\w*")


class Stem(NamedTuple):
    """What stands before the first item that varies, and what its builder knew then."""

    net: Net
    bodies: dict[str, Body]
    false: dict[str, YamlNode]
    built: int
    """Items, as the bound on them counts."""
    current: Tensor


class Varying:
    """Builds a document for values of its variables, the same ones each time."""

    def __init__(self, document: Document, names: Iterable[str]) -> None:
        self.document = document
        self.alike = 0 if any(document.parts.values()) else _unreached(document, names)
        """So many of the file's items are alike for all values."""
        self.stem: Stem | None = None

    def build(self, options: Options, faults: Faults) -> Net:
        """The net, without a word on layers that its input makes larger; raises `CnncalcError` with every fault."""
        builder = Assembler(self.document, options, faults)
        if not self.alike or faults:
            return builder.of_its_own()
        items, current, level = builder.begin()
        before, after = items[: self.alike], items[self.alike :]
        if self.stem is None:
            current = builder.items(before, current, dict(builder.variables), level)
            if faults:  # which are told with those of the rest
                self.alike = 0
            else:
                known = builder.lookup
                built = builder.nesting.built
                self.stem = Stem(builder.net.fork(), known.bodies.copy(), known.false.copy(), built, current)
        else:
            stem, current = self.stem, self.stem.current
            builder.resume(stem.net.fork(), stem.bodies.copy(), 0)
            builder.lookup.false, builder.nesting.built = stem.false.copy(), stem.built
        return builder.end(builder.items(after, current, dict(builder.variables), level))


def _unreached(document: Document, names: Iterable[str]) -> int:
    """How many of the first items of a file nothing of these variables reaches, by the words that stand there."""
    reached = set(names)
    blocks = {**library_blocks(), **document.blocks} if document.blocks else {}  # those of the library may use its own
    declared = {name: {*_words(node)} for name, (_, node) in (*document.variables.items(), *blocks.items())}
    while more := {name for name, words in declared.items() if name not in reached and not reached.isdisjoint(words)}:
        reached |= more
    texts = [node for key, (_, node) in document.keys.items() if key in EVERYWHERE]
    texts += [node for _, node in document.defaults.values()]
    listed = document.keys["layers"][1] if "layers" in document.keys else None
    if not isinstance(listed, Sequence) or any(not reached.isdisjoint(_words(node)) for node in texts):
        return 0
    alike = (place for place, item in enumerate(listed.items) if not reached.isdisjoint(_words(item)))
    return next(alike, len(listed.items))


def _words(node: YamlNode) -> Iterator[str]:
    """Every word of a node, however deep: names of variables and of blocks are among them."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Scalar):
            yield from _NAME.findall(one.text)
        elif isinstance(one, Sequence):
            waiting += one.items
        elif isinstance(one, Mapping):
            for key, value in one.entries.values():
                waiting += (key, value)
