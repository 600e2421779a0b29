"""Trees of the bundled files, kept beside them as Python keeps its byte code: YAML is slow to read, and to import.

What is kept holds the whole text that it was made from, and says which reader made it: of another text, or by another
reader, it is not taken. Where it cannot be written, or byte code is not wanted, nothing is kept.
"""

from __future__ import annotations

import marshal
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from cnncalc.language.yaml.tree import Mapping, Scalar, Sequence, Source, YamlNode

__all__ = ["keep", "kept"]

READERS = ("decoding.py", "kept.py", "reader.py", "scalars.py", "tree.py")
"""What a tree depends on beside the text."""


def kept(path: Path, data: bytes, name: str) -> YamlNode | None:
    """The tree that was kept of a file which holds `data`; None where there is none. Errors call the file `name`."""
    try:
        with _beside(path).open("rb") as file:
            made_by, made_from, nodes = marshal.load(file)  # noqa: S302 - as Python's own byte code beside it
        if made_by == _readers() and made_from == data:
            return _tree(nodes, Source(name, data.decode("utf-8").removeprefix("\ufeff")))
    except (OSError, EOFError, ValueError, TypeError, LookupError):
        pass  # not there, or cut short: it is read anew
    return None


def keep(path: Path, data: bytes, root: YamlNode) -> None:
    """Keep the tree of a file which holds `data`, for other processes."""
    if sys.dont_write_bytecode or sys.pycache_prefix is not None:
        return
    target = _beside(path)
    written = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(exist_ok=True)
        with written.open("wb") as file:
            marshal.dump((_readers(), data, _flat(root)), file)
        written.replace(target)
    except OSError:  # a folder that cannot be written, or a full disk: every process reads the file
        with suppress(OSError):
            written.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.tree"


def _readers() -> tuple[tuple[int, int], ...]:
    """What tells one version of the reader from another, as of a module whose byte code is kept."""
    states = [Path(__file__).with_name(name).stat() for name in READERS]
    return tuple([(state.st_mtime_ns, state.st_size) for state in states])


def _flat(root: YamlNode) -> list[tuple[Any, ...]]:
    """The nodes, those below another before it; a list names them by their places, a mapping in pairs."""
    places: dict[int, int] = {}
    flat: list[tuple[Any, ...]] = []

    def place(node: YamlNode) -> int:
        if id(node) not in places:
            here: tuple[Any, ...]
            if isinstance(node, Scalar):
                here = (node.line, node.column, node.text, node.plain)
            elif isinstance(node, Sequence):
                here = (node.line, node.column, [place(item) for item in node.items])
            else:
                assert isinstance(node, Mapping)
                pairs = [place(one) for entry in node.entries.values() for one in entry]
                here = (node.line, node.column, tuple(pairs))
            places[id(node)] = len(flat)
            flat.append(here)
        return places[id(node)]

    place(root)
    return flat


def _tree(flat: list[tuple[Any, ...]], source: Source) -> YamlNode:
    """The last of the nodes, which is the root."""
    nodes: list[YamlNode] = []
    for line, column, *content in flat:
        held = content[0]
        if len(content) == 2:
            nodes.append(Scalar(source, line, column, held, content[1]))
        elif isinstance(held, list):
            items = Sequence(source, line, column)
            items.items = [nodes[one] for one in held]
            items.size += sum([item.size for item in items.items])
            nodes.append(items)
        else:
            entries = Mapping(source, line, column)
            for key, value in zip(held[::2], held[1::2]):
                one = nodes[key]
                assert isinstance(one, Scalar)
                entries.entries[one.text] = one, nodes[value]
                entries.size += one.size + nodes[value].size
            nodes.append(entries)
    return nodes[-1]
