"""Sentences and formulas in lines: words wrapped, formulas broken at their equals signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.formulas import with_meanings
from cnncalc.text import width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cnncalc.answers.formulas import Line, Section, Where

__all__ = ["section", "wrapped"]

MARGIN = "  "
GAP = "  "


def section(shown: Section, room: int | None) -> Iterator[str]:
    """A section, at most `room` wide; without it every formula and sentence is one line."""
    if shown.title:
        head = [part for part in (shown.title, shown.notation, shown.shapes) if part]
        yield from wrapped((GAP + " ").join(head), room, "", MARGIN)
    label = max((width(line.label) for line in shown.lines), default=0)
    for line, wheres in with_meanings(shown.lines):
        yield from _line(line, wheres, label, room)
    for sentence in shown.sentences:
        yield from wrapped(sentence, room, MARGIN if shown.title else "", MARGIN)


def _line(line: Line, wheres: Sequence[Where], label: int, room: int | None) -> Iterator[str]:
    start = MARGIN + line.label + " " * (label - width(line.label)) + GAP
    indent = " " * width(start)
    if line.formula is None:
        yield from wrapped(line.note, room, start, indent)
        return
    formula = line.formula
    steps = list(formula.text if line.in_symbols else formula.text[1:] or formula.text)
    if formula.symbol.endswith(("_out", "_total")):
        steps.insert(0, formula.symbol)
    note = f"   ({line.note})" if line.note else ""
    yield from broken(steps, room, start, indent, note)
    for where in wheres:
        yield from broken([where.symbol, *where.text], room, f"{indent}with ", f"{indent}     ")


def broken(steps: Sequence[str], room: int | None, start: str, indent: str, note: str = "") -> Iterator[str]:
    """`a = b = c` in as few lines as fit, each further one starting with its equals sign."""
    line = start + steps[0]
    for step in steps[1:]:
        if room and width(f"{line} = {step}") > room:
            yield line
            line = f"{indent}= {step}"
        else:
            line = f"{line} = {step}"
    if note and room and width(line + note) > room:
        yield line
        line = indent + note.strip()
    elif note:
        line += note
    yield line


def wrapped(text: str, room: int | None, start: str, indent: str) -> Iterator[str]:
    """The text in lines of at most `room`, broken between words; code in backticks is kept in one piece."""
    line = start
    empty = True
    for word in _words(text):
        if room and not empty and width(f"{line} {word}") > room:
            yield line.rstrip()
            line, empty = indent + word, False
        else:
            line += word if empty else f" {word}"
            empty = False
    yield line.rstrip()


def _words(text: str) -> Iterator[str]:
    """The words of a text; what stands in backticks is one word."""
    whole = ""
    for word in text.split(" "):
        whole = f"{whole} {word}" if whole else word
        if whole.count("`") % 2 == 0:
            yield whole
            whole = ""
    if whole:
        yield whole
