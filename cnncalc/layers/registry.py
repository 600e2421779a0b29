"""Every kind by its names: its own, and those that frameworks and papers give it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from cnncalc.layers.base import Layer

__all__ = ["ALIASES", "KINDS", "kind_named", "layer"]

T = TypeVar("T", bound="type[Layer]")

KINDS: dict[str, type[Layer]] = {}
"""Every kind by its own name, in the order of declaration."""
ALIASES: dict[str, str] = {}
"""Every other name, normalised, of a kind."""


def layer(kind: str, *, aliases: tuple[str, ...] = ()) -> Callable[[T], T]:
    """Register a class as the kind of this name and these other names."""

    def register(cls: T) -> T:
        cls.kind, cls.aliases = kind, aliases
        KINDS[kind] = cls
        for alias in (kind, *aliases):
            ALIASES[_normalised(alias)] = kind
        return cls

    return register


_DIMENSION = re.compile(r"([123])[dD]\Z")


def _normalised(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def kind_named(name: str) -> tuple[type[Layer], int | None] | None:
    """The kind that `name` or one of its aliases names, and the spatial rank that a `2d` at its end asserts.

    `Conv2d`, `conv_2d` and `CONV2D` are the same name; `conv` asserts no rank. None where no kind is called so.
    """
    if name in KINDS:
        return KINDS[name], None
    match = _DIMENSION.search(name)
    stem = name[: match.start()] if match else name
    kind = ALIASES.get(_normalised(stem)) or ALIASES.get(_normalised(name))
    if kind is None:
        return None
    return KINDS[kind], int(match.group(1)) if match else None
