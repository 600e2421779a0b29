"""The JSON of Paddle 3: `p` is a parameter, any other entry an operator with its edges `I` and `O` and settings `A`."""

from __future__ import annotations

from typing import Any

from cnncalc.errors import CnncalcError, Fault
from cnncalc.interchange.archives import json_of
from cnncalc.interchange.file import ForeignFile
from cnncalc.interchange.paddle.program import MOST, Operator, Program, Weight

__all__ = ["program_of"]

NOTHING = "0"
"""The edge of what an operator may take, and does not."""


def program_of(file: ForeignFile) -> Program:
    """The program of a file. Raises CnncalcError."""
    root = json_of(file.data, file.name, file.limits)
    entries = _first(_first(root.get("program"), "regions") if isinstance(root, dict) else None, "blocks")
    listed = entries.get("ops") if isinstance(entries, dict) else None
    if not isinstance(listed, list) or len(listed) > MOST:
        raise CnncalcError(Fault("the program has no block of operators, or too many"))
    weights: dict[str, Weight] = {}
    shapes: dict[str, tuple[int, ...]] = {}
    operators: list[Operator] = []
    for number, entry in enumerate(listed, 1):
        if not isinstance(entry, dict):
            raise CnncalcError(Fault("an operator of the program is a mapping", values=str(entry)[:80]))
        made = _made(entry.get("O"), shapes)
        if entry.get("#") == "p":
            named = entry.get("A")
            name = named[-1] if isinstance(named, list) and named and isinstance(named[-1], str) else ""
            weights.update((one, Weight(shapes.get(one, ()), name)) for one in made)
            continue
        kind = str(entry.get("#", "")).rpartition(".")[2]
        names = [str(one.get("%")) for one in _list(entry.get("I")) if isinstance(one, dict)]
        taken = tuple((one,) if one != NOTHING else () for one in names)
        operators.append(Operator(kind[:80], taken, made, _settings(entry.get("A")), number))
    return Program(weights, operators, shapes)


def _first(holder: Any, key: str) -> Any:
    """The first of a list in a mapping."""
    listed = _list(holder.get(key)) if isinstance(holder, dict) else []
    return listed[0] if listed else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _made(edges: Any, shapes: dict[str, tuple[int, ...]]) -> tuple[str, ...]:
    """The names of what an entry makes, whose shapes are kept."""
    names: list[str] = []
    for one in edges if isinstance(edges, list) else [edges]:
        if not isinstance(one, dict):
            continue
        name = str(one.get("%"))
        names.append(name)
        kind = one.get("TT")
        body = _list(kind.get("D")) if isinstance(kind, dict) else []
        dims = _list(body[1]) if len(body) > 1 else None
        if dims is not None and all(type(n) is int and -1 <= n < 2**31 for n in dims) and len(dims) <= 8:
            shapes[name] = tuple(dims)
    return tuple(names)


def _settings(entries: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in _list(entries):
        if isinstance(one, dict) and isinstance(one.get("AT"), dict):
            value = one["AT"].get("D")
            if isinstance(value, list):
                value = [part.get("D") if isinstance(part, dict) else part for part in value]
            found[str(one.get("N"))] = value
    return found
