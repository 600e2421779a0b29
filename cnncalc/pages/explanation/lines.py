"""The words of an explanation: receptive fields, and the meaning of the symbols in formulas."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cnncalc.text import number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cnncalc.answers.formulas import Section
    from cnncalc.answers.report import ReceptiveField

__all__ = ["axes_text", "field_text", "legend"]

SYMBOLS = {
    "C": "channels", "D": "depth", "H": "height", "W": "width", "L": "length", "F": "features", "N": "images",
    "k": "kernel", "s": "stride", "p": "padding", "d": "dilation", "g": "groups", "m": "multiplier",
    "op": "output padding", "b": "bytes of a number",
}  # fmt: skip
OF_KINDS = {"maxout": {"m": "pieces"}, "lrn": {"n": "neighbouring channels"}}
"""Where a kind calls something else so."""
FIELD = {"r": "receptive field", "j": "its stride", "P": "its padding"}


def axes_text(numbers: Sequence[object]) -> str:
    """`7`, or `7x9` where the axes differ; thousands are set apart."""
    return "x".join(map(number, numbers if len(set(numbers)) > 1 else numbers[:1]))


def field_text(field: ReceptiveField) -> str:
    """Size and stride of a receptive field that is known."""
    return f"{axes_text(field.size)}, stride {axes_text(field.stride)}"


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
