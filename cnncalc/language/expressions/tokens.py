"""The words of expressions: text to tokens, and tokens to numbers and texts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

from cnncalc.language.expressions.values import ExpressionError, Value
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from cnncalc.limits import Limits

__all__ = ["FOREIGN", "Token", "number", "text_of", "tokens"]

TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?)
    | (?P<word>[^\W\d]\w*)
    | (?P<text>'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*")
    | (?P<sign>\*\*|//|==|!=|<=|>=|[-+*/%<>()\[\]{},.:])
    | \$(?=[^\W\d]|\()
    )""",
    re.VERBOSE | re.DOTALL,
)
ESCAPES = {"n": "\n", "t": "\t"}
# What people write from other languages, and what it is called here.
FOREIGN = {
    "^": "a power is `**`", "&": "write `and`", "|": "write `or`", "!": "write `not`", "=": "equality is `==`",
    "?": "write `a if condition else b`", "÷": "write `/` or `//`", "×": "write `*`", "·": "write `*`",
    "−": "write the minus sign of the keyboard, `-`", "≤": "write `<=`", "≥": "write `>=`", "≠": "write `!=`",
    "is": "equality is `==`", "lambda": "expressions make no functions", "for": "expressions have no loops",
    "‘": "write straight quotes, '", "’": "write straight quotes, '", "“": 'write straight quotes, "',
    "”": 'write straight quotes, "',
}  # fmt: skip


class Token(NamedTuple):
    kind: str
    """number, word, text, sign or end."""
    text: str
    start: int
    stop: int


def tokens(text: str, start: int, stop: int) -> list[Token]:
    """The tokens of `text[start:stop]`, closed by one of kind `end`."""
    found = []
    position = start
    while match := TOKEN.match(text, position, stop):
        position = match.end()
        if kind := match.lastgroup:
            found.append(Token(kind, match[kind], match.start(kind), position))
    rest = text[position:stop].lstrip()
    if rest:
        _foreign(rest, stop - len(rest))
    found.append(Token("end", "", position, position + 1))
    return found


def _foreign(rest: str, position: int) -> NoReturn:
    if rest[0] in "'\"":
        raise ExpressionError("this text is never closed", position, len(rest), f"add the closing {rest[0]}")
    if rest[0] == "$":
        raise ExpressionError("a `$` without a name", position, 1, "names need no `$` inside an expression")
    advice = FOREIGN.get(rest[0], "only numbers, texts, names and Python's operators stand in an expression")
    raise ExpressionError(f"`{rest[0]}` is not part of an expression", position, 1, advice)


def number(token: Token, limits: Limits) -> Value:
    """The number, within the bound; ExpressionError otherwise."""
    text = token.text.replace("_", "")
    width = token.stop - token.start
    if not text.isdecimal():
        value: int | float = float(text)
    else:
        # int() refuses very long texts with an error of its own; the length alone tells that they are too large.
        digits = text.lstrip("0") or "0"
        value = int(digits) if len(digits) <= len(str(limits.number)) else limits.number + 1
    if value > limits.number and isinstance(value, int):
        message = f"the number is larger than {limits.number:,}, the bound `number`"
        raise ExpressionError(message, token.start, width, limits.way_out("number"))
    if value == float("inf"):
        raise ExpressionError("the number is too large for a decimal number", token.start, width, "at most 1e308")
    return value


def text_of(token: Token) -> str:
    """What stands between the quotes; `\\n` and `\\t` mean what they do in Python, any other `\\x` is `x`."""
    body = token.text[1:-1]
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), body, flags=re.DOTALL)
