"""`Traced`: a whole number that carries how it came about, so that a rule that runs on it writes its own derivation.

It is an `int`: it compares, hashes and counts as one, and every rule takes it unchanged. `+ - * // **` and the helpers
of `formulas` extend the expression that it carries.
"""

from __future__ import annotations

from cnncalc.arithmetic.traced.expression import Expression, Number, Symbol, add, divide, extreme, multiply, power

__all__ = ["Traced", "expression_of"]


def expression_of(number: int) -> Expression:
    """How a number came about; a plain one is only itself."""
    return number.expression if isinstance(number, Traced) else Number(int(number))


class Traced(int):
    """A whole number and the expression that it is the value of."""

    expression: Expression

    @classmethod
    def of(cls, expression: Expression) -> Traced:
        """The value of an expression, with it."""
        number = cls(expression.value)
        number.expression = expression
        return number

    @classmethod
    def symbol(cls, name: str, value: int, *, declared: bool = False) -> Traced:
        """A number that is called `name`."""
        return cls.of(Symbol(name, int(value), declared))

    def __add__(self, other: int) -> Traced:
        return Traced.of(add([(1, self.expression), (1, expression_of(other))]))

    def __radd__(self, other: int) -> Traced:
        return Traced.of(add([(1, expression_of(other)), (1, self.expression)]))

    def __sub__(self, other: int) -> Traced:
        return Traced.of(add([(1, self.expression), (-1, expression_of(other))]))

    def __rsub__(self, other: int) -> Traced:
        return Traced.of(add([(1, expression_of(other)), (-1, self.expression)]))

    def __mul__(self, other: int) -> Traced:
        return Traced.of(multiply([self.expression, expression_of(other)]))

    def __rmul__(self, other: int) -> Traced:
        return Traced.of(multiply([expression_of(other), self.expression]))

    def __neg__(self) -> Traced:
        return Traced.of(multiply([Number(-1), self.expression]))

    def __pos__(self) -> Traced:
        return self

    def __floordiv__(self, other: int) -> Traced:
        return Traced.of(divide("down", self.expression, expression_of(other)))

    def __rfloordiv__(self, other: int) -> Traced:
        return Traced.of(divide("down", expression_of(other), self.expression))

    def __pow__(self, other: int, modulus: None = None) -> Traced:  # type: ignore[override]  # int's has overloads for floats and a modulus
        return Traced.of(power(self.expression, expression_of(other)))

    def __rpow__(self, other: int, modulus: None = None) -> Traced:  # type: ignore[override,misc]  # as above
        return Traced.of(power(expression_of(other), self.expression))

    # -- the helpers of `formulas`, which ask a number whether it has an answer of its own --------------------------

    @staticmethod
    def ceil_divide(dividend: int, divisor: int) -> Traced:
        return Traced.of(divide("up", expression_of(dividend), expression_of(divisor)))

    @staticmethod
    def exact_divide(dividend: int, divisor: int) -> Traced:
        return Traced.of(divide("exact", expression_of(dividend), expression_of(divisor)))

    @staticmethod
    def larger(left: int, right: int) -> Traced:
        return Traced.of(extreme("max", expression_of(left), expression_of(right)))

    @staticmethod
    def smaller(left: int, right: int) -> Traced:
        return Traced.of(extreme("min", expression_of(left), expression_of(right)))

    @staticmethod
    def common_divisor(left: int, right: int) -> Traced:
        return Traced.of(extreme("gcd", expression_of(left), expression_of(right)))

    @staticmethod
    def named(symbol: str, number: Traced) -> Traced:
        """The number under a name of its own, unless it is as short as one."""
        expression = number.expression
        if isinstance(expression, (Number, Symbol)):
            return number
        return Traced.of(Symbol(symbol, expression.value, definition=expression))
