"""Expressions laid out over lines, as ruff and black lay them out."""

from __future__ import annotations

from typing import Any

from cnncalc.interchange.torch_code.expressions import (
    INFIX,
    Call,
    Conditional,
    Listed,
    Mapped,
    Numbered,
    Optional,
    Repeated,
    flat,
    literal,
    name_of,
    operand,
    shown,
    turn,
)

__all__ = ["WIDTH", "laid_out"]

WIDTH = 88
"""Characters of a line, as ruff and black have them without a word."""
INDENT = 4
STACKED = ("Sequential(", "__init__(", "ModuleDict(", "{")
"""What is written one argument a line where it does not fit on one."""


def laid_out(value: Any, indent: int, before: str = "", after: str = "") -> list[str]:
    """The lines of an expression: one where it fits, else one an argument, each with a comma behind it."""
    line = f"{' ' * indent}{before}{flat(value)}{after}"
    if len(line) <= WIDTH:
        return [line]
    if isinstance(value, Repeated) and value.times == 1:
        return laid_out(value.item, indent, before, after)
    around = _around(value, indent + INDENT)
    if around is not None:
        head, inner, tail = around
        return [f"{' ' * indent}{before}{head}", *inner, f"{' ' * indent}{tail}{after}"]
    opened = _opened(value)
    if opened is None:
        return [line]
    head, items, tail = opened
    first, last = f"{' ' * indent}{before}{head}", f"{' ' * indent}{tail}{after}"
    body = ", ".join([word + flat(item) for word, item in items])
    loops = any(isinstance(item, Repeated) for _, item in items)
    if not head.endswith(STACKED) and not loops and indent + INDENT + len(body) <= WIDTH:
        return [first, f"{' ' * (indent + INDENT)}{body}", last]
    return [first, *[one for word, item in items for one in laid_out(item, indent + INDENT, word, ",")], last]


def _around(value: Any, indent: int) -> tuple[str, list[str], str] | None:
    """Brackets around what has a loop or a condition in it, and the lines between these; else None."""
    pad = " " * indent
    if isinstance(value, Repeated):
        return "*(", [*laid_out(value.item, indent), f"{pad}for _ in range({flat(value.times)})"], ")"
    if isinstance(value, Numbered):
        return "*(", _turns(value, indent), ")"
    if isinstance(value, Optional):
        return "*(", [*laid_out(value.item, indent, "[", "]"), f"{pad}if {value.flag}", f"{pad}else []"], ")"
    if isinstance(value, Conditional):
        whole = pad + flat(value)
        if len(whole) <= WIDTH:
            return "(", [whole], ")"
        other = f"{pad}else {flat(value.other)}"
        return "(", [*laid_out(value.value, indent), f"{pad}if {value.test}", other], ")"
    if isinstance(value, Call) and [type(one.value) for one in value.arguments] == [Numbered]:
        turns = value.arguments[0].value
        whole = pad + turn(turns)
        return f"{value.function}(", [whole] if len(whole) <= WIDTH else _turns(turns, indent), ")"
    return None


def _turns(value: Numbered, indent: int) -> list[str]:
    """A generator of members with names."""
    return [*laid_out((name_of(value), value.item), indent), f"{' ' * indent}for i in range({flat(value.times)})"]


def _opened(value: Any) -> tuple[str, list[tuple[str, Any]], str] | None:
    """What stands before the items of an expression, these, and what stands behind them."""
    if isinstance(value, Listed):
        return "[", [("", item) for item in value.items], "]"
    if isinstance(value, Mapped):
        return "{", [(f"{literal(name)}: ", item) for name, item in value.items], "}"
    if type(value) is tuple:
        return "(", [("", item) for item in value], ")"
    if isinstance(value, Call) and not (
        isinstance(value.function, str) and (value.function[0] in "@[" or value.function in INFIX)
    ):
        function = value.function if isinstance(value.function, str) else flat(value.function)
        items = shown(value.arguments)
        if function[0] == ".":
            function, items = operand(value.arguments[0].value) + function, items[1:]
        return (f"{function}(", items, ")") if items else None
    return None
