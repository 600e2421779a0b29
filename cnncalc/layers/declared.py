"""What a kind declares: its fields, the conditions on its inputs, and the names of its learnable tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cnncalc.arithmetic.symbolic.bounds import NoClosedForm
from cnncalc.layers.dialects import DIALECTS, Dialect
from cnncalc.layers.reading import FieldError, FieldType
from cnncalc.records import NamedTuple

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object) -> Callable[[type], type]:
        """At run time `Layer` does the work itself; type checkers read the declaration."""
        return lambda cls: cls


__all__ = ["REQUIRED", "Field", "OwnRules", "Requirement", "dataclass_transform", "field", "is_bias"]

REQUIRED: Any = object()


class Requirement(NamedTuple):
    """A condition on input shapes, with what to say where it does not hold."""

    holds: bool
    rule: str
    values: str
    help: str | Callable[[], str]
    """The way out; a function where finding it takes time that only an error should cost."""
    larger: bool = False
    """Whether a larger input to the net would mend it."""

    def way_out(self) -> str:
        """The help, found by now; empty where it depends on lengths that are symbols."""
        try:
            return self.help if isinstance(self.help, str) else self.help()
        except NoClosedForm:
            return ""


class Field:
    """A declared field of a kind; see `field`."""

    __slots__ = ("aliases", "default", "doc", "hidden", "letter", "name", "position", "symbol", "type")

    def __init__(
        self,
        type: FieldType,  # noqa: A002 - a field has a type, and is declared as one
        doc: str,
        default: Any,
        letter: str,
        position: int | None,
        symbol: str,
        aliases: tuple[str, ...],
        hidden: bool,
    ) -> None:
        self.name = ""
        self.type, self.doc, self.default = type, doc, default
        self.letter, self.position, self.symbol = letter, position, symbol
        self.aliases, self.hidden = aliases, hidden

    def read(self, value: object) -> Any:
        """The normal form of a value; a `FieldError` names this field."""
        try:
            return self.type.read(value)
        except FieldError as error:
            raise FieldError(error.rule, error.help, self.name) from None


def field(
    type: FieldType,  # noqa: A002 - as above
    doc: str,
    default: Any = REQUIRED,
    *,
    letter: str = "",
    position: int | None = None,
    symbol: str = "",
    aliases: tuple[str, ...] = (),
    hidden: bool = False,
) -> Any:
    """Declare a field: its type, one line of documentation, and its default (none: the field is required).

    `letter` is its short token (`k3`), `position` its place among bare numbers, `symbol` its name in printed formulas,
    `aliases` the names that frameworks give it in long form. A `hidden` field is set by the dialect, not printed.
    """
    return Field(type, doc, default, letter, position, symbol, aliases, hidden)


class OwnRules:
    """A layer's rules: those of its dialect, unless it stands `under` others, as a runtime's."""

    def __get__(self, layer: Any, owner: type) -> Dialect:
        return DIALECTS[layer.dialect]


def is_bias(name: str) -> bool:
    """Whether a learnable tensor is a bias, by torch's name: `bias`, `out_proj.bias`, `in_proj_bias`, `bias_ih_l0`."""
    own = name.rpartition(".")[2]
    return own.endswith("bias") or own.startswith("bias_")
