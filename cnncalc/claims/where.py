"""`--where` as an exact condition: the text is computed with the symbols themselves, as the rules of layers are."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from cnncalc.arithmetic.symbolic.algebra import symbolic
from cnncalc.arithmetic.symbolic.bounds import NoClosedForm
from cnncalc.arithmetic.symbolic.conditions import Condition, every
from cnncalc.arithmetic.symbolic.tables import complement
from cnncalc.arithmetic.windows.formulas import larger, smaller

__all__ = ["exact_condition"]

LARGEST = 10**9
OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
COMPARISONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.GtE: operator.ge,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.Lt: operator.lt,
    ast.NotEq: lambda left, right: _opposite(left == right),
    ast.In: lambda left, right: _any([left == one for one in right]),
    ast.NotIn: lambda left, right: _opposite(_any([left == one for one in right])),
}
FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {"max": larger, "min": smaller}


def exact_condition(text: str, symbols: Sequence[str]) -> Any:
    """The condition that the text states, or a flag; None where it cannot be said exactly.

    Whether the text is an expression at all has been found out before.
    """
    try:
        return _value(ast.parse(text.strip(), mode="eval").body, {symbol: symbolic(symbol) for symbol in symbols})
    except (NoClosedForm, SyntaxError, ZeroDivisionError):
        return None


def _value(node: ast.expr, lengths: dict[str, Any]) -> Any:
    """A number or a truth. Raises `NoClosedForm` for what is not computed here."""
    if isinstance(node, ast.Constant) and (
        isinstance(node.value, bool) or (type(node.value) is int and node.value <= LARGEST)
    ):
        return node.value
    if isinstance(node, ast.Name) and node.id in lengths:
        return lengths[node.id]
    if isinstance(node, ast.BinOp) and type(node.op) in OPERATIONS:
        return _calculated(node, lengths)
    if isinstance(node, ast.BoolOp):
        truths = [_truth(one, lengths) for one in node.values]
        return every(*truths) if isinstance(node.op, ast.And) else _any(truths)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _opposite(_truth(node.operand, lengths))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand, lengths)
    if isinstance(node, ast.Compare):
        sides = pairwise((node.left, *node.comparators))
        return every(*(_compared(type(op), *pair, lengths) for op, pair in zip(node.ops, sides)))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 2 and not node.keywords:
        chosen = FUNCTIONS.get(node.func.id)
        if chosen is not None:
            return chosen(*(_number(one, lengths) for one in node.args))
    raise NoClosedForm("what is not computed with lengths")


def _calculated(node: ast.BinOp, lengths: dict[str, Any]) -> Any:
    """`a + b − c …`, which Python nests to the left, however long it is."""
    steps = [node]
    while isinstance(steps[-1].left, ast.BinOp) and type(steps[-1].left.op) in OPERATIONS:
        steps.append(steps[-1].left)
    value = _number(steps[-1].left, lengths)
    for step in reversed(steps):
        value = OPERATIONS[type(step.op)](value, _number(step.right, lengths))
    return value


def _number(node: ast.expr, lengths: dict[str, Any]) -> Any:
    """A number. Python takes a truth for 0 or 1 too, which a condition on symbols is not."""
    value = _value(node, lengths)
    if isinstance(value, (bool, Condition)):
        raise NoClosedForm("a truth as a number")
    return value


def _truth(node: ast.expr, lengths: dict[str, Any]) -> Any:
    """A truth. Python takes a number for one too."""
    value = _value(node, lengths)
    if not isinstance(value, (bool, Condition)):
        raise NoClosedForm("a number as a truth")
    return value


def _compared(kind: type, left: ast.expr, right: ast.expr, lengths: dict[str, Any]) -> Any:
    if kind not in COMPARISONS:
        raise NoClosedForm("comparison")
    if kind not in (ast.In, ast.NotIn):
        return COMPARISONS[kind](_number(left, lengths), _number(right, lengths))
    if not isinstance(right, (ast.List, ast.Tuple)):
        raise NoClosedForm("looking into what is no list")
    return COMPARISONS[kind](_number(left, lengths), [_number(one, lengths) for one in right.elts])


def _opposite(truth: Any) -> Any:
    """Not that: of a flag, or of a set of one length."""
    if isinstance(truth, bool):
        return not truth
    if not isinstance(truth, Condition) or truth.relations or len(truth.sets) != 1:
        raise NoClosedForm("the opposite of what ties lengths together")
    ((symbol, table),) = truth.sets.items()
    return every(Condition({symbol: complement(table)}))


def _any(truths: Sequence[Any]) -> Any:
    """One of them at least."""
    return _opposite(every(*map(_opposite, truths)))
