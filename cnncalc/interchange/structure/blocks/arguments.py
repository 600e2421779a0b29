"""The arguments of a block: what differs between its uses, each thing once, and what follows from another by a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter

__all__ = ["LETTERS", "arguments_of"]

LETTERS = {"kernel": "k", "stride": "s", "padding": "p", "dilation": "d", "groups": "g"}
"""The arguments that a use says as a layer does, by a letter."""
DIGITS = "0123456789"
MULTIPLES = range(2, 9)


def arguments_of(
    fields: Sequence[str], values: Sequence[Sequence[str]]
) -> tuple[list[str], list[tuple[str, str | None]], list[tuple[str, ...]]]:
    """From the values of each use: the text of each field, the arguments with their usual values, and each use's."""
    columns: dict[tuple[str, ...], str] = {}
    texts: list[str] = []
    names: dict[str, tuple[str, ...]] = {}
    for field, column in zip(fields, zip(*values)):
        if len(set(column)) == 1 and "$" not in column[0]:  # what stands in a block is not known in another
            texts.append(column[0])
            continue
        if column not in columns:
            columns[column] = _derived(field, column, names)
            if not columns[column]:
                name = _fresh(field, names)
                names[name], columns[column] = column, f"${name}"
        texts.append(columns[column])
    usual = {name: _usual(column) for name, column in names.items()}
    order = sorted(names, key=lambda name: (usual[name] is not None, name in LETTERS))
    given = [tuple(names[name][number] for name in order) for number in range(len(values))]
    return texts, [(name, usual[name]) for name in order], given


def _derived(field: str, column: tuple[str, ...], names: dict[str, tuple[str, ...]]) -> str:
    """A column by one that is known: with something around it, half of a kernel, or a multiple; empty where none is."""
    for name, other in names.items():
        before, found, behind = column[0].partition(other[0])
        around = found and (before[-1:] in ("", "x") and behind[:1] in ("", "x")) and before != behind
        if around and all(one == f"{before}{value}{behind}" for one, value in zip(column, other)):
            return f"{before}$({name}){behind}"
    if not all(map(str.isdecimal, column)) or len(column) < 3:
        return ""
    wanted = list(map(int, column))
    for name, other in names.items():
        if not all(map(str.isdecimal, other)):
            continue
        numbers = list(map(int, other))
        if field == "padding" and name.startswith("kernel") and wanted == [one // 2 for one in numbers]:
            return f"$({name} // 2)"
        if min(*numbers, *wanted) < 4 or len(set(column)) < 2:
            continue
        for times in MULTIPLES:
            if wanted == [times * one for one in numbers]:
                return f"$({times} * {name})"
            if numbers == [times * one for one in wanted]:
                return f"$({name} // {times})"
    return ""


def _fresh(field: str, names: dict[str, tuple[str, ...]]) -> str:
    """A name for an argument: its field, and a number where there are several."""
    stem = field.rstrip(DIGITS)
    number = sum(1 for name in names if name.rstrip(DIGITS) == stem) + 1
    return stem if number == 1 else f"{stem}{number}"


def _usual(column: Sequence[str]) -> str | None:
    """The value that an argument mostly has, where it is a small number, as strides are."""
    value, count = max(Counter(column).items(), key=itemgetter(1))
    return value if value.isdecimal() and int(value) <= 4 and 2 * count >= len(column) else None
