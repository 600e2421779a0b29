"""LaTeX for a paper: tables by booktabs, formulas as the derivations have them. It goes into a document as it is."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from cnncalc.answers.formulas import with_meanings
from cnncalc.forms.setting import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cnncalc.answers.formulas import Section
    from cnncalc.answers.page import Heading, Items, Layout, Page, Table, Text, Verbatim

__all__ = ["draw"]

_PREAMBLE = r"% needs \usepackage{booktabs,amsmath,amssymb}"
# a bracket or a star at the beginning of a row would belong to the line end before it
_SPECIAL = str.maketrans(
    {
        "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
        "|": r"\textbar{}", "[": "{[}", "*": "{*}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
        "<": r"\textless{}", ">": r"\textgreater{}",
        "×": r"$\times$", "·": r"$\cdot$", "−": "$-$", "⌊": r"$\lfloor$", "⌋": r"$\rfloor$", "⌈": r"$\lceil$",
        "⌉": r"$\rceil$", "≥": r"$\ge$", "≤": r"$\le$", "≠": r"$\ne$", "→": r"$\to$", "∞": r"$\infty$",
        "✓": r"$\checkmark$", "✗": r"$\times$", "…": r"\dots{}", "–": "--", "²": "$^2$",
    }
)  # fmt: skip


class Latex(Document):
    """Each kind of block in LaTeX."""

    def escaped(self, text: str) -> str:
        return text.translate(_SPECIAL)

    def code(self, text: str) -> str:
        return text and rf"\texttt{{{self.escaped(text)}}}"

    def bold(self, text: str) -> str:
        return rf"\textbf{{{text}}}"

    def heading(self, heading: Heading) -> list[str]:
        facts = ["", self.escaped(", ".join(heading.facts)) + "."] if heading.facts else []
        return [rf"\subsection*{{{self.escaped(heading.name)}}}", *facts]

    def text(self, text: Text) -> list[str]:
        return [self.bold(self.code(text.text)) if text.strong else self.prose(text.text)]

    def items(self, items: Items) -> list[str]:
        lead = [self.prose(items.lead)] if items.lead else []
        label = f"{items.label}: " if items.label else ""
        return [*lead, *_itemize([label + self.prose(item.strip()) for item in items.items])]

    def table(self, table: Table) -> list[str]:
        places = "".join("r" if column.right else "l" for column in table.columns)
        rows = ([self.cell(column, text) for column, text in zip(table.columns, row)] for row in table.texts())
        headings = [self.escaped(column.heading) for column in table.columns]
        first, *lines = [rf"{' & '.join(row)} \\" for row in chain([headings], rows)]
        if table.total:
            lines.insert(-1, r"\midrule")
        title = [self.escaped(table.title), ""] if table.title else []
        rules = (r"\toprule", first, r"\midrule", *lines, r"\bottomrule")
        return [*title, rf"\begin{{tabular}}{{{places}}}", *rules, r"\end{tabular}"]

    def verbatim(self, verbatim: Verbatim) -> list[str]:
        text = verbatim.text.rstrip("\n").replace(r"\end{verbatim}", r"\end {verbatim}")
        return [r"\begin{verbatim}", *text.split("\n"), r"\end{verbatim}"]

    def section(self, section: Section) -> list[str]:
        lines: list[str] = []
        if section.title:
            parts = (self.escaped(section.title), self.code(section.notation), self.escaped(section.shapes))
            lines += [rf"\subsubsection*{{{', '.join(filter(None, parts))}}}", ""]
        lines += _itemize([self.formula(line, wheres) for line, wheres in with_meanings(section.lines)])
        return [*lines, self.prose(" ".join(section.sentences))] if section.sentences else lines


def _itemize(items: Sequence[str]) -> list[str]:
    return [r"\begin{itemize}", *(rf"  \item {item}" for item in items), r"\end{itemize}"] if items else []


def draw(page: Page, layout: Layout) -> str:
    """The whole page, a fragment of a document."""
    return f"{_PREAMBLE}\n\n{Latex().drawn(page.body(layout))}"
