"""Evaluates the LaTeX that explanations are printed in, as a reader of the set page would.

It knows nothing of how it is made, and takes nothing that is not closed, paired and complete.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

TOKEN = re.compile(r"\s*(?P<token>\\text\{[A-Za-z0-9]+\}|\\[A-Za-z]+|\d{1,3}(?:\{,\}\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|.)")
CLOSING = {"(": ")", r"\lfloor": r"\rfloor", r"\lceil": r"\rceil"}
FUNCTIONS = {r"\max": max, r"\min": min, r"\gcd": lambda a, b: Fraction(math.gcd(int(a), int(b)))}


def tokens_of(text):
    return [match["token"] for match in TOKEN.finditer(text)]


def name_of(token):
    """`k`, or `out` of `\\text{out}`; None for what is no name."""
    if token.startswith(r"\text{"):
        return token[6:-1]
    return token if re.fullmatch("[A-Za-z]", token) else None


class Reader:
    """A recursive descent through sums, products, powers, fractions, roundings, functions, names."""

    def __init__(self, text, symbols):
        self.symbols, self.text, self.tokens = symbols, text, [*tokens_of(text), ""]

    def next(self, *expected):
        token = self.tokens.pop(0)
        assert not expected or token in expected, f"{token!r} where {expected} should be, in {self.text!r}"
        return token

    def at(self, *tokens):
        return self.tokens[0] in tokens

    def sum(self):
        sign = -1 if self.at("-") and self.next() else 1
        value = sign * self.product()
        while self.at("+", "-"):
            value = value + self.product() if self.next() == "+" else value - self.product()
        return value

    def product(self):
        value = self.power()
        while self.at(r"\cdot"):
            self.next()
            value = value * self.power()
        return value

    def power(self):
        value = self.atom()
        if self.at("^"):
            self.next()
            exponent = self.braced() if self.at("{") else Fraction(self.next())
            value **= int(exponent)
            assert not self.at("^"), f"a double superscript in {self.text!r}"
        return value

    def braced(self):
        self.next("{")
        value = self.sum()
        self.next("}")
        return value

    def paired(self):
        """What stands between `\\left(` and `\\right)` or their like; both with what they are."""
        self.next(r"\left")
        opening = self.next(*CLOSING)
        values = [self.sum()]
        while self.at(","):
            self.next()
            values.append(self.sum())
        self.next(r"\right")
        self.next(CLOSING[opening])
        return opening, values

    def atom(self):
        if self.at(r"\left"):
            opening, (value,) = self.paired()
            if opening == "(":
                return value
            return Fraction(math.floor(value) if opening == r"\lfloor" else math.ceil(value))
        if self.at(r"\frac"):
            self.next()
            dividend = self.braced()
            return dividend / self.braced()
        if self.at(*FUNCTIONS):
            function = FUNCTIONS[self.next()]
            opening, (left, right) = self.paired()
            assert opening == "("
            return function(left, right)
        token = self.next()
        if token[0].isdigit():
            return Fraction(token.replace("{,}", ""))
        return Fraction(self.symbols[self.name(token)])

    def name(self, token):
        """A name and its index."""
        name = name_of(token)
        assert name, f"cannot read {token!r} in {self.text!r}"
        if not self.at("_"):
            return name
        self.next()
        if not self.at("{"):
            index = self.next()
            assert name_of(index) or index.isdigit()
            return f"{name}_{index}"
        self.next()
        index = name_of(self.next())
        self.next("}")
        return f"{name}_{index}"


def value_of_latex(text, symbols=None):
    """The value of a formula in LaTeX; `symbols` gives the values of the names in it."""
    reader = Reader(text, symbols or {})
    value = reader.sum()
    assert reader.next() == "", f"{text!r} goes on"
    return value
