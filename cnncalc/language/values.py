"""The value of a YAML node, its expressions evaluated."""

from __future__ import annotations

from collections.abc import Mapping as MappingType

from cnncalc.language.expressions import ExpressionError, Value, expand
from cnncalc.language.yaml.reader import Mapping, Scalar, Sequence, YamlNode, scalar_value
from cnncalc.limits import Limits

__all__ = ["ValueFault", "value_of"]


class ValueFault(Exception):
    """An expression that could not be evaluated, and the scalar that holds it."""

    def __init__(self, error: ExpressionError, node: Scalar) -> None:
        super().__init__(error.message)
        self.error, self.node = error, node


def value_of(node: YamlNode, scope: MappingType[str, Value], limits: Limits = Limits()) -> Value:
    """The value of a node; raises `ValueFault`."""
    if isinstance(node, Scalar):
        if "$" not in node.text:
            return scalar_value(node.text, node.plain)
        try:
            return expand(node.text, scope, limits)
        except ExpressionError as error:
            raise ValueFault(error, node) from None
    if isinstance(node, Sequence):
        return [value_of(item, scope, limits) for item in node.items]
    if isinstance(node, Mapping):
        return {key: value_of(value, scope, limits) for key, (_, value) in node.entries.items()}
    raise TypeError(f"no such node: {node!r}")
