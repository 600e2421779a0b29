"""What an explanation is set from: labelled lines in titled sections, and the meaning of the symbols in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.text import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cnncalc.answers.report import ReceptiveField
    from cnncalc.explain.derive import Formula, Where

__all__ = ["Line", "Section", "axes_text", "counted", "field_text", "legend", "with_meanings"]

SYMBOLS = {
    "C": "channels", "D": "depth", "H": "height", "W": "width", "L": "length", "F": "features", "N": "images",
    "k": "kernel", "s": "stride", "p": "padding", "d": "dilation", "g": "groups", "m": "multiplier",
    "op": "output padding", "b": "bytes of a number",
}  # fmt: skip
OF_KINDS = {"maxout": {"m": "pieces"}, "lrn": {"n": "neighbouring channels"}}
"""Where a kind calls something else so."""
FIELD = {"r": "receptive field", "j": "its stride", "P": "its padding"}


class Line(NamedTuple):
    """One labelled line: a formula, or words."""

    label: str
    formula: Formula | None = None
    note: str = ""
    """Words behind the formula, or in place of it."""
    in_symbols: bool = True
    """False where the rule in symbols stands further up already."""


class Section(NamedTuple):
    """A layer, or the summary."""

    title: str
    notation: str
    shapes: str
    lines: tuple[Line, ...]
    sentences: tuple[str, ...] = ()


def axes_text(numbers: Sequence[object]) -> str:
    """`7`, or `7x9` where the axes differ."""
    return "x".join(map(number, numbers if len(set(numbers)) > 1 else numbers[:1]))


def counted(value: int, noun: str) -> str:
    """`1 pixel`, `2 pixels`."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def field_text(field: ReceptiveField) -> str:
    """Size and stride of a receptive field that is known."""
    return f"{axes_text(field.size)}, stride {axes_text(field.stride)}"


def with_meanings(lines: Iterable[Line]) -> Iterator[tuple[Line, tuple[Where, ...]]]:
    """Each line with the intermediate results that its formula names and that no line before it has told."""
    known: set[Where] = set()
    for line in lines:
        wheres = line.formula.where if line.formula else ()
        yield line, tuple(where for where in wheres if where not in known)
        known.update(wheres)


def legend(shown: Iterable[Section]) -> list[tuple[str, str]]:
    """The symbols of the printed formulas, and what each means."""
    used: dict[str, None] = {}
    meanings = dict(SYMBOLS)
    for section in shown:
        meanings |= OF_KINDS.get(section.notation.partition(" ")[0], {})
        for line in section.lines:
            if line.formula and line.in_symbols:
                texts = [line.formula.symbol, line.formula.text[0], *(where.text[0] for where in line.formula.where)]
                for name in re.findall(r"[A-Za-z]+(?:_[a-z]+)?", " ".join(texts)):
                    used[name] = None
    heads = dict.fromkeys(name.partition("_")[0] for name in used)
    found = [(head, word) for head, word in meanings.items() if head in heads]
    found += [("r", "factor")] if "r" in used else []
    found += [(f"{head}_out" if head in used else head, FIELD[head]) for head in FIELD if f"{head}_out" in used]
    return found
