"""Holes in expressions, and what stands in them in the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cnncalc.interchange.torch_code.expressions import (
    REQUIRED,
    Argument,
    Call,
    Counted,
    Listed,
    Looped,
    Mapped,
    Numbered,
    Optional,
    Repeated,
    Text,
)
from cnncalc.records import NamedTuple

__all__ = ["Hole", "filled", "holes_in", "kept"]


class Hole(NamedTuple):
    """A place for what differs, by its number."""

    number: int


def filled(value: Any, holes: Sequence[Any]) -> Any:
    """An expression with what stands in its holes."""
    if isinstance(value, Hole):
        return holes[value.number]
    if isinstance(value, Call):
        made = [Argument(a.name, filled(a.value, holes), filled(a.default, holes)) for a in value.arguments]
        return Call(value.function, tuple(_by_position(made) if str(value.function)[:7] == "nn.Conv" else made))
    if isinstance(value, Optional):
        return Optional(filled(value.item, holes), value.flag)
    if isinstance(value, Listed):
        return Listed(tuple([filled(item, holes) for item in value.items]))
    if isinstance(value, Mapped):
        return Mapped(tuple([(name, filled(item, holes)) for name, item in value.items]))
    if isinstance(value, Numbered):
        return value._replace(item=filled(value.item, holes), times=filled(value.times, holes))
    if isinstance(value, Counted):
        return Counted(value.names, tuple([filled(one, holes) for one in value.items]), filled(value.times, holes))
    if isinstance(value, Looped):
        steps = [step._replace(does=filled(step.does, holes)) for step in value.steps]
        return Looped(tuple(steps), value.gives, filled(value.times, holes))
    if isinstance(value, Repeated):
        return Repeated(filled(value.item, holes), filled(value.times, holes))
    if type(value) is tuple:
        return tuple([filled(item, holes) for item in value])
    return value


def _by_position(arguments: list[Argument]) -> Iterator[Argument]:
    """The arguments of a convolution, those that follow its kernel by position where they are no plain numbers."""
    by_position = True
    for one in arguments:
        if one.default is not REQUIRED:
            by_position = by_position and isinstance(one.value, (Text, Call))
        yield one._replace(default=REQUIRED) if by_position else one


def kept(value: Any, names: set[str], used: dict[str, None]) -> Any:
    """What stands in a hole of `forward`: arguments as attributes, which are noted in `used`."""
    if isinstance(value, Text) and value.text in names:
        used[value.text] = None
        return Text(f"self.{value.text}")
    if isinstance(value, Call):
        return Call(value.function, tuple([a._replace(value=kept(a.value, names, used)) for a in value.arguments]))
    return value


def holes_in(value: Any) -> Iterator[int]:
    """The numbers of the holes in an expression."""
    if isinstance(value, Hole):
        yield value.number
    elif isinstance(value, tuple):
        for one in value:
            yield from holes_in(one)
