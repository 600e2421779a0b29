"""What the rest of a net can depend on: with the same of it, whatever follows is the same, and is looked at once.

Behind a piece these matter: the shapes of the current tensor, of those that branches start from and end in, and of
those that a later `from:` can name; the values of unknowns that stand in later pieces too; and which names are taken,
as far as later items can meet them. Where a name may be any (an expression makes it, or it is one that is given by
counting), all names and connections matter; where parameters are shared later, every value does.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from functools import lru_cache

from cnncalc.language.documents.library import library_blocks
from cnncalc.language.unknowns import UnknownFile
from cnncalc.language.yaml.reader import Scalar, Sequence, YamlNode
from cnncalc.layers import kind_named
from cnncalc.solve.files.pieces import Piece, Words
from cnncalc.solve.files.stages import State

__all__ = ["Live"]

COUNTED = re.compile(r"(.*?)_?\d+\Z")


class Live:
    """What is still of matter before each piece of a file, and at its end."""

    def __init__(self, file: UnknownFile, parts: list[Piece], named: frozenset[str]) -> None:
        """`named` are the layers whose shapes are asked for."""
        ends = file.document.keys.get("outputs")
        watched = named | (frozenset(_texts(ends[1])) if ends else frozenset())
        counted = set(file.document.blocks) | set(library_blocks()) | {"group", "aux", "layer"}
        strict = "naming" in file.document.keys or any(_positions(file, part) for part in parts)
        unknowns: set[int] = set()
        given: frozenset[str] = frozenset()
        shares = any_name = False
        self.parts = [(frozenset(unknowns), watched, given, strict, any_name, shares)]
        for piece in reversed(parts):
            unknowns |= set(piece.unknowns)
            watched, given = watched | piece.lookups, given | piece.given
            any_name, shares = any_name or piece.any_name, shares or piece.shares
            counting = strict or any_name or any(_is_counted(name, counted) for name in watched | given)
            self.parts.append((frozenset(unknowns), watched, given, counting, any_name, shares))
        self.parts.reverse()

    def key(self, number: int, state: State, values: Mapping[int, int]) -> Hashable:
        """Equal for two states before piece `number` only where all that can follow is equal."""
        unknowns, watched, given, by_structure, any_name, shares = self.parts[number]
        if shares:
            return tuple(values.items())
        nodes, named = state.nodes, state.net.names
        seen: dict[int, int] = {}
        for index in (state.current, *(index for one in state.branchings for index in (one.start, *one.ends))):
            seen.setdefault(index, len(seen))
        names: list[tuple[str, int]] = []
        taken: list[str] = []
        for name in (*named.tensors, *named.groups) if watched or given or any_name else ():
            parts = _parts(name)
            if any_name or not watched.isdisjoint(parts):
                index = named.tensors.get(name, -1)
                names.append((name, seen.setdefault(index, len(seen)) if index >= 0 else index))
            if not given.isdisjoint(parts):
                taken.append(name)
        used = {index for node in nodes for index in node.inputs}.union(state.net.chosen.values(), state.net.idle)
        tensors = tuple([(nodes[index].shape, index in used) for index in seen if index < len(nodes)])
        lost = any(index not in used and index not in seen for index in range(len(nodes)))
        place = tuple([(seen[one.start], *[seen[index] for index in one.ends]) for one in state.branchings])
        some = any(node.layer is not None for node in nodes)
        live = tuple([value for one, value in values.items() if one in unknowns])
        structure = state.structure if by_structure else -1
        return live, tensors, tuple(names), tuple(taken), place, lost, some, structure, state.met


@lru_cache(maxsize=10_000)
def _parts(name: str) -> frozenset[str]:
    """Every row of parts in a full name: by these it can be named somewhere, or stand in the way."""
    parts = name.split(".")
    return frozenset(".".join(parts[i:j]) for i in range(len(parts)) for j in range(i + 1, len(parts) + 1))


def _is_counted(name: str, counted: set[str]) -> bool:
    """Whether a name may be one that is given by counting kinds, or turns."""
    stems = [found[1] for part in name.split(".") if (found := COUNTED.match(part))]
    return any(not stem or stem in counted or kind_named(stem) is not None for stem in stems)


def _positions(file: UnknownFile, piece: Piece) -> bool:
    """Whether layers may be named by their position."""
    blocks = [node for _, node in file.document.blocks.values()]
    return any("naming" in Words(node).keys for node in (*piece.items, *blocks))


def _texts(node: YamlNode) -> list[str]:
    if isinstance(node, Scalar):
        return [node.text]
    return [text for item in node.items for text in _texts(item)] if isinstance(node, Sequence) else []
