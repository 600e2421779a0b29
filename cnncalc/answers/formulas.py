"""Formulas as they are told: each number with its derivation, in titled sections of labelled lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from cnncalc.records import NamedTuple

__all__ = ["Formula", "Legend", "Line", "Section", "Where", "with_meanings"]


class Where(NamedTuple):
    """An intermediate result and its own derivation."""

    symbol: str
    text: tuple[str, ...]
    latex: tuple[str, ...]


class Formula(NamedTuple):
    """One number and how it comes about."""

    quantity: str
    """What it is, in words: `height, width`, `weights`, `receptive field`."""
    symbol: str
    value: int
    text: tuple[str, ...]
    """The derivation in plain text: in symbols, with numbers put in, maybe a step further, the result."""
    latex: tuple[str, ...]
    latex_symbol: str
    where: tuple[Where, ...] = ()
    """The intermediate results that the formula names."""


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


class Legend(NamedTuple):
    """The symbols of printed formulas, and what each means."""

    symbols: Sequence[tuple[str, str]]


def with_meanings(lines: Iterable[Line]) -> Iterator[tuple[Line, tuple[Where, ...]]]:
    """Each line with the intermediate results that its formula names and that no line before it has told."""
    known: set[Where] = set()
    for line in lines:
        wheres = line.formula.where if line.formula else ()
        yield line, tuple(where for where in wheres if where not in known)
        known.update(wheres)
