"""The values of nodes while a graph is built: expressions in scope, flags and counts, each fault noted at its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeAlias

from cnncalc.arithmetic.symbolic.unknown import OPEN
from cnncalc.graph import UNKNOWN, Net
from cnncalc.graph.formats import FORMATS, meant, no_format
from cnncalc.language.expressions import ExpressionError, Value, evaluate, expand
from cnncalc.language.faults import Faults
from cnncalc.language.values import ValueFault, value_of
from cnncalc.language.yaml.reader import Scalar, YamlNode, scalar_value
from cnncalc.layers.windows import AXES
from cnncalc.limits import Limits

__all__ = ["Evaluator", "Scope", "Tensor"]

Tensor: TypeAlias = int
"""The index of the node that makes it, or `UNKNOWN`: what depends on it is checked as far as possible, not reported."""

Scope: TypeAlias = "dict[str, Value]"
"""The names that expressions may use. `in_channels` and the lengths of axes are set before each evaluation."""

LENGTHS = ("depth", "height", "width", "length")


OF_A_TENSOR = frozenset((*LENGTHS, "in_channels"))
LONGEST_KNOWN = 300
"""Of longer texts it is not remembered which names are in them."""
_NAME = re.compile(r"[^\W\d]\w*")


@lru_cache(maxsize=4_096)
def _mentions(text: str) -> bool:
    return not OF_A_TENSOR.isdisjoint(_NAME.findall(text))


def mentions_lengths(text: str) -> bool:
    """Whether an expression may ask for the channels or lengths of the tensor that enters."""
    return len(text) > LONGEST_KNOWN or _mentions(text)


class _Length(int):
    """The length of an axis of the tensor that enters, told from a variable of the same name."""


class Evaluator:
    """Evaluates nodes where a tensor enters; what cannot be evaluated is noted and has the value None."""

    def __init__(self, net: Net, limits: Limits, faults: Faults) -> None:
        self.net, self.limits, self.faults = net, limits, faults

    def enter(self, scope: Scope, tensor: Tensor) -> None:
        """Put the channels of the tensor that enters in scope as `in_channels`, and its lengths as `height`, `width` …

        Variables of those names go first. Lengths that are symbols are left out: fields take numbers.
        """
        for name in LENGTHS:
            if isinstance(scope.get(name), _Length):
                del scope[name]
        lengths = self.net.nodes[tensor].shape[1:] if tensor >= 0 else ()
        for name, n in zip(AXES.get(len(lengths), ()), lengths):
            if name not in scope and isinstance(n, int):
                scope[name] = _Length(n)
        channels = (self.net.nodes[tensor].shape or (1,))[0] if tensor >= 0 else OPEN
        if channels is not OPEN:
            scope["in_channels"] = channels
        else:
            scope.pop("in_channels", None)
        scope.setdefault("dialect", self.net.dialect)

    def computed(
        self, compute: Callable[[str, Scope, Limits], Value], text: str, scope: Scope, tensor: Tensor
    ) -> Value:
        """What `expand` or `evaluate` makes of a text where a tensor enters. Raises `ExpressionError`."""
        if not mentions_lengths(text):
            try:
                return compute(text, scope, self.limits)
            except ExpressionError:  # it may say which names there are
                pass
        self.enter(scope, tensor)
        return compute(text, scope, self.limits)

    def fault(self, error: ExpressionError, node: YamlNode, tensor: Tensor) -> None:
        """Note a fault, unless it is only that the channels are unknown after another one."""
        text = node.text if isinstance(node, Scalar) else ""
        after_a_fault = tensor == UNKNOWN or OPEN in self.net.nodes[tensor].shape[:1]
        unknown = "in_channels" in text or any(f"no `{name}`" in str(error) for name in LENGTHS)
        if not (after_a_fault and len(self.faults) and unknown):
            self.faults.expression(self.of_symbol(error, tensor), node)
        else:
            self.faults.met += 1

    def of_symbol(self, error: ExpressionError, tensor: Tensor) -> ExpressionError:
        """The fault, told otherwise where the length that it misses is there, as a symbol."""
        lengths = self.net.nodes[tensor].shape[1:] if tensor >= 0 else ()
        for name, n in zip(AXES.get(len(lengths), ()), lengths):
            if error.message == f"there is no `{name}` here" and type(n) is not int and n is not OPEN:
                message = f"`{name}` is {n} here, and there is no closed form through an expression"
                return ExpressionError(message, error.offset, error.width, "give the input's lengths in numbers")
        return error

    def value(self, node: YamlNode, scope: Scope, tensor: Tensor) -> Value:
        """The value of a node, however deep."""
        try:
            if isinstance(node, Scalar):
                return self._scalar(node, scope, tensor)
            self.enter(scope, tensor)
            return value_of(node, scope, self.limits)
        except ValueFault as fault:
            self.fault(fault.error, fault.node, tensor)
            return None

    def _scalar(self, node: Scalar, scope: Scope, tensor: Tensor) -> Value:
        if "$" not in node.text:
            return scalar_value(node.text, node.plain)
        try:
            return self.computed(expand, node.text, scope, tensor)
        except ExpressionError as error:
            raise ValueFault(error, node) from None

    def text(self, node: Scalar, scope: Scope, tensor: Tensor) -> str | None:
        """A scalar as text, its expressions put in."""
        if "$" not in node.text:
            return node.text
        try:
            value = self.computed(expand, node.text, scope, tensor)
        except ExpressionError as error:
            self.fault(error, node, tensor)
            return None
        if isinstance(value, str):
            return value
        if isinstance(value, (list, dict)) or value is None:
            help = "write one item of it, as `$(x[0])`"
            if value is None:
                help = "a variable has no value yet: give it one, in `variables:` or as `--set NAME=VALUE`"
            values = "it is empty" if value is None else f"it is {str(value)[:60]}"
            self.faults.add("a word or number is expected here", node, values=values, help=help)
            return None
        return {True: "true", False: "false"}[value] if isinstance(value, bool) else f"{value}"

    def flag(self, node: YamlNode, scope: Scope, tensor: Tensor) -> bool | None:
        """The truth of a `when` or `trainable`, which need no `$( )`, in quotes or not; None, and a fault, for none."""
        value: Value
        if isinstance(node, Scalar) and "$" not in node.text:
            text = node.text.strip()
            if text in ("true", "false"):
                return text == "true"
            if text.lower() in ("yes", "no", "on", "off") and text not in scope:
                self.faults.add("a condition is true or false", node, help="write true or false")
                return None
            try:
                value = self.computed(evaluate, node.text, scope, tensor)
            except ExpressionError as error:
                self.fault(error, node, tensor)
                return None
        else:
            before = self.faults.met
            value = self.value(node, scope, tensor)
            if self.faults.met > before:
                return None
        if isinstance(value, str):
            help = "write true or false, without quotes; texts are compared, as in `mode == 'fast'`"
            self.faults.add("a condition is true or false", node, values=f"it is the text '{value[:40]}'", help=help)
            return None
        return bool(value)

    def format(self, node: YamlNode, scope: Scope, tensor: Tensor) -> str:
        """The type of a `dtype`; empty, and a fault, where there is none such."""
        text = self.text(node, scope, tensor) if isinstance(node, Scalar) else ""
        found = meant(text or "")
        if found not in FORMATS and text is not None:
            message, help = no_format(found)
            self.faults.add(message if found else "`dtype` is the type of a layer", node, help=help)
        return found if found in FORMATS else ""

    def count(self, node: YamlNode, scope: Scope, tensor: Tensor) -> int | None:
        """How often a `repeat` repeats; None, and a fault, where that is no such number."""
        before = self.faults.met
        value = self.value(node, scope, tensor)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        bound = self.limits.layers
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= bound:
            return value
        if self.faults.met == before:
            large = isinstance(value, int) and value > bound
            help = (
                f"raise it with `--limit layers={value}`"
                if large
                else "write a number, or an expression that gives one"
            )
            message = f"`repeat` is a whole number from 0 to {bound:,}, the bound `layers`"
            self.faults.add(message, node, values=f"it is {str(value)[:40]}", help=help)
        return None

    def lists(self, node: YamlNode, scope: Scope, tensor: Tensor) -> dict[str, list[Value]] | None:
        """The lists of a `for`, all of one length; None, and a fault, where they are wrong."""
        before = self.faults.met
        value = self.value(node, scope, tensor)
        lists = (
            {name: values for name, values in value.items() if isinstance(values, list)}
            if isinstance(value, dict)
            else {}
        )
        if isinstance(value, dict) and value and len(lists) == len(value):
            if len({len(values) for values in lists.values()}) == 1:
                return lists
            found = ", ".join(f"`{name}` has {len(values)}" for name, values in lists.items())
            help = "each turn takes one item of every list"
            self.faults.add("the lists of a `for` must have one length", node, values=found, help=help)
        elif self.faults.met == before:
            self.faults.add("`for` is a mapping of names to lists", node, help="such as `for: {c: [64, 128]}`")
        return None

    def turns(
        self, repeat: YamlNode | None, loop: YamlNode | None, scope: Scope, tensor: Tensor
    ) -> Iterator[tuple[int, Scope]] | None:
        """The number and the scope of each turn of a `repeat` or a `for`; None, and a fault, where these are wrong."""
        columns = self.lists(loop, scope, tensor) if loop is not None else {}
        if columns is None:
            return None
        count = self.count(repeat, scope, tensor) if repeat is not None else len(next(iter(columns.values()), []))
        return None if count is None else _turns(count, columns, dict(scope))


def _turns(count: int, columns: dict[str, list[Value]], inner: Scope) -> Iterator[tuple[int, Scope]]:
    for turn in range(count):
        inner.update(i=turn, first=turn == 0, last=turn == count - 1)
        inner.update((name, values[turn]) for name, values in columns.items())
        yield turn, inner
