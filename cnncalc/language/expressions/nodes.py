"""The nodes of a compiled expression: closures `(scope, limits) -> Value` that know their place in the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cnncalc.language.expressions.functions import FUNCTIONS
from cnncalc.language.expressions.operations import OPERATORS, SIGNS
from cnncalc.language.expressions.values import ExpressionError, RefusalError, Value, bounded_list, describe, spend
from cnncalc.limits import Limits
from cnncalc.records import NamedTuple

__all__ = [
    "Run", "Step", "call", "chain", "choice", "constant", "listing", "mapping", "name", "signed", "unknown_name",
]  # fmt: skip

LONG = (str, list, dict)
"""What an operation may have much to go through in."""

Run = Callable[[Mapping[str, Value], Limits], Value]


class Step(NamedTuple):
    """One operator of a chain and what stands right of it; the chain so far is `text[start:stop]`."""

    operator: str
    operand: Run
    start: int
    stop: int


def _error(refusal: RefusalError, start: int, stop: int) -> ExpressionError:
    return ExpressionError(refusal.message, start, stop - start, refusal.help)


def constant(value: Value) -> Run:
    """A literal."""
    return lambda scope, limits: value


def name(text: str, start: int) -> Run:
    """A name of the scope."""

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        try:
            return scope[text]
        except KeyError:
            raise unknown_name(text, scope, start, len(text)) from None

    return run


def unknown_name(text: str, scope: Mapping[str, Value], start: int, width: int) -> ExpressionError:
    """The error for a name that is not in scope."""
    from cnncalc.errors import suggestion

    if text in FUNCTIONS:
        return ExpressionError(f"`{text}` is a function", start, width, f"write {text}(…)")
    known = list(scope)
    shown = ", ".join(f"`{each}`" for each in known[:10]) + (", …" if len(known) > 10 else "")
    otherwise = f"the names here are {shown}" if known else "no names are defined here: see `variables:`"
    return ExpressionError(f"there is no `{text[:80]}` here", start, width, suggestion(text, known, otherwise))


def choice(value: Run, condition: Run, otherwise: Run) -> Run:
    """`value if condition else otherwise`."""
    return lambda scope, limits: value(scope, limits) if condition(scope, limits) else otherwise(scope, limits)


def signed(sign: str, operand: Run, start: int, stop: int) -> Run:
    """`not x`, `-x` or `+x`."""
    compute = SIGNS[sign]
    return _placed(lambda scope, limits: compute(operand(scope, limits)), start, stop)


def _placed(compute: Run, start: int, stop: int) -> Run:
    """What refuses knows no position: here it gets one."""

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        try:
            return compute(scope, limits)
        except RefusalError as refusal:
            raise _error(refusal, start, stop) from None

    return run


def chain(first: Run, steps: Sequence[Step], compared: bool) -> Run:
    """`first OP x OP y …`, all of one level: computed left to right, or `compared` pair by pair."""
    if steps[0].operator in ("and", "or"):
        return _logical(first, [step.operand for step in steps], steps[0].operator == "or")
    return _comparisons(first, steps) if compared else _folded(first, steps)


def _logical(first: Run, others: Sequence[Run], stops_at: bool) -> Run:
    """`or` stops at the first true value, `and` at the first false one; the value itself is the result."""

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        value = first(scope, limits)
        for other in others:
            if bool(value) is stops_at:
                return value
            value = other(scope, limits)
        return value

    return run


def _operation(step: Step, left: Value, right: Value, limits: Limits) -> Value:
    """The result of one step."""
    try:
        if isinstance(left, LONG) or isinstance(right, LONG):
            spend(limits, left, right)
        return OPERATORS[step.operator](left, right, limits)
    except RefusalError as refusal:
        raise _error(refusal, step.start, step.stop) from None


def _folded(first: Run, steps: Sequence[Step]) -> Run:
    """`a - b - c` is `(a - b) - c`, and `x.key[0]` the first item of `x.key`."""

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        value = first(scope, limits)
        for step in steps:
            value = _operation(step, value, step.operand(scope, limits), limits)
        return value

    return run


def _comparisons(first: Run, steps: Sequence[Step]) -> Run:
    """`a < b <= c` is `a < b and b <= c`, each computed once."""

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        left = first(scope, limits)
        for step in steps:
            right = step.operand(scope, limits)
            if not _operation(step, left, right, limits):
                return False
            left = right
        return True

    return run


def call(function: str, arguments: Sequence[Run], start: int, stop: int) -> Run:
    """`function(arguments)`."""
    compute = FUNCTIONS[function]

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        values = [each(scope, limits) for each in arguments]
        spend(limits, *values)
        return compute(values, limits)

    return _placed(run, start, stop)


def listing(items: Sequence[Run], start: int, stop: int) -> Run:
    """`[a, b]` and `(a, b)`, which are both lists."""
    return _placed(lambda scope, limits: bounded_list([item(scope, limits) for item in items], limits), start, stop)


def mapping(pairs: Sequence[tuple[Run, Run]], start: int, stop: int) -> Run:
    """`{'a': 1}`. Keys are texts, as in a file; a number as a key is its text."""

    def made(scope: Mapping[str, Value], limits: Limits) -> Value:
        entries: dict[str, Any] = {}
        for key_run, value_run in pairs:
            key = key_run(scope, limits)
            if isinstance(key, (list, dict)) or key is None:
                raise RefusalError(f"a key is a text, not {describe(key)}", "put it in quotes")
            entries[key if isinstance(key, str) else str(key)] = value_run(scope, limits)
        bounded_list([entries], limits)
        return entries

    return _placed(made, start, stop)
