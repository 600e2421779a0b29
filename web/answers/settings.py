"""What of a text can be slid: each number of its variables and its input, with what to write where.

The text stays the only truth: a slider writes into it, so that what is shown is what is saved and shared.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, scalar_value
from cnncalc.text import printable
from web.answers.faults import units
from web.answers.held import TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cnncalc.language.yaml.reader import YamlNode
    from web.answers.held import Held

__all__ = ["settings"]

MOST = 24
"""Sliders that a page has room for."""
SHAPE = re.compile(r"\d+(?:x\d+)+")


def settings(held: Held) -> list[dict[str, Any]]:
    """Each number: its name, its value, and the `pieces` that stand for the stretch `at`, joined by a new value.

    A stretch is from line, column to line, column; lines count from 1, columns from 0.
    """
    found: list[dict[str, Any]] = []
    for one in (*_of_input(held), *_of_variables(held)):
        if len(found) == MOST:
            break
        found.append(one)
    return found


def _setting(name: str, value: object, at: list[int], pieces: list[str]) -> dict[str, Any]:
    return {"name": printable(name), "value": value, "at": at, "pieces": pieces}


def _is_own(node: YamlNode) -> bool:
    return node.source.name == TEXT


def _stretch(node: Scalar) -> list[int]:
    """Where a plain scalar stands that is one line; of another nothing can be said."""
    before = units(node.source.line(node.line)[: node.column - 1])
    return [node.line, before, node.line, before + units(node.text)]


def _is_written(node: YamlNode) -> bool:
    """Whether a scalar stands in the reader's text just as it is."""
    if not (isinstance(node, Scalar) and node.plain and _is_own(node)):
        return False
    return node.source.line(node.line).startswith(node.text, node.column - 1)


# -- the input


def _of_input(held: Held) -> Iterator[dict[str, Any]]:
    """One slider for all axes of equal length, or one an axis."""
    node = held.document.keys["input"][1] if "input" in held.document.keys else None
    if not (isinstance(node, Scalar) and SHAPE.fullmatch(node.text)):
        return
    channels, *lengths = node.text.split("x")
    where = (_stretch(node), "", "") if _is_written(node) else _room(held, "input: ", "\n")
    if where is None:
        return
    at, before, after = where
    if len({*lengths}) == 1:
        pieces = [f"{before}{channels}x", *["x"] * (len(lengths) - 1), after]
        yield _setting("input size", int(lengths[0]), at, pieces)
        return
    for axis, length in enumerate(lengths):
        first = "x".join([channels, *lengths[:axis], ""])
        last = "".join([f"x{other}" for other in lengths[axis + 1 :]])
        yield _setting(f"input axis {axis + 1}", int(length), at, [before + first, last + after])


# -- variables


def _of_variables(held: Held) -> Iterator[dict[str, Any]]:
    for name, (_, node) in held.document.variables.items():
        if isinstance(node, Scalar):
            where = (_stretch(node), "", "") if _is_written(node) else _in_variables(held, name)
            if where is not None:
                yield from _number(name, node, where)
        elif isinstance(node, Sequence):
            yield from _list(held, name, node)


def _number(name: str, node: YamlNode, where: tuple[list[int], str, str]) -> Iterator[dict[str, Any]]:
    if not isinstance(node, Scalar):
        return
    value = scalar_value(node.text, node.plain)
    if isinstance(value, (bool, int, float)):
        at, before, after = where
        yield _setting(name, value, at, [before, after])


def _list(held: Held, name: str, node: Sequence) -> Iterator[dict[str, Any]]:
    """A slider for each number of a list; one that is inherited is written anew, whole."""
    items = [item for item in node.items if isinstance(item, Scalar)]
    if len(items) != len(node.items):
        return
    for place, item in enumerate(items):
        if _is_written(item):
            yield from _number(f"{name}[{place}]", item, (_stretch(item), "", ""))
            continue
        where = None if _is_own(item) else _in_variables(held, name)
        if where is not None:
            at, before, after = where
            texts = [each.text for each in items]
            first = "".join([f"{text}, " for text in texts[:place]])
            last = "".join([f", {text}" for text in texts[place + 1 :]])
            yield from _number(f"{name}[{place}]", item, (at, f"{before}[{first}", f"{last}]{after}"))


def _in_variables(held: Held, name: str) -> tuple[list[int], str, str] | None:
    """Where an inherited variable is set in the reader's own text."""
    root = held.root
    entry = root.entries.get("variables") if isinstance(root, Mapping) else None
    if entry is None:
        return _room(held, f"variables: {{{name}: ", "}\n")
    if not (isinstance(entry[1], Mapping) and entry[1].entries):
        return None
    first = next(iter(entry[1].entries.values()))[0]
    line = first.source.line(first.line)
    before = units(line[: first.column - 1])
    in_brackets = entry[1].source.line(entry[1].line)[entry[1].column - 1 : entry[1].column] == "{"
    after = ", " if in_brackets else "\n" + " " * (first.column - 1)
    return [first.line, before, first.line, before], f"{name}: ", after


def _room(held: Held, before: str, after: str) -> tuple[list[int], str, str] | None:
    """Where a new key goes: behind `extends`, which every file that inherits has."""
    node = held.document.extends
    root = held.root
    if node is None or not _is_own(node) or not isinstance(root, Mapping):
        return None
    key = root.entries["extends"][0]
    if key.column != 1 or key.source.line(key.line).lstrip().startswith("{"):
        return None
    return [key.line, 0, key.line, 0], before, after
