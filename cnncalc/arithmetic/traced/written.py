"""Expressions as people write them: plain text and LaTeX; in symbols, with numbers put in, and one step further.

What is printed, evaluated as it stands, gives the value; brackets stand only where they must. `·` is multiplication,
`²` a power, `⌊ ⌋` and `⌈ ⌉` round down and up, and a comma between digits separates thousands.
"""

from __future__ import annotations

from fractions import Fraction
from typing import ClassVar

from cnncalc.arithmetic.traced.expression import (
    Expression,
    Extreme,
    Number,
    Power,
    Product,
    Quotient,
    Sum,
    Symbol,
    definitions,
)
from cnncalc.arithmetic.traced.numbers import Traced, expression_of
from cnncalc.records import NamedTuple
from cnncalc.text import SUPERSCRIPTS

__all__ = ["LATEX", "TEXT", "Writer", "defined", "steps", "write"]

SUM, QUOTIENT, PRODUCT, POWER, ATOM = range(5)
"""How tightly a text holds together."""

LARGE = 1_000
"""A sum of less needs no step of its own for its products."""


class Written(NamedTuple):
    """A piece of text and how tightly it holds together."""

    text: str
    level: int


class Writer:
    """Plain text. `put` says what stands for a symbol: its name (`symbols`), its value (`numbers`); with `step` the
    numbers are taken one step further, up to the roundings, and the terms of a sum of products."""

    times: ClassVar[str] = "·"
    minus: ClassVar[str] = "−"

    def __init__(self, put: str = "symbols") -> None:
        self.put = put

    def write(self, expression: Expression) -> str:
        """The whole expression."""
        if self.put == "step" and isinstance(expression, Sum) and _of_products(expression):
            expression = _with_products_done(expression)
        return self._write(expression).text

    def _write(self, expression: Expression) -> Written:
        if isinstance(expression, Number):
            return self._number(expression.value)
        if isinstance(expression, Symbol):
            by_name = self.put == "symbols"
            return Written(self.name(expression.name), ATOM) if by_name else self._number(expression.value)
        if isinstance(expression, Sum):
            return self._sum(expression)
        if isinstance(expression, Product):
            return self._product(expression)
        if isinstance(expression, Power):
            return self._power(self._write(expression.base), self._write(expression.exponent))
        if isinstance(expression, Quotient):
            return self._quotient(expression)
        return self._extreme(expression)

    def _at(self, expression: Expression, level: int) -> str:
        """The text, in brackets where it does not hold together as tightly as `level`."""
        written = self._write(expression)
        return written.text if written.level >= level else self.bracketed(written.text)

    def _number(self, value: int) -> Written:
        return Written(self.digits(value), ATOM) if value >= 0 else Written(self.minus + self.digits(-value), SUM)

    def _sum(self, expression: Sum) -> Written:
        terms = [(coefficient > 0, self._term(abs(coefficient), term)) for coefficient, term in expression.terms]
        if expression.constant:
            terms.append((expression.constant > 0, self.digits(abs(expression.constant))))
        # a sum starts with a term that is added, where there is one
        terms.sort(key=lambda term: not term[0]) if not terms[0][0] else None
        positive, text = terms[0]
        first = text if positive else self.minus + text
        rest = "".join(f" {'+' if positive else self.minus} {text}" for positive, text in terms[1:])
        return Written(first + rest, SUM)

    def _term(self, coefficient: int, term: Expression) -> str:
        if coefficient == 1:
            return self._at(term, QUOTIENT)
        return self.digits(coefficient) + self.times + self._at(term, PRODUCT)

    def _product(self, expression: Product) -> Written:
        powers: dict[Expression, int] = {}
        for factor in expression.factors:
            powers[factor] = powers.get(factor, 0) + 1
        texts = [
            self._power(self._write(factor), self._number(count)).text if count > 1 else self._at(factor, PRODUCT)
            for factor, count in powers.items()
        ]
        size = abs(expression.coefficient)
        text = self.times.join([self.digits(size), *texts] if size != 1 else texts)
        if expression.coefficient < 0:
            return Written(self.minus + text, SUM)
        return Written(text, POWER if len(powers) == 1 and size == 1 else PRODUCT)

    def _power(self, base: Written, exponent: Written) -> Written:
        text = base.text if base.level >= ATOM else self.bracketed(base.text)
        return Written(text + self.superscript(exponent.text), POWER)

    def _quotient(self, expression: Quotient) -> Written:
        if self.put == "step":
            exact = Fraction(expression.dividend.value, expression.divisor.value)
            if exact.denominator == 1:
                return self._number(int(exact))
            return Written(self.rounded(expression.rounding, self.fraction(exact)), ATOM)
        if expression.rounding == "exact":
            return self.over(expression)
        return Written(self.rounded(expression.rounding, self.over(expression).text), ATOM)

    def _extreme(self, expression: Extreme) -> Written:
        if self.put == "step":
            left, right = self._number(expression.left.value).text, self._number(expression.right.value).text
        else:
            left, right = self._write(expression.left).text, self._write(expression.right).text
        return Written(self.extreme(expression.which, left, right), ATOM)

    # -- how plain text says it; LaTeX says it differently ----------------------------------------------------------

    def name(self, symbol: str) -> str:
        return symbol

    def digits(self, value: int) -> str:
        return f"{value:,}"

    def bracketed(self, text: str) -> str:
        return f"({text})"

    def superscript(self, exponent: str) -> str:
        return exponent.translate(SUPERSCRIPTS) if exponent.isdigit() else f"^({exponent})"

    def over(self, expression: Quotient) -> Written:
        dividend, divisor = self._at(expression.dividend, PRODUCT), self._at(expression.divisor, POWER)
        return Written(f"{dividend}/{divisor}", QUOTIENT)

    def rounded(self, rounding: str, text: str) -> str:
        return f"⌊{text}⌋" if rounding == "down" else f"⌈{text}⌉"

    def extreme(self, which: str, left: str, right: str) -> str:
        return f"{which}({left}, {right})"

    def fraction(self, exact: Fraction) -> str:
        """98.5, or 2 + 1/3 where no decimal of up to three places is exact; never a float."""
        if 1000 % exact.denominator == 0:
            return self.decimal(exact)
        whole, rest = divmod(exact.numerator, exact.denominator)
        parts = self.ratio(rest, exact.denominator)
        return f"{self._number(whole).text} + {parts}" if whole else parts

    def ratio(self, dividend: int, divisor: int) -> str:
        return f"{self.digits(dividend)}/{self.digits(divisor)}"

    def decimal(self, exact: Fraction) -> str:
        thousandths = abs(exact.numerator) * (1000 // exact.denominator)
        sign = self.minus if exact < 0 else ""
        return f"{sign}{self.digits(thousandths // 1000)}.{thousandths % 1000:03}".rstrip("0")


class LatexWriter(Writer):
    """LaTeX for math mode."""

    times = r" \cdot "
    minus = "-"

    def name(self, symbol: str) -> str:
        head, _, index = symbol.partition("_")
        head = head if len(head) == 1 else rf"\text{{{head}}}"
        if not index:
            return head
        return f"{head}_{index}" if len(index) == 1 else rf"{head}_{{\text{{{index}}}}}"

    def digits(self, value: int) -> str:
        return f"{value:,}".replace(",", "{,}")

    def bracketed(self, text: str) -> str:
        return rf"\left({text}\right)"

    def superscript(self, exponent: str) -> str:
        return f"^{exponent}" if len(exponent) == 1 else f"^{{{exponent}}}"

    def over(self, expression: Quotient) -> Written:
        dividend, divisor = self._write(expression.dividend).text, self._write(expression.divisor).text
        return Written(rf"\frac{{{dividend}}}{{{divisor}}}", PRODUCT)

    def rounded(self, rounding: str, text: str) -> str:
        side = "floor" if rounding == "down" else "ceil"
        return rf"\left\l{side} {text} \right\r{side}"

    def extreme(self, which: str, left: str, right: str) -> str:
        return rf"\{which}\left({left}, {right}\right)"

    def ratio(self, dividend: int, divisor: int) -> str:
        return rf"\frac{{{self.digits(dividend)}}}{{{self.digits(divisor)}}}"


TEXT = Writer
LATEX = LatexWriter


def _of_products(expression: Sum) -> bool:
    """Whether it adds products up that few work out in their heads, so that their values are worth a step."""
    if abs(expression.value) < LARGE:
        return False
    plain = all(isinstance(term, (Product, Symbol, Power)) for _, term in expression.terms)
    return plain and any(isinstance(term, Product) for _, term in expression.terms)


def _with_products_done(expression: Sum) -> Sum:
    """The same sum with each term worked out; equal terms stay apart."""
    terms = tuple(
        (1 if coefficient > 0 else -1, Number(abs(coefficient) * term.value)) for coefficient, term in expression.terms
    )
    return Sum(terms, expression.constant, expression.value)


def write(number: int, put: str = "symbols", writer: type[Writer] = TEXT) -> str:
    """How a number came about, in `symbols`, in `numbers`, or in numbers one `step` further."""
    return writer(put).write(expression_of(number))


def steps(number: int, writer: type[Writer] = TEXT) -> tuple[str, ...]:
    """The derivation, from symbols to the result; steps that would only repeat the one before are left out."""
    result = Number(int(number))
    texts = [write(number, put, writer) for put in ("symbols", "numbers", "step")] + [writer().write(result)]
    return tuple(text for index, text in enumerate(texts) if not index or text != texts[index - 1])


def defined(number: Traced, writer: type[Writer] = TEXT) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The named intermediate results that a derivation uses: each name and its own steps."""
    found = []
    for symbol in definitions(number.expression):
        assert symbol.definition is not None
        found.append((writer().name(symbol.name), steps(Traced.of(symbol.definition), writer)))
    return tuple(found)
