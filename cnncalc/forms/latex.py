"""LaTeX for a paper: tables by booktabs, formulas as the derivations have them. It goes into a document as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.answers.formulas import Legend, Section, with_meanings
from cnncalc.answers.page import GAP, Code, Heading, Items, Layout, Stack, Table, Text
from cnncalc.arithmetic.traced.written import LATEX

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cnncalc.answers.formulas import Line, Where
    from cnncalc.answers.page import Block, Column, Page

__all__ = ["draw"]

_PREAMBLE = r"% needs \usepackage{booktabs,amsmath,amssymb}"
_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
        "×": r"$\times$", "·": r"$\cdot$", "−": "$-$", "⌊": r"$\lfloor$", "⌋": r"$\rfloor$", "⌈": r"$\lceil$",
        "⌉": r"$\rceil$", "≥": r"$\ge$", "≤": r"$\le$", "≠": r"$\ne$", "→": r"$\to$", "∞": r"$\infty$",
        "✓": r"$\checkmark$", "✗": r"$\times$", "…": r"\dots{}", "–": "--", "²": "$^2$",
    }
)  # fmt: skip


def escaped(text: str) -> str:
    """The text with every character that TeX would take for something else written so that it prints."""
    return text.translate(_SPECIAL)


def prose(text: str) -> str:
    """A sentence; what stands in backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escaped(text)
    return "".join(escaped(part) if index % 2 == 0 else _code_text(part) for index, part in enumerate(parts))


def _code_text(text: str) -> str:
    return text and rf"\texttt{{{escaped(text)}}}"


def _cell(column: Column, text: str) -> str:
    set_as: dict[str, Callable[[str], str]] = {"code": _code_text, "prose": prose}
    return set_as.get(column.style, escaped)(text)


def _table(table: Table) -> list[str]:
    places = "".join("r" if column.right else "l" for column in table.columns)
    rows = [[_cell(column, text) for column, text in zip(table.columns, row)] for row in table.texts()]
    lines = [rf"{' & '.join(row)} \\" for row in ([escaped(column.heading) for column in table.columns], *rows)]
    if table.total:
        lines.insert(-1, r"\midrule")
    title = [escaped(table.title), ""] if table.title else []
    rules = (r"\toprule", lines[0], r"\midrule", *lines[1:], r"\bottomrule")
    return [*title, rf"\begin{{tabular}}{{{places}}}", *rules, r"\end{tabular}"]


def _heading(heading: Heading) -> list[str]:
    facts = ["", escaped(", ".join(heading.facts)) + "."] if heading.facts else []
    return [rf"\subsection*{{{escaped(heading.name)}}}", *facts]


def _text(text: Text) -> list[str]:
    return [rf"\textbf{{{_code_text(text.text)}}}" if text.strong else prose(text.text)]


def _items(items: Items) -> list[str]:
    lead = [prose(items.lead)] if items.lead else []
    label = f"{items.label}: " if items.label else ""
    return [*lead, *_itemize([label + prose(item.strip()) for item in items.items])]


def _itemize(items: Sequence[str]) -> list[str]:
    return [r"\begin{itemize}", *(rf"  \item {item}" for item in items), r"\end{itemize}"] if items else []


def _code(code: Code) -> list[str]:
    text = code.text.rstrip("\n").replace(r"\end{verbatim}", r"\end {verbatim}")
    return [r"\begin{verbatim}", *text.split("\n"), r"\end{verbatim}"]


def _stack(stack: Stack) -> list[str]:
    lines: list[str] = []
    for block in stack.blocks:
        if block is not GAP:
            lines += [*([""] if lines else []), *_lines(block)]
    return lines


def _section(section: Section) -> list[str]:
    lines: list[str] = []
    if section.title:
        parts = (escaped(section.title), _code_text(section.notation), escaped(section.shapes))
        lines += [rf"\subsubsection*{{{', '.join(filter(None, parts))}}}", ""]
    lines += _itemize([_line(line, wheres) for line, wheres in with_meanings(section.lines)])
    return [*lines, prose(" ".join(section.sentences))] if section.sentences else lines


def _line(line: Line, wheres: Sequence[Where]) -> str:
    label = rf"\textbf{{{escaped(line.label)}}}"
    if line.formula is None:
        return f"{label}: {prose(line.note)}"
    formula = line.formula
    steps = formula.latex if line.in_symbols else formula.latex[1:] or formula.latex
    text = f"{label}: ${' = '.join((formula.latex_symbol, *steps))}$"
    for where in wheres:
        text += f", with ${' = '.join((LATEX().name(where.symbol), *where.latex))}$"
    return text + (f" ({prose(line.note)})" if line.note else "")


def _legend(legend: Legend) -> list[str]:
    return [f"Symbols: {', '.join(f'${LATEX().name(symbol)}$ {escaped(words)}' for symbol, words in legend.symbols)}."]


_BLOCKS: dict[str, Callable[[Any], list[str]]] = {
    "Heading": _heading,
    "Text": _text,
    "Items": _items,
    "Table": _table,
    "Code": _code,
    "Stack": _stack,
    "Section": _section,
    "Legend": _legend,
}


def _lines(block: Block) -> list[str]:
    return _BLOCKS[type(block).__name__](block)


def draw(page: Page, layout: Layout) -> str:
    """The whole page, a fragment of a document."""
    return "\n\n".join((_PREAMBLE, *("\n".join(_lines(block)) for block in page.body(layout)))) + "\n"
