"""What a text is made of before it is written: leaves, merges with branches, groups, repeats, and uses of blocks."""

from __future__ import annotations

from typing import TypeAlias

from cnncalc.records import NamedTuple

__all__ = ["NAME", "Block", "Group", "Item", "Leaf", "Merge", "Repeat", "Said", "Use", "steps_in"]

Said: TypeAlias = "tuple[tuple[str, str], ...]"
"""Texts in place of fields, or of the `NAME`, in a block: `(("out", "$out"),)`."""
NAME = "name"


class Leaf(NamedTuple):
    """One layer."""

    step: int
    takes: tuple[int, ...] | None = None
    """The steps that it names with `from`; None where it takes what stands before it."""
    said: Said = ()


class Merge(NamedTuple):
    """A merge of branches that all start at the current tensor."""

    step: int
    branches: tuple[tuple[Item, ...], ...]
    said: Said = ()


class Group(NamedTuple):
    """A named group."""

    name: str
    items: tuple[Item, ...]
    by_position: bool = False


class Repeat(NamedTuple):
    """Items that follow one another several times; with `name` and `first`, groups `name1`, `name2`, …"""

    times: int | str
    items: tuple[Item, ...]
    name: str = ""
    first: int = 0
    by_position: bool = False
    numbered: bool = False
    """Whether each turn is a group of its own."""


class Block(NamedTuple):
    """A template of layers, and its arguments with their usual values, None for what each use says."""

    name: str
    items: tuple[Item, ...]
    arguments: tuple[tuple[str, str | None], ...]
    by_position: bool = False
    flat: bool = False
    """Whether its layers stand in the group that uses it."""
    stems: int = 0
    """So many of its first arguments are stems of names."""


class Use(NamedTuple):
    """A block used in place of a group, or of items, which are a group without a name then."""

    block: Block
    stems: tuple[str, ...]
    """What the names of a flat block's layers have in common, its first arguments."""
    values: tuple[str, ...]
    """Those of the other arguments, in their order."""
    group: Group | Repeat


Item: TypeAlias = "Leaf | Merge | Group | Repeat | Use"


def steps_in(item: Item) -> list[int]:
    """Every step of an item, once, in the order of the text."""
    found: list[int] = []
    _collect(item, found)
    return found


def _collect(item: Item, found: list[int]) -> None:
    if isinstance(item, Leaf):
        found.append(item.step)
        return
    if isinstance(item, Merge):
        for branch in item.branches:
            for one in branch:
                _collect(one, found)
        found.append(item.step)
        return
    for one in item.group.items if isinstance(item, Use) else item.items:
        _collect(one, found)
