"""The grammar of expressions: text to a closure `(scope, limits) -> Value`, compiled once.

Precedence as in Python, weakest first: `a if c else b`, `or`, `and`, `not`, comparisons (which chain),
`+ -`, `* / // %`, signs, `**`, then `x[i]`, `x.key` and `f(…)`. Our own short parser rather than Python's:
its faults name the column and the way out, it is bounded in depth, and nothing needs to be imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.language.expressions import nodes
from cnncalc.language.expressions.functions import FUNCTIONS
from cnncalc.language.expressions.tokens import FOREIGN, Token, number, text_of, tokens
from cnncalc.language.expressions.values import ExpressionError, Value

if TYPE_CHECKING:
    from cnncalc.language.expressions.nodes import Run
    from cnncalc.limits import Limits

__all__ = ["compile_expression"]

CONSTANTS: dict[str, Value] = {
    "true": True, "false": False, "null": None, "True": True, "False": False, "None": None,
}  # fmt: skip
KEYWORDS = frozenset({"and", "or", "not", "if", "else", "in", "is", "lambda", "for"})
LEVELS = {"or": 1, "and": 2, "+": 4, "-": 4, "*": 5, "/": 5, "//": 5, "%": 5}
LEVELS |= dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in", "not in"), 3)
COMPARISON = 3


def compile_expression(text: str, start: int, stop: int, limits: Limits) -> Run:
    """The closure for `text[start:stop]`; ExpressionError with offsets in the whole `text`."""
    if stop - start > limits.expression:
        raise ExpressionError(
            f"the expression is longer than {limits.expression:,} characters, the bound `expression`",
            start, min(stop - start, 40), limits.way_out("expression"),
        )  # fmt: skip
    try:
        return _Parser(text, start, stop, limits).whole()
    except RecursionError:  # only where the bound on depth was raised
        raise ExpressionError(
            "the expression is nested too deeply",
            start,
            stop - start,
            "give parts of it names of their own, in `variables:`",
        ) from None


class _Parser:
    def __init__(self, text: str, start: int, stop: int, limits: Limits) -> None:
        self.text = text
        self.begin = start
        self.stop = stop
        self.limits = limits
        self.depth = 0
        self.tokens = tokens(text, start, stop)
        self.place = 0

    # -- tokens

    @property
    def now(self) -> Token:
        return self.tokens[self.place]

    def _take(self, *texts: str) -> Token | None:
        """The next token, if it is one of these signs or words."""
        token = self.tokens[self.place]
        if token.text in texts and token.kind in ("sign", "word"):
            self.place += 1
            return token
        return None

    def _expect(self, sign: str, opened: Token) -> Token:
        if token := self._take(sign):
            return token
        if self.now.kind == "end":
            raise ExpressionError(f"this `{opened.text}` is never closed", opened.start, 1, f"add `{sign}`")
        raise self._unexpected(f"`{sign}` or an operator")

    def _unexpected(self, wanted: str) -> ExpressionError:
        token, missing = self.now, wanted.partition(":")[0]
        if token.kind == "end":
            if len(self.tokens) == 1:
                return ExpressionError("the expression is empty", self.begin, self.stop - self.begin,
                                       "write a number, a name or a calculation in it")  # fmt: skip
            last = self.tokens[self.place - 1]
            return ExpressionError(f"the expression ends after `{last.text}`, where {wanted} was expected",
                                   last.start, last.stop - last.start, f"write {missing} behind it")  # fmt: skip
        shown = token.text if len(token.text) <= 30 else token.text[:29] + "…"
        advice = FOREIGN.get(token.text, f"write {missing} there")
        return ExpressionError(f"expected {wanted}, not `{shown}`", token.start, token.stop - token.start, advice)

    # -- grammar, weakest first

    def whole(self) -> Run:
        run = self.expression()
        if self.now.kind != "end":
            if self.now.text in (")", "]", "}"):
                raise ExpressionError(f"this `{self.now.text}` closes nothing", self.now.start, 1, "delete it")
            raise self._unexpected("an operator or the end")
        return run

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > self.limits.depth:
            raise ExpressionError(
                f"the expression is nested more than {self.limits.depth} deep, the bound `depth`",
                self.now.start, 1, self.limits.way_out("depth"),
            )  # fmt: skip

    def expression(self) -> Run:
        """`a if condition else b`, or what binds tighter."""
        self._deeper()
        value = self.binary(1)
        if opened := self._take("if"):
            condition = self.binary(1)
            if not self._take("else"):
                if self.now.kind == "end":
                    raise ExpressionError("this `if` has no `else`", opened.start, 2, "write `a if condition else b`")
                raise self._unexpected("`else` or an operator")
            value = nodes.choice(value, condition, self.expression())
        self.depth -= 1
        return value

    def _operator(self) -> str:
        token = self.tokens[self.place]
        if token.kind == "word" and token.text == "not" and self.tokens[self.place + 1].text == "in":
            return "not in"
        return token.text if token.kind in ("sign", "word") else ""

    def binary(self, weakest: int) -> Run:
        """Operators at least as tight as `weakest`. A chain of one level is one flat node, however long."""
        start = self.now.start
        left = self.unary()
        while (level := LEVELS.get(self._operator(), 0)) >= weakest:
            steps: list[nodes.Step] = []
            while LEVELS.get(name := self._operator(), 0) == level:
                self.place += 2 if name == "not in" else 1
                right = self.binary(level + 1)
                steps.append(nodes.Step(name, right, start, self.tokens[self.place - 1].stop))
            left = nodes.chain(left, steps, level == COMPARISON)
        return left

    def unary(self) -> Run:
        """`not x`, `-x`, `+x`, and `x ** y`, which binds tighter than a sign before it and looser than one after."""
        start = self.now.start
        if sign := self._take("not", "-", "+"):
            self._deeper()
            operand = self.binary(COMPARISON) if sign.text == "not" else self.unary()
            self.depth -= 1
            return nodes.signed(sign.text, operand, start, self.tokens[self.place - 1].stop)
        base = self.postfix()
        if not self._take("**"):
            return base
        self._deeper()
        exponent = self.unary()
        self.depth -= 1
        return nodes.chain(base, [nodes.Step("**", exponent, start, self.tokens[self.place - 1].stop)], False)

    def postfix(self) -> Run:
        """`x[i]` and `x.key`, as many as there are."""
        start = self.now.start
        value = self.atom()
        steps: list[nodes.Step] = []
        while opened := self._take("[", "."):
            if opened.text == "[":
                key = self.expression()
                if self.now.text == ":":
                    raise self._unexpected("`]`: an item is read, not a stretch of several")
                self._expect("]", opened)
            else:
                word = self.now
                if word.kind != "word":
                    raise self._unexpected("a key after `.`")
                self.place += 1
                key = nodes.constant(word.text)
            steps.append(nodes.Step(opened.text, key, start, self.tokens[self.place - 1].stop))
        if self.now.text == "(" and self.now.kind == "sign":
            raise ExpressionError("only a function can be called", self.now.start, 1,
                                  "the functions are " + ", ".join(FUNCTIONS))  # fmt: skip
        return nodes.chain(value, steps, False) if steps else value

    def atom(self) -> Run:
        token = self.now
        self.place += 1
        if token.kind == "number":
            return nodes.constant(number(token, self.limits))
        if token.kind == "text":
            return nodes.constant(text_of(token))
        if token.kind == "word" and token.text not in KEYWORDS:
            if token.text in CONSTANTS:
                return nodes.constant(CONSTANTS[token.text])
            return self._call(token) if self.now.text == "(" else nodes.name(token.text, token.start)
        if token.text == "(":
            return self._parentheses(token)
        if token.text == "[":
            items = self._items("]", token)
            return nodes.listing(items, token.start, self.tokens[self.place - 1].stop)
        if token.text == "{":
            return self._mapping(token)
        self.place -= 1
        raise self._unexpected("a value")

    def _call(self, name: Token) -> Run:
        if name.text not in FUNCTIONS:
            from cnncalc.errors import suggestion

            advice = suggestion(name.text, FUNCTIONS, "the functions are " + ", ".join(FUNCTIONS))
            raise ExpressionError(f"there is no function `{name.text}`", name.start, len(name.text), advice)
        opened = self.now
        self.place += 1
        arguments = self._items(")", opened)
        return nodes.call(name.text, arguments, name.start, self.tokens[self.place - 1].stop)

    def _parentheses(self, opened: Token) -> Run:
        if self.now.text == ")":
            self.place += 1
            return nodes.listing([], opened.start, opened.stop + 1)
        value = self.expression()
        if self.now.text != ",":
            self._expect(")", opened)
            return value
        self.place += 1
        items = [value, *self._items(")", opened)]
        return nodes.listing(items, opened.start, self.tokens[self.place - 1].stop)

    def _items(self, closing: str, opened: Token) -> list[Run]:
        """Expressions between commas, up to and with the closing bracket."""
        items = []
        while not self._take(closing):
            items.append(self.expression())
            if not self._take(","):
                self._expect(closing, opened)
                break
        return items

    def _mapping(self, opened: Token) -> Run:
        pairs: list[tuple[Run, Run]] = []
        while not self._take("}"):
            key = self.expression()
            if not self._take(":"):
                raise self._unexpected("`:` after a key")
            pairs.append((key, self.expression()))
            if not self._take(","):
                self._expect("}", opened)
                break
        return nodes.mapping(pairs, opened.start, self.tokens[self.place - 1].stop)
