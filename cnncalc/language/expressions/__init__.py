"""`$name` and `$(expression)` inside the texts of a file, and bare expressions; never `eval`ed, all bounded.

A text is taken apart once and kept; the grammar (`parser`) is imported when a first `$(` is met.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from cnncalc.language.expressions.values import ExpressionError, Value, as_text, describe
from cnncalc.limits import Limits
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cnncalc.language.expressions.nodes import Run

__all__ = ["ExpressionError", "Value", "as_text", "check_syntax", "evaluate", "evaluated", "expand"]

DEFAULT_LIMITS = Limits()
# Longer texts are compiled each time: kept, they could take a hundred times the memory of their file.
LONGEST_KEPT = 300
NESTED = "keep lists in lists to a few dozen"
NAME = re.compile(r"[^\W\d]\w*")
# A bracket or a text in quotes: what matters for finding the end of `$(…)`.
BRACKET = re.compile(r"""[()]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)


class _Part(NamedTuple):
    """`$name` (then `name` is set) or `$(expression)` (then `run` is), at `text[start:stop]`."""

    name: str
    run: Run | None
    start: int
    stop: int


def expand(text: str, scope: Mapping[str, Value], limits: Limits = DEFAULT_LIMITS) -> Value:
    """The text with its `$name` and `$(expression)` replaced; `$$` is a dollar.

    A text that is one expression and nothing else gives its value as it is; otherwise values are written as
    text (`true`, `null`, `0.5`, and `2` for 2.0). Raises ExpressionError.
    """
    if "$" not in text:
        return text
    try:
        parts = _kept_parts(text, limits) if len(text) <= LONGEST_KEPT else _parts(text, limits)
        if len(parts) == 1 and isinstance(parts[0], _Part):
            return _value(parts[0], scope, limits)
        return "".join([part if isinstance(part, str) else _written(part, scope, limits) for part in parts])
    except RecursionError:  # lists in lists in lists, made by one variable after the other
        raise ExpressionError("the values are nested too deeply", 0, len(text), NESTED) from None


def evaluate(text: str, scope: Mapping[str, Value], limits: Limits = DEFAULT_LIMITS) -> Value:
    """The value of a bare expression, as in `when:`; a `$` before a name or a bracket does no harm.

    Raises ExpressionError.
    """
    return evaluated(text, limits)(scope)


def evaluated(text: str, limits: Limits = DEFAULT_LIMITS) -> Callable[[Mapping[str, Value]], Value]:
    """What gives the value of a bare expression for a scope, as `evaluate` does, for one who has many scopes."""
    too_deep = ExpressionError("the values are nested too deeply", 0, len(text), NESTED)
    try:
        run = (_kept if len(text) <= LONGEST_KEPT else _compiled)(text, limits)
    except RecursionError:
        raise too_deep from None

    def value(scope: Mapping[str, Value]) -> Value:
        try:
            return run(scope, limits)
        except RecursionError:
            raise too_deep from None

    return value


def check_syntax(text: str, limits: Limits = DEFAULT_LIMITS) -> None:
    """Raises ExpressionError where a text is no expression at all, whatever the values."""
    _compiled(text, limits)


def _compiled(text: str, limits: Limits) -> Run:
    from cnncalc.language.expressions.parser import compile_expression

    return compile_expression(text, 0, len(text), limits)


def _value(part: _Part, scope: Mapping[str, Value], limits: Limits) -> Value:
    if part.run is not None:
        return part.run(scope, limits)
    try:
        return scope[part.name]
    except KeyError:
        raise _unknown(part, scope) from None


def _written(part: _Part, scope: Mapping[str, Value], limits: Limits) -> str:
    value = _value(part, scope, limits)
    written = as_text(value)
    width = part.stop - part.start
    if written is None:
        advice = "write out one item of it, as in `$(x[0])`, or let the expression stand alone"
        raise ExpressionError(f"{describe(value)} cannot stand inside a text", part.start, width, advice)
    if len(written) > limits.items:
        message = f"the text put in is longer than {limits.items:,}, the bound `items`"
        raise ExpressionError(message, part.start, width, limits.way_out("items"))
    return written


def _unknown(part: _Part, scope: Mapping[str, Value]) -> ExpressionError:
    from cnncalc.language.expressions.nodes import unknown_name

    error = unknown_name(part.name, scope, part.start, part.stop - part.start)
    shorter = next((part.name[:end] for end in range(len(part.name) - 1, 0, -1) if part.name[:end] in scope), None)
    if shorter:
        error.help = f"if `{shorter}` is meant, write `$({shorter}){part.name[len(shorter) :]}`"
    return error


def _parts(text: str, limits: Limits) -> tuple[str | _Part, ...]:
    """The text taken apart."""
    if len(text) > limits.items + limits.expression:
        message = f"a text with `$` in it is longer than {limits.items:,}, the bound `items`"
        raise ExpressionError(message, 0, 1, limits.way_out("items"))
    parts: list[str | _Part] = []
    position = 0
    while (dollar := text.find("$", position)) >= 0:
        if dollar > position:
            parts.append(text[position:dollar])
        following = text[dollar + 1 : dollar + 2]
        if following == "$":
            parts.append("$")
            position = dollar + 2
        elif following == "(":
            position = _end(text, dollar + 1)
            parts.append(_Part("", _bracketed(text, dollar, position, limits), dollar, position))
        elif match := NAME.match(text, dollar + 1):
            position = match.end()
            parts.append(_Part(match[0], None, dollar, position))
        else:
            raise _stray_dollar(text, dollar, following)
    if position < len(text):
        parts.append(text[position:])
    return tuple(parts)


def _bracketed(text: str, dollar: int, stop: int, limits: Limits) -> Run:
    from cnncalc.language.expressions.parser import compile_expression

    return compile_expression(text, dollar + 2, stop - 1, limits)


def _end(text: str, opening: int) -> int:
    """Where the bracket that opens at `opening` has closed."""
    depth = 0
    for match in BRACKET.finditer(text, opening):
        if match[0] in "()":
            depth += 1 if match[0] == "(" else -1
            if depth == 0:
                return match.end()
    raise ExpressionError("this `$(` is never closed", opening - 1, 2, "add `)`")


def _stray_dollar(text: str, dollar: int, following: str) -> ExpressionError:
    advice = "write `$$` for a dollar sign"
    if following == "{":
        inside = text[dollar + 2 :].split("}", 1)[0]
        name = inside if inside.isidentifier() else "name"
        advice = f"write `${name}` or `$({name})`"
    return ExpressionError("`$` is followed by neither a name nor `(`", dollar, 1, advice)


_kept = lru_cache(maxsize=2048)(_compiled)
_kept_parts = lru_cache(maxsize=2048)(_parts)
