"""One item to one layer, under a net's dialect and defaults: expressions put in, each fault noted at its place."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from typing import Any, TypeAlias

from cnncalc.language.evaluation import Evaluator, Scope
from cnncalc.language.faults import Faults
from cnncalc.language.items import Item
from cnncalc.language.names import Tensor
from cnncalc.language.notation import (
    Parsed,
    TokenError,
    field_named,
    field_suggestion,
    kind_of,
    make,
    parse,
    split_tokens,
)
from cnncalc.language.reader import Mapping, Node, Scalar, Sequence
from cnncalc.layers import FieldError, kind_named

__all__ = ["Defaults", "LayerReader", "default_pairs"]

Defaults: TypeAlias = "dict[str, tuple[tuple[str, Any], ...]]"
"""For each kind the (field, value) pairs of `defaults:`."""


class LayerReader:
    """Reads the layers of a net; what cannot be read is noted and gives None."""

    def __init__(self, dialect: str, defaults: Defaults, evaluator: Evaluator, faults: Faults) -> None:
        self.dialect, self.defaults, self.evaluator, self.faults = dialect, defaults, evaluator, faults

    def without_defaults(self) -> LayerReader:
        """The reader of library blocks, to which a file's defaults mean nothing."""
        return LayerReader(self.dialect, {}, self.evaluator, self.faults)

    def _defaults(self, name: str) -> tuple[tuple[str, Any], ...]:
        found = kind_named(name) if self.defaults else None
        return self.defaults.get(found[0].kind, ()) if found else ()

    def line(self, node: Scalar, key: Scalar | None, scope: Scope, tensor: Tensor) -> Parsed | None:
        """A layer in one line of notation; `key` is its kind where that stands apart."""
        text = self.evaluator.text(node, scope, tensor)
        if text is None:
            return None
        prefix = f"{key.text} " if key is not None else ""
        line = prefix + text
        defaults = self._defaults(line.split(maxsplit=1)[0]) if self.defaults and line.strip() else ()
        try:
            return parse(line, self.dialect, defaults)
        except TokenError as error:
            error.offset -= len(prefix)
            if key is not None and (error.offset < 0 or not node.text):
                error.offset = error.width = 0
                self.faults.token(error, key)
            else:
                _back(error, text, node.text)
                self.faults.token(error, node)
            return None

    def fields(self, item: Item, scope: Scope, tensor: Tensor) -> Parsed | None:
        """A layer whose fields are a mapping, or that has none."""
        assert item.kind is not None
        at: Node = item.key or item.node
        if isinstance(item.value, Sequence) and item.branches is None and item.value.items:
            help = "such as `{out: 64, kernel: 3}` or `64 k3`"
            self.faults.add(f"the fields of `{item.kind}` are a mapping or one line", item.value, help=help)
            return None
        fields = item.value if isinstance(item.value, Mapping) else None
        before = len(self.faults)
        values = self.evaluator.value(fields, scope, tensor) if fields is not None else {}
        if len(self.faults) > before or not isinstance(values, dict):
            return None
        try:
            return make(item.kind, values, self.dialect, self._defaults(item.kind))
        except TokenError as error:
            if fields is not None and error.field in fields.entries:
                key, value = fields.entries[error.field]
                at = value if error.in_value else key
            self.faults.token(error, at)
            return None


def _back(error: TokenError, text: str, written: str) -> None:
    """Move an error's place in the text with its expressions put in to the token that they stand in as written."""
    if "$" not in written or not error.width:
        return
    made, tokens = split_tokens(text), split_tokens(written)
    number = next((number for number, (offset, _) in enumerate(made) if offset == error.offset), 0)
    whole = error.width > len(made[number][1]) if made else True
    if len(made) == len(tokens) and not whole:
        error.offset, error.width = tokens[number][0], len(tokens[number][1])
    else:
        error.offset, error.width = 0, len(written)


def default_pairs(kind: str, values: MappingType[str, object]) -> tuple[str, tuple[tuple[str, Any], ...]]:
    """A kind's `defaults:` checked, as (kind, (field, value) pairs); raises `TokenError`."""
    cls, _ = kind_of(kind)
    pairs: list[tuple[str, Any]] = []
    for key, value in values.items():
        declared = field_named(cls, key)
        if declared is None:
            raise TokenError(f"`{cls.kind}` has no field `{key[:60]}`", key, field_suggestion(cls, key))
        try:
            pairs.append((declared.name, declared.read(value)))
        except FieldError as error:
            message = f"`{error.field}` of `{cls.kind}`: {error.rule}"
            raise TokenError(message, key, error.help, in_value=True) from None
    return cls.kind, tuple(pairs)
