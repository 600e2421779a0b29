"""Names: each named group is a level, layers are numbered within theirs, and `from` looks outwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

from cnncalc.errors import suggestion
from cnncalc.language.faults import Faults
from cnncalc.language.yaml.reader import Node

__all__ = ["DROPPED", "UNKNOWN", "Body", "Level", "Names", "Tensor"]

Tensor: TypeAlias = int
"""The index of the node that makes it, or `UNKNOWN`."""

UNKNOWN: Tensor = -1
"""What comes out of a layer with a fault. What depends on it is checked as far as possible and reported no further."""
DROPPED: Tensor = -2
"""What comes out of an item whose `when` is false."""


class Level:
    """One level of names. `prefix` is the dotted name of the level with a dot at its end; the outermost has none."""

    __slots__ = ("by_position", "counts", "parent", "position", "prefix")

    def __init__(self, prefix: str = "", parent: Level | None = None, *, by_position: bool = False) -> None:
        self.prefix, self.parent, self.by_position = prefix, parent, by_position
        self.position = 0
        self.counts: dict[str, int] = {}

    def name(self, kind: str, own: str | None, taken: dict[str, Tensor]) -> str:
        """The full name of the next child: its own name, or its kind and count, or its position."""
        position, self.position = self.position, self.position + 1
        if own is not None:
            return self.prefix + own
        if self.by_position:
            return f"{self.prefix}{position}"
        count = self.counts.get(kind, 0) + 1
        stem = f"{self.prefix}{kind}_" if kind[-1].isdigit() else f"{self.prefix}{kind}"
        while f"{stem}{count}" in taken:
            count += 1
        self.counts[kind] = count
        return f"{stem}{count}"

    def called(self, own: str | None) -> str:
        """What an error calls a layer here that could not be read: its own name, or else the group that it is in."""
        return self.prefix + own if own is not None else self.prefix.rstrip(".")

    def outwards(self) -> Iterator[Level]:
        """This level and all around it, the innermost first."""
        level: Level | None = self
        while level is not None:
            yield level
            level = level.parent


Body: TypeAlias = Callable[[Level, Tensor], Tensor]
"""What builds a group's layers in a level, from a tensor."""


NAME_HELP = "use letters, digits, - and _, with dots between levels"
LONGEST = 200


@lru_cache(maxsize=4_096)
def is_name(text: str) -> bool:
    """Whether a text can be the name of a layer, with dots between its levels."""
    return 0 < len(text) <= LONGEST and all(
        part.isdecimal() or part.replace("-", "_").lstrip("0123456789").isidentifier() for part in text.split(".")
    )


def _groups_of(name: str) -> list[str]:
    """The groups that a name stands in: `a` and `a.b` of `a.b.c`."""
    levels = name.split(".") if len(name) <= LONGEST else []
    return [".".join(levels[:depth]) for depth in range(1, len(levels))]


class Names:
    """Every name given so far: `tensors` of layers, groups and inputs; `bodies` of groups, to build them once more."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.tensors: dict[str, Tensor] = {}
        self.bodies: dict[str, Body] = {}
        self.guessing = False
        """Whether the net's inputs have faults, so that a name that is missing may be theirs."""
        self.given: dict[str, Node] = {}
        """Where each name that a file gives stands."""
        self.false: dict[str, Node] = {}
        """The conditions that left out the layers and groups of these names."""

    def free(self, name: str, node: Node, own: str = "") -> bool:
        """Whether a name is still to be had, and the last part of it, `own`, is one; a fault where not."""
        if own and not is_name(own):
            self.faults.add(f"`{own[:60]}` is no name", node, help=NAME_HELP)
            return False
        if name not in self.tensors and name not in self.bodies:
            self.given[name] = node
            return True
        first = self.given.get(name)
        values = f"first given on line {first.line}" if first is not None else ""
        help = "names are unique within their group: choose another"
        self.faults.add(f"the name `{name[:60]}` is taken", node, values=values, help=help)
        return False

    def keep(self, own: str | None, level: Level) -> Tensor:
        """Remember the name of a layer with a fault, so that a reference to it is no second one."""
        if own is not None:
            self.tensors.setdefault(level.prefix + own, UNKNOWN)
        return UNKNOWN

    def left_out(self, own: str | None, level: Level, condition: Node | None) -> Tensor:
        """What comes out of an item whose `when` is false, or None for one that has a fault."""
        if condition is None:
            return self.keep(own, level)
        if own is not None:
            self.false[level.prefix + own] = condition
        return DROPPED

    def body(self, name: str, level: Level) -> tuple[str, Body] | None:
        """The group that a name stands for here: its full name, and what builds it."""
        for one in level.outwards():
            if one.prefix + name in self.bodies:
                return one.prefix + name, self.bodies[one.prefix + name]
        return None

    def known(self, name: str, level: Level) -> bool:
        """Whether `from` could take this name here."""
        return any(one.prefix + name in self.tensors for one in level.outwards())

    def source(self, name: str, node: Node, current: Tensor, level: Level) -> Tensor:
        """The tensor that a name stands for, looked up in this level and then outwards."""
        if name == "previous":
            return current
        for one in level.outwards():
            tensor = self.tensors.get(one.prefix + name)
            if tensor is not None:
                return tensor
        meant = [one.prefix + part for one in level.outwards() for part in (name, *_groups_of(name))]
        if self.guessing or any(self.tensors.get(full) == UNKNOWN for full in meant):
            return UNKNOWN  # the fault is the input's, or the group's
        message = f"there is no layer `{name[:60]}` before this one"
        lines = [self.false[full].line for full in meant if full in self.false]
        values = f"it is left out: the `when` on line {lines[0]} is false" if lines else ""
        help = "a layer takes only what was made before it, by its name in the same group or its full name"
        help = "give this item the same `when`" if lines else suggestion(name, self._visible(level), help)
        self.faults.add(message, node, values=values, help=help)
        return UNKNOWN

    def _visible(self, level: Level) -> list[str]:
        """The names that could stand here, not more than it takes to find a near one."""
        inner = [full[len(level.prefix) :] for full in self.tensors if full.startswith(level.prefix)]
        return [*inner[-1_000:], *list(self.tensors)[-1_000:], "previous"]
