"""What forms share: a method for each kind of block, and how documents set formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.answers.page import GAP

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cnncalc.answers.formulas import Legend, Line, Where
    from cnncalc.answers.page import Block, Column, Stack

__all__ = ["Document", "Setting"]


class Setting:
    """Sets blocks as lines of text, each by the method that is called like it: `heading`, `table`, `items` …"""

    def lines(self, block: Block) -> Iterable[str]:
        """The lines of a block."""
        found: Iterable[str] = getattr(self, type(block).__name__.lower())(block)
        return found

    def drawn(self, blocks: Iterable[Block]) -> str:
        """All blocks, with a blank line between them."""
        return "".join(self.pieces(blocks))

    def pieces(self, blocks: Iterable[Block]) -> Iterator[str]:
        """The same, line after line."""
        between = ""
        for block in blocks:
            yield between
            between = ""
            for line in self.lines(block):
                yield between
                yield line
                between = "\n"
            between = "\n\n"
        yield "\n"


class Document(Setting):
    """A form that is read as it is typeset."""

    def escaped(self, text: str) -> str:
        """The text so that nothing in it means anything."""
        raise NotImplementedError

    def code(self, text: str) -> str:
        """Text in the language of nets."""
        raise NotImplementedError

    def bold(self, text: str) -> str:
        """Text that stands out."""
        raise NotImplementedError

    def prose(self, text: str) -> str:
        """A sentence; what stands in backticks is code."""
        parts = text.split("`")
        if len(parts) % 2 == 0:
            return self.escaped(text)
        return "".join(self.code(part) if index % 2 else self.escaped(part) for index, part in enumerate(parts))

    def cell(self, column: Column, text: str) -> str:
        """A cell of a table."""
        return {"code": self.code, "prose": self.prose}.get(column.style, self.escaped)(text)

    def stack(self, stack: Stack) -> list[str]:
        """Blocks that belong together, as any others."""
        return self.drawn(block for block in stack.blocks if block is not GAP).split("\n")[:-1]

    def formula(self, line: Line, wheres: Sequence[Where]) -> str:
        """A labelled line: the formula between dollar signs, what it names, and the note."""
        from cnncalc.arithmetic.traced.written import LATEX

        label = self.bold(self.escaped(line.label))
        if line.formula is None:
            return f"{label}: {self.prose(line.note)}"
        formula = line.formula
        steps = formula.latex if line.in_symbols else formula.latex[1:] or formula.latex
        symbol = (formula.latex_symbol,) if formula.symbol.endswith(("_out", "_total")) else ()
        text = f"{label}: ${' = '.join((*symbol, *steps))}$"
        for where in wheres:
            text += f", with ${' = '.join((LATEX().name(where.symbol), *where.latex))}$"
        return text + (f" ({self.prose(line.note)})" if line.note else "")

    def legend(self, legend: Legend) -> list[str]:
        """The symbols and what they mean, in one sentence."""
        from cnncalc.arithmetic.traced.written import LATEX

        words = (f"${LATEX().name(symbol)}$ {self.escaped(meaning)}" for symbol, meaning in legend.symbols)
        return [f"Symbols: {', '.join(words)}."]
