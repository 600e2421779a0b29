"""The nodes of a compiled expression: closures `(scope, limits) -> Value` that know their place in the text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.language.expressions.functions import FUNCTIONS
from cnncalc.language.expressions.operations import OPERATORS, attribute, index, negative, positive
from cnncalc.language.expressions.values import ExpressionError, RefusalError, Value, bounded_list, describe
from cnncalc.language.limits import Limits

__all__ = [
    "Run", "Step", "call", "chain", "choice", "constant", "listing", "mapping", "name", "reading", "signed",
    "unknown_name",
]  # fmt: skip

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
    if sign == "not":
        return lambda scope, limits: not operand(scope, limits)
    compute = negative if sign == "-" else positive

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        try:
            return compute(operand(scope, limits))
        except RefusalError as refusal:
            raise _error(refusal, start, stop) from None

    return run


def chain(first: Run, steps: Sequence[Step], compared: bool) -> Run:
    """`first OP x OP y …`, all of one level: computed left to right, or `compared` pair by pair."""
    if steps[0].operator in ("and", "or"):
        return _logical(first, [step.operand for step in steps], steps[0].operator == "or")
    if compared:
        return _comparisons(first, steps)
    if len(steps) == 1:
        return _one_operation(first, steps[0])
    operations = [(OPERATORS[step.operator], step.operand, step) for step in steps]

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        value = first(scope, limits)
        for operation, operand, step in operations:
            other = operand(scope, limits)
            try:
                value = operation(value, other, limits)
            except RefusalError as refusal:
                raise _error(refusal, step.start, step.stop) from None
        return value

    return run


def _one_operation(first: Run, step: Step) -> Run:
    operation, operand, start, stop = OPERATORS[step.operator], step.operand, step.start, step.stop

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        try:
            return operation(first(scope, limits), operand(scope, limits), limits)
        except RefusalError as refusal:
            raise _error(refusal, start, stop) from None

    return run


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


def _comparisons(first: Run, steps: Sequence[Step]) -> Run:
    """`a < b <= c` is `a < b and b <= c`, each computed once."""

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        left = first(scope, limits)
        for step in steps:
            right = step.operand(scope, limits)
            try:
                if not OPERATORS[step.operator](left, right, limits):
                    return False
            except RefusalError as refusal:
                raise _error(refusal, step.start, step.stop) from None
            left = right
        return True

    return run


def reading(value: Run, steps: Sequence[Step]) -> Run:
    """`x[i]` and `x.key`, one after the other."""

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        found = value(scope, limits)
        for step in steps:
            key = step.operand(scope, limits)
            try:
                found = index(found, key, limits) if step.operator == "[" else attribute(found, key)
            except RefusalError as refusal:
                raise _error(refusal, step.start, step.stop) from None
        return found

    return run


def call(function: str, arguments: Sequence[Run], start: int, stop: int) -> Run:
    """`function(arguments)`."""
    compute = FUNCTIONS[function]

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        values = [argument(scope, limits) for argument in arguments]
        try:
            return compute(values, limits)
        except RefusalError as refusal:
            raise _error(refusal, start, stop) from None

    return run


def listing(items: Sequence[Run], start: int, stop: int) -> Run:
    """`[a, b]` and `(a, b)`, which are both lists."""

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        try:
            return bounded_list([item(scope, limits) for item in items], limits)
        except RefusalError as refusal:
            raise _error(refusal, start, stop) from None

    return run


def mapping(pairs: Sequence[tuple[Run, Run]], start: int, stop: int) -> Run:
    """`{'a': 1}`. Keys are texts, as in a file; a number as a key is its text."""

    def run(scope: Mapping[str, Value], limits: Limits) -> Value:
        made: dict[str, Any] = {}
        for key_run, value_run in pairs:
            key = key_run(scope, limits)
            if isinstance(key, (list, dict)) or key is None:
                raise ExpressionError(f"a key is a text, not {describe(key)}", start, stop - start)
            made[key if isinstance(key, str) else str(key)] = value_run(scope, limits)
        try:
            bounded_list([made], limits)
        except RefusalError as refusal:
            raise _error(refusal, start, stop) from None
        return made

    return run
