"""Expressions of whole numbers, kept in the form in which people write them.

Sums are flat with like terms together (p + p is 2·p), ones and zeros are left out, and a declaration that decides a
`max` or `min` by itself decides it at once. Each of these steps keeps the value, whatever the inputs are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import gcd
from typing import TypeAlias

from cnncalc.records import NamedTuple

__all__ = [
    "Expression",
    "Extreme",
    "Number",
    "Power",
    "Product",
    "Quotient",
    "Sum",
    "Symbol",
    "add",
    "definitions",
    "divide",
    "extreme",
    "multiply",
    "power",
]


class Number(NamedTuple):
    """A plain number of a rule, such as the 1 in `+ 1`."""

    value: int


class Symbol(NamedTuple):
    """A number with a name. `declared`: a field of the layer, the same whatever comes in.

    `definition` says what it stands for where it is an intermediate result.
    """

    name: str
    value: int
    declared: bool = False
    definition: Expression | None = None


class Sum(NamedTuple):
    """Each term times its coefficient, added up, and a constant."""

    terms: tuple[tuple[int, Expression], ...]
    constant: int
    value: int


class Product(NamedTuple):
    """The factors times a coefficient."""

    coefficient: int
    factors: tuple[Expression, ...]
    value: int


class Power(NamedTuple):
    """A base to a power."""

    base: Expression
    exponent: Expression
    value: int


class Quotient(NamedTuple):
    """A division, rounded `down` or `up`, or known to be `exact`."""

    rounding: str
    dividend: Expression
    divisor: Expression
    value: int


class Extreme(NamedTuple):
    """The `max`, `min` or `gcd` of two numbers."""

    which: str
    left: Expression
    right: Expression
    value: int


Expression: TypeAlias = "Number | Symbol | Sum | Product | Power | Quotient | Extreme"


def parts(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that an expression consists of, in the order in which they are printed."""
    if isinstance(expression, Sum):
        return tuple(term for _, term in expression.terms)
    if isinstance(expression, Product):
        return expression.factors
    if isinstance(expression, Power):
        return expression.base, expression.exponent
    if isinstance(expression, Quotient):
        return expression.dividend, expression.divisor
    if isinstance(expression, Extreme):
        return expression.left, expression.right
    return ()


def definitions(expression: Expression) -> Iterator[Symbol]:
    """The named intermediate results in an expression, those first that others are made of; each once."""
    seen: set[str] = set()

    def walk(one: Expression) -> Iterator[Symbol]:
        if isinstance(one, Symbol):
            if one.definition is not None and one.name not in seen:
                seen.add(one.name)
                yield from walk(one.definition)
                yield one
            return
        for part in parts(one):
            yield from walk(part)

    return walk(expression)


def decided(expression: Expression) -> bool:
    """Whether only the declaration of the layer, and nothing that comes in, decides the value."""
    if isinstance(expression, Symbol):
        return expression.declared if expression.definition is None else decided(expression.definition)
    return all(decided(part) for part in parts(expression))


def add(terms: Iterable[tuple[int, Expression]]) -> Expression:
    """The sum of expressions times their coefficients: flat, like terms together, the constant last."""
    constant = 0
    coefficients: dict[Expression, int] = {}
    for coefficient, term in _flat(terms):
        if isinstance(term, Number):
            constant += coefficient * term.value
        else:
            coefficients[term] = coefficients.get(term, 0) + coefficient
    left = tuple((coefficient, term) for term, coefficient in coefficients.items() if coefficient)
    value = sum(coefficient * term.value for coefficient, term in left) + constant
    if not left:
        return Number(value)
    if len(left) == 1 and not constant:
        coefficient, term = left[0]
        return term if coefficient == 1 else multiply([Number(coefficient), term])
    return Sum(left, constant, value)


def _flat(terms: Iterable[tuple[int, Expression]]) -> Iterator[tuple[int, Expression]]:
    for coefficient, term in terms:
        if isinstance(term, Sum):
            yield from ((coefficient * own, inner) for own, inner in term.terms)
            yield coefficient, Number(term.constant)
        elif isinstance(term, Product) and term.coefficient != 1:
            yield coefficient * term.coefficient, multiply(term.factors)
        else:
            yield coefficient, term


def multiply(factors: Iterable[Expression]) -> Expression:
    """The product of expressions: flat, numbers in front."""
    coefficient = 1
    left: list[Expression] = []
    for factor in factors:
        if isinstance(factor, Number):
            coefficient *= factor.value
        elif isinstance(factor, Product):
            coefficient *= factor.coefficient
            left += factor.factors
        else:
            left.append(factor)
    if not coefficient or not left:
        return Number(coefficient)
    if len(left) == 1 and coefficient == 1:
        return left[0]
    if len(left) == 1 and coefficient == -1 and isinstance(left[0], Sum):
        return add([(-1, left[0])])
    value = coefficient
    for factor in left:
        value *= factor.value
    return Product(coefficient, tuple(left), value)


def divide(rounding: str, dividend: Expression, divisor: Expression) -> Expression:
    """A quotient; where the divisor itself is a term of the dividend it is taken out, ⌈(a + s)/s⌉ = ⌈a/s⌉ + 1."""
    if divisor == Number(1) or dividend == Number(0):
        return dividend
    common = gcd(_coefficient(dividend), _coefficient(divisor))
    if common > 1:
        dividend, divisor = _reduced(dividend, common), _reduced(divisor, common)
    whole = 0
    if isinstance(dividend, Sum):
        whole = sum(coefficient for coefficient, term in dividend.terms if term == divisor)
        dividend = add([(1, dividend), (-whole, divisor)])
    if dividend == divisor:
        return Number(whole + 1)
    value = dividend.value // divisor.value if rounding != "up" else -(-dividend.value // divisor.value)
    if isinstance(dividend, Number) and isinstance(divisor, Number):
        return Number(value + whole)
    quotient = Quotient(rounding, dividend, divisor, value)
    return add([(1, quotient), (whole, Number(1))])


def _coefficient(expression: Expression) -> int:
    return expression.coefficient if isinstance(expression, Product) else 1


def _reduced(expression: Expression, by: int) -> Expression:
    """A product without a divisor of its coefficient."""
    assert isinstance(expression, Product)
    return multiply([Number(expression.coefficient // by), *expression.factors])


def extreme(which: str, left: Expression, right: Expression) -> Expression:
    """The `max`, `min` or `gcd` of two; which is larger is settled at once where only the declaration decides."""
    if which == "gcd":
        return Extreme(which, left, right, gcd(left.value, right.value))
    value = max(left.value, right.value) if which == "max" else min(left.value, right.value)
    if left == right or (decided(left) and decided(right)):
        return left if left.value == value else right
    return Extreme(which, left, right, value)


def power(base: Expression, exponent: Expression) -> Expression:
    """A base to a whole power that is not negative."""
    value = int(base.value**exponent.value)
    if isinstance(base, Number) and isinstance(exponent, Number):
        return Number(value)
    if isinstance(exponent, Number) and exponent.value < 2:
        return base if exponent.value else Number(1)
    return Power(base, exponent, value)
