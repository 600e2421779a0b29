"""Evaluates the notation that explanations are printed in, as a reader would: it knows nothing of how they are made."""

from __future__ import annotations

import math
import re
from fractions import Fraction

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)|(?P<name>[A-Za-z][A-Za-z0-9]*(?:_[a-z0-9]+)*)"
    r"|(?P<power>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|(?P<sign>[-+−·/()⌊⌋⌈⌉,]))"
)
CLOSING = {"(": ")", "⌊": "⌋", "⌈": "⌉"}
FUNCTIONS = {"max": max, "min": min, "gcd": lambda a, b: Fraction(math.gcd(int(a), int(b)))}


class Reader:
    """A recursive descent through sums, products and quotients (both from left to right), powers, atoms."""

    def __init__(self, text, symbols):
        self.symbols, self.tokens, at = symbols, [], 0
        while at < len(text):
            match = TOKEN.match(text, at)
            assert match, f"cannot read {text[at:]!r} in {text!r}"
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.tokens.append(("end", ""))

    def next(self):
        return self.tokens.pop(0)

    def at(self, *signs):
        return self.tokens[0][0] == "sign" and self.tokens[0][1] in signs

    def sum(self):
        negative = self.at("−")
        if negative:
            self.next()
        value = -self.product() if negative else self.product()
        while self.at("+", "−"):
            value = value + self.product() if self.next()[1] == "+" else value - self.product()
        return value

    def product(self):
        value = self.power()
        while self.at("·", "/"):
            value = value * self.power() if self.next()[1] == "·" else value / self.power()
        return value

    def power(self):
        value = self.atom()
        if self.tokens[0][0] == "power":
            value **= int(self.next()[1].translate(SUPERSCRIPTS))
        return value

    def atom(self):
        kind, text = self.next()
        if kind == "number":
            return Fraction(text.replace(",", ""))
        if kind == "name" and text in FUNCTIONS:
            assert self.next()[1] == "("
            left = self.sum()
            assert self.next()[1] == ","
            right = self.sum()
            assert self.next()[1] == ")"
            return FUNCTIONS[text](left, right)
        if kind == "name":
            return Fraction(self.symbols[text])
        value = self.sum()
        assert self.next()[1] == CLOSING[text]
        if text == "⌊":
            return Fraction(math.floor(value))
        return Fraction(math.ceil(value)) if text == "⌈" else value


def value_of(text, symbols=None):
    """The value of a printed formula; `symbols` gives the values of the letters in it."""
    reader = Reader(text, symbols or {})
    value = reader.sum()
    assert reader.next()[0] == "end", f"{text!r} goes on"
    return value
