"""Calls laid out over lines, as ruff and black lay them out."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["WIDTH", "call_lines", "listed_lines"]

WIDTH = 88
"""Characters of a line, as ruff and black have them without a word."""


def listed_lines(indent: str, head: str, items: Sequence[str], tail: str) -> list[str]:
    """A list of items in one line, in one below, or one a line with a comma behind each."""
    line = f"{indent}{head}{', '.join(items)}{tail}"
    if len(line) <= WIDTH or not items:
        return [line]
    body = f"{indent}    {', '.join(items)}"
    if len(body) <= WIDTH:
        return [indent + head, body, indent + tail]
    return [indent + head, *(one for item in items for one in _item(f"{indent}    ", item)), indent + tail]


def _item(indent: str, item: str) -> list[str]:
    """One item of several lines; a list that is too long is opened."""
    if len(indent) + len(item) >= WIDTH and item.startswith("np.array("):
        values, _, kind = item[len("np.array(") : -1].rpartition(", ")
        return listed_lines(indent, "np.array(", [values, kind], "),")
    if len(indent) + len(item) < WIDTH or item[0] != "[" or " for " in item or "[" in item[1:]:
        return [f"{indent}{item},"]
    return listed_lines(indent, "[", item[1:-1].split(", "), "],")


def call_lines(
    indent: str, target: str, head: str, arguments: Sequence[str], last: str, brackets: str = "()"
) -> list[str]:
    """`target head(arguments)(last)`: the last brackets are opened, or where that is too long the first."""
    behind = f"({last})" if last else ""
    whole = f"{head}{brackets[0]}{', '.join(arguments)}{brackets[1]}{behind}"
    if len(indent + target + whole) <= WIDTH:
        return [f"{indent}{target}{whole}"]
    head = f"{indent}{target}{head}{brackets[0]}"
    if len(head) > WIDTH and len(indent) + 4 + len(whole) <= WIDTH:
        return [f"{indent}{target}(", f"{indent}    {whole}", f"{indent})"]
    first = f"{head}{', '.join(arguments)}{brackets[1]}("
    if last and len(first) <= WIDTH:
        inner = f"{indent}    {last}"
        if len(inner) <= WIDTH or last[0] != "[":
            return [first, inner, f"{indent})"]
        return [first, *listed_lines(f"{indent}    ", "[", last[1:-1].split(", "), "]"), f"{indent})"]
    lines = listed_lines(indent, head.removeprefix(indent), arguments, brackets[1] + behind)
    if len(arguments) == 1 and lines[1:]:
        return [lines[0], *(one.removesuffix(",") for one in lines[1:-1]), lines[-1]]
    return lines
