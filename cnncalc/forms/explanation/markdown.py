"""An explanation as Markdown for notes: a heading a layer, formulas in LaTeX between dollar signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.arithmetic.traced.written import LATEX
from cnncalc.forms.explanation.lines import legend, with_meanings
from cnncalc.forms.explanation.sections import sections
from cnncalc.forms.markdown import escaped
from cnncalc.forms.summary import header

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.explain.derive import Where
    from cnncalc.explain.explanation import Explanation
    from cnncalc.forms.explanation.lines import Line, Section

__all__ = ["draw"]


def draw(explanation: Explanation) -> str:
    """The explanation as Markdown."""
    shown = sections(explanation)
    name, facts = header(explanation.report)
    lines = [f"## {escaped(name)}", "", escaped(", ".join(facts))]
    for section in shown:
        lines += ["", *_section(section)]
    symbols = legend(shown)
    if symbols:
        words = ", ".join(f"${LATEX().name(symbol)}$ {escaped(meaning)}" for symbol, meaning in symbols)
        lines += ["", f"Symbols: {words}."]
    return "\n".join(lines) + "\n"


def _section(section: Section) -> list[str]:
    lines: list[str] = []
    if section.title:
        notation = f": `{section.notation}`" if section.notation else ""
        shapes = f", {escaped(section.shapes)}" if section.shapes else ""
        lines += [f"### {escaped(section.title)}{notation}{shapes}", ""]
    lines += [f"- {_line(line, wheres)}" for line, wheres in with_meanings(section.lines)]
    if section.sentences:
        lines += ([""] if section.lines else []) + [_prose(" ".join(section.sentences))]
    return lines


def _prose(text: str) -> str:
    """A sentence; code in backticks stays as it is."""
    parts = text.split("`")
    return "`".join(escaped(part) if index % 2 == 0 else part for index, part in enumerate(parts))


def _line(line: Line, wheres: Sequence[Where]) -> str:
    label = f"**{escaped(line.label)}**"
    if line.formula is None:
        return f"{label}: {escaped(line.note)}"
    formula = line.formula
    steps = formula.latex if line.in_symbols else formula.latex[1:] or formula.latex
    symbol = (formula.latex_symbol,) if formula.symbol.endswith(("_out", "_total")) else ()
    text = f"{label}: ${' = '.join((*symbol, *steps))}$"
    for where in wheres:
        text += f", with ${' = '.join((LATEX().name(where.symbol), *where.latex))}$"
    return text + (f" ({escaped(line.note)})" if line.note else "")
